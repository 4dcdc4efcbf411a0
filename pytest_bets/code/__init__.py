"""The code of a bet, from source: the definitions that it can reach, compared by meaning."""
