"""The catalogue: real bets on federated small language models."""
