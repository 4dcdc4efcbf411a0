"""Measuring: the return value of an experiment becomes plain values, encoded on the report of its cell."""

import inspect
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial, wraps
from typing import Any, Final

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.validate import check_row
from pytest_bets.diagnostics import MeasurementError, nearest
from pytest_bets.hooks.benchmark import hint
from pytest_bets.hooks.bet_file import BetFile
from pytest_bets.hooks.crash import disarm
from pytest_bets.hooks.loaded import Loaded
from pytest_bets.hooks.pytest_private import add_section
from pytest_bets.live.progress import Progress
from pytest_bets.record.cell import encode_cell
from pytest_bets.record.environment import compute
from pytest_bets.render.visible import visible_lines
from pytest_bets.values import plain

ATTRIBUTE: Final = "bets_data"
"""Report attribute: the measurements of a cell as one JSON string, which every serializer of reports carries."""
REFUSED: Final = "bets_refused"
"""Report attribute of a skipped cell: why its bet does not run in this session."""
TOTAL: Final = "bets_cells"
"""Report attribute of a cell without measurements: the number of cells of its bet."""
REASON: Final = "bets_reason"
"""Report attribute of a cell whose measurements were refused: the reason, without the name of the exception."""
_AGAIN: Final = (
    "it ran more than once in this session: a plugin or a conftest.py runs tests again, and running until it passes "
    "would turn a losing bet green. Count repetitions with @pytest.mark.replicate(n)."
)


class Measuring:
    """Keeps what experiments return. In every process that runs cells."""

    def __init__(self, loaded: Loaded, progress: Progress, *, worker: bool = False) -> None:
        self.loaded = loaded
        self.progress = progress
        self.worker = worker
        self.refused: set[str] = set()
        """The messages with which measurements were refused in this process."""

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Note which cell runs."""
        self.progress.begin(nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item], config: pytest.Config) -> None:
        """Replace the experiment, in every cell of a bet, by one function that keeps what it returns to any caller."""
        self.loaded.collected(items, config)
        stand_ins: dict[object, Callable[..., object]] = {}
        for item in items:
            bet = item.parent
            if isinstance(item, pytest.Function) and isinstance(bet, BetFile):
                if bet not in stand_ins:
                    assert bet.declaration is not None  # noqa: S101  # only a declared bet has cells
                    stand_ins[bet] = _keeping(item.obj, partial(self._keep, bet, _RowCheck(bet.declaration)))
                item.obj = stand_ins[bet]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the measurements on the report of the call; where there are none, the number of cells.

        Setup comes before the call, so its report says which cell runs.
        """
        report = yield
        bet = item.parent
        if isinstance(bet, BetFile):
            if report.outcome != "passed" and report.longrepr:
                report.longrepr = disarm(report.longrepr)
            if call.when == "setup":
                _begin(bet, item.name, report)
            elif call.when == "teardown":
                _end_time_limit(item)
            data = bet.data.pop(item.name, None) if call.when == "call" else None
            if data is not None and call.excinfo is None:
                report.__dict__[ATTRIBUTE] = data
            elif report.outcome != "passed" and item.name in bet.places:
                report.__dict__[TOTAL] = len(bet.places)
                if bet.refused:
                    report.__dict__[REFUSED] = bet.refused
                self._explain(item, report, call.excinfo)
        return report

    def _explain(
        self, item: pytest.Item, report: pytest.TestReport, failure: pytest.ExceptionInfo[BaseException] | None
    ) -> None:
        """Attach why a measurement was refused, or why there was nothing to measure."""
        value = failure.value if failure else None
        refused = str(value) if isinstance(value, pytest.fail.Exception) and str(value) in self.refused else ""
        if refused:
            report.__dict__[REASON] = refused
        why = hint(item, value, refused, worker=self.worker)
        if why:
            report.__dict__[REASON] = why
            add_section(report, f"{why}.")

    def _keep(self, bet: BetFile, check: "_RowCheck", returned: object) -> None:
        if bet.running not in bet.data:  # if the experiment is called several times, the first call is measured
            bet.data[bet.running] = self._data(bet, check, returned)

    def _data(self, bet: BetFile, check: "_RowCheck", returned: object) -> str:
        index = bet.places[bet.running]
        params = bet.params[index]
        try:
            measured = plain(returned)
            check(params, measured)
            bet.context.copies.check(bet.path)
        except MeasurementError as error:
            message = visible_lines(f"{check.declaration.file}:{check.declaration.line}: {error}")
            self.refused.add(message)
            # `from None`: pytest would show the plugin's own exception first, with the same message
            raise pytest.fail.Exception(message, pytrace=False) from None
        return encode_cell(index, len(bet.places), compute(), params, measured, self.loaded.new(bet), bet.sweep)


def _begin(bet: BetFile, cell: str, report: pytest.TestReport) -> None:
    """Note which cell runs; fail one that ran before: the hook that runs it again may log no report of that."""
    bet.running = cell
    if cell in bet.begun and report.outcome == "passed":
        report.outcome, report.longrepr = "failed", _AGAIN
    if cell in bet.places:
        bet.begun.add(cell)


def _end_time_limit(item: pytest.Item) -> None:
    """Cancel the timer of pytest-timeout: a bet is judged and written within its last cell, when that reports."""
    cancel = getattr(item.config.hook, "pytest_timeout_cancel_timer", None)
    if cancel is not None:
        cancel(item=item)


def _keeping(experiment: Callable[..., Any], keep: Callable[[object], None]) -> Callable[..., object]:
    if inspect.iscoroutinefunction(experiment):

        @wraps(experiment)
        async def awaited(**arguments: object) -> None:
            keep(await experiment(**arguments))

        return awaited

    @wraps(experiment)
    def called(**arguments: object) -> None:
        keep(experiment(**arguments))

    return called


class _RowCheck:
    """Checks that the sentences of a bet can read what a cell measured."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.names = tuple(sorted(declaration.names))
        self.good: set[tuple[type, ...]] = set()
        """Types of values that all sentences accept: a sweep has many cells and few such tuples."""

    def __call__(self, params: Mapping[str, object], measured: Mapping[str, object]) -> None:
        both = params.keys() & measured.keys()
        if both:
            raise MeasurementError(f"`{min(both)}` is measured, and a sweep parameter has that name, too")
        try:
            types = tuple([type(params[name] if name in params else measured[name]) for name in self.names])
        except KeyError:
            raise self._missing(params, measured) from None
        if types in self.good:
            return
        problem = check_row(self.declaration.criteria, {**params, **measured})
        if problem:
            raise MeasurementError(problem)
        self.good.add(types)

    def _missing(self, params: Mapping[str, object], measured: Mapping[str, object]) -> MeasurementError:
        first = min(self.declaration.names.difference(params, measured))
        hint = nearest(first, measured)
        return MeasurementError(
            f"a sentence reads `{first}`, which was not measured; measured: {', '.join(measured)}"
            + (f"; did you mean {hint}?" if hint else "")
        )
