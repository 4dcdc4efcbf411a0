"""The limit of a fault rate where no fault was seen."""

from typing import Final

CONFIDENCE: Final = 0.95


def limit(tries: int) -> float:
    """Return the upper 95 % limit of the rate of faults after so many independent tries without one."""
    return float(1 - (1 - CONFIDENCE) ** (1 / tries))


def missed(rate: float, tries: int) -> float:
    """Return the probability that so many independent tries show no fault of this rate."""
    return float((1 - rate) ** tries)
