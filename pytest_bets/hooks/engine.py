"""Distribution: the loop of a session whose cells an engine runs; all other items run in the session's process."""

import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import pytest

from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.event import Engine
from pytest_bets.engines.find import find
from pytest_bets.engines.loop import Loop
from pytest_bets.engines.queue import Queue, Waiting
from pytest_bets.hooks.arrivals import Arrivals
from pytest_bets.hooks.loaded import Loaded
from pytest_bets.hooks.measuring import Measuring
from pytest_bets.hooks.planning import is_distributed, plan_of, site_of, waiting_cells
from pytest_bets.hooks.refusals import refused_with_engine
from pytest_bets.hooks.reports import TEARDOWN
from pytest_bets.hooks.run import BetRun
from pytest_bets.hooks.session import Session
from pytest_bets.hooks.tiers import Tier
from pytest_bets.live.progress import Progress
from pytest_bets.record.durations import write_durations
from pytest_bets.record.folder import PRIVATE
from pytest_bets.render.words import cells_words

_PACKAGES: Final = ("dask", "distributed", "ray", "tornado")
"""The packages of engines, which run in threads of this process."""
_PAUSE: Final = 0.5
"""Seconds that the loop waits for an event before it looks around."""


class Distribution(Measuring):
    """Owns the loop of the session. Cells that run in this process, those of a resumed run, are measured as ever."""

    def __init__(self, session: Session, progress: Progress) -> None:
        super().__init__(Loaded(session.settings.root), progress)
        self.session = session
        self.settings = session.settings
        self.config = session.config
        self.finished: list[BetRun] = []
        """Bets whose tiers have not run."""
        self.tiers: dict[str, list[Tier]] = {}
        """The tiers that have not run, by the node id of their file."""
        session.on_finished.append(self.finished.append)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run the items of the session, and the cells on the engine; without cells the loop is pytest's own."""
        option = self.config.option
        stopped = session.testsfailed and not option.continue_on_collection_errors
        cells = [item for item in session.items if is_distributed(item)]
        if stopped or option.collectonly or not cells:
            return None
        if refused := refused_with_engine(self.config, self.settings.engine):
            raise pytest.UsageError(refused)
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.showfspath = False  # results of several files come in turn
        for item in session.items:
            if type(item) is Tier:
                self.tiers.setdefault(item.nodeid.partition("::")[0], []).append(item)
        try:
            with warnings.catch_warnings():
                for package in _PACKAGES:  # where warnings are errors, theirs are none of this project's tests
                    warnings.filterwarnings("default", module=rf"{package}(\.|$)")
                self._run(session, cells)
        except EngineError as error:
            raise pytest.UsageError(f"{self.settings.engine.given}: {error}") from None
        return True

    def _run(self, session: pytest.Session, cells: Sequence[pytest.Function]) -> None:
        waiting = waiting_cells(self.session, cells)
        plan = plan_of(self.session, cells)
        opener = find(self.settings.engine.name)
        try:
            engine = opener(self.settings.engine.argument, plan, site_of(self.session))
        except OSError as failure:  # a file of the project that cannot be read, a folder that cannot be written
            raise EngineError(f"{failure}\nNothing was run.") from None
        try:
            _check_needs(engine, waiting)
            queue = Queue()
            queue.fill(waiting, as_given=self._is_ordered())
            arrivals = Arrivals(self.session, cells)
            loop = Loop(engine, queue, arrivals, allowed=self.settings.engine.attempts, clock=time.monotonic)
            try:
                self._others(session, loop)
                while not loop.is_done:
                    loop.step(_PAUSE)
                    self._judged(session)
            except BaseException:
                loop.cancelled()
                raise
            finally:
                self._keep_durations(arrivals.seconds)
        finally:
            errors = engine.close()
        for error in errors:
            self.session.reporter.error(arrivals.last, TEARDOWN, error)
        self.finished += [run for run in self.session.runs.values() if run.prefix in self.tiers and not run.waiting]
        self._judged(session)
        if loop.skipped:
            raise session.Interrupted(f"{cells_words(len(loop.skipped), 'cancelled')}: --bets-resume runs what is left")

    def _keep_durations(self, seconds: Mapping[str, float]) -> None:
        """Keep how long the cells took, for the order of the next session."""
        if self.settings.kept and not self.settings.rehearsal and seconds:
            write_durations(self.session.context.results.folder / PRIVATE, seconds)

    def _is_ordered(self) -> bool:
        """Return whether the user has asked for an order of the items, which the longest first would undo."""
        return any(self.config.getoption(name, False) for name in ("failedfirst", "newfirst"))

    def _others(self, session: pytest.Session, loop: Loop) -> None:
        """Run ordinary tests, and cells that need no engine, while the engine runs the others."""
        items = [item for item in session.items if not is_distributed(item) and type(item) is not Tier]
        loop.step(0)
        for index, item in enumerate(items):
            following = items[index + 1] if index + 1 < len(items) else None
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            _check(session)
            loop.step(0)

    def _judged(self, session: pytest.Session) -> None:
        """Run the tiers of the bets that have been judged."""
        _check(session)
        while self.finished:
            for item in self.tiers.pop(self.finished.pop(0).prefix, ()):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                _check(session)


def _check_needs(engine: Engine, cells: Sequence[Waiting]) -> None:
    """Refuse cells that no node can ever run, before anything runs."""
    for need in dict.fromkeys(cell.need for cell in cells):
        if lacking := engine.lacks(need):
            first = next(cell for cell in cells if cell.need == need)
            raise EngineError(f"{first.work.cell}: {lacking}.\nNothing was run.")


def _check(session: pytest.Session) -> None:
    """Stop where -x, --maxfail or a plugin says so, as pytest's own loop does."""
    if session.shouldfail:
        raise session.Failed(session.shouldfail)
    if session.shouldstop:
        raise session.Interrupted(session.shouldstop)
