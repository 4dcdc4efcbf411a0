"""The cells that wait: those of a quick bet, then those of which nothing is known, then the longest first."""

import math
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Final

from pytest_bets.bet.resources import Need
from pytest_bets.engines.event import Work
from pytest_bets.record.line import RunLine

_SMALL: Final = 0.05
"""The share of all known seconds that a quick bet may take: by so much, at most, the session may last longer."""


@dataclass(frozen=True)
class Waiting:
    """A cell that waits; `losses` of its attempts were lost after they had begun, `early` before."""

    work: Work
    need: Need
    losses: int = 0
    early: int = 0


def durations(lines: Iterable[RunLine]) -> dict[str, float]:
    """Return how long a cell of each bet took in the last run that the journal has of it, in seconds.

    Cells that a run has reused took no time in it.
    """
    ran = ((line, line.cells.count - line.resumed) for line in lines if not line.pilot)
    return {line.bet: line.seconds / cells for line, cells in ran if cells > 0}


class Queue:
    """Gives out cells in order, each as soon as the engine has what it needs."""

    def __init__(self) -> None:
        self._by_need: dict[Need, deque[tuple[tuple[float, float, int], Waiting]]] = {}
        self._places = count()
        self._again = count(-1, -1)

    def fill(self, cells: Iterable[Waiting], *, as_given: bool = False) -> None:
        """Add cells; those of the same length keep their order, and `as_given` all do.

        A bet that is quick beside the others comes first, so that the session shows a verdict soon.
        """
        cells = list(cells)
        first = "" if as_given else _quickest(cells)
        keyed = [
            ((cell.work.file != first, 0.0 if as_given else -_length(cell), next(self._places)), cell) for cell in cells
        ]
        for key, cell in sorted(keyed, key=lambda pair: pair[0]):
            self._by_need.setdefault(cell.need, deque()).append((key, cell))

    def again(self, cell: Waiting) -> None:
        """Put a cell that was lost before all others of its need: it has waited once."""
        self._by_need.setdefault(cell.need, deque()).appendleft(((-1, -math.inf, next(self._again)), cell))

    def take(self, short: Callable[[Need], Collection[str]]) -> Waiting | None:
        """Remove and return the first cell that can start, None if none can.

        A cell that is short of a resource holds back later cells that need the same one: otherwise small cells would
        take their turns before a large one for as long as there are any.
        """
        taken: set[str] = set()
        for need in sorted(self._by_need, key=lambda need: self._by_need[need][0][0]):
            if taken & _kinds(need):
                continue
            lacking = short(need)
            if not lacking:
                waiting = self._by_need[need]
                _, cell = waiting.popleft()
                if not waiting:
                    del self._by_need[need]
                return cell
            taken |= set(lacking)
        return None

    def __len__(self) -> int:
        return sum(map(len, self._by_need.values()))


def _quickest(cells: Iterable[Waiting]) -> str:
    """Return the file of the bet whose cells take the least time together; empty where none is known and small."""
    seconds: dict[str, float] = {}
    for cell in cells:
        seconds[cell.work.file] = seconds.get(cell.work.file, 0.0) + _length(cell)
    known = {file: took for file, took in seconds.items() if took < math.inf}
    file = min(known, key=lambda file: known[file], default="")
    return file if file and known[file] <= _SMALL * sum(known.values()) else ""


def _length(cell: Waiting) -> float:
    return math.inf if cell.work.seconds is None else cell.work.seconds


def _kinds(need: Need) -> set[str]:
    return {"cpus", *(["gpus"] if need.gpus else []), *(["memory"] if need.memory else [])}
