"""Reads what a session printed."""


def outcomes(output: str) -> str:
    """Return the counts in the last line of a session."""
    return output.strip().splitlines()[-1].strip("= ").rpartition(" in ")[0]
