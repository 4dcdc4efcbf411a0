"""One bet's run in this session: the cells that are awaited, and what has arrived."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_bets.bet.declaration import CRITERIA, Declaration
from pytest_bets.hooks.collection import RECORD
from pytest_bets.hooks.crash import crash_reason
from pytest_bets.hooks.measuring import ATTRIBUTE, REASON, REFUSED, TOTAL
from pytest_bets.record.cell import row_sent
from pytest_bets.record.codec import cell_of
from pytest_bets.record.verdict import Cell, Verdict, judge, void

_DIED: Final = "???"
"""When the death of a worker is reported."""
_RERUN: Final = "rerun"
"""The outcome of a failure that a plugin has run again, and does not count."""


_BATCH: Final = 1000
"""How many rows are read at once."""


@dataclass
class BetRun:
    """What a session has selected of a bet, and what has arrived of it; `prefix` is the node id of its file."""

    declaration: Declaration
    path: Path
    prefix: str
    cells: frozenset[str]
    tiers: tuple[str, ...]
    waiting: set[str] = field(init=False)
    data: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    seconds: float = 0.0
    total: int = 0

    def __post_init__(self) -> None:
        self.waiting = set(self.cells)

    def take(self, nodeid: str, report: pytest.TestReport) -> bool:
        """Take a report of one of the cells; tell whether it was the last that this run waits for."""
        held = report.__dict__
        if held.get("context") is not None:  # a subtest, which reports under its cell's id
            return False
        self.seconds += report.duration
        if report.outcome == "passed" and "wasxfail" not in held:  # nearly always, and a sweep may have many cells
            if ATTRIBUTE in held:
                self._keep(nodeid, held.pop(ATTRIBUTE))
            return report.when == "teardown" and self._done(nodeid)
        if str(report.outcome) == _RERUN:
            self.broken.setdefault(nodeid, f"{_crash(report, self.root)}, and was run again")
        elif report.failed or "wasxfail" in held:
            if report.failed or report.skipped:
                self.broken.setdefault(nodeid, _crash(report, self.root))
        elif report.skipped:
            self.skipped[nodeid] = _skip(report)
        self.total = max(self.total, held.get(TOTAL, 0))
        self.refused = held.get(REFUSED, self.refused)
        if ATTRIBUTE in held:
            self._keep(nodeid, held.pop(ATTRIBUTE))
        return report.when not in ("setup", "call") and self._done(nodeid)  # teardown, or _DIED

    def _keep(self, nodeid: str, data: str) -> None:
        if nodeid in self.data:
            self.broken.setdefault(nodeid, "it ran more than once in this session")
        self.data[nodeid] = data

    def _done(self, nodeid: str) -> bool:
        self.waiting.discard(nodeid)
        return not self.waiting

    @property
    def root(self) -> str:
        """The folder that node ids start from."""
        return str(self.path).removesuffix(self.prefix)

    @property
    def untouched(self) -> bool:
        """Whether nothing of the bet has run."""
        return not (self.data or self.broken or self.skipped)


@dataclass(frozen=True)
class Arrived:
    """What has arrived of a run: its cells in the order of the sweep, how many they should be, where they ran.

    `rows` are the cells as a record holds them; a replay, which writes none, has no rows.
    """

    cells: Sequence[Cell]
    rows: Sequence[str]
    total: int
    compute: Mapping[str, Collection[Any]]


def arrived(run: BetRun) -> Arrived:
    """Read the data of a run's cells; that of a cell that broke is left out."""
    total = run.total or len(run.cells)
    compute: dict[str, set[Any]] = {}
    cells: dict[int, tuple[Cell, str]] = {}
    for nodeid, text, item in _read(run.data):
        if "replayed" in item:
            return Arrived([cell_of(cell) for cell in item["replayed"]], (), len(item["replayed"]), compute)
        if nodeid not in run.broken:
            total = item["of"]
            cells[item["index"]] = cell_of(item["cell"]), row_sent(text)
            for key, value in item["compute"].items():
                compute.setdefault(key, set()).add(value)
    ordered = [cells[index] for index in sorted(cells)]
    return Arrived([cell for cell, _ in ordered], [row for _, row in ordered], total, compute)


def _read(data: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """Yield what each cell sent, read a batch at a time: all at once is large, and one by one is slow."""
    waiting = iter(data.items())
    while batch := list(islice(waiting, _BATCH)):
        items = json.loads(f"[{','.join(text for _, text in batch)}]")
        yield from ((nodeid, text, item) for (nodeid, text), item in zip(batch, items, strict=True))


@dataclass(frozen=True)
class Judgement:
    """How a bet's run ended. `missing` says why it is not a whole run; then there is no verdict of record."""

    verdict: Verdict
    missing: str | None


def conclude(run: BetRun, came: Arrived) -> Judgement:
    """Judge what has arrived of a run."""
    missing = _missing(run, came)
    if run.broken:
        nodeid, reason = next(iter(sorted(run.broken.items())))
        cell = nodeid.partition("::")[2]
        return Judgement(void(f"{len(run.broken)} of {came.total} cells crashed: {cell}: {reason}"), missing)
    return Judgement(void(missing) if missing else judge(run.declaration.criteria, came.cells), missing)


def _missing(run: BetRun, came: Arrived) -> str | None:
    if run.cells == {f"{run.prefix}::{RECORD}"}:
        return next(iter(run.skipped.values()), None)
    if not run.cells:
        return "none of its cells was selected"
    if run.skipped:
        return f"{len(run.skipped)} of {came.total} cells skipped: {next(iter(run.skipped.values()))}"
    left = came.total - len(came.cells) - len(run.broken)
    return f"{left} of {came.total} cells did not run" if left > 0 else None


def _crash(report: pytest.TestReport, root: str) -> str:
    """Return why a cell has no measurements, in words that are the same on every worker and every machine."""
    if str(report.when) == _DIED:
        return "the worker died"
    crash = getattr(report.longrepr, "reprcrash", None)
    message = report.__dict__.get(REASON) or str(crash.message if crash else report.longrepr or "")
    where = "" if report.when == "call" else f"at {report.when}: "
    return where + crash_reason(message, root)


def _skip(report: pytest.TestReport) -> str:
    reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else report.longreprtext
    return reason.removeprefix("Skipped: ")


def selection(nodeid: str, function: str) -> tuple[str, str]:
    """Return of what kind an item of a bet file is, `cell`, `tier` or nothing, and the tier."""
    rest = nodeid.partition("::")[2]
    if rest.startswith(f"{function}["):
        return "cell", ""
    name = rest.partition("@")[0]  # whoever groups items appends the group
    if name in CRITERIA:
        return "tier", name
    return ("cell", "") if name in (RECORD, function) else ("", "")
