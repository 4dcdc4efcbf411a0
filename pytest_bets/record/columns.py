"""The cells of a bet by column: the parameters of its sweep, and each name that was measured."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.record.verdict import Cell

MISSING: Final = object()
"""Stands in a column for a cell that did not measure the name."""


@dataclass(frozen=True)
class Column:
    """One parameter or measured name, with its value in each cell."""

    name: str
    values: Sequence[object]

    @property
    def measured(self) -> list[object]:
        """The values of the cells that have one."""
        return [value for value in self.values if value is not MISSING]

    @property
    def constant(self) -> bool:
        """Whether every cell has the same value."""
        first = repr(self.values[0])  # by which NaN is NaN, and 1 is neither 1.0 nor true
        return all(repr(value) == first for value in self.values)


def parameters(cells: Sequence[Cell]) -> list[Column]:
    """Return the sweep parameters."""
    names = dict.fromkeys(name for cell in cells for name in cell.params)
    return [Column(name, [cell.params.get(name, MISSING) for cell in cells]) for name in names]


def measurements(cells: Sequence[Cell]) -> list[Column]:
    """Return the measured names."""
    names = dict.fromkeys(name for cell in cells for name in cell.measured)
    return [Column(name, [cell.measured.get(name, MISSING) for cell in cells]) for name in names]


@dataclass(frozen=True)
class Spread:
    """Numbers in brief; `undefined` counts those that are NaN, which the others leave out."""

    mean: float
    least: float
    most: float
    undefined: int


def spread(numbers: Sequence[float]) -> Spread:
    """Return the mean, the least and the most of numbers, NaN where there is none."""
    known = [float(number) for number in numbers if not math.isnan(number)]
    if not known:
        return Spread(math.nan, math.nan, math.nan, len(numbers))
    return Spread(sum(known) / len(known), min(known), max(known), len(numbers) - len(known))
