"""Measuring: what an experiment returns is made plain where it was measured, and rides on the cell's report."""

import inspect
import json
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final

import pytest

from pytest_bets.hooks.collection import BetFile
from pytest_bets.pure.fault import nearest
from pytest_bets.pure.measured import MeasurementError, plain
from pytest_bets.pure.sent import sent
from pytest_bets.world.machine import compute

ATTRIBUTE: Final = "bets_data"
"""The attribute of a report that holds one JSON string, which every serializer of reports carries."""
TOTAL: Final = "bets_cells"
"""The attribute of a cell's reports that holds how many cells its bet has."""


class Measuring:
    """Runs where the cells run."""

    def __init__(self) -> None:
        self.keeping = Keeping(_nothing)
        self.compute: Mapping[str, object] = {}
        self.told = json.dumps(self.compute)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """Keep what the experiment returns, whoever calls it."""
        bet = pyfuncitem.parent
        if not isinstance(bet, BetFile):
            return (yield)
        experiment = pyfuncitem.obj
        if self.keeping.experiment is not experiment:  # mostly, every cell of a bet has the same
            self.keeping = Keeping(experiment)
        pyfuncitem.obj = self.keeping.stand_in
        try:
            result = yield
        finally:
            pyfuncitem.obj = experiment
            returned = self.keeping.taken()
        bet.data[pyfuncitem.name] = self._data(pyfuncitem, bet, returned)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the data on the report of the call, and where there is none the number of cells, which a crash lacks."""
        report = yield
        bet = item.parent
        if isinstance(bet, BetFile):
            if call.when == "call" and item.name in bet.data:
                report.__dict__[ATTRIBUTE] = bet.data.pop(item.name)
            elif report.outcome != "passed" and item.name in bet.places:
                report.__dict__[TOTAL] = len(bet.places)
        return report

    def _data(self, cell: pytest.Function, bet: BetFile, returned: object) -> str:
        assert bet.declaration is not None  # noqa: S101  # only a declared bet has cells
        index = bet.places[cell.name]
        params = bet.params[index]
        try:
            measured = plain(returned)
            _check_names(bet.declaration.names, params, measured)
        except MeasurementError as error:
            pytest.fail(f"{bet.declaration.file}:{bet.declaration.line}: {error}", pytrace=False)
        found = compute()
        if found != self.compute:  # it stays as it was from cell to cell
            self.compute, self.told = found, json.dumps(found)
        return sent(index, len(bet.places), self.told, params, measured)


class Keeping:
    """Stands in for an experiment, and keeps what it returns."""

    def __init__(self, experiment: Callable[..., object]) -> None:
        self.experiment = experiment
        self.returned: list[object] = []
        self.stand_in = _keeping(experiment, self.returned)

    def taken(self) -> object:
        """Return what the experiment has returned since this was last asked: the first, if it was called often."""
        first = self.returned[0] if self.returned else None
        self.returned.clear()
        return first


def _nothing() -> None:
    """Measure nothing."""


def _keeping(experiment: Callable[..., Any], returned: list[object]) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(experiment):

        async def awaited(**arguments: object) -> None:
            returned.append(await experiment(**arguments))

        return awaited

    def called(**arguments: object) -> None:
        returned.append(experiment(**arguments))

    return called


def _check_names(read: frozenset[str], params: Mapping[str, object], measured: Mapping[str, object]) -> None:
    both = params.keys() & measured.keys()
    if both:
        raise MeasurementError(f"`{min(both)}` is measured, and a sweep parameter has that name, too")
    missing = read.difference(params, measured)
    if missing:
        first = min(missing)
        hint = nearest(first, measured)
        raise MeasurementError(
            f"a sentence reads `{first}`, which was not measured; measured: {', '.join(measured)}"
            + (f"; did you mean {hint}?" if hint else "")
        )
