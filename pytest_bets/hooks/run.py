"""One bet's run in this session: its reports, its cell results, and the finished bet."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_bets.bet.declaration import CRITERIA, Declaration
from pytest_bets.chance.result import Luck
from pytest_bets.hooks.baseline import Baseline
from pytest_bets.hooks.bet_file import RECORD
from pytest_bets.hooks.crash import crash_reason
from pytest_bets.hooks.measuring import ATTRIBUTE, REASON, REFUSED, TOTAL
from pytest_bets.hooks.replay import decode_record
from pytest_bets.record import environment as machine
from pytest_bets.record.cell import ENVIRONMENT, decode_cell
from pytest_bets.record.codec import build
from pytest_bets.record.decode import decode
from pytest_bets.record.judgement import premise_unmet
from pytest_bets.record.line import Attempt
from pytest_bets.record.record import CodeDefinitions, Environment, NodeEnvironment, Record
from pytest_bets.record.store import Kept
from pytest_bets.record.verdict import Cell, Verdict, judge, void

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
    waiting: set[str] = field(init=False)
    data: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    refused: str = ""
    seconds: float = 0.0
    total: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    """Those that an engine lost or a person stopped."""

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
    def is_replay(self) -> bool:
        """Whether the record stands for the cells."""
        return self.cells == {f"{self.prefix}::{RECORD}"}

    @property
    def untouched(self) -> bool:
        """Whether nothing of the bet has run."""
        return not (self.data or self.broken or self.skipped or self.attempts)


@dataclass(frozen=True)
class CellResults:
    """The cells of a run that were measured, in the order of the sweep; how many there should be; where they ran."""

    cells: Sequence[Cell]
    total: int
    compute: Mapping[str, Collection[Any]]
    loaded: frozenset[str] = frozenset()
    """The files of the project that the processes which ran the cells had loaded."""


def collect_cells(run: BetRun) -> CellResults:
    """Decode the measurements of a run, without those of a cell that broke."""
    if run.is_replay:
        recorded = [cell for text in run.data.values() for cell in decode_record(text)]
        return CellResults(recorded, len(recorded) if run.data else len(run.cells), {})
    total = run.total or len(run.cells)
    compute: dict[str, set[Any]] = {}
    decoded: dict[int, Cell] = {}
    loaded: set[str] = set()
    for nodeid, text in run.data.items():
        if nodeid not in run.broken:
            cell = decode_cell(text)
            total = cell.of
            decoded[cell.index] = cell.cell
            loaded.update(cell.loaded)
            for key, value in cell.compute.items():
                compute.setdefault(key, set()).add(value)
    return CellResults([decoded[index] for index in sorted(decoded)], total, compute, frozenset(loaded))


@dataclass(frozen=True)
class FinishedBet:
    """A bet whose run has ended.

    `missing` says why it is not a whole run, which has no verdict of record. `cells` is the number of measured cells,
    `stored` is None where nothing was written, `gated` are the tiers that fail where they are not met. `dependence` is
    a note on cells that an interval takes as independent.
    """

    run: BetRun
    result: Verdict
    missing: str | None
    cells: int
    stored: Kept | None
    gated: frozenset[str]
    dependence: str = ""
    luck: Luck | None = None

    @property
    def declaration(self) -> Declaration:
        """The bet."""
        return self.run.declaration

    @property
    def verdict(self) -> str | None:
        """PASS, LENIENT or FAIL; None where the bet was not judged."""
        return self.result.verdict


def judge_run(run: BetRun, results: CellResults, missing: str | None) -> Verdict:
    """Judge the cells of a run."""
    if run.broken:
        nodeid, reason = next(iter(sorted(run.broken.items())))
        cell = nodeid.partition("::")[2]
        return void(f"{len(run.broken)} of {results.total} cells crashed: {cell}: {reason}")
    return void(missing) if missing else judge(run.declaration.criteria, results.cells)


def luck_of(run: BetRun, results: CellResults, result: Verdict) -> Luck | None:
    """Return how often chance alone would meet the tiers of a judged bet; None where it declares no null."""
    if result.verdict is None or not run.declaration.nulls:
        return None
    from pytest_bets.chance.luck import luck  # here: few bets have a null

    return luck(run.declaration, [cell.params for cell in results.cells], [cell.row for cell in results.cells])


def why_missing(run: BetRun, results: CellResults) -> str | None:
    """Return why a run is not whole; None where it is."""
    if run.is_replay:
        return next(iter(run.skipped.values()), None)
    if not run.cells:
        return "none of its cells was selected"
    if run.skipped:
        return f"{len(run.skipped)} of {results.total} cells skipped: {next(iter(run.skipped.values()))}"
    left = results.total - len(results.cells) - len(run.broken)
    return f"{left} of {results.total} cells did not run" if left > 0 else None


def build_record(
    run: BetRun,
    result: Verdict,
    compute: Mapping[str, Collection[Any]],
    baseline: Baseline,
    luck: Luck | None,
    *,
    pilot: bool,
    unseen: Mapping[str, str] | None = None,
) -> Record:
    """Return the record of a run, without its cells."""
    bet = run.declaration
    code = baseline.code[bet.id]
    nodes = [decode(NodeEnvironment, json.loads(text)) for text in sorted(compute.get(ENVIRONMENT, ()))]
    if not nodes:
        here = machine.python()
        nodes = [NodeEnvironment(here["python"], here["platform"], machine.packages(code.modules))]
    return build(
        bet,
        void("a rehearsal has no verdict") if pilot and (result.verdict or premise_unmet(result)) else result,
        (),  # the store writes the rows
        registration=baseline.registration[bet.id],
        code=CodeDefinitions(code.digest, code.definitions),
        environment=Environment(
            python=nodes[0].python,
            platform=nodes[0].platform,
            packages=nodes[0].packages,
            device=_joint(compute.get("device", ())),
            threads=_joint(compute.get("threads", ())),
            commit=baseline.commit,
            dirty=baseline.dirty.get(bet.id),
            nodes=tuple(nodes) if len(nodes) > 1 else (),
            unseen=unseen or None,
        ),
        luck=luck,
        pilot=pilot,
    )


def _joint(values: Collection[Any]) -> Any:
    """Return the one value, or all different ones where the cells ran on unlike workers."""
    different = sorted(set(values))
    return different[0] if len(different) == 1 else tuple(different) or None


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
    return reason.removeprefix("Skipped: ")


def selection(nodeid: str, function: str) -> tuple[str, str]:
    """Return the kind of an item of a bet file, `cell`, `tier` or nothing, and the tier."""
    rest = nodeid.partition("::")[2]
    if rest.startswith(f"{function}["):
        return "cell", ""
    name = rest.partition("@")[0]  # a plugin that groups items appends the group
    if name in CRITERIA:
        return "tier", name
    return ("cell", "") if name in (RECORD, function) else ("", "")
