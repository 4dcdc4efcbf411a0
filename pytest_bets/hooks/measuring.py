"""Measuring: what an experiment returns is made plain where it was measured, and rides on the cell's report."""

import inspect
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial, wraps
from typing import Any, Final

import pytest

from pytest_bets.hooks.collection import BetFile
from pytest_bets.pure.fault import nearest
from pytest_bets.pure.measured import MeasurementError, plain
from pytest_bets.pure.sent import sent
from pytest_bets.world.machine import compute

ATTRIBUTE: Final = "bets_data"
"""The attribute of a report that holds one JSON string, which every serializer of reports carries."""
REFUSED: Final = "bets_refused"
"""The attribute of the report of a skipped cell that says why its bet is not run in this session."""
TOTAL: Final = "bets_cells"
"""The attribute of a cell's reports that holds how many cells its bet has."""


class Measuring:
    """Runs where the cells run."""

    def __init__(self) -> None:
        self.compute: Mapping[str, object] = {}
        self.told = json.dumps(self.compute)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: Sequence[pytest.Item]) -> None:
        """Keep what an experiment returns, whoever calls it: one function stands in for it in every cell."""
        stand_ins: dict[object, Callable[..., object]] = {}
        for item in items:
            bet = item.parent
            if isinstance(item, pytest.Function) and isinstance(bet, BetFile):
                if bet not in stand_ins:
                    stand_ins[bet] = _keeping(item.obj, partial(self._keep, bet))
                item.obj = stand_ins[bet]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the data on the report of the call, and where there is none the number of cells, which a crash lacks.

        The report of its setup tells which cell is called next.
        """
        report = yield
        bet = item.parent
        if isinstance(bet, BetFile):
            if call.when == "setup":
                bet.running = item.name
            data = bet.data.pop(item.name, None) if call.when == "call" else None
            if data is not None and call.excinfo is None:
                report.__dict__[ATTRIBUTE] = data
            elif report.outcome != "passed" and item.name in bet.places:
                report.__dict__[TOTAL] = len(bet.places)
                if bet.refused:
                    report.__dict__[REFUSED] = bet.refused
        return report

    def _keep(self, bet: BetFile, returned: object) -> None:
        if bet.running not in bet.data:  # whoever calls an experiment often has measured with the first call
            bet.data[bet.running] = self._data(bet, returned)

    def _data(self, bet: BetFile, returned: object) -> str:
        assert bet.declaration is not None  # noqa: S101  # only a declared bet has cells
        index = bet.places[bet.running]
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
