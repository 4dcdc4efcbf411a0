"""The loop over an engine: it hands out cells, gathers what each attempt reports, and decides when one has ended."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.decide import EARLY, decide
from pytest_bets.engines.event import ENDS, Engine, Event
from pytest_bets.engines.queue import Queue, Waiting
from pytest_bets.record.line import Attempt

GRACE: Final = 10.0
"""Seconds that reports may arrive later than the end of their attempt."""


class Sink(Protocol):
    """Takes the outcome of cells. Each cell is given to one of `reported` and `broken` once, or to none."""

    def begun(self, cell: str, host: str) -> None:
        """Note that a cell has begun."""

    def reported(self, cell: str, host: str, reports: list[Mapping[str, Any]]) -> None:
        """Take the reports of a cell, in order; the teardown is missing where the node was lost before it."""

    def broken(self, cell: str, host: str, reports: list[Mapping[str, Any]], words: str) -> None:
        """Take the reports of a cell that ended without all of them, and why."""

    def progressed(self, host: str, text: str) -> None:
        """Take how far the cell of an attempt is, as its child has put it."""

    def noted(self, cell: str, attempt: Attempt) -> None:
        """Take an attempt that did not end with all of its reports."""

    def warned(self, text: str) -> None:
        """Take a warning."""

    def printed(self, text: str) -> None:
        """Take the end of what an attempt has printed, where that is not captured."""

    def logged(self, cell: str, number: int, text: str) -> None:
        """Take the end of what a failed attempt has printed."""


@dataclass
class _Attempt:
    number: int
    cell: Waiting
    host: str = ""
    placed: bool = False
    begun: bool = False
    reports: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    end: Event | None = None
    since: float | None = None
    """When it ended, or the engine lost sight of it; None while it runs."""

    @property
    def measured(self) -> bool:
        return any(_is_outcome(report) for report in self.reports.values())

    @property
    def is_torn_down(self) -> bool:
        return any(report.get("when") == "teardown" and _is_plain(report) for report in self.reports.values())

    def ordered(self) -> list[Mapping[str, Any]]:
        return [self.reports[index] for index in sorted(self.reports)]


def _is_plain(report: Mapping[str, Any]) -> bool:
    """Tell a cell's own report from that of a subtest, which has its node id."""
    return report.get("$report_type") == "TestReport"


def _is_outcome(report: Mapping[str, Any]) -> bool:
    return _is_plain(report) and (report.get("when") == "call" or report.get("outcome") != "passed")


