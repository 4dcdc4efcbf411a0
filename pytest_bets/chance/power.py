"""Power: how likely a claim that is true is found true."""

import math
from collections.abc import Callable


def winning(needed: int, units: int, power: float) -> float:
    """Return how often a unit must win, so that so many or more do with a given probability."""
    from scipy.special import betaincinv

    return float(betaincinv(needed, units - needed + 1, power))


def above(effect: float, units: int, level: float = 0.95) -> float:
    """Return the probability that the lower end of a t interval is above a threshold.

    `effect` is the distance of the true mean from the threshold, in standard deviations of a unit.
    """
    from scipy.special import nctdtr, stdtrit

    freedom = units - 1
    return 1 - float(nctdtr(freedom, effect * math.sqrt(units), float(stdtrit(freedom, (1 + level) / 2))))


def smallest(power: Callable[[float], float], wanted: float, largest: float, steps: int = 30) -> float | None:
    """Return the smallest effect with a power, by bisection from 0; None if the largest does not have it."""
    if power(largest) < wanted:
        return None
    low, high = 0.0, largest
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= wanted else (middle, high)
    return high
