"""One bet's run in this session: its reports, its cell results, and the finished bet."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.bet.declaration import CRITERIA, Declaration
from pytest_bets.diagnostics import MisfitError
from pytest_bets.hooks.bet_file import RECORD
from pytest_bets.hooks.crash import crash_reason, shortened
from pytest_bets.hooks.measuring import ATTRIBUTE, REASON, REFUSED, TOTAL
from pytest_bets.record.cell import MeasuredCell, decode_cell, sweep_of
from pytest_bets.record.line import Attempt

_DIED: Final = "???"
"""The phase of the report of a worker's death."""
_RERUN: Final = "rerun"
"""The outcome of a failure that a plugin runs again and does not count."""


@dataclass
class BetRun:
    """The selected cells and tiers of a bet, and their reports; `prefix` is the node id of its file."""

    declaration: Declaration
    path: Path
    prefix: str
    cells: frozenset[str]
    tiers: tuple[str, ...]
    first: str = ""
    """The first of these items in the order of the session."""
    waiting: set[str] = field(init=False)
    data: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    seconds: float = 0.0
    total: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    """Those that an engine lost or a person stopped."""
    noted: Mapping[str, str] = field(default_factory=dict)
    """What an interrupted run had measured, by cell."""
    reused: int = 0
    """How many of these cells were not measured again."""

    def __post_init__(self) -> None:
        self.waiting = set(self.cells)

    def take(self, nodeid: str, report: pytest.TestReport) -> bool:
        """Take a report of one of the cells; return whether it was the last that this run waits for."""
        attributes = report.__dict__
        if attributes.get("context") is not None:  # a subtest, which reports under its cell's id
            return False
        self.seconds += report.duration
        if (
            report.outcome == "passed" and "wasxfail" not in attributes
        ):  # nearly always, and a sweep may have many cells
            if ATTRIBUTE in attributes:
                self._keep(nodeid, attributes.pop(ATTRIBUTE))
            return report.when == "teardown" and self._done(nodeid)
        if str(report.outcome) == _RERUN:
            self.broken.setdefault(nodeid, f"{_crash(report, self.root)}, and was run again")
        elif report.failed or "wasxfail" in attributes:
            if report.failed or report.skipped:
                self.broken.setdefault(nodeid, _crash(report, self.root))
        elif report.skipped:
            self.skipped[nodeid] = _skip(report)
        self.total = max(self.total, attributes.get(TOTAL, 0))
        self.refused = attributes.get(REFUSED, self.refused)
        if ATTRIBUTE in attributes:
            self._keep(nodeid, attributes.pop(ATTRIBUTE))
        return report.when not in ("setup", "call") and self._done(nodeid)  # teardown, or _DIED

    def cell(self, nodeid: str) -> MeasuredCell | None:
        """Return what a cell measured; a cell whose text cannot be read is broken, and the session goes on."""
        try:
            return decode_cell(self.data[nodeid])
        except (MisfitError, ValueError, KeyError, TypeError) as error:
            self.broken.setdefault(nodeid, f"what it measured cannot be read: {error}")
            return None

    def _keep(self, nodeid: str, data: str) -> None:
        if nodeid in self.data:
            self.broken.setdefault(nodeid, "it ran more than once in this session")
        self.data[nodeid] = data
        self.reused += data == self.noted.get(nodeid)  # a cell that is measured in another sweep differs from it

    def is_afresh(self, sweeps: Collection[str]) -> bool:
        """Return whether finished cells were there and not reused, as these sweeps are others than theirs."""
        noted = next(iter(self.noted.values()), None)
        return noted is not None and not self.reused and any(sweep != sweep_of(noted) for sweep in sweeps)

    def _done(self, nodeid: str) -> bool:
        self.waiting.discard(nodeid)
        return not self.waiting

    @property
    def root(self) -> str:
        """The folder that node ids start from."""
        path = self.path.as_posix()  # an id has these separators on Windows, too
        return str(self.path)[: len(path) - len(self.prefix)] if path.endswith(self.prefix) else str(self.path)

    @property
    def is_replay(self) -> bool:
        """Whether the record stands for the cells."""
        return self.cells == {f"{self.prefix}::{RECORD}"}

    @property
    def untouched(self) -> bool:
        """Whether nothing of the bet has run."""
        return not (self.data or self.broken or self.skipped or self.attempts)


def _crash(report: pytest.TestReport, root: str) -> str:
    """Return why a cell has no measurements, in text that is the same on every worker and every machine."""
    if str(report.when) == _DIED:
        return "the worker died"
    crash = getattr(report.longrepr, "reprcrash", None)
    message = report.__dict__.get(REASON) or str(crash.message if crash else report.longrepr or "")
    where = "" if report.when == "call" else f"at {report.when}: "
    return where + crash_reason(message, root)


def _skip(report: pytest.TestReport) -> str:
    reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else report.longreprtext
    return shortened(reason.removeprefix("Skipped: "))


def selection(nodeid: str, function: str) -> tuple[str, str]:
    """Return the kind of an item of a bet file, `cell`, `tier` or nothing, and the tier."""
    rest = nodeid.partition("::")[2]
    if rest.startswith(f"{function}["):
        return "cell", ""
    name = rest.partition("@")[0]  # a plugin that groups items appends the group
    if name in CRITERIA:
        return "tier", name
    return ("cell", "") if name in (RECORD, function) else ("", "")
