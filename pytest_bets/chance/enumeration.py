"""All relabelings, one after the other."""

from collections.abc import Iterator
from itertools import product
from typing import Final

from pytest_bets.chance.relabeling import Labels, Relabelings

MOST: Final = 4096
"""Up to so many relabelings, all are judged."""


def is_feasible(cells: Relabelings) -> bool:
    """Return whether there are few enough relabelings to judge all."""
    return cells.total <= MOST


def every(cells: Relabelings) -> Iterator[Labels]:
    """Yield every relabeling, the measured one first."""
    return product(range(cells.labelings), repeat=cells.count)
