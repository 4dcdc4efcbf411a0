"""Judging: where every report arrives, a bet is judged when its last cell has reported."""

import json
import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import CRITERIA, is_bet_name
from pytest_bets.diagnostics import DeclarationError, RecordError
from pytest_bets.hooks.baseline import NOTHING, look
from pytest_bets.hooks.measuring import ATTRIBUTE
from pytest_bets.hooks.options import Settings
from pytest_bets.hooks.refusals import check_overrides
from pytest_bets.hooks.registration import Registry
from pytest_bets.hooks.reports import (
    REFUSED,
    REGISTRATION,
    RESULTS,
    error_report,
    tier_outcome,
    tier_reports,
    unexpected_report,
)
from pytest_bets.hooks.run import Arrived, BetRun, Judgement, arrived, conclude, selection
from pytest_bets.hooks.tiers import UNMET, Outcome, mark_unmet
from pytest_bets.project import on_path
from pytest_bets.record import environment as machine
from pytest_bets.record.checkpoint import Unfinished
from pytest_bets.record.codec import Json, build, verdict_of
from pytest_bets.record.gate import gated
from pytest_bets.record.store import Kept, Results
from pytest_bets.record.verdict import void
from pytest_bets.render.rollup import rollup
from pytest_bets.values import canonical

_LAST_FAILED: Final = "cache/lastfailed"


@dataclass(frozen=True)
class Concluded:
    """A run that was judged, and what became of it on disk."""

    run: BetRun
    judgement: Judgement
    cells: int
    kept: Kept | None
    gated: frozenset[str]


