"""What is recorded of a bet, and what follows from it."""
