"""The record: built, written a cell a line, read back, refused where it is broken, and compared with its making."""

import json
import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.build import build, journal_line
from pytest_bets.record.codec import dump, dump_line, load, load_line, rows_of, verdict_of
from pytest_bets.record.encode import encode
from pytest_bets.record.line import RunLine, ValueRow
from pytest_bets.record.record import CodeDefinitions, Environment, Record, Registration
from pytest_bets.record.verdict import Cell, judge, void
from pytest_bets.record.verify import differences

SOURCE = '''"""Bet 7: the gain is positive.

Hypothesis: it gains.
Strict: at least 3 of 4 cells gain.
Lenient: at least 2.
Catastrophic: fewer than 1.
Control: the placebo gains at most 0.5 on the mean.
Run: pytest
"""

import pytest

RATE = 5e-5
SHAPE = (1, 2)


@pytest.mark.strict("count(gain > 0) >= 3")
@pytest.mark.lenient("count(gain > 0) >= 2")
@pytest.mark.catastrophic("count(gain > 0) < 1")
@pytest.mark.control("mean(placebo) <= 0.5")
@pytest.mark.parametrize("part", [1, 2, 3, 4])
def experiment(part): ...
'''
CELLS = tuple(
    Cell({"part": part, "kind": "größe"}, {"gain": gain, "placebo": -0.0, "curve": [1, 0.5, math.inf, math.nan, True]})
    for part, gain in enumerate((1.5, 2, math.inf, -math.inf), start=1)
)


def declaration() -> Declaration:
    found = read(SOURCE, "bets/bet_7_gain.py")
    assert found
    return found


def record(cells: tuple[Cell, ...] = CELLS, **parts: Any) -> Record:
    bet = declaration()
    details: dict[str, Any] = {
        "registration": Registration("registered", "a" * 40),
        "code": CodeDefinitions("b" * 64, {"bets/bet_7_gain.py": {"experiment": "c" * 16}}),
        "environment": Environment("3.11", "Linux-x86_64", {}, "cpu", 2, "a" * 40, False),
    }
    return build(bet, judge(bet.criteria, cells), cells, **{**details, **parts})


def line_of(built: Record) -> RunLine:
    made = journal_line(built, rows_of(built), record_sha256=None, time="T", host="h", seconds=1.23456, previous=None)
    line = load_line(dump_line(made), "journal")
    assert isinstance(line, RunLine)
    return line


def _dumped(built: Record) -> bytes:
    return dump(built, rows_of(built))


def test_a_record_is_read_back_as_it_was_built() -> None:
    """Bytes, record, bytes: nothing is lost, and cells come back with their NaN and infinities as numbers."""
    data = _dumped(record())
    loaded = load(data, "7_gain.json")
    assert _dumped(loaded) == data
    for found, cell in zip(loaded.cells, CELLS, strict=True):
        assert repr(sorted(found.row.items())) == repr(sorted(cell.row.items()))
    assert verdict_of(loaded).verdict == "PASS"
    assert loaded.declaration.constants == {"RATE": 5e-5, "SHAPE": [1, 2]}


def test_a_record_is_strict_json_with_a_cell_a_line() -> None:
    """Keys are sorted, no token is outside of JSON, text stays readable, and each cell is one line of the file."""
    text = _dumped(record()).decode()
    assert text.endswith("}\n")
    loaded = json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is no JSON"))
    assert list(loaded) == sorted(loaded)
    lines = [line for line in text.splitlines() if '"part"' in line and '"gain"' in line]
    assert len(lines) == len(CELLS)
    assert lines[2] == (
        '  {"measured": {"curve": [1, 0.5, "inf", "nan", true], "gain": "inf", "placebo": -0.0}, '
        '"params": {"kind": "größe", "part": 3}},'
    )
    assert [json.loads(line.rstrip(",")) for line in lines] == loaded["cells"]


