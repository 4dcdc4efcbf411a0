"""Announcing: the calls of this plugin's own hooks. An error in an implementation changes no record and no verdict."""

import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import count_noun
from pytest_bets.export.event import CellReport, RunInfo
from pytest_bets.hooks.judging import FinishedBet
from pytest_bets.hooks.run import BetRun
from pytest_bets.record.record import Record
from pytest_bets.record.store import Execution
from pytest_bets.record.summary_model import Summary
from pytest_bets.record.verdict import Cell


class Announcer:
    """Calls the hooks that something implements; what is passed to a hook is only made then."""

    def __init__(self, config: pytest.Config, *, enabled: bool) -> None:
        self.config = config
        self.enabled = enabled
        self._announced: set[str] = set()
        self._errors: dict[str, str] = {}
        self._more: dict[str, int] = {}

    def declared(self, declarations: Sequence[Declaration]) -> None:
        """Announce the bets of this session."""
        if hook := self._implemented("pytest_bets_declared"):
            for declaration in declarations:
                self._call(hook, declaration.id, declaration=declaration)

    def cell(self, run: BetRun, nodeid: str) -> None:
        """Announce a cell whose last report has arrived; one that reports again was announced."""
        hook = self._implemented("pytest_bets_cell")
        if hook and nodeid not in self._announced:
            self._announced.add(nodeid)
            self._call(hook, nodeid, declaration=run.declaration, cell=_reported(run, nodeid))

    def judged(
        self,
        finished: FinishedBet,
        record: Record,
        execution: Execution,
        cells: Sequence[Cell],
        replication: int | None,
    ) -> None:
        """Announce a record, which comes without its cells."""
        if hook := self._implemented("pytest_bets_judged"):
            stored = finished.stored
            info = RunInfo(
                time=execution.time,
                host=execution.host,
                seconds=execution.seconds,
                incomplete=finished.missing,
                in_journal=stored is not None,
                wrote_record=stored is not None and stored.written,
                replication=replication,
            )
            whole = replace(record, cells=tuple(cells))
            self._call(hook, record.id, record=whole, run=info, declaration=finished.declaration)

    def summarized(self, summary: Summary) -> None:
        """Announce the summary."""
        if hook := self._implemented("pytest_bets_summary"):
            self._call(hook, "the summary", summary=summary)

    def errors(self) -> Iterator[str]:
        """Yield what went wrong, once for each hook: reported at the end, it stops no session, even with -x."""
        for name, text in self._errors.items():
            more = self._more[name]
            yield f"{text}\n{name} raised {count_noun(more, 'more exception')}" if more else text

    def _implemented(self, name: str) -> Any:
        hook = getattr(self.config.hook, name)
        return hook if self.enabled and hook.get_hookimpls() else None

    def _call(self, hook: Any, what: str, **arguments: object) -> None:
        try:
            hook(**arguments, config=self.config)
        except (KeyboardInterrupt, pytest.exit.Exception):  # these end the session
            raise
        except BaseException as error:  # SystemExit, the outcomes of pytest, and cancelled tasks among them
            if hook.name in self._errors:
                self._more[hook.name] += 1
            else:
                self._errors[hook.name] = f"{hook.name} raised an exception for {what}:\n{_shown(error)}"
                self._more[hook.name] = 0


def _reported(run: BetRun, nodeid: str) -> CellReport:
    """Return how a cell ended."""
    reason = run.broken.get(nodeid) or run.skipped.get(nodeid)
    if nodeid in run.data and reason is None:
        if measured := run.cell(nodeid):
            return CellReport(nodeid, measured.index, measured.of, measured.cell)
        reason = run.broken[nodeid]
    return CellReport(nodeid, None, run.total, None, reason or "it measured nothing")


def _shown(error: BaseException) -> str:
    """Return an exception with its traceback, from where the implementation begins."""
    tail = error.__traceback__
    while tail is not None and tail.tb_frame.f_globals.get("__name__", "").partition(".")[0] in (
        "pytest_bets",
        "pluggy",
    ):
        tail = tail.tb_next
    return "".join(traceback.format_exception(type(error), error, tail or error.__traceback__)).rstrip()
