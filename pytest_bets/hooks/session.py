"""The session: a bet is judged when its last cell has reported."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_bets.bet.declaration import is_bet_name
from pytest_bets.bet.units import dependence, unvaried
from pytest_bets.chance.result import Luck
from pytest_bets.diagnostics import DeclarationError, RecordError
from pytest_bets.hooks.announcing import Announcer
from pytest_bets.hooks.baseline import Baseline, take_baseline
from pytest_bets.hooks.checkpoints import Checkpoints
from pytest_bets.hooks.collector import Collector
from pytest_bets.hooks.context import Context, unreadable
from pytest_bets.hooks.exploring import Exploring
from pytest_bets.hooks.exporting import Exporting
from pytest_bets.hooks.judging import (
    CellResults,
    FinishedBet,
    build_record,
    collect_cells,
    error_in,
    judge_run,
    luck_of,
    why_missing,
)
from pytest_bets.hooks.last_failed import LastFailed
from pytest_bets.hooks.live import Live
from pytest_bets.hooks.measuring import ATTRIBUTE
from pytest_bets.hooks.outdated import Sources
from pytest_bets.hooks.refusals import check_overrides, check_replications
from pytest_bets.hooks.reporter import Reporter
from pytest_bets.hooks.reports import HOOK, REFUSED, REGISTRATION, RESULTS, tier_outcome
from pytest_bets.hooks.run import BetRun, selection
from pytest_bets.hooks.tiers import JudgedTiers, Outcome
from pytest_bets.hooks.unseen import Unseen
from pytest_bets.record import environment as machine
from pytest_bets.record.codec import cell_row, verdict_of
from pytest_bets.record.encode import encode
from pytest_bets.record.gate import gated
from pytest_bets.record.line import Replicated
from pytest_bets.record.record import Record
from pytest_bets.record.standing import Standing
from pytest_bets.record.store import Execution, Stored
from pytest_bets.record.summary_model import Summary
from pytest_bets.record.verdict import Cell, Verdict
from pytest_bets.render.rollup import rollup
from pytest_bets.values import canonical


class Session:
    """Takes the reports of all cells, judges bets, writes their records and reports their tiers.

    It lives where every report arrives: in the one process, or in the controller of the workers.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.config = context.config
        self.settings = context.settings
        self.collector = Collector(context, JudgedTiers(self.outcome))
        self.checkpoints = Checkpoints(context)
        self.last_failed = LastFailed(context.config)
        self.exploring = Exploring()
        self.announcer = Announcer(context.config, enabled=context.settings.kept)
        self.exporting = Exporting(context.config, context.settings.exports)
        self.unseen = Unseen(context)
        self.sources = Sources(context.settings.root)
        self.baseline = Baseline()
        self.runs: dict[str, BetRun] = {}
        self.finished: dict[str, FinishedBet] = {}
        self.skipping: dict[str, str] = {}
        """Why a bet file skipped itself as it was imported, by its node id."""
        self.summary: Summary | None = None
        self.on_finished: list[Callable[[BetRun], None]] = []
        self.reporter = Reporter(context.config, context.settings)
        self.live = Live(context, self.runs, self.finished, self.run_of)
        self._process = os.getpid()
        self._by_cell: dict[str, BetRun] = {}
        self._by_tier: dict[str, tuple[BetRun, str]] = {}
        self._unexpected: dict[str, str] = {}
        self._late: dict[str, str] = {}
        """A cell that ran again after its bet was judged, by the node id of its file."""

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a bet that skips itself: none of its items will say so."""
        if report.skipped and is_bet_name(report.nodeid) and isinstance(report.longrepr, tuple):
            self.skipping[report.nodeid] = str(report.longrepr[-1]).removeprefix("Skipped: ")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin, in a process that runs the items itself."""
        if not self.config.option.collectonly:
            self.begin([item.nodeid for item in session.items])

    def begin(self, nodeids: Sequence[str]) -> None:
        """Note the cells and tiers of every bet, and take the baseline before any of them runs.

        Raises:
            pytest.UsageError: where an option does not fit the bets, the results cannot be read, or old code would run.

        """
        by_file: dict[str, list[str]] = {}
        for nodeid in nodeids:
            by_file.setdefault(nodeid.partition("::")[0], []).append(nodeid)
        for prefix, own in by_file.items():
            if is_bet_name(prefix.rpartition("/")[2]):
                self._expect(prefix, own)
        if not self.runs:
            return
        check_overrides(self.settings, [run.declaration for run in self.runs.values()])
        self.sources.check()
        try:
            self.baseline = take_baseline({run.path: run.declaration for run in self.runs.values()}, self.context)
        except (OSError, RecordError) as error:
            raise unreadable(error) from None
        if self.settings.replication:
            check_replications([run.declaration for run in self.runs.values()], self.baseline.records)
        for run in self.runs.values():
            self._by_cell.update(dict.fromkeys(run.cells, run))
            self._by_tier.update({f"{run.prefix}::{tier}": (run, tier) for tier in run.tiers})
        self.announcer.declared([run.declaration for run in self.runs.values()])
        self.live.open()

    def _expect(self, prefix: str, nodeids: Sequence[str]) -> None:
        path = Path(os.path.normpath(self.config.rootpath / prefix))  # as collected: symbolic links are not resolved
        try:
            declaration = self.context.catalogue.declaration(path)
        except DeclarationError:  # its collection reports the error
            return
        if declaration is None:
            return
        kinds = [(nodeid, *selection(nodeid, declaration.function)) for nodeid in nodeids]
        cells = frozenset(nodeid for nodeid, kind, _ in kinds if kind == "cell")
        tiers = tuple(tier for _, kind, tier in kinds if kind == "tier")
        noted = {nodeid: data for nodeid, data in self.context.finished.items() if nodeid.startswith(f"{prefix}::")}
        self.runs[prefix] = BetRun(declaration, path, prefix, cells, tiers, nodeids[0], noted=noted)

    @pytest.hookimpl(trylast=True)  # other plugins still change reports: one with a failed subtest fails
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the report of a cell; judge its bet when it was the last."""
        nodeid = report.nodeid
        if self.settings.rehearsal:
            self.exploring.take(report)
        self.last_failed.take(report)
        run = self._by_cell.get(nodeid)
        if run is None:
            self._take_other(report)
            return
        if run.prefix in self.finished:
            if ATTRIBUTE in report.__dict__:
                self._late.setdefault(run.prefix, nodeid)
            return
        last = run.take(nodeid, report)
        if report.when == "teardown" and self.checkpoints.enabled:
            self.checkpoints.add(run, nodeid, self.baseline.code[run.declaration.id])
        if last or nodeid not in run.waiting:
            self.announcer.cell(run, nodeid)
        if last:
            self._finish(run)

    def _take_other(self, report: pytest.TestReport) -> None:
        """Note that a tier was reported, or that a cell ran which this process did not expect."""
        if report.when == "call":
            self.reporter.take(report)
        if report.nodeid not in self._by_tier and ATTRIBUTE in report.__dict__:
            self._unexpected.setdefault(report.nodeid.partition("::")[0], report.nodeid)

    def run_of(self, nodeid: str) -> BetRun | None:
        """Return the run that a cell belongs to; None for an item that is no selected cell."""
        return self._by_cell.get(nodeid)

    def tier(self, nodeid: str) -> tuple[BetRun, str] | None:
        """Return the run and the tier of an item; None for an item that is no selected tier."""
        return self._by_tier.get(nodeid)

    def outcome(self, nodeid: str) -> Outcome | None:
        """Return how a tier ended; None while its bet has cells to run."""
        if nodeid not in self._by_tier:
            return Outcome("failed", f"this session did not expect {nodeid}: its bet cannot be judged")
        run, tier = self._by_tier[nodeid]
        if run.prefix not in self.finished:
            if run.waiting:
                return None
            self._finish(run)
        return tier_outcome(self.finished[run.prefix], tier, rehearsal=self.settings.rehearsal)

    def standing(self, bet: str) -> Standing | None:
        """Return the standing of a bet: in the summary that was written, else as it was when the session began."""
        rows = self.summary.bets if self.summary else ()
        row = next((row for row in rows if row.id == bet), None)
        return row.standing if row else self.baseline.standings.get(bet)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Finish the bets of which cells are missing, and write the summary."""
        before = session.testsfailed
        stopped = session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        for run in self.runs.values():
            if run.prefix not in self.finished and not (stopped and run.untouched):
                self._finish(run)
        for finished in self.finished.values():
            self.reporter.rest(finished)
        for prefix, nodeid in self._unexpected.items():
            text = "ran, but was not among the cells that this session collected: its bet was not judged"
            self.reporter.unexpected(prefix, f"{nodeid} {text}")
        for prefix, nodeid in self._late.items():
            text = "ran again after its bet was judged: what it measured then counts nowhere"
            self.reporter.unexpected(prefix, f"{nodeid} {text}")
        self.checkpoints.close()
        if self.runs:
            self.sources.note()
        if any(finished.stored for finished in self.finished.values()):
            try:
                self.summary = rollup(self.context.results, self.context.catalogue)
            except (OSError, RecordError) as error:
                text = f"The summary could not be written: {error}"
                self.reporter.error(next(iter(self.runs.values())), RESULTS, text)
            else:
                self.announcer.summarized(self.summary)
        for text in self.announcer.errors():
            self.reporter.error(next(iter(self.runs.values())), HOOK, text)
        if session.exitstatus == pytest.ExitCode.OK and (session.testsfailed > before or self.reporter.is_owed):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self.live.close(int(session.exitstatus))

    @pytest.hookimpl(trylast=True, specname="pytest_sessionfinish")
    def pytest_remember_red_bets(self) -> None:
        """Make --lf and --sw run a bet whole: without its cells there is nothing to judge."""
        self.last_failed.remember(self.runs)

    def _finish(self, run: BetRun) -> None:
        results = collect_cells(run)
        missing = why_missing(run, results)
        result = judge_run(run, results, missing)
        luck = None if self.settings.rehearsal else luck_of(run, results, result)
        stored = ran = None
        is_own = os.getpid() == self._process  # an experiment may fork, and its child go on as a second session
        if self.settings.kept and is_own and (run.data or run.broken or run.attempts):
            ran = self._record(run, result, results, luck), self._execution(run)
            stored = self._store(run, *ran, results, luck, complete=missing is None)
        bet, params = run.declaration, [cell.params for cell in results.cells]
        same = unvaried([item.sentence.text for item in bet.criteria], [cell.row for cell in results.cells])
        note = same or dependence(bet.criteria, bet.replicate, params)
        gated, afresh = self._gated(run, result), run.is_afresh(results.sweeps)
        error = error_in(run, results, result, luck)
        finished = FinishedBet(run, result, missing, len(params), stored, gated, note, luck, error, afresh=afresh)
        self.finished[run.prefix] = finished
        refused = self.context.registry.refusal(run.path, run.declaration) if run.skipped else None
        if refused:
            self.reporter.error(run, REGISTRATION, refused)
        if run.refused:
            text = f"{run.declaration.file}: its cells were not run: {run.refused}"
            self.reporter.error(run, REFUSED, text)
        run.data.clear()  # a sweep may be long, and its measurements are written
        if ran is not None:
            self.announcer.judged(finished, *ran, results.cells, self.context.replications.get(bet.id))
        self.reporter.unselected(finished)
        for listener in self.on_finished:
            listener(run)

    def _record(self, run: BetRun, result: Verdict, results: CellResults, luck: Luck | None) -> Record:
        """Return the record of a run, without its cells."""
        unseen = self.unseen.files(run.declaration.id, results.loaded, self.baseline)
        return build_record(
            run, result, results.compute, self.baseline, luck, pilot=self.settings.rehearsal, unseen=unseen
        )

    def _execution(self, run: BetRun) -> Execution:
        return replace(machine.execution(run.seconds), resumed=run.reused, attempts=tuple(run.attempts))

    def _store(
        self,
        run: BetRun,
        record: Record,
        execution: Execution,
        results: CellResults,
        luck: Luck | None,
        *,
        complete: bool,
    ) -> Stored | None:
        rows = [cell_row(cell) for cell in results.cells]
        try:
            stored = self.context.results.append_run(
                record, rows, execution, complete=complete, replication=self._replicated(run, luck, results.cells)
            )
        except (OSError, RecordError) as error:
            cells = canonical(encode({"bet": run.declaration.id, "cells": results.cells}))
            text = f"The results could not be written: {error}\nWhat was measured:\n{cells}"
            self.reporter.error(run, RESULTS, text)
            return None
        if complete and not run.broken:
            self.checkpoints.clear(run.declaration.id)
        return stored

    def _replicated(self, run: BetRun, luck: Luck | None, cells: Sequence[Cell]) -> Replicated | None:
        """Return what the journal holds of a replication; None for any other run."""
        number = self.context.replications.get(run.declaration.id)
        if number is None:
            return None
        from pytest_bets.record.replication import replicated

        return replicated(number, run.declaration, luck, cells)

    def _gated(self, run: BetRun, result: Verdict) -> frozenset[str]:
        bet = run.declaration.id
        standing = self.baseline.standings.get(bet)
        if standing is not None and standing.gone:
            return frozenset()
        record = self.baseline.records.get(bet)
        recorded = verdict_of(record) if record else None
        return gated(self.settings.gate, run.tiers, result, recorded)
