"""What the cells of a rehearsal measure, and how long they take: heard where every report arrives."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest

from pytest_bets.hooks.measuring import ATTRIBUTE
from pytest_bets.record.codec import cell_of
from pytest_bets.record.verdict import Cell


@dataclass(frozen=True)
class Explored:
    """The finished cells of a bet in the order of the sweep, the seconds that each took, and how many there should be.

    `total` is 0 where no cell was finished.
    """

    cells: Sequence[Cell]
    seconds: Sequence[float]
    total: int


class Exploring:
    """Keeps what the cells of a rehearsal measured. The judge forgets it when a bet is concluded."""

    def __init__(self) -> None:
        self._data: dict[str, str] = {}
        self._seconds: defaultdict[str, float] = defaultdict(float)

    @pytest.hookimpl(tryfirst=True)  # the judge takes the data off the report
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a cell's data and the time that its phases took."""
        held = report.__dict__
        if held.get("context") is not None:  # a subtest, which reports under its cell's id
            return
        self._seconds[report.nodeid] += report.duration
        if ATTRIBUTE in held:
            self._data[report.nodeid] = held[ATTRIBUTE]

    def explored(self, nodeids: Iterable[str]) -> Explored:
        """Return what these cells measured; one that measured nothing is left out."""
        found = [(json.loads(self._data[nodeid]), self._seconds[nodeid]) for nodeid in nodeids if nodeid in self._data]
        found.sort(key=lambda item: item[0]["index"])
        cells = [cell_of(item["cell"]) for item, _ in found]
        return Explored(cells, [seconds for _, seconds in found], found[0][0]["of"] if found else 0)