def test_text_that_looks_like_the_file_does_not_break_it() -> None:
    """A measured string of JSON, with line ends and a lone surrogate, comes back as it was."""
    strange = '\n "cells": [],\u2028"\udcff\x00'
    cells = (Cell({"part": 1}, {"gain": 1, "placebo": 0, "note": strange}),)
    loaded = load(_dumped(record(cells)), "x")
    assert loaded.cells[0].measured["note"] == strange


def test_a_record_without_cells_is_whole() -> None:
    """A void run that measured nothing is written and read like any other."""
    bet = declaration()
    like = record()
    reason = "4 of 4 cells crashed"
    empty = build(bet, void(reason), (), registration=like.registration, code=like.code, environment=like.environment)
    loaded = load(_dumped(empty), "x")
    assert _dumped(loaded) == _dumped(empty)
    assert (loaded.void, loaded.criteria, loaded.cells) == (reason, (), ())


def test_a_rehearsal_is_marked() -> None:
    """The mark is there for a rehearsal alone, in the record and in the journal."""
    assert "pilot" not in encode(record())
    assert "pilot" not in encode(line_of(record()))
    assert encode(record(pilot=True))["pilot"] is True
    assert line_of(record(pilot=True)).pilot is True


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda _: b"", "7.json: this is not JSON: Expecting value"),
        (lambda _: b"{\n", "7.json: this is not JSON: Expecting property name enclosed in double quotes"),
        (lambda data: data[: data.index(b'"code"')], "7.json:"),
        (lambda data: data.replace(b'"verdict": ', b'"verdict" '), "this is not JSON: Expecting ':' delimiter"),
        (
            lambda data: data.replace(b'"gain": "inf"', b'"gain": Infinity'),
            '7.json: Infinity is not valid JSON; write "inf"',
        ),
        (lambda data: data.replace(b'"gain": 2', b'"gain": NaN'), '7.json: NaN is not valid JSON; write "nan"'),
        (lambda _: b"\xff\xfe\xfa", "7.json: this is not JSON: "),
        (lambda data: data.replace("größe".encode(), b"\xff"), "7.json: this is not JSON: 'utf-8' codec can't decode"),
        (lambda _: b"[" * 100_000, "7.json: this is not JSON: maximum recursion depth"),
        (lambda data: data.replace(b'"gain": 2', b'"gain": ' + b"9" * 5000), "7.json: this is not JSON: Exceeds"),
        (lambda data: b"<<<<<<< HEAD\n" + data, "7.json:1: a merge conflict was left here"),
        (
            lambda _: b"[]",
            "7.json: this is no record: its schema is 'list', expected 'pytest-bets/record/1' or "
            "'pytest-bets/record/2'",
        ),
        (
            lambda _: b"{}",
            "7.json: this is no record: its schema is None, expected 'pytest-bets/record/1' or 'pytest-bets/record/2'",
        ),
        (lambda data: data.replace(b"record/2", b"record/9"), "its schema is 'pytest-bets/record/9', expected"),
        (
            lambda data: data.replace(b'"PASS"', b'"WON"'),
            '7.json: `verdict`: expected "PASS", "LENIENT", "FAIL" or null, got "WON"',
        ),
        (lambda data: data.replace(b'"void"', b'"avoid"'), "7.json: `void`: expected a string or null, got nothing"),
        (
            lambda data: data.replace(b'"gain": 2', b'"gain": {}'),
            "7.json: `cells[1].measured.gain`: expected a number, a string, true, false, null or a list of numbers,",
        ),
        (
            lambda data: data.replace(b'"met": true', b'"met": 1', 1),
            "7.json: `criteria[0].met`: expected true, false or null, got 1",
        ),
        (
            lambda data: data.replace(b'"value": 3.0', b'"value": ' + b"9" * 400),
            '7.json: `criteria[0].value`: expected a number, "nan", "inf" or "-inf", got 999',
        ),
        (
            lambda data: data.replace(b'"state": "registered"', b'"state": "sure"'),
            '`registration.state`: expected "registered", "unregistered" or "unknown", got "sure"',
        ),
    ],
)
def test_a_broken_file_is_refused_by_file_line_and_field(spoil: Callable[[bytes], bytes], message: str) -> None:
    """Cut off, merged, of another schema or with a strange field: one error that says where and what."""
    with pytest.raises(RecordError) as caught:
        load(spoil(_dumped(record())), "7.json")
    assert str(caught.value).startswith("7.json:")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'"id": ', b'"id": "8_x", "id": ', "7.json: `bet.id`: the key is there twice; expected once"),
        (b'"measured": {', b'"measured": {"gain": 0, ', "7.json: `cells[0].measured.gain`: the key is there twice"),
        (b'"measured": {', b'"measured": {"gain": 0, "gain": NaN, ', "7.json: NaN is not valid JSON"),
        (b'"measured": {', b'"measured": {"gain": 0, ?', "7.json:"),
    ],
)
def test_a_key_is_there_once(old: bytes, new: bytes, message: str) -> None:
    """Another reader of the file may take the other value."""
    data = _dumped(record()).replace(old, new, 1)
    for header in (False, True):
        with pytest.raises(RecordError, match=f"^{re.escape(message)}"):
            load(data, "7.json", header=header)


