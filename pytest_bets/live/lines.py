"""The lines of a file in `results/.live/`: what a session writes while it runs, and `pytest-bets watch` reads.

A session has one file of its own, `<host>-<process>-<random>.jsonl`, and no other process writes to it. Each line is a
JSON object with a `kind`. A later line of the same bet or cell replaces an earlier one. The first line is the session.
When the file is too long, it is replaced by one with the lines that say the same in short. Times are seconds since 1970
by the clock of the session's machine.

The folder is no evidence: it can be deleted at any time, and git ignores it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pytest_bets.diagnostics import MisfitError
from pytest_bets.live.sample import Bar, Value
from pytest_bets.record.decode import decode
from pytest_bets.record.encode import encode

SCHEMA: Final = "pytest-bets/live/1"


@dataclass(frozen=True)
class SessionLine:
    """A session: where it runs, as which process, since when, and how it was started.

    `born` differs in a later process with the same number: the system's own count, empty where it has none.
    """

    kind: Literal["session"]
    schema: Literal["pytest-bets/live/1"]
    host: str
    process: int
    born: str
    since: float
    command: str


@dataclass(frozen=True)
class BetLine:
    """A bet of the session: how many cells it has, and how long one took before; None where that is not known."""

    kind: Literal["bet"]
    bet: str
    title: str
    cells: int
    seconds: float | None


@dataclass(frozen=True)
class CountLine:
    """How many cells of a bet are done, how many of these broke, and how long those that ran took together.

    `reused` of them were not run: an interrupted session had measured them. All others are queued, or run.
    """

    kind: Literal["count"]
    bet: str
    done: int
    broken: int
    reused: int
    seconds: float


@dataclass(frozen=True)
class Series:
    """Values of one name, the oldest first: one of every so many lines, the first included."""

    every: int
    lines: int
    values: tuple[float, ...]


@dataclass(frozen=True)
class RunningLine:
    """A cell that runs: since when, where, and how far it is.

    `series` are the values of earlier lines, where the file was shortened.
    """

    kind: Literal["running"]
    bet: str
    cell: str
    since: float
    host: str
    worker: str
    bars: tuple[Bar, ...]
    values: Mapping[str, Value]
    series: Mapping[str, Series]


@dataclass(frozen=True)
class EndedLine:
    """A cell that ran runs no more; it is done, or its node was lost and it is queued again."""

    kind: Literal["ended"]
    cell: str


@dataclass(frozen=True)
class FailureLine:
    """A cell that broke, and why."""

    kind: Literal["failure"]
    bet: str
    cell: str
    why: str


@dataclass(frozen=True)
class VerdictLine:
    """A bet that was judged; `verdict` is in the words of the closing table."""

    kind: Literal["verdict"]
    bet: str
    verdict: str


@dataclass(frozen=True)
class ClosedLine:
    """The session has ended."""

    kind: Literal["closed"]
    time: float
    status: int


LiveLine = SessionLine | BetLine | CountLine | RunningLine | EndedLine | FailureLine | VerdictLine | ClosedLine
_KINDS: Final = {
    "session": SessionLine,
    "bet": BetLine,
    "count": CountLine,
    "running": RunningLine,
    "ended": EndedLine,
    "failure": FailureLine,
    "verdict": VerdictLine,
    "closed": ClosedLine,
}


def dump(line: LiveLine) -> bytes:
    """Return a line of a file."""
    return json.dumps(encode(line)).encode() + b"\n"


def load(data: bytes) -> LiveLine | None:
    """Return a line; None where it was cut off, or another version of this package wrote it."""
    try:
        item = json.loads(data)
        line: LiveLine = decode(_KINDS[item["kind"]], item)
    except (MisfitError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return line
