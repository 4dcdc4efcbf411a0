"""The declaration of a bet."""
