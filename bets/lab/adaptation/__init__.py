"""Adapters of persons at rates of their own, and what can be done with them."""
