"""Results as frames and in notebooks."""

import importlib
import importlib.util
import math
import sys
from pathlib import Path
from typing import get_args

import pytest

import pytest_bets
from pytest_bets.diagnostics import ExtraError
from pytest_bets.export.tables import Table
from tests.helpers.fixtures import WriteBet

for library in ("pandas", "polars", "pyarrow.parquet"):  # now: a session in this process forgets its imports
    if importlib.util.find_spec(library.partition(".")[0]):
        importlib.import_module(library)


@pytest.fixture
def results(bet: WriteBet, pytester: pytest.Pytester) -> pytest_bets.Results:
    """Return the results of a PASS with all kinds of values, a catastrophic FAIL, and a bet that was never run."""
    bet(
        body='return {"gain": part, "loss": [3, 2.5], "note": "so", "odd": float("nan"), "mixed": part > 1}',
        title="<script>alert(1)</script>\\x1b[31m",
    )
    bet("bet_2_doubt.py", 'return {"gain": -part, "mixed": 2.5}', markers={"challenges": "1"})
    pytester.runpytest_inprocess()
    bet("bet_9_waiting.py")
    return pytest_bets.load()


def test_each_table_has_a_row_for_each_thing(results: pytest_bets.Results) -> None:
    """Bets, judged sentences, cells and runs; a bet alone has its own."""
    lengths = {name: {len(column) for column in results.table(name).values()} for name in get_args(Table)}
    assert lengths == {"bets": {3}, "criteria": {6}, "cells": {8}, "runs": {2}}
    assert {len(column) for column in results[1].table("cells").values()} == {4}
    assert results.table("bets")["standing"] == ["retracted", "falsified", "open"]
    assert results[9].table("cells") == {}


def test_pandas_frames_have_numbers_as_numbers(results: pytest_bets.Results) -> None:
    """NaN is NaN, a curve a list, and what a bet did not measure is missing."""
    pandas = pytest.importorskip("pandas")
    frame = results[1].to_pandas()
    assert list(frame.columns) == ["bet", "part", "gain", "loss", "mixed", "note", "odd"]
    assert (str(frame["gain"].dtype), str(frame["odd"].dtype)) == ("int64", "float64")
    assert frame["odd"].isna().all()
    assert frame["loss"][0] == [3.0, 2.5]
    both = results.to_pandas()
    assert pandas.api.types.is_float_dtype(both["mixed"])
    assert both.groupby("bet")["gain"].sum().to_dict() == {"1_first": 10, "2_doubt": -10}
    assert both["note"].isna().sum() == 4


def test_polars_frames_have_numbers_as_numbers(results: pytest_bets.Results) -> None:
    """As for pandas."""
    polars = pytest.importorskip("polars")
    frame = results.to_polars()
    assert frame.schema["gain"] == polars.Int64
    assert frame.schema["loss"] == polars.List(polars.Float64)
    assert frame["note"].null_count() == 4
    assert results.to_polars("criteria").filter(polars.col("met"))["tier"].to_list().count("strict") == 1


def test_arrow_tables_have_numbers_as_numbers(results: pytest_bets.Results, tmp_path: Path) -> None:
    """They survive a Parquet file."""
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = results.to_arrow()
    parquet.write_table(table, tmp_path / "cells.parquet")
    assert parquet.read_table(tmp_path / "cells.parquet").drop("odd").to_pylist() == table.drop("odd").to_pylist()
    assert table["loss"][0].as_py() == [3.0, 2.5]
    assert math.isnan(table["odd"][0].as_py())
    assert results.to_arrow("bets").num_rows == 3


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_library_that_is_missing_is_named(
    results: pytest_bets.Results, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    """The error says what to install, and is an ImportError, too."""
    monkeypatch.setitem(sys.modules, library, None)
    convert = {"pandas": results.to_pandas, "polars": results.to_polars, "pyarrow": results.to_arrow}[library]
    with pytest.raises(ExtraError, match=rf"{library} is not installed: pip install 'pytest-bets\[frames\]'"):
        convert()
    assert issubclass(ExtraError, ImportError)


def test_an_unknown_table_is_named_with_the_nearest(results: pytest_bets.Results) -> None:
    """A ValueError, as Python functions raise for a wrong word."""
    with pytest.raises(ValueError, match=r"no table 'cell'; did you mean cells\?; expected one of bets"):
        results.table("cell")  # type: ignore[arg-type]


def test_a_notebook_shows_text_as_text(results: pytest_bets.Results) -> None:
    """A title can hold HTML and escape sequences; both are shown."""
    for page in (results._repr_html_(), results[1]._repr_html_()):
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "\x1b" not in page
    assert "PASS" in results[1]._repr_html_()
    assert "count(gain &gt; 0) &gt;= 3" in results[1]._repr_html_()


def test_a_repr_is_one_line(results: pytest_bets.Results) -> None:
    """It says how many bets there are, or which verdict one has."""
    assert repr(results[2]) == "<Bet 2_doubt: FAIL, catastrophic>"
    assert repr(results).startswith("<Results ")
    assert "3 bets: 1 PASS, 0 LENIENT, 1 FAIL (1 catastrophic), 1 never run" in repr(results)
