"""Specialists that answer together, and how they share what they earn."""
