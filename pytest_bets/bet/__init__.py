"""A bet as it is declared."""
