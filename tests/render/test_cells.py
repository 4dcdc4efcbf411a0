"""What cells measured, a line a column and as a table."""

import math
from collections.abc import Mapping

import pytest

from pytest_bets.record.columns import measurements
from pytest_bets.record.verdict import Cell
from pytest_bets.render.cells import cells_table, column_words, measured_lines


def cells(*measured: Mapping[str, object]) -> list[Cell]:
    return [Cell({"part": place}, row) for place, row in enumerate(measured)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([0.123456], "0.1235"),
        ([3.0, 3.0], "3 in every cell"),
        ([1, 2, 6], "mean 3, min 1, max 6"),
        ([1.0, math.nan, 3.0], "mean 2, min 1, max 3; nan in 1 cell"),
        ([math.nan, math.nan], "nan in every cell"),
        ([1.0, math.inf], "mean inf, min 1, max inf"),
        ([True, False, True], "true in 2 of 3 cells"),
        ([True, 2], "mean 1.5, min 1, max 2"),
        (["a", "b", "a"], "2 different values"),
        (["x\x1b[31m"], "x\\x1b[31m"),
        (["y" * 500], "y" * 45 + "..."),
        ([[3.5, 2.0, 0.5]], "3 values: 3.5 -> 0.5"),
        ([[3.0, 2.0], [5.0, 4.0]], "lists of 2; mean of the first 4, of the last 3"),
        ([[3.0], [5.0, 4.0], []], "lists of 0 to 2; mean of the first 4, of the last 3.5"),
        ([[], [1.0]], "lists of 0 to 1; mean of the first 1, of the last 1"),
        ([[]], "0 values"),
        ([1.0, "a"], "2 different values"),
    ],
    ids=repr,
)
def test_a_column_in_brief(values: list[object], words: str) -> None:
    """Its value, its mean and ends, or how many values there are."""
    (column,) = measurements(cells(*({"it": value} for value in values)))
    assert column_words(column) == words


def test_a_name_that_some_cells_lack() -> None:
    """The others are summed up, and how many lack it is said."""
    assert measured_lines(cells({"a": 1.0}, {"b": 2.0}, {"a": 3.0})) == [
        "a: mean 2, min 1, max 3; not measured in 1 cell",
        "b: 2; not measured in 2 cells",
    ]


def test_cells_as_a_table() -> None:
    """Parameters, then measured values; numbers to the right, curves by their ends; what is the same is said once."""
    rows = [
        Cell(
            {"seed": 10**place, "rule": rule},
            {"gain": 1 / (place + 3), "loss": [3.25, 0.5], "bad": bad, "model": "general", "curve": [place, 2.0]},
        )
        for place, (rule, bad) in enumerate([("sgd", math.nan), ("adam", math.inf), ("lion", -math.inf)])
    ]
    assert cells_table(rows, 80) == [
        "The same in every cell:",
        "  loss = 2 values: 3.25 -> 0.5",
        "  model = general",
        "",
        "cell  seed  rule      gain   bad  curve",
        "----  ----  ----  --------  ----  ----------------",
        "   1     1  sgd   0.333333   nan  2 values: 0 -> 2",
        "   2    10  adam      0.25   inf  2 values: 1 -> 2",
        "   3   100  lion       0.2  -inf  2 values: 2 -> 2",
    ]


@pytest.mark.parametrize("room", [40, 60, 80, 120])
def test_a_table_that_is_too_wide_is_in_parts_that_fit(room: int) -> None:
    """Each part names its cells."""
    rows = cells(*({f"measured_{name}": name * place for name in range(1, 20)} for place in range(1, 4)))
    lines = cells_table(rows, room)
    assert max(map(len, lines)) <= room
    parts = "\n".join(lines).split("\n\n")
    assert len(parts) > 1
    assert all(part.startswith("cell  ") and part.count("\n") == 4 for part in parts)
    assert all(f"measured_{name}" in "\n".join(lines) for name in range(1, 20))


def test_a_value_that_is_missing_or_long_keeps_the_table_in_shape() -> None:
    """A dash, and three dots."""
    lines = cells_table(cells({"a": "x" * 500, "b": 1}, {"b": 2}), 80)
    assert [line.split()[2:] for line in lines[2:]] == [["x" * 29 + "...", "1"], ["-", "2"]]
    assert "\x1b" not in "".join(cells_table(cells({"a": "\x1b[2J"}, {"a": "\x1b[3J"}), 80))
