"""What an engine is, and what it says about the attempts that it runs."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pytest_bets.bet.resources import Need

Kind = Literal[
    "at",
    "begun",
    "progress",
    "report",
    "warning",
    "log",
    "printed",
    "done",
    "crashed",
    "lost",
    "cancelled",
    "impossible",
]
ENDS: frozenset[Kind] = frozenset({"done", "crashed", "lost", "cancelled", "impossible"})
"""What ends an attempt. All others may come several times."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to an attempt.

    at: it was placed; `text` is the host, empty where that is not known.
    begun: its experiment starts.
    progress: how far it is; `text` is what its child has sent, a sample as JSON (live/sample.py). Some may be lost.
    warning: `text` is passed on.
    log: `text` is the end of what an attempt has printed that failed.
    printed: `text` is the end of what an attempt has printed, in a session that does not capture it (-s).
    report: `text` is a report of pytest as JSON, `count` its place among the reports of the attempt, from 0.
    done: `count` reports were sent, and no more follow.
    crashed: the process ended, ran too long or used too much memory; `text` says which, `count` reports were sent.
    lost: the node or its supervisor is gone; `text` says how.
    cancelled: a person cancelled it.
    impossible: it can never run; `text` says what was asked and what there is.
    """

    number: int
    kind: Kind
    text: str = ""
    count: int = 0


@dataclass(frozen=True)
class Work:
    """One cell to run: its node id, the file that it is in, and what the node checks before it runs it."""

    cell: str
    file: str
    code: str = ""
    """The digest of the bet's code; empty where nothing is recorded."""
    modules: tuple[str, ...] = ()
    """The packages that the code imports."""
    packages: Mapping[str, str] | None = None
    """The versions of these packages that the controller has."""
    seconds: float | None = None
    """How long the cell took when it ran last, or else a cell of its bet on average; None where none ever ran."""


class Engine(Protocol):
    """What runs attempts. Every attempt has a number that is used once."""

    def lacks(self, need: Need) -> str:
        """Return why no node can ever run this: what was asked, what there is; empty where one can."""

    def short(self, need: Need) -> Collection[str]:
        """Return the resources that are short at present, `cpus` where it takes no more; empty: it can start."""

    def start(self, number: int, work: Work, need: Need) -> None:
        """Start an attempt; it must not wait."""

    def events(self, timeout: float) -> Iterable[Event]:
        """Return what has happened, after at most `timeout` seconds."""

    def running(self) -> Collection[int]:
        """Return the attempts that it has not seen the end of."""

    def cancel(self, number: int) -> None:
        """End an attempt; its events no longer matter."""

    def close(self) -> Sequence[str]:
        """End all attempts, wait until nothing of them runs, and return errors that belong to no cell."""
