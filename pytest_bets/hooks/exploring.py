"""The measurements and times of the cells of a rehearsal, which has no record to hold them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from pytest_bets.hooks.measuring import ATTRIBUTE
from pytest_bets.record.cell import decode_cell
from pytest_bets.record.verdict import Cell


@dataclass(frozen=True)
class Explored:
    """The finished cells of a bet in the order of the sweep, their seconds, and the number of cells in the sweep.

    `total` is 0 where no cell was finished.
    """

    cells: Sequence[Cell]
    seconds: Sequence[float]
    total: int


class Exploring:
    """Keeps the measurements of a rehearsal until its page is printed. A bet's run drops them when it is judged."""

    def __init__(self) -> None:
        self._data: dict[str, str] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def take(self, report: pytest.TestReport) -> None:
        """Keep a cell's measurements and the time of its phases; before the bet's run takes them off the report."""
        attributes = report.__dict__
        if attributes.get("context") is not None:  # a subtest, which reports under its cell's id
            return
        self._seconds[report.nodeid] += report.duration
        if ATTRIBUTE in attributes:
            self._data[report.nodeid] = attributes[ATTRIBUTE]

    def explored(self, nodeids: Iterable[str]) -> Explored:
        """Return the measurements of these cells; a cell without any is left out."""
        found = [(decode_cell(self._data[nodeid]), self._seconds[nodeid]) for nodeid in nodeids if nodeid in self._data]
        found.sort(key=lambda item: item[0].index)
        cells = [encoded.cell for encoded, _ in found]
        return Explored(cells, [seconds for _, seconds in found], found[0][0].of if found else 0)
