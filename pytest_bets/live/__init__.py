"""A session while it runs: the progress of its cells, what it writes for `pytest-bets watch`, and the time left."""
