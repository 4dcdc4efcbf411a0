"""The commands beside pytest."""
