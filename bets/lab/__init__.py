"""The laboratory that the bets of this catalogue share."""
