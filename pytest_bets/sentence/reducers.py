"""The reducers of the sentence language: a column of numbers to one number.

A column has one value a cell. A reducer of a column that holds a NaN is NaN. None depends on the order of the cells, to
the last bit: sums are exact before they are rounded, and a zero has no sign. None raises on finite or infinite input.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

DEFAULT_LEVEL: Final = 0.95

Column = Sequence[float]


_UNITS: Final = 2**1074
"""In these parts of 1 every finite float is an integer."""


def total(column: Column) -> float:
    """Return the sum, correctly rounded."""
    return _special(column) or _ratio(_sum(column), _UNITS)


def mean(column: Column) -> float:
    """Return the arithmetic mean, correctly rounded, so that it is never beyond the least or the greatest value."""
    return _special(column) or _ratio(_sum(column), _UNITS * len(column))


def std(column: Column) -> float:
    """Return the sample standard deviation (n - 1 in the denominator); NaN for a single value or an infinite one."""
    cells = len(column)
    if cells < 2 or _special(column):
        return math.nan
    integers = _integers(column)
    centre = sum(integers)
    squares = sum((cells * value - centre) ** 2 for value in integers)
    return _ratio(math.isqrt((squares << 128) // (cells - 1)), cells * _UNITS << 64)


def _special(column: Column) -> float:
    """Return the sum of the NaN and infinite values, 0 without any: then no finite value changes the sum."""
    return sum(value for value in column if not math.isfinite(value))


def _sum(column: Column) -> int:
    by_denominator: dict[int, int] = {}  # few are different, and their numerators are short
    for value in column:
        numerator, denominator = value.as_integer_ratio()
        by_denominator[denominator] = by_denominator.get(denominator, 0) + numerator
    return sum(numerator * (_UNITS // denominator) for denominator, numerator in by_denominator.items())


def _integers(column: Column) -> list[int]:
    ratios = (value.as_integer_ratio() for value in column)
    return [numerator * (_UNITS // denominator) for numerator, denominator in ratios]


def _ratio(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


def _unsigned(column: Column) -> list[float]:
    """Return the column with -0.0 as 0.0: of two zeros the order of the cells would choose."""
    return [value + 0.0 for value in column]


def quantile(column: Column, q: float) -> float:
    """Return the q-quantile, 0 <= q <= 1, interpolated linearly (type 7 of Hyndman and Fan 1996)."""
    if any(math.isnan(value) for value in column):
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
    """Return the least value."""
    return math.nan if any(math.isnan(value) for value in column) else min(_unsigned(column))


def largest(column: Column) -> float:
    """Return the greatest value."""
    return math.nan if any(math.isnan(value) for value in column) else max(_unsigned(column))


def count(column: Column) -> float:
    """Return in how many cells the value is true, or not zero."""
    return math.nan if any(math.isnan(value) for value in column) else float(sum(value != 0 for value in column))


def share(column: Column) -> float:
    """Return in what fraction of the cells the value is true, or not zero."""
    return count(column) / len(column)


def iqm(column: Column) -> float:
    """Return the interquartile mean: a quarter of the cells, rounded down, is cut from either end.

    Source: Agarwal et al. 2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice.
    """
    if any(math.isnan(value) for value in column):
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
    from scipy.special import stdtrit  # a tenth of the time that scipy.stats takes to import

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
"""Reducers of a column alone."""

LEVELLED: Final[dict[str, Callable[[Column, float], float]]] = {"quantile": quantile, "low": low, "high": high}
"""Reducers of a column and a number between 0 and 1."""