class Judge:
    """Gathers reports, judges bets, writes their records and emits the reports of their tiers. One a session."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        catalogue: Callable[[], Catalogue],
        search: Sequence[Path],
    ) -> None:
        self.config = config
        self.settings = settings
        self.results = Results(settings.results)
        self.beginning = NOTHING
        self.runs: dict[str, BetRun] = {}
        self.concluded: dict[str, Concluded] = {}
        self.summary: Json | None = None
        self.catalogue = catalogue
        self.registry = Registry(settings, catalogue)
        self.search = search
        self.on_judged: Callable[[BetRun], None] | None = None
        self._by_cell: dict[str, BetRun] = {}
        self._by_tier: dict[str, tuple[BetRun, str]] = {}
        self._reported: set[str] = set()
        self._unexpected: dict[str, str] = {}
        self._unfinished: dict[str, Unfinished] = {}
        self._noting = settings.kept and not settings.rehearsal
        self._red: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Begin, where this process runs the items itself."""
        if not self.config.option.collectonly:
            self.begin([item.nodeid for item in session.items])

    def begin(self, nodeids: Sequence[str]) -> None:
        """Note which cells are awaited of which bet, and what is so before they run.

        Raises:
            pytest.UsageError: where an option does not go with bets, or the results cannot be read.

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
        try:
            runs = list(self.runs.values())
            self.beginning = look(runs, self.settings, self.catalogue(), self.results, self.registry, self.search)
        except RecordError as error:
            raise pytest.UsageError(
                f"{error}\nNothing was run. Restore the file with git; where journals conflict, keep the lines of both."
            ) from None
        except OSError as error:
            raise pytest.UsageError(f"The results cannot be read: {error}\nNothing was run.") from None
        for run in self.runs.values():
            self._by_cell.update(dict.fromkeys(run.cells, run))
            self._by_tier.update({f"{run.prefix}::{tier}": (run, tier) for tier in run.tiers})

    def _expect(self, prefix: str, nodeids: Sequence[str]) -> None:
        path = Path(os.path.normpath(self.config.rootpath / prefix))  # as collected: a link on the way stays one
        try:
            declaration = self.catalogue().declaration(path)
        except DeclarationError:  # its collection has failed, and says so
            return
        if declaration is None:
            return
        kinds = [(nodeid, *selection(nodeid, declaration.function)) for nodeid in nodeids]
        cells = frozenset(nodeid for nodeid, kind, _ in kinds if kind == "cell")
        tiers = tuple(tier for _, kind, tier in kinds if kind == "tier")
        self.runs[prefix] = BetRun(declaration, path, prefix, cells, tiers)

    @pytest.hookimpl(trylast=True)  # others still change what a report says: one with a failed subtest fails
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the report of a cell; judge its bet when it was the last."""
        nodeid = report.nodeid
        if report.outcome == "failed":
            self._red.add(nodeid.partition("::")[0])
        run = self._by_cell.get(nodeid)
        if run is None:
            self._take_other(report)
            return
        if run.prefix in self.concluded:
            return
        last = run.take(nodeid, report)
        if report.when == "teardown" and self._noting:
            self._note(run, nodeid)
        if last:
            self._conclude(run)

    def _take_other(self, report: pytest.TestReport) -> None:
        """Note that a tier was reported, or that a cell ran which this process did not expect."""
        if report.nodeid in self._by_tier and report.when == "call":
            self._reported.add(report.nodeid)
        elif ATTRIBUTE in report.__dict__:
            self._unexpected.setdefault(report.nodeid.partition("::")[0], report.nodeid)

    def tier(self, nodeid: str) -> tuple[BetRun, str] | None:
        """Return the run and the tier of an item, None where it is no selected tier."""
        return self._by_tier.get(nodeid)

    def outcome(self, nodeid: str) -> Outcome | None:
        """Return how a tier ended; None while its bet has cells to run."""
        if nodeid not in self._by_tier:
            return Outcome("failed", f"this session did not expect {nodeid}: its bet cannot be judged")
        run, tier = self._by_tier[nodeid]
        if run.prefix not in self.concluded:
            if run.waiting:
                return None
            self._conclude(run)
        return self._outcome(self.concluded[run.prefix], tier)

    def _outcome(self, concluded: Concluded, tier: str) -> Outcome:
        return tier_outcome(
            concluded.run, concluded.judgement, tier, concluded.gated, rehearsal=self.settings.rehearsal
        )

    def _note(self, run: BetRun, nodeid: str) -> None:
        bet = run.declaration
        if nodeid not in run.data or nodeid in run.broken:
            return
        if bet.id not in self._unfinished:
            folder, code = self.results.unfinished(), self.beginning.code[bet.id].digest
            self._unfinished[bet.id] = Unfinished(folder, bet.id, bet.digest, code)
        try:
            self._unfinished[bet.id].add(nodeid, run.data[nodeid])
        except OSError:  # resuming is a convenience; the run itself will tell of a folder that cannot be written
            return

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell of the bets whose cells did not all arrive, and write the summary."""
        stopped = session.exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
        for run in self.runs.values():
            if run.prefix not in self.concluded and not (stopped and run.untouched):
                self._conclude(run)
        for concluded in self.concluded.values():
            self._report_the_rest(concluded)
        for prefix, nodeid in self._unexpected.items():
            self._emit(unexpected_report(prefix, nodeid), extra=True)
        for unfinished in self._unfinished.values():
            unfinished.close()
        if any(concluded.kept for concluded in self.concluded.values()):
            try:
                self.summary = rollup(self.results, self.catalogue())
            except (OSError, RecordError) as error:
                text = f"The summary could not be written: {error}"
                self._emit(error_report(next(iter(self.runs.values())), RESULTS, text), extra=True)
        if session.testsfailed and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True, specname="pytest_sessionfinish")
    def pytest_remember_red_bets(self) -> None:
        """Let --lf run a bet whole: without its cells there is nothing to judge."""
        cache = getattr(self.config, "cache", None)
        red = self._red & self.runs.keys()
        if cache is None or not red:
            return
        failed = cache.get(_LAST_FAILED, {})
        for prefix in sorted(red):
            run = self.runs[prefix]
            for name in (REGISTRATION, RESULTS, REFUSED):  # no items: no run could pass them
                failed.pop(f"{prefix}::{name}", None)
            failed.update(dict.fromkeys([*sorted(run.cells), *(f"{prefix}::{tier}" for tier in run.tiers)], True))
        cache.set(_LAST_FAILED, failed)

    def _conclude(self, run: BetRun) -> None:
        came = arrived(run)
        judgement = conclude(run, came)
        kept = None
        if self.settings.kept and (run.data or run.broken):
            kept = self._keep(run, judgement, came)
        gated_tiers = self._gated(run, judgement)
        self.concluded[run.prefix] = Concluded(run, judgement, len(came.cells), kept, gated_tiers)
        refused = self.registry.refusal(run.path, run.declaration) if run.skipped else None
        if refused:
            self._emit(error_report(run, REGISTRATION, refused), extra=True)
        if run.refused:
            text = f"{run.declaration.file}: its cells were not run: {run.refused}"
            self._emit(error_report(run, REFUSED, text), extra=True)
        run.data.clear()  # a sweep may be long, and its measurements have served
        self._report_unselected(self.concluded[run.prefix])
        if self.on_judged is not None:
            self.on_judged(run)

    def _report_unselected(self, concluded: Concluded) -> None:
        """Report what turns the session red and was not selected: where all cells ran, no selection hides it."""
        run = concluded.run
        asked = CRITERIA if self.settings.gate != "auto" else ("catastrophic",)
        for tier in asked:
            if tier in run.tiers or not run.declaration.sentences(tier):
                continue
            outcome = self._outcome(concluded, tier)
            if outcome.status == "failed":
                for report in tier_reports(run, tier, outcome):
                    self._emit(report, extra=report.when == "call")

    def _report_the_rest(self, concluded: Concluded) -> None:
        """Report the selected tiers whose items did not run: the session was stopped, or calls nothing."""
        run = concluded.run
        for tier in run.tiers:
            if f"{run.prefix}::{tier}" not in self._reported:
                for report in tier_reports(run, tier, self._outcome(concluded, tier)):
                    self._emit(report)

    def _keep(self, run: BetRun, judgement: Judgement, came: Arrived) -> Kept | None:
        record = self._record(run, judgement, came)
        try:
            kept = self.results.keep(
                record, came.rows, machine.clocked(run.seconds), complete=judgement.missing is None
            )
        except (OSError, RecordError) as error:
            cells = canonical({"bet": run.declaration.id, "cells": [json.loads(row) for row in came.rows]})
            text = f"The results could not be written: {error}\nWhat was measured:\n{cells}"
            self._emit(error_report(run, RESULTS, text), extra=True)
            return None
        if judgement.missing is None and run.declaration.id in self._unfinished and not run.broken:
            self._unfinished[run.declaration.id].clear()
        return kept

    def _record(self, run: BetRun, judgement: Judgement, came: Arrived) -> Json:
        bet, then = run.declaration, self.beginning
        code = then.code[bet.id]
        rehearsed = self.settings.rehearsal and judgement.verdict.verdict is not None
        return build(
            bet,
            void("a rehearsal has no verdict") if rehearsed else judgement.verdict,
            (),  # their rows are written as they came
            registration=then.registration[bet.id],
            code=code.as_json(),
            environment={
                **machine.python(),
                "packages": machine.packages(code.modules),
                **{key: _joint(came.compute.get(key, ())) for key in ("device", "threads")},
                "commit": then.commit,
                "dirty": then.dirty.get(bet.id),
            },
            pilot=self.settings.rehearsal,
        )

    def _gated(self, run: BetRun, judgement: Judgement) -> frozenset[str]:
        bet = run.declaration.id
        standing = self.beginning.standings.get(bet)
        if standing is not None and standing.gone:
            return frozenset()
        record = self.beginning.records.get(bet)
        recorded = verdict_of(record) if record else None
        return gated(self.settings.gate, run.tiers, judgement.verdict, recorded)

    def _emit(self, report: pytest.TestReport, *, extra: bool = False) -> None:
        """Report to pytest; `extra` where there is no item for it, so that the progress does not pass 100 %."""
        session = self.config.pluginmanager.get_plugin("session")
        if extra and session is not None:
            session.testscollected += 1
        if UNMET in report.__dict__:
            mark_unmet(report, self.config.pluginmanager)
        self.config.hook.pytest_runtest_logreport(report=report)


def search_path(config: pytest.Config, root: Path) -> list[Path]:
    """Return where modules of the project are looked for: the setting `pythonpath`, and the project's on Python's path.

    To be asked before collecting, which puts the folders of what it collects on Python's path.
    """
    return [*(config.rootpath / path for path in config.getini("pythonpath")), *on_path(root)]


def _joint(values: Collection[Any]) -> Any:
    """Return the one value, or all different ones where the cells ran on unlike workers."""
    different = sorted(set(values))
    return different[0] if len(different) == 1 else different or None
