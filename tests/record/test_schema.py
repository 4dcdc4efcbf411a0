"""The shipped JSON Schemas, held against what sessions write and against what they must not."""

import copy
import json
import subprocess
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pytest_bets.cli.schemas import schemas, text
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.codec import load, load_line
from pytest_bets.record.line import JOURNAL_SCHEMA
from pytest_bets.record.record import RECORD_SCHEMA
from pytest_bets.record.summary_model import SUMMARY_SCHEMA
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import Json, journal, records, strict
from tests.helpers.schemas import faults, schema, validator

FAILED = pytest.ExitCode.TESTS_FAILED
SCHEMAS = {"record": RECORD_SCHEMA, "journal": JOURNAL_SCHEMA, "summary": SUMMARY_SCHEMA}
FREE = ("constants", "sweep", "params", "measured", "packages", "definitions")
"""Objects whose keys are the user's."""


ADDED_LATER = {"decided", "in_the_noise", "known", "premise_unmet", "reproduced", "replicated"}
"""Fields that files of an older version lack, and that fit without them."""


def check_folder(folder: Path) -> dict[str, Json]:
    """Hold every file of a results folder against its schema; return the records."""
    found = records(folder)
    for record in found.values():
        assert faults("record", record) == []
    for line in journal(folder):
        assert faults("journal", line) == []
    if (folder / "SUMMARY.json").exists():
        assert faults("summary", strict((folder / "SUMMARY.json").read_bytes())) == []
    return found


@pytest.fixture
def whole(bet: WriteBet, run: Run) -> Json:
    """Return the record of a bet that has something in every field."""
    bet(
        "bet_2_second.py",
        body='return {"gain": seed * part, "curve": [0.5, float("inf")], "kind": "x", "won": True}',
        above='STEPS = 3\nSIZES = {"a": [1, None]}\nWHEN = sorted([2, 1])',
        markers={"control": '"max(part) <= 4"', "challenges": '1, "1_first"', "replicate": "2"},
        sections={"Control": "at most 4.", "Scope": "nothing of 1B."},
        arguments="seed, part",
    )
    bet("bet_1_first.py", body='return {"gain": float("nan")}')
    run(expect=FAILED)
    return check_folder(Path("results"))["2_second"]


def paths(item: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every value, but within what is the user's own."""
    if path and (not isinstance(path[-1], str) or path[-1] not in FREE):
        yield path
    if path and path[-1] in FREE:
        return
    if isinstance(item, dict | list):
        for key, value in item.items() if isinstance(item, dict) else enumerate(item):
            yield from paths(value, (*path, key))


def changed(item: Json, path: tuple[str | int, ...], change: Callable[[Any, str | int], None]) -> Json:
    copied: Any = copy.deepcopy(item)
    holder = copied
    for key in path[:-1]:
        holder = holder[key]
    change(holder, path[-1])
    return copied  # type: ignore[no-any-return]  # it is what was copied


def drop(holder: Any, key: str | int) -> None:
    del holder[key]


def estrange(holder: Any, key: str | int) -> None:
    holder[key] = {"strange": [1]}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_named_as_what_it_describes(name: str) -> None:
    """Each is a valid schema of the 2020-12 draft whose id is the word that the files carry."""
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema(name)["$id"] == SCHEMAS[name] == schema(name)["properties"]["schema"]["const"]


def test_the_schemas_are_those_of_the_types() -> None:
    """The shipped files are what `python -m pytest_bets.cli.schemas` writes."""
    made = {f"{name}.json": text(schema) for name, schema in schemas().items()}
    folder = files("pytest_bets").joinpath("schema")
    assert {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir()} == made
    for item in schemas().values():
        Draft202012Validator.check_schema(item)


def fields(part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("if", "then", "else"):
                continue
            if key == "properties":
                yield from value.items()
            yield from fields(value)
    elif isinstance(part, list):
        for value in part:
            yield from fields(value)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_is_taught(name: str) -> None:
    """The schema alone explains every field."""
    untaught = [
        key for key, field in fields(schema(name)) if key != "schema" and len(field.get("description", "")) < 10
    ]
    assert untaught == []
    described = dict(fields(schema("record")))
    assert "truth of the sentence itself" in described["met"]["description"]
    assert "positive on the claim's good side" in described["margin"]["description"]


def test_what_sessions_write_is_what_the_schemas_say(whole: Json) -> None:
    """A passed and a catastrophic bet, with a control, a curve, infinities, constants, replicates and challenges."""
    assert whole["verdict"] == "PASS"
    assert whole["cells"][0]["measured"]["curve"] == [0.5, "inf"]
    assert (whole["environment"]["commit"], whole["registration"]["state"]) == (None, "unknown")
    first = check_folder(Path("results"))["1_first"]
    assert (first["catastrophic"], first["criteria"][0]["value"], first["criteria"][0]["met"]) == (True, "nan", None)


def test_a_record_from_git_fits(bet: WriteBet, run: Run) -> None:
    """Registered, with the commit's name."""
    bet()
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "bet"],
    ):
        subprocess.run(["git", *command], check=True)
    run()
    record = check_folder(Path("results"))["1_first"]
    assert record["registration"] == {"state": "registered", "commit": record["environment"]["commit"]}
    assert len(record["environment"]["commit"]) == 40


