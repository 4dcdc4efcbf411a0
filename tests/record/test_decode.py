"""Typed values from JSON values and back: what is read, what is refused and in which words."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest

from pytest_bets.diagnostics import MisfitError
from pytest_bets.record.codec import dump, dump_line, load, load_line, rows_of
from pytest_bets.record.decode import decode
from pytest_bets.record.encode import encode
from pytest_bets.record.field import SPELLED
from pytest_bets.record.schema import document
from pytest_bets.record.verdict import Cell

RESULTS = Path(__file__).parents[2] / "results"
RECORDS = [path for path in sorted(RESULTS.glob("*.json")) if path.name != "SUMMARY.json"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part."""

    size: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whole:
    """All parts."""

    parts: Annotated[tuple[Part, ...], "The parts."]
    by_name: Mapping[str, Part]
    gain: Annotated[float, SPELLED]
    state: Literal["open", "done"] | None
    met: bool | None
    joint: str | int | tuple[str | int, ...] | None


WHOLE = {
    "parts": [{"size": 1}, {"size": 2, "names": ["a", "b"]}],
    "by_name": {"one": {"size": 3}},
    "gain": 1.5,
    "state": None,
    "met": True,
    "joint": ["cpu", 2],
}


def test_a_value_is_read_and_written_as_it_was() -> None:
    """Objects become values, lists become tuples; a field with its default is left out."""
    whole = decode(Whole, WHOLE)
    assert whole == Whole((Part(1), Part(2, ("a", "b"))), {"one": Part(3)}, 1.5, None, True, ("cpu", 2))
    assert encode(whole) == WHOLE


@pytest.mark.parametrize(("spelled", "number"), [("nan", math.nan), ("inf", math.inf), ("-inf", -math.inf)])
def test_a_spelled_number_is_a_number(spelled: str, number: float) -> None:
    """Where the type says so; an integer stays one, so that its text stays as it is."""
    assert repr(decode(Whole, {**WHOLE, "gain": spelled}).gain) == repr(number)
    assert repr(decode(Whole, {**WHOLE, "gain": 2}).gain) == "2"


def test_a_key_that_is_no_field_is_left_out() -> None:
    """A later version may have written it."""
    assert decode(Whole, {**WHOLE, "extra": 1}) == decode(Whole, WHOLE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"met": 1}, "`met`: expected true, false or null, got 1"),
        ({"met": "yes"}, '`met`: expected true, false or null, got "yes"'),
        ({"gain": None}, '`gain`: expected a number, "nan", "inf" or "-inf", got null'),
        ({"gain": True}, '`gain`: expected a number, "nan", "inf" or "-inf", got true'),
        ({"state": "shut"}, '`state`: expected "open", "done" or null, got "shut"'),
        ({"joint": 1.5}, "`joint`: expected a string, an integer, a list or null, got 1.5"),
        ({"joint": [[]]}, "`joint`: expected a string, an integer, a list or null, got [[]]"),
        ({"parts": {}}, "`parts`: expected a list, got {}"),
        ({"parts": [{"size": 1}, {"size": 1.0}]}, "`parts[1].size`: expected an integer, got 1.0"),
        ({"parts": [{"size": True}]}, "`parts[0].size`: expected an integer, got true"),
        ({"parts": [{}]}, "`parts[0].size`: expected an integer, got nothing"),
        ({"parts": [{"size": 1, "names": [None]}]}, "`parts[0].names[0]`: expected a string, got null"),
        ({"by_name": {"one": []}}, "`by_name.one`: expected an object, got []"),
        ({"by_name": {"one": {"size": "x" * 99}}}, f'`by_name.one.size`: expected an integer, got "{"x" * 79}'),
    ],
)
def test_a_misfit_is_named_by_its_path(change: dict[str, object], message: str) -> None:
    """Where it is, what was expected there, and what was found."""
    with pytest.raises(MisfitError) as caught:
        decode(Whole, {**WHOLE, **change})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("measured", "message"),
    [
        ({"gain": {}}, "`measured.gain`: expected a number, a string, true, false, null or a list of numbers, got {}"),
        ({"curve": [1, "x"]}, '`measured.curve`: expected a list of numbers, got [1, "x"]'),
        ([], "`measured`: expected an object, got []"),
    ],
)
def test_a_cell_has_scalars_and_lists_of_numbers(measured: object, message: str) -> None:
    """No objects and no lists of strings."""
    with pytest.raises(MisfitError) as caught:
        decode(Cell, {"params": {}, "measured": measured})
    assert str(caught.value) == message


def test_the_numbers_of_a_cell_may_be_spelled() -> None:
    """In its curves too; other strings stay strings."""
    cell = decode(Cell, {"params": {"tag": "nano"}, "measured": {"gain": "-inf", "curve": [1, "nan"], "won": True}})
    assert repr(cell) == "Cell(params={'tag': 'nano'}, measured={'gain': -inf, 'curve': [1, nan], 'won': True})"


def test_a_schema_has_the_fields_of_its_type() -> None:
    """A class that several fields have stands once; a field with a default is not required."""
    made = document(Whole, "x/1", "A whole", state=str, joint=None)
    assert made["description"] == "All parts."
    assert made["required"] == ["parts", "by_name", "gain", "state", "met"]
    part = {
        "description": "One part.",
        "type": "object",
        "required": ["size"],
        "additionalProperties": False,
        "properties": {"size": {"type": "integer"}, "names": {"type": "array", "items": {"type": "string"}}},
    }
    assert made["$defs"] == {"Part": part}
    properties = made["properties"]
    assert isinstance(properties, dict)
    assert properties["parts"] == {
        "type": "array",
        "items": {"$ref": "#/$defs/Part"},
        "description": "The parts.",
    }
    assert properties["met"] == {"type": ["boolean", "null"]}
    assert properties["state"] == {"type": "string"}


@pytest.mark.parametrize("path", RECORDS, ids=[path.stem for path in RECORDS])
def test_a_recorded_result_keeps_its_bytes(path: Path) -> None:
    """Read and written again, every record of the catalogue is what it was, to the byte."""
    record = load(path.read_bytes(), path.name)
    assert dump(record, rows_of(record)) == path.read_bytes()


@pytest.mark.skipif(not RECORDS, reason="the catalogue is not in the source distribution")
def test_a_recorded_run_keeps_its_bytes() -> None:
    """So is every line of its journal, of runs and of upgrades, of both schemas."""
    lines = (RESULTS / "journal.jsonl").read_bytes().splitlines()
    for at, line in enumerate(lines, 1):
        assert dump_line(load_line(line, str(at))) == line
    assert {json.loads(line)["schema"] for line in lines} == {"pytest-bets/journal/1", "pytest-bets/journal/2"}
