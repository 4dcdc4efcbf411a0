"""Report to pytest what no item of a bet has reported, so that nothing red is lost."""

import pytest

from pytest_bets.bet.declaration import CRITERIA
from pytest_bets.hooks.judging import FinishedBet
from pytest_bets.hooks.reports import error_report, tier_outcome, tier_reports, unexpected_report
from pytest_bets.hooks.run import BetRun
from pytest_bets.hooks.settings import Settings
from pytest_bets.hooks.tiers import is_red


class Reporter:
    """Reports errors of bets, tiers that fail and were not selected, and selected tiers that did not run."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        self.errors: list[tuple[BetRun, str]] = []
        """What failed with a bet and with no item of it."""
        self._called: set[str] = set()
        """The items of which the report of a call has arrived."""
        self._red: set[str] = set()
        """Those whose failure has arrived, after all that other plugins have made of the report."""
        self._owed: set[str] = set()
        """The tiers that must turn the session red."""

    @property
    def is_owed(self) -> bool:
        """Whether the failure of a tier has not arrived."""
        return not self._owed <= self._red

    def take(self, report: pytest.TestReport) -> None:
        """Note that the call of an item was reported, and whether it failed."""
        self._called.add(report.nodeid)
        if is_red(report):
            self._red.add(report.nodeid)

    def unselected(self, finished: FinishedBet) -> None:
        """Report the tiers that turn the session red although they were not selected: a selection hides no failure."""
        run = finished.run
        asked = CRITERIA if self.settings.gate != "auto" else ("catastrophic", "control")
        for tier in asked:
            if tier in run.tiers or not run.declaration.sentences(tier):
                continue
            outcome = tier_outcome(finished, tier, rehearsal=self.settings.rehearsal)
            if outcome.status == "failed":
                self._owed.add(f"{run.prefix}::{tier}")
                for report in tier_reports(run, tier, outcome):
                    self._emit(report, extra=report.when == "call")

    def rest(self, finished: FinishedBet) -> None:
        """Report the selected tiers whose items did not run, and those whose failure was reported as something else.

        They do not run where the session was stopped, or calls nothing.
        """
        run = finished.run
        for tier in run.tiers:
            nodeid = f"{run.prefix}::{tier}"
            outcome = tier_outcome(finished, tier, rehearsal=self.settings.rehearsal)
            if outcome.status == "failed":
                self._owed.add(nodeid)
            if nodeid not in self._called or nodeid in self._owed - self._red:
                for report in tier_reports(run, tier, outcome):
                    self._emit(report)

    def error(self, run: BetRun, name: str, text: str) -> None:
        """Report an error that belongs to a bet and to no item of it."""
        self.errors.append((run, text))
        self._emit(error_report(run, name, text), extra=True)

    def unexpected(self, prefix: str, text: str) -> None:
        """Report a cell that this session did not expect, or not again; `prefix` is the node id of its file."""
        self._emit(unexpected_report(prefix, text), extra=True)

    def _emit(self, report: pytest.TestReport, *, extra: bool = False) -> None:
        """Report to pytest; `extra` for a report without an item, so that the progress does not pass 100 %."""
        session = self.config.pluginmanager.get_plugin("session")
        if extra and session is not None:
            session.testscollected += 1
        self.config.hook.pytest_runtest_logreport(report=report)
        if extra:  # pytest 8.2 counts an item as done only now
            self.config.hook.pytest_runtest_logfinish(nodeid=report.nodeid, location=report.location)
