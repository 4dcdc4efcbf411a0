"""Records to strings."""
