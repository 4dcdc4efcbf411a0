"""Falsifiable bets as pytest test cases."""
