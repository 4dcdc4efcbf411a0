"""Bets held against their history."""
