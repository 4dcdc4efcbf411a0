"""Relabelings drawn at random, the same in every replay, and the bound that they give."""

import hashlib
import math
from collections.abc import Iterator
from random import Random
from typing import Final

from pytest_bets.chance.relabeling import Labels, Relabelings

Generator = Random
DRAWS: Final = 9_999
CONFIDENCE: Final = 0.95
_DIGITS: Final = 4
"""Significant digits of a bound, which is rounded up: every version of scipy gives the same."""


def generator(text: str) -> Random:
    """Return a generator that a text determines; it is for statistics and not for secrets."""
    return Random(int(hashlib.sha256(text.encode()).hexdigest(), 16))  # noqa: S311


def drawn(cells: Relabelings, digest: str) -> Iterator[Labels]:
    """Yield relabelings that the declaration's digest determines."""
    draw = generator(digest).random  # which gives the same numbers in every version of Python
    for _ in range(DRAWS):
        yield [int(draw() * cells.labelings) for _ in range(cells.count)]


def at_most(hits: int, draws: int) -> float:
    """Return the upper end of the one-sided 95 % Clopper-Pearson interval, rounded up."""
    if hits >= draws:
        return 1.0
    from scipy.special import betaincinv  # here: half a session's start

    return min(1.0, rounded_up(float(betaincinv(hits + 1, draws - hits, CONFIDENCE))))


def rounded_up(number: float) -> float:
    """Return a positive number with four significant digits, not less than it was."""
    exponent = math.floor(math.log10(number)) - _DIGITS + 1
    return float(f"{math.ceil(number / 10.0**exponent)}e{exponent}")
