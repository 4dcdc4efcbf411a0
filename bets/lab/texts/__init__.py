"""Texts by author: the twelve authors, and the loss of each held-out piece."""
