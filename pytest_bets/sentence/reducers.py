"""The reducers of the sentence language: a column of numbers to one number.

A column has one value per cell. A reducer of a column with a NaN is NaN. The order of the cells never matters, not in
the last bit: sums are exact before they are rounded, and a zero has no sign. No reducer raises.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

DEFAULT_LEVEL: Final = 0.95

Column = Sequence[float]


def total(column: Column) -> float:
    """Return the sum, correctly rounded."""
    if special := _special(column):
        return special
    try:
        return math.fsum(column) + 0.0
    except OverflowError:  # of the sum, or of a part of it
        from fractions import Fraction

        exact = sum(map(Fraction, column))
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def mean(column: Column) -> float:
    """Return the arithmetic mean, correctly rounded, so it never leaves the range of the values."""
    import statistics  # slow to import, and a summary computes nothing

    return _special(column) or float(statistics.mean(column)) + 0.0


def std(column: Column) -> float:
    """Return the sample standard deviation (n - 1 in the denominator); NaN for a single value or an infinite one."""
    import statistics

    if len(column) < 2 or _special(column):
        return math.nan
    try:
        return statistics.stdev(column)
    except OverflowError:
        return math.inf


def _special(column: Column) -> float:
    """Return the sum of the NaN and infinite values, 0 if there are none; finite values do not change that sum."""
    return sum(value for value in column if not math.isfinite(value))


def _has_nan(column: Column) -> bool:
    return any(map(math.isnan, column))


def _unsigned(column: Column) -> list[float]:
    """Return the column with 0.0 for -0.0; otherwise the order of the cells would decide between the two."""
    return [value + 0.0 for value in column]


def quantile(column: Column, q: float) -> float:
    """Return the q-quantile, 0 <= q <= 1, interpolated linearly (type 7 of Hyndman and Fan 1996)."""
    if _has_nan(column):
        return math.nan
    ranked = sorted(_unsigned(column))
    position = q * (len(ranked) - 1)
    below = math.floor(position)
    share = position - below
    if share == 0 or ranked[below] == ranked[below + 1]:
        return ranked[below]
    return ranked[below] * (1 - share) + ranked[below + 1] * share


def median(column: Column) -> float:
    """Return the middle value, or the mean of the two middle ones."""
    return quantile(column, 0.5)


def smallest(column: Column) -> float:
    """Return the smallest value."""
    return math.nan if _has_nan(column) else min(_unsigned(column))


def largest(column: Column) -> float:
    """Return the largest value."""
    return math.nan if _has_nan(column) else max(_unsigned(column))


def count(column: Column) -> float:
    """Return the number of cells whose value is true or not zero."""
    return math.nan if _has_nan(column) else float(sum(value != 0 for value in column))


def share(column: Column) -> float:
    """Return the fraction of cells whose value is true or not zero."""
    return count(column) / len(column)


def iqm(column: Column) -> float:
    """Return the interquartile mean: drop a quarter of the cells, rounded down, at each end.

    Source: Agarwal et al. 2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice.
    """
    if _has_nan(column):
        return math.nan
    cut = len(column) // 4
    return mean(sorted(column)[cut : len(column) - cut])


def low(column: Column, level: float = DEFAULT_LEVEL) -> float:
    """Return the lower end of the two-sided t interval of the mean at `level`; NaN for a single value."""
    return mean(column) - _half_width(column, level)


def high(column: Column, level: float = DEFAULT_LEVEL) -> float:
    """Return the upper end of the two-sided t interval of the mean at `level`; NaN for a single value."""
    return mean(column) + _half_width(column, level)


def _half_width(column: Column, level: float) -> float:
    if len(column) < 2:
        return math.nan
    from scipy.special import stdtrit  # imports ten times faster than scipy.stats

    return float(stdtrit(len(column) - 1, (1 + level) / 2)) * std(column) / math.sqrt(len(column))


PLAIN: Final[dict[str, Callable[[Column], float]]] = {
    "count": count,
    "share": share,
    "sum": total,
    "mean": mean,
    "median": median,
    "min": smallest,
    "max": largest,
    "std": std,
    "iqm": iqm,
}
"""Reducers that take a column."""

INTERVAL_ENDS: Final = ("low", "high")
"""Reducers that also take a unit: the sweep parameter whose groups are averaged first."""

LEVELLED: Final[dict[str, Callable[[Column, float], float]]] = {"quantile": quantile, "low": low, "high": high}
"""Reducers that take a column and a number between 0 and 1."""
