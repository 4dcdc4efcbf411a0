"""Arrivals: reports and warnings of other processes go through the hooks of this one, as if its cells had run here."""

import json
import pkgutil
import re
import shutil
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pytest

from pytest_bets.hooks.run import BetRun
from pytest_bets.hooks.session import Session
from pytest_bets.hooks.xdist import StandIn
from pytest_bets.live.folder import LIVE, LOGS
from pytest_bets.record.line import Attempt
from pytest_bets.walk import ignored

_TUPLES: Final = ("location", "user_properties", "sections")


class Arrivals:
    """Takes what the loop over an engine has of each cell."""

    def __init__(self, session: Session, cells: Sequence[pytest.Function]) -> None:
        self.session = session
        self.config = session.config
        self.cells = {cell.nodeid: cell for cell in cells}
        self.seconds: dict[str, float] = {}
        """How long each cell took that was reported."""
        self._nodes: dict[str, StandIn] = {}
        self._started: set[str] = set()
        self._logged: set[str] = set()
        self._last: BetRun | None = None

    def begun(self, cell: str, host: str) -> None:
        """Say that a cell has started; a second attempt at it is the same test."""
        self.session.live.begun(cell, host)
        if cell not in self._started:
            self._started.add(cell)
            self.config.hook.pytest_runtest_logstart(nodeid=cell, location=self.cells[cell].location)

    @property
    def last(self) -> BetRun:
        """The bet of which a cell was reported last, or else the first one."""
        return self._last or next(iter(self.session.runs.values()))

    def reported(self, cell: str, host: str, reports: Sequence[Mapping[str, Any]]) -> None:
        """Log the reports of a cell; a teardown that was lost with its node counts as passed."""
        self.begun(cell, host)
        phases = set()
        for data in reports:
            report = self._report(data)
            phases.add(report.when)
            self.seconds[cell] = self.seconds.get(cell, 0.0) + report.duration
            self._log(report, host)
        if "teardown" not in phases:
            self._log(self._made(cell, "teardown"), host)
        self._finish(cell)

    def broken(self, cell: str, host: str, reports: Sequence[Mapping[str, Any]], words: str) -> None:
        """Log the reports of a cell, and that it ended without the others."""
        self.begun(cell, host)
        own = [report for report in map(self._report, reports) if report.when != "teardown"]
        phases = {report.when for report in own}
        if "setup" not in phases:
            own.insert(0, self._made(cell, "setup"))
        broken = "teardown" if "call" in phases else "call"
        own += [
            self._made(cell, when, words if when == broken else "")
            for when in ("call", "teardown")
            if when not in phases
        ]
        for report in own:
            self._log(report, host)
        self._finish(cell)

    def noted(self, cell: str, attempt: Attempt) -> None:
        """Note an attempt for the journal."""
        self.session.live.lost(cell)
        run = self.session.run_of(cell)
        if run is not None:
            run.attempts.append(attempt)

    def progressed(self, host: str, text: str) -> None:
        """Pass on how far a cell is."""
        self.session.live.take(text, host=host)

    def warned(self, text: str) -> None:
        """Record a warning of a cell."""
        item = json.loads(text)
        try:
            category = pkgutil.resolve_name(f"{item['module']}:{item['category']}")
            message = category(item["text"])
        except Exception:  # a category of the node, or one that takes other arguments
            category, message = UserWarning, UserWarning(item["text"])
        location = tuple(item["location"]) if item["location"] else None
        self.config.hook.pytest_warning_recorded.call_historic(
            kwargs={
                "warning_message": warnings.WarningMessage(message, category, item["filename"], item["lineno"]),
                "when": "runtest",
                "nodeid": item["nodeid"],
                "location": location,
            }
        )

    def printed(self, text: str) -> None:
        """Print what a cell has printed, after it: several cells at once would mix their lines."""
        print(text, flush=True)  # noqa: T201  # what -s asks for

    def logged(self, cell: str, number: int, text: str) -> None:
        """Keep the end of what a failed attempt has printed; the first of a bet replaces those of earlier sessions."""
        if not self.session.settings.kept:
            return
        file, _, name = cell.partition("::")
        bet = file.rpartition("/")[2].removesuffix(".py").removeprefix("bet_")
        try:
            folder = ignored(self.session.settings.results / LIVE) / LOGS / bet
            if bet not in self._logged:
                shutil.rmtree(folder, ignore_errors=True)
                self._logged.add(bet)
            folder.mkdir(parents=True, exist_ok=True)
            safe = re.sub(r"[^\w.=,-]+", "_", name)[:100]
            (folder / f"{safe}.{number}.log").write_text(text, encoding="utf-8", errors="replace")
        except OSError:  # writing the record reports a folder that cannot be written
            return

    def _report(self, data: Mapping[str, Any]) -> pytest.TestReport:
        """Return a report from JSON, which has made lists of tuples."""
        given = dict(data)
        for name in _TUPLES:
            value = given.get(name)
            if isinstance(value, list):
                given[name] = tuple(value) if name == "location" else [tuple(pair) for pair in value]
        if isinstance(given.get("longrepr"), list):
            given["longrepr"] = tuple(given["longrepr"])
        report: pytest.TestReport = self.config.hook.pytest_report_from_serializable(config=self.config, data=given)
        return report

    def _made(self, cell: str, when: Any, words: str = "") -> pytest.TestReport:
        item = self.cells[cell]
        return pytest.TestReport(
            nodeid=cell,
            location=item.location,
            keywords=dict.fromkeys(item.keywords, 1),
            outcome="failed" if words else "passed",
            longrepr=words or None,
            when=when,
        )

    def _log(self, report: pytest.TestReport, host: str) -> None:
        node = self._nodes.setdefault(host, StandIn(host, self.config, {}))
        report.node = node  # type: ignore[attr-defined]  # other plugins look for it
        self.config.hook.pytest_runtest_logreport(report=report)

    def _finish(self, cell: str) -> None:
        self._last = self.session.run_of(cell)
        self.config.hook.pytest_runtest_logfinish(nodeid=cell, location=self.cells[cell].location)
