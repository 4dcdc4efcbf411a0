"""Rules that aggregate updates, and attacks on them."""
