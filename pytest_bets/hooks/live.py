"""A session while it runs: samples of its cells go to the status line and to `results/.live/`, from one thread.

Nothing is done for a single cell: twice a second, the thread looks at what the session has, and sends what is new.
"""

import os
import shlex
import socket
import time
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from pytest_bets.diagnostics import RecordError
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.judging import FinishedBet
from pytest_bets.hooks.run import BetRun
from pytest_bets.hooks.sampler import PAUSE, Ticker
from pytest_bets.hooks.screen import Screen, mode_of
from pytest_bets.live.folder import Writer
from pytest_bets.live.lines import (
    BetLine,
    ClosedLine,
    CountLine,
    EndedLine,
    FailureLine,
    LiveLine,
    RunningLine,
    VerdictLine,
)
from pytest_bets.live.progress import Progress
from pytest_bets.live.sample import Sample, load
from pytest_bets.live.state import State
from pytest_bets.live.words import status
from pytest_bets.record.store import Results
from pytest_bets.render.closing import UNJUDGED
from pytest_bets.render.words import verdict_words

SOON: Final = 0.1
"""Seconds until a status line is drawn again that pytest's output has erased."""
FIRST: Final = 1.0
"""Seconds after which a session writes to `results/.live/`: a short one leaves nothing there."""
_WHY: Final = 500
"""How many characters of a failure are written."""


@dataclass
class _Cell:
    """A cell that runs, with its last sample; `since` is by the clock of this process."""

    sample: Sample
    since: float