class Loop:
    """Runs the cells of a queue on an engine."""

    def __init__(self, engine: Engine, queue: Queue, sink: Sink, *, allowed: int, clock: Callable[[], float]) -> None:
        self.engine = engine
        self.queue = queue
        self.sink = sink
        self.allowed = allowed
        self.clock = clock
        self.open: dict[int, _Attempt] = {}
        self.skipped: list[str] = []
        """The cells that a person has cancelled in the engine."""
        self._numbers = 0
        self._looked = clock()

    @property
    def is_done(self) -> bool:
        """Whether no cell waits or runs."""
        return not self.open and not len(self.queue)

    def fill(self) -> None:
        """Start every cell that the engine takes now."""
        while (cell := self.queue.take(self.engine.short)) is not None:
            self._numbers += 1
            self.open[self._numbers] = _Attempt(self._numbers, cell)
            self.engine.start(self._numbers, cell.work, cell.need)

    def step(self, timeout: float) -> None:
        """Start what can start, take what has happened, and give up what will send no more.

        Raises:
            EngineError: if a cell can never run.

        """
        self.fill()
        for event in self.engine.events(timeout):
            self._take(event)
            if event.kind in ENDS:  # there is room now, and many others may have ended at the same time
                self.fill()
        now = self.clock()
        if now - self._looked >= 1 or timeout == 0:
            self._looked = now
            self._look(now)

    def cancelled(self) -> None:
        """Take what has arrived, and note the attempts that a person has cut off, where their experiment had begun."""
        with suppress(EngineError):
            for event in self.engine.events(0):
                self._take(event)
        for attempt in self.open.values():
            if attempt.begun:
                self._note(attempt, "cancelled")

    def _take(self, event: Event) -> None:
        attempt = self.open.get(event.number)
        if attempt is None:  # its attempt was given up
            return
        if event.kind == "at":
            attempt.host, attempt.placed = event.text or attempt.host, True
        elif event.kind == "begun":
            self._begin(attempt)
        elif event.kind == "report":
            self._begin(attempt)
            attempt.reports.setdefault(event.count, json.loads(event.text))
            if attempt.end is not None and len(attempt.reports) >= attempt.end.count:
                self._settle(attempt, attempt.end)
        elif event.kind == "progress":
            self.sink.progressed(attempt.host, event.text)
        elif event.kind == "warning":
            self.sink.warned(event.text)
        elif event.kind == "printed":
            self.sink.printed(event.text)
        elif event.kind == "log":
            self.sink.logged(attempt.cell.work.cell, attempt.number, event.text)
        elif event.kind in ENDS and attempt.end is None:
            if len(attempt.reports) >= event.count:
                self._settle(attempt, event)
            else:
                attempt.end, attempt.since = event, self.clock()

    def _begin(self, attempt: _Attempt) -> None:
        if not attempt.begun:
            attempt.begun = True
            self.sink.begun(attempt.cell.work.cell, attempt.host)

    def _look(self, now: float) -> None:
        """Give up the attempts whose engine or whose reports are not heard of any more."""
        running = self.engine.running()
        for attempt in list(self.open.values()):
            if attempt.end is None and attempt.number in running:
                attempt.since = None
            elif attempt.since is None:
                attempt.since = now
            elif now - attempt.since >= GRACE:
                self._give_up(attempt)

    def _give_up(self, attempt: _Attempt) -> None:
        end = attempt.end
        if attempt.is_torn_down and (end is None or end.kind == "done"):
            self._settle(attempt, Event(attempt.number, "done"))
        elif end is not None and end.kind != "done":
            self._settle(attempt, end)
        else:
            what = "its reports did not arrive" if end else "the engine lost sight of it"
            self._settle(attempt, Event(attempt.number, "lost", what))

    def _settle(self, attempt: _Attempt, end: Event) -> None:
        del self.open[attempt.number]
        cell, begun = attempt.cell, attempt.begun
        name = cell.work.cell
        action = decide(end.kind, begun=begun, measured=attempt.measured, losses=cell.losses, allowed=self.allowed)
        if end.kind == "lost":
            self.engine.cancel(attempt.number)  # what is left of it must not go on
            if begun:
                self._note(attempt, end.text)
            elif attempt.placed:  # what a dying node has said last may be lost with it
                self._note(attempt, f"{end.text}, before it was seen to begin")
        if end.kind == "cancelled" and begun:
            self._note(attempt, "cancelled")
        if action == "skip":
            self.skipped.append(name)
        elif action == "take":
            self.sink.reported(name, attempt.host, attempt.ordered())
        elif action == "void":
            words = end.text
            if end.kind == "lost":
                words = f"{cell.losses + 1} attempts were lost, the last one on {attempt.host or 'a node'}: {end.text}"
            self.sink.broken(name, attempt.host, attempt.ordered(), words)
        elif action == "stop":
            raise EngineError(f"{name}: {end.text}")
        elif action == "again":
            lost = replace(cell, losses=cell.losses + begun, early=cell.early + (not begun))
            if lost.early >= EARLY:
                raise EngineError(f"{name}: it was lost {EARLY} times before it began, the last time: {end.text}")
            self.queue.again(lost)

    def _note(self, attempt: _Attempt, words: str) -> None:
        cell = attempt.cell.work.cell
        self.sink.noted(cell, Attempt(cell.partition("::")[2], attempt.host, words, attempt.measured))
