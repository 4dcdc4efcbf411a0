"""A job of Slurm as the session sees it: its cells, what was read of its events, and what its end means."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_bets.bet.resources import Need
from pytest_bets.engines.event import ENDS, Event, Kind, Work
from pytest_bets.engines.slurm_commands import State

ENDED: Final = frozenset(
    {
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"),
        *("REVOKED", "TIMEOUT", "GONE"),
    }
)
"""The states of jobs that will write no more; the last one is ours, for a job that Slurm has forgotten."""
_CRASHES: Final = {
    "TIMEOUT": "it ran longer than Slurm's time limit",
    "OUT_OF_MEMORY": "it used more memory than Slurm gave it",
}


@dataclass
class Job:
    """A job: its cells by the number of the attempt, and what was read of its events."""

    name: str
    need: Need
    works: dict[int, Work] = field(default_factory=dict)
    id: str = ""
    state: str = ""
    host: str = ""
    read: int = 0
    rest: bytes = b""
    begun: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    """Of session fixtures in their teardown."""
    ended: float | None = None
    is_over: bool = False
    """Whether its own last line was read."""

    def add(self, number: int, work: Work) -> None:
        """Add a cell."""
        self.works[number] = work
        self.left.add(number)

    @property
    def seconds(self) -> float:
        """How long its cells took when they ran last."""
        return sum(work.seconds or 0 for work in self.works.values())

    @property
    def waits(self) -> bool:
        """Whether it waits in the queue."""
        return not self.host and self.ended is None

    def new_events(self, path: Path) -> Iterator[Event]:
        """Yield what the new whole lines of its events say."""
        try:
            with path.open("rb") as file:
                file.seek(self.read)
                data = file.read()
        except OSError:  # it has not begun
            return
        self.read += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            number, kind, text, count = json.loads(line)
            if kind == "over":
                self.is_over = True
                continue
            if kind == "teardown":
                self.errors.append(text)
                continue
            if kind == "at":
                self.host = self.host or text
            if kind == "begun":
                self.begun.add(number)
            if kind in ENDS:
                self.left.discard(number)
            yield Event(number, kind, text, count)

    def see(self, state: State) -> None:
        """Take its state in the queue."""
        self.state = state.name
        self.host = self.host or state.host
        if self.state in ENDED:
            self.ended = self.ended or time.monotonic()

    def given_up(self, log: str) -> Iterator[Event]:
        """Yield the ends of its attempts: it has ended, and will write no more. `log` is what it has printed."""
        if self.state == "FAILED" and not self.read and log:
            words = f"its job failed on {self.host} before anything ran:\n{log}"
            yield from (Event(number, "impossible", words) for number in sorted(self.left))
            return
        for place, number in enumerate(sorted(self.left)):
            if self.host and not place:  # it was the one that ran, whatever was heard of it
                yield Event(number, "at", self.host)
            yield self._end(number)

    def _end(self, number: int) -> Event:
        if self.state in _CRASHES and number in self.begun:
            return Event(number, "crashed", _CRASHES[self.state])
        kind: Kind = "cancelled" if self.state == "CANCELLED" else "lost"
        where = f" on {self.host}" if self.host else ""
        return Event(number, kind, f"Slurm says {self.state}{where}")