def test_a_record_is_utf_8() -> None:
    """Python would read others."""
    with pytest.raises(RecordError, match=r"^7\.json: this is not JSON: 'utf-8' codec can't decode"):
        load(_dumped(record()).decode().encode("utf-16"), "7.json")


def test_a_constant_has_at_most_200_levels() -> None:
    """Deeper ones would end the recursion of some function that reads them."""
    for levels, message in ((199, ""), (201, "expected a value of at most 200 levels, got [[[")):
        item = json.loads(_dumped(record()))
        item["declaration"]["constants"] = {"A": json.loads("[" * levels + "]" * levels)}
        data = json.dumps(item).encode()
        if message:
            with pytest.raises(RecordError, match=re.escape(message)):
                load(data, "7.json")
        else:
            assert load(_dumped(load(data, "7.json")), "7.json").declaration.constants == {
                "A": item["declaration"]["constants"]["A"]
            }


def test_the_line_of_a_syntax_error_is_named() -> None:
    """The number is that of the line in the file."""
    lines = _dumped(record()).splitlines(keepends=True)
    lines[5] = b"?\n"
    with pytest.raises(RecordError, match=r"^7\.json:6: this is not JSON: "):
        load(b"".join(lines), "7.json")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "journal.jsonl:3: this is not JSON: Expecting value"),
        (
            b"<<<<<<< HEAD",
            "journal.jsonl:3: a merge conflict was left here; keep the lines of both, and run `pytest-bets rollup`",
        ),
        (
            b"{}",
            "journal.jsonl:3: this is no line of a journal, expected schema 'pytest-bets/journal/1' or "
            "'pytest-bets/journal/2'",
        ),
        (b'{"schema": "pytest-bets/journal/1"}', "journal.jsonl:3: `bet`: expected a string, got nothing"),
        (b'{"seconds": Infinity}', 'journal.jsonl:3: Infinity is not valid JSON; write "inf"'),
    ],
)
def test_a_broken_line_of_the_journal_is_refused_by_its_number(line: bytes, message: str) -> None:
    """The name that is given names the line."""
    with pytest.raises(RecordError) as caught:
        load_line(line, "journal.jsonl:3")
    assert str(caught.value) == message


def test_a_line_of_the_journal_has_the_run_of_its_record() -> None:
    """Digests, verdict and each sentence's value, the cells by number and hash, seconds to the millisecond."""
    built = record()
    line = line_of(built)
    assert (line.bet, line.verdict, line.seconds) == ("7_gain", "PASS", 1.235)
    assert (line.declaration, line.code) == (built.declaration.digest, "b" * 64)
    assert line.criteria[0] == ValueRow("strict", "count(gain > 0) >= 3", 3.0, True)
    assert line.cells.count == 4
    other = record((*CELLS[:3], Cell(CELLS[3].params, {**CELLS[3].measured, "gain": -1})))
    assert line_of(other).cells.sha256 != line.cells.sha256


