"""Judge the run of a bet: from its reports to its cells, its verdict and its record."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_bets.bet.declaration import SEED, Declaration
from pytest_bets.chance.result import Luck
from pytest_bets.hooks.baseline import Baseline
from pytest_bets.hooks.replay import decode_record
from pytest_bets.hooks.run import BetRun
from pytest_bets.record import environment as machine
from pytest_bets.record.build import build
from pytest_bets.record.cell import ENVIRONMENT
from pytest_bets.record.decode import decode
from pytest_bets.record.judgement import premise_unmet
from pytest_bets.record.known_error import KnownError, known_error
from pytest_bets.record.record import CodeDefinitions, Environment, NodeEnvironment, Record
from pytest_bets.record.store import Stored
from pytest_bets.record.verdict import Cell, Verdict, judge, void

_MIXED: Final = (
    "its cells are not of one sweep: the processes that ran them had other values or another order, so one may be "
    "measured twice and another never. Give the values in a fixed order (a list, sorted(...)), and seed what is drawn"
)


@dataclass(frozen=True)
class CellResults:
    """The cells of a run that were measured, in the order of the sweep; how many there should be; where they ran."""

    cells: Sequence[Cell]
    total: int
    compute: Mapping[str, Collection[Any]]
    loaded: frozenset[str] = frozenset()
    """The files of the project that the processes which ran the cells had loaded."""
    sweeps: frozenset[str] = frozenset()
    """The fingerprints of the sweeps that the processes had collected."""
    mixed: bool = False
    """Whether these differ; then no cell is kept, as one name may stand for several values."""


def collect_cells(run: BetRun) -> CellResults:
    """Decode the measurements of a run, without those of a cell that broke."""
    if run.is_replay:
        recorded = [cell for text in run.data.values() for cell in decode_record(text)]
        return CellResults(recorded, len(recorded) if run.data else len(run.cells), {})
    total = run.total or len(run.cells)
    compute: dict[str, set[Any]] = {}
    decoded: dict[int, Cell] = {}
    loaded: set[str] = set()
    sweeps: dict[object, set[str]] = {}  # by environment: a value may be made of other parts in another one
    for nodeid in run.data:
        if nodeid not in run.broken and (cell := run.cell(nodeid)):
            total = cell.of
            decoded[cell.index] = cell.cell
            loaded.update(cell.loaded)
            sweeps.setdefault(cell.compute.get(ENVIRONMENT), set()).add(cell.sweep)
            for key, value in cell.compute.items():
                compute.setdefault(key, set()).add(value)
    mixed = any(len(found) > 1 for found in sweeps.values())
    cells = [] if mixed else [decoded[index] for index in sorted(decoded)]
    return CellResults(cells, total, compute, frozenset(loaded), frozenset[str]().union(*sweeps.values()), mixed)


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
    stored: Stored | None
    gated: frozenset[str]
    dependence: str = ""
    luck: Luck | None = None
    error: KnownError | None = None
    """The known error of its verdict."""
    afresh: bool = False
    """Whether finished cells of an interrupted run were not reused, because the sweep has changed."""

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
    if missing or results.mixed:
        return void(missing or _MIXED)
    return judge(run.declaration.criteria, results.cells)


def luck_of(run: BetRun, results: CellResults, result: Verdict) -> Luck | None:
    """Return how often chance alone would meet the tiers of a judged bet; None where it declares no null."""
    if result.verdict is None or not run.declaration.nulls:
        return None
    from pytest_bets.chance.luck import luck  # here: few bets have a null

    return luck(run.declaration, [cell.params for cell in results.cells], [cell.row for cell in results.cells])


def error_in(run: BetRun, results: CellResults, result: Verdict, luck: Luck | None) -> KnownError | None:
    """Return the known error of the verdict of a run; None where none is known."""
    bet = run.declaration
    sweep = {**bet.sweep, **({SEED: bet.replicate} if bet.replicate else {})}
    return known_error(result.verdict, luck, result.criteria, sweep, results.cells)


def why_missing(run: BetRun, results: CellResults) -> str | None:
    """Return why a run is not whole; None where it is."""
    if run.is_replay:
        return next(iter(run.skipped.values()), None)
    if not run.cells:
        return "none of its cells was selected"
    if run.skipped:
        return f"{len(run.skipped)} of {results.total} cells skipped: {next(iter(run.skipped.values()))}"
    measured = len(run.data.keys() - run.broken.keys()) if results.mixed else len(results.cells)
    left = results.total - measured - len(run.broken)
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