class Live:
    """What is known of a session while it runs. `progress` is there where this process runs the cells itself."""

    def __init__(
        self,
        context: Context,
        runs: Mapping[str, BetRun],
        finished: Mapping[str, FinishedBet],
        run_of: Callable[[str], BetRun | None],
    ) -> None:
        self.config = context.config
        self.context = context
        self.settings = context.settings
        self.progress: Progress | None = None
        self.screen = Screen(context.config, "off")
        self.state = State()
        self._runs = runs
        self._finished = finished
        self._run_of = run_of
        self._open: dict[str, BetRun] = {}
        self._cells: dict[str, _Cell] = {}
        self._pending: list[LiveLine] = []
        self._writer: Writer | None = None
        self._since = self._due = 0.0
        self._is_open = False
        self._is_seen = False
        """Whether there is something to see for others."""
        self._fault = ""
        self._process = os.getpid()
        self._ticker = Ticker(self._tick)

    def open(self) -> None:
        """Begin, when the cells of the session are known."""
        if self.settings.progress == "off" or self._is_open:
            return
        self._is_open, self._since = True, time.time()
        self._open = dict(self._runs)
        self.screen = Screen(self.config, mode_of(self.settings.progress, self.config))
        self.screen.open()
        if self.settings.kept:
            command = shlex.join(["pytest", *map(str, self.config.invocation_params.args)])  # they may be paths
            self._writer = Writer(self.settings.results, self._since, command)
            self.state.take(self._writer.session)
        self.config.add_cleanup(lambda: self.close(None))
        if self.progress is not None:
            self.progress.watched = True
            self.progress.wake = self._wake
            self._sleep_at_forks()
        self._ticker.start()

    def take(self, text: str, *, worker: str = "", host: str = "") -> None:
        """Take a sample of another process; any thread may call this."""
        sample = load(text) if self._is_open else None
        if sample is not None:
            self._note(replace(sample, worker=worker or sample.worker, host=host or sample.host))

    def begun(self, cell: str, host: str) -> None:
        """Note that a cell has begun on a node of an engine."""
        if self._is_open:
            self._note(Sample(cell, 0.0, (), {}, host=host))

    def lost(self, cell: str) -> None:
        """Note that a cell runs no more: its node was lost."""
        self._cells.pop(cell, None)

    def _note(self, sample: Sample) -> None:
        known = self._cells.get(sample.cell)
        self._cells[sample.cell] = _Cell(sample, known.since if known else time.time() - sample.seconds)

    def close(self, exit_status: int | None) -> None:
        """End: the session is over."""
        if not self._is_open or os.getpid() != self._process:
            return
        self._is_open = False
        self._ticker.stop()
        if self.progress is not None:
            self.progress.watched = self.progress.asleep = False
        self.screen.close()
        if self._writer is not None and not self._fault and self._is_seen:
            self._look()
            self._add(ClosedLine("closed", time.time(), -1 if exit_status is None else exit_status))
            self._write(self._writer)
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if self._fault and reporter is not None:
            reporter.write_line(f"The progress was not shown any more after an error: {self._fault}")

    def _tick(self) -> float | None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + PAUSE
            self._show()
        else:
            self.screen.draw()
        if self._fault:
            return None
        return SOON if self.screen.waits else PAUSE

    def _show(self) -> None:
        try:
            if not self.state.bets:
                self._add_bets()
            self._look()
            now = time.time()
            self._is_seen = self._is_seen or (now - self._since >= FIRST and self._is_running())
            if self._writer is not None and self._is_seen:
                self._write(self._writer)
            self.screen.show(lambda columns: status(self.state, now, columns))
        except Exception as error:  # whatever it is, the bets must run
            self._fault = f"{type(error).__name__}: {error}"

    def _is_running(self) -> bool:
        """Return whether cells run: those that are skipped leave nothing in a folder of results."""
        since = min((line.since for line in self.state.running.values()), default=time.time())
        return time.time() - since >= FIRST or any(run.data or run.broken for run in self._runs.values())

    def _write(self, writer: Writer) -> None:
        lines, self._pending = self._pending, []
        try:
            writer.write(lines, self.state)
        except OSError:  # writing the record reports a folder that cannot be written
            self._writer = None

    def _add(self, line: LiveLine) -> None:
        self.state.take(line)
        self._pending.append(line)

    def _add_bets(self) -> None:
        """Add the bets, with how long their cells took before."""
        results = Results(self.settings.results)  # its own: that of the session may be in use
        for run in self._runs.values():
            bet = run.declaration
            usual = None if self.settings.rehearsal else usual_seconds(results, bet.id)
            self._add(BetLine("bet", bet.id, bet.title, len(run.cells), usual))

    def _look(self) -> None:
        """Add what is new."""
        for prefix, run in list(self._open.items()):
            bet = self.state.bets[run.declaration.id]
            count = self._count(run)
            if (count.done, count.broken) != (bet.count.done, bet.count.broken):
                for cell, why in list(run.broken.items())[bet.count.broken :]:
                    self._add(FailureLine("failure", count.bet, cell, why[:_WHY]))
                self._add(count)
            if finished := self._finished.get(prefix):
                words = UNJUDGED if finished.missing else verdict_words(finished.result)
                self._add(VerdictLine("verdict", count.bet, words))
                del self._open[prefix]
        self._look_at_cells()

    def _count(self, run: BetRun) -> CountLine:
        done, broken = len(run.cells) - len(run.waiting), len(run.broken)
        return CountLine("count", run.declaration.id, done, broken, min(run.reused, done), run.seconds)

    def _look_at_cells(self) -> None:
        own = self.progress.sample() if self.progress is not None else None
        if own is not None and own.seconds >= PAUSE:
            self._note(replace(own, host=socket.gethostname()))
        for cell in list(self._cells):
            run = self._run_of(cell)
            if run is None or cell not in run.waiting:  # it is done, or no cell
                self._cells.pop(cell, None)
        for cell in self.state.running.keys() - self._cells.keys():
            self._add(EndedLine("ended", cell))
        for cell, known in list(self._cells.items()):
            run = self._run_of(cell)
            if run is not None and time.time() - known.since >= PAUSE:  # not those that end at once
                self._add_running(run.declaration.id, known)

    def _add_running(self, bet: str, known: _Cell) -> None:
        sample = known.sample
        line = RunningLine(
            *("running", bet, sample.cell, known.since, sample.host, sample.worker, sample.bars, sample.values),
            series={},
        )
        before = self.state.running.get(line.cell)
        if before is None or _steps(before) != _steps(line):
            self._add(line)

    def _sleep_at_forks(self) -> None:
        """Stop the thread before this process forks: Python warns of forks beside threads, and copies their locks."""
        method = weakref.WeakMethod(self._sleep)

        def sleep() -> None:
            if (found := method()) is not None:
                found()

        os.register_at_fork(before=sleep)

    def _sleep(self) -> None:
        if self.progress is not None and self._ticker.stop():
            self.progress.asleep = True

    def _wake(self) -> None:
        """Start the thread again, at a step after a fork; a child that was forked has none."""
        if self.progress is not None:
            self.progress.asleep = False
            if self._is_open and os.getpid() == self._process:
                self._ticker.start()
            else:
                self.progress.watched = False


def _steps(line: RunningLine) -> tuple[object, ...]:
    bars = tuple((bar.label, bar.done, bar.total) for bar in line.bars)
    return line.host, line.worker, bars, dict(line.values)


def usual_seconds(results: Results, bet: str) -> float | None:
    """Return how long a cell of a bet took when it ran last, on this machine if it did; None if it never ran."""
    here, other = socket.gethostname(), None
    with suppress(RecordError, OSError):
        for line in results.last_runs(bet):
            ran = line.cells.count - line.resumed
            if ran > 0 and not line.pilot:
                if line.host == here:
                    return line.seconds / ran
                other = line.seconds / ran if other is None else other
    return other