def test_a_void_record_fits(bet: WriteBet, run: Run) -> None:
    """A crash gives no verdict and no criteria, and where no cell ran, no device."""
    bet(body='raise RuntimeError("out of memory")')
    run(expect=FAILED)
    record = check_folder(Path("results"))["1_first"]
    assert "out of memory" in record["void"]
    assert (record["verdict"], record["cells"], record["environment"]["device"]) == (None, [], None)


def test_a_record_whose_premise_is_not_met_fits(bet: WriteBet, run: Run) -> None:
    """It has the premises, of all sentences."""
    premise = {"markers": {"premise": '"mean(base) > 5"'}, "sections": {"Premise": "base exceeds 5."}}
    bet(body='return {"gain": part, "base": 1.0}', **premise)
    run()
    record = check_folder(Path("results"))["1_first"]
    assert (record["verdict"], [item["tier"] for item in record["criteria"]]) == (None, ["premise"])
    record["criteria"][0]["tier"] = "strict"
    assert faults("record", record)


def test_a_kept_rehearsal_fits(bet: WriteBet, run: Run) -> None:
    """It is marked as one in the record and in the journal."""
    bet(above='STEPS = 9\nPILOT = {"STEPS": 1}')
    run("--bets-pilot", "--bets-results", "elsewhere")
    assert check_folder(Path("elsewhere"))["1_first"]["pilot"] is True
    assert journal(Path("elsewhere"))[0]["pilot"] is True


@pytest.mark.parametrize("joint", [["cpu", "NVIDIA H200"], "cpu", None])
def test_a_record_of_unlike_workers_fits(whole: Json, joint: object) -> None:
    """Where the cells ran on unlike devices, all are listed; one that is listed alone or twice is wrong."""
    whole["environment"]["device"] = joint
    assert faults("record", whole) == []
    whole["environment"]["threads"] = [8, 8]
    assert faults("record", whole)


def test_a_field_that_is_missing_strange_or_too_much_is_refused(whole: Json) -> None:
    """Without any one of its fields, with an object in its place, or with one field more, nothing fits its schema."""
    line = journal(Path("results"))[-1]
    summary = strict(Path("results/SUMMARY.json").read_bytes())
    for name, item in (("record", whole), ("journal", line), ("summary", summary)):
        kept = [
            path for path in paths(item) if isinstance(path[-1], str) and not faults(name, changed(item, path, drop))
        ]
        assert {path[-1] for path in kept} <= ADDED_LATER, name
        strange = [path for path in paths(item) if not faults(name, changed(item, path, estrange))]
        assert strange == [], name
        for path in [(), *paths(item)]:
            more = copy.deepcopy(item)
            holder: Any = more
            for key in path:
                holder = holder[key]
            if isinstance(holder, dict):
                holder["extra"] = 1
                assert faults(name, more), (name, path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "pytest-bets/record/1"),
        (("pilot",), False),
        (("verdict",), "WON"),
        (("verdict",), None),
        (("void",), "it crashed"),
        (("criteria",), []),
        (("criteria", 0, "tier"), "soft"),
        (("criteria", 0, "value"), "NaN"),
        (("criteria", 0, "threshold"), "inf"),
        (("criteria", 0, "met"), 1),
        (("cells", 0, "measured"), {}),
        (("cells", 0, "measured"), {"gain": None}),
        (("cells", 0, "measured"), {"curve": ["x"]}),
        (("cells", 0, "params"), {"part": [1]}),
        (("declaration", "digest"), "abc"),
        (("declaration", "strict"), []),
        (("declaration", "challenges"), [1.5]),
        (("code", "definitions"), {"bet.py": {"experiment": "abc"}}),
        (("code", "definitions"), {"bet.py": {}}),
        (("code", "definitions"), {}),
        (("registration", "state"), "sure"),
        (("registration", "commit"), "HEAD"),
        (("environment", "packages"), {"pytest": 9}),
        (("environment", "dirty"), "no"),
        (("bet", "number"), -1),
    ],
)
def test_a_wrong_value_is_refused(whole: Json, path: tuple[str | int, ...], value: object) -> None:
    """A record that says what none can say does not fit."""

    def put(holder: Any, key: str | int) -> None:
        holder[key] = value

    assert faults("record", whole) == []
    assert faults("record", changed(whole, path, put))


def test_a_schema_is_no_laxer_than_the_reader(whole: Json) -> None:
    """What the plugin itself refuses to read fits no schema."""
    line = journal(Path("results"))[-1]
    strange: tuple[object, ...] = ({"strange": [1]}, [], [None], None, 1.5, True, "strange", 10**400)
    readers: list[tuple[str, Json, Callable[[bytes, str], object]]] = [
        ("record", whole, load),
        ("journal", line, load_line),
    ]
    for name, item, read in readers:
        for path in paths(item):
            for value in strange:
                copied = changed(item, path, lambda holder, key, value=value: holder.__setitem__(key, value))  # type: ignore[misc]
                try:
                    read(json.dumps(copied).encode(), "x")
                except RecordError:
                    assert not validator(name).is_valid(copied), (name, path, value)