def loaded_record() -> Record:
    return load(_dumped(record()), "x")


def test_an_honest_record_has_no_differences() -> None:
    """Neither from its declaration, nor from its measurements, nor from the journal."""
    assert differences(loaded_record(), declaration(), line_of(record())) == []


SAYS, GIVE = "the record says", "its measurements give"
STRICT = 'strict "count(gain > 0) >= 3"'


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("verdict",), "FAIL", f"verdict: {SAYS} 'FAIL', {GIVE} 'PASS'"),
        (("catastrophic",), True, f"catastrophic: {SAYS} True, {GIVE} False"),
        (("noise_floor",), None, f"noise_floor: {SAYS} None, {GIVE} True"),
        (("void",), "a cell crashed", f"void: {SAYS} 'a cell crashed', {GIVE} None"),
        (("criteria", 0, "value"), 4.0, f"{STRICT}: value: {SAYS} 4.0, {GIVE} 3.0"),
        (("criteria", 0, "value"), "nan", f"{STRICT}: value: {SAYS} 'nan', {GIVE} 3.0"),
        (("criteria", 0, "margin"), 1.0, f"{STRICT}: margin: {SAYS} 1.0, {GIVE} 0.0"),
        (("criteria", 0, "met"), False, f"{STRICT}: met: {SAYS} False, {GIVE} True"),
        (("criteria", 0, "met"), None, f"{STRICT}: met: {SAYS} None, {GIVE} True"),
        (("criteria", 0, "threshold"), 2, f"{STRICT}: threshold: {SAYS} 2, {GIVE} 3"),
        (("criteria", 0, "tier"), "lenient", f"{STRICT}: tier: {SAYS} 'lenient', {GIVE} 'strict'"),
        (
            ("criteria", 0, "sentence"),
            "count(gain > 0) >= 2",
            f"{STRICT}: sentence: {SAYS} 'count(gain > 0) >= 2', {GIVE} 'count(gain > 0) >= 3'",
        ),
        (("criteria",), [], f"criteria: the record has 0, {GIVE} 4"),
        (
            ("declaration", "strict"),
            ["count(gain > 0) >= 2"],
            f"declaration.strict: {SAYS} ['count(gain > 0) >= 2'], the bet file says ['count(gain > 0) >= 3']",
        ),
        (("declaration", "constants", "RATE"), 1, f"declaration.constants.RATE: {SAYS} 1, the bet file says 5e-05"),
        (("declaration", "hypothesis"), "it wins", f"declaration.hypothesis: {SAYS} 'it wins', the bet file says"),
        (("cells", 0, "measured", "placebo"), 0.25, "cells: the 4 of the record are not the 4 that the run measured"),
        (("cells", 3, "measured", "gain"), 1, f"{STRICT}: value: {SAYS} 3.0, {GIVE} 4.0"),
        (("code", "digest"), "d" * 64, f"code.digest: {SAYS} '{'d' * 64}', the journal says '{'b' * 64}'"),
        (("registration", "state"), "unknown", f"registration.state: {SAYS} 'unknown', the journal says 'registered'"),
        (("environment", "threads"), 64, f"environment.threads: {SAYS} 64, the journal says 2"),
    ],
)
def test_every_edit_by_hand_is_found_out(path: tuple[str | int, ...], value: object, expected: str) -> None:
    """Each field that a hand may have changed is named with what it says and what it should say."""
    edited = json.loads(_dumped(record()))
    holder: Any = edited
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    found = differences(load(json.dumps(edited).encode(), "x"), declaration(), line_of(record()))
    assert any(line.startswith(expected) for line in found), found


def test_a_pair_is_declaration_and_code() -> None:
    """Two records are of one pair where both digests are equal."""
    one = record()
    assert one.pair == record(CELLS[:2]).pair
    assert one.pair != record(code=CodeDefinitions("0", {})).pair
    assert one.pair != replace(one, declaration=replace(one.declaration, digest="0")).pair
