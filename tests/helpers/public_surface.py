"""The public Python surface, used as a reader of the docs uses it: mypy and pyright check it, and a test runs it.

An `assert_type` that a type checker refuses is a change of the surface.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, assert_type

import pytest_bets

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


def read(folder: str) -> pytest_bets.Results:
    """Read results, and everything that a bet has."""
    results = pytest_bets.load(folder)
    assert_type(results, pytest_bets.Results)
    assert_type(results["1"], pytest_bets.Bet)
    assert_type(results[1], pytest_bets.Bet)
    assert_type(list(results), list[str])
    assert_type(len(results), int)
    assert_type(results.summary, pytest_bets.Summary)
    assert_type(results.bets, tuple[pytest_bets.Bet, ...])
    bet = results[1]
    assert_type(bet.id, str)
    assert_type(bet.number, int | None)
    assert_type(bet.title, str)
    assert_type(bet.verdict, Literal["PASS", "LENIENT", "FAIL"] | None)
    assert_type(bet.standing.state, Literal["stands", "retracted", "withdrawn", "falsified", "noise", "open"])
    assert_type(bet.cells, tuple[pytest_bets.Cell, ...])
    assert_type(bet.record, pytest_bets.Record | None)
    assert_type(bet.declaration, pytest_bets.Declaration | None)
    for cell in bet.cells:
        assert_type(cell.row, dict[str, object])
    for item in bet.criteria:
        assert_type(item.sentence, str)
        assert_type(item.value, float)
        assert_type(item.met, bool | None)
    for run in bet.runs:
        assert_type(run.time, str)
        assert_type(run.seconds, float)
        assert_type(run.environment.commit, str | None)
    assert_type(results.table("criteria"), dict[str, list[object]])
    return results


def frames(results: pytest_bets.Results) -> None:
    """Make frames of all results and of one bet. Only type checkers read this: nothing runs it."""
    for source in (results, results[1]):
        assert_type(source.to_pandas(), pandas.DataFrame)
        assert_type(source.to_polars("criteria"), polars.DataFrame)
        assert_type(source.to_arrow("runs"), pyarrow.Table)


def hooks(record: pytest_bets.Record, run: pytest_bets.RunInfo, cell: pytest_bets.CellReport) -> Sequence[object]:
    """Use what the hooks are called with."""
    assert_type(record.id, str)
    assert_type(record.declaration.digest, str)
    assert_type(record.cells, tuple[pytest_bets.Cell, ...])
    assert_type(record.void, str | None)
    assert_type(run.incomplete, str | None)
    assert_type(run.wrote_record, bool)
    assert_type(cell.cell, pytest_bets.Cell | None)
    assert_type(cell.index, int | None)
    return [record.verdict, run.time, cell.reason]
