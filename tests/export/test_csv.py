"""Tables as CSV that can be read back exactly."""

import csv
import importlib.util
import io
import json
import math

import pytest

from pytest_bets.export.csv import as_csv
from pytest_bets.export.tables import Columns

if importlib.util.find_spec("pandas"):
    import pandas  # noqa: F401  # now: a session in this process forgets its imports

COLUMNS: Columns = {
    "bet": ["1_first", 'a "quoted", one', "line\nfeed", "=1+1"],
    "gain": [0.1 + 0.2, math.nan, math.inf, -math.inf],
    "count": [2**53, -1, None, 0],
    "ok": [True, False, None, True],
    "loss": [[1.0, math.nan], [], None, [-math.inf]],
    "note": ["", None, "nan", "größe 🎲"],
}


def read(text: str) -> Columns:
    """Read CSV back in code of its own: what is quoted is a string or a list, and an empty field is missing."""
    table: list[list[object]] = [[]]
    place, quoted, field = 0, False, ""
    while place < len(text):
        char = text[place]
        if char == '"':
            end = place + 1
            field, quoted = "", True
            while text[end] != '"' or text[end + 1] == '"':
                step = 2 if text[end] == '"' else 1
                field, end = field + text[end], end + step
            place = end
        elif char in ",\r":
            table[-1].append(field if quoted else _number(field))
            field, quoted = "", False
            if char == "\r":
                table.append([])
                place += 1
        else:
            field += char
        place += 1
    names, *rows = table[:-1]
    return {str(name): [row[index] for row in rows] for index, name in enumerate(names)}


def _number(field: str) -> object:
    if field in ("", "true", "false"):
        return {"": None, "true": True, "false": False}[field]
    return int(field) if field.lstrip("-").isdigit() else float(field)


def test_every_value_is_read_back_exactly() -> None:
    """Strings, numbers with all digits, NaN, infinity, booleans, lists, and what is missing."""
    found = read(as_csv(COLUMNS))
    for name, values in COLUMNS.items():
        numbers = [_floats(value) if name == "loss" else value for value in found[name]]
        assert repr(numbers) == repr(values), name
        assert [type(item) for item in numbers] == [type(item) for item in values]


def _floats(text: object) -> object:
    return None if text is None else [float(item) for item in json.loads(str(text))]


def test_other_readers_read_it() -> None:
    """The csv module has every text; pandas has numbers as numbers."""
    text = as_csv(COLUMNS)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["bet"] for row in rows] == COLUMNS["bet"]
    assert [row["note"] for row in rows] == ["", "", "nan", "größe 🎲"]
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(io.StringIO(text))
    assert frame["gain"][0] == 0.1 + 0.2
    assert math.isnan(frame["gain"][1])
    assert list(frame["gain"][2:]) == [math.inf, -math.inf]


def test_no_columns_are_an_empty_table() -> None:
    """A bet that was never run has no cells."""
    assert as_csv({}) == "\r\n"
