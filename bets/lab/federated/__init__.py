"""Training by workers that exchange updates, honest or not."""
