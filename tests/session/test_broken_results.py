"""Unreadable results are reported before anything runs; results that cannot be written lose no measurement."""

import copy
import json
import re
import resource
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.diagnostics import RecordError
from pytest_bets.record.codec import load, load_line
from pytest_bets.record.journal import runs
from pytest_bets.record.store import Results
from pytest_bets.record.summary import overview
from pytest_bets.render.show import show
from pytest_bets.render.summary import as_json, as_markdown
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.processes import PATIENCE, start
from tests.helpers.results import prove_whole, records

USAGE = pytest.ExitCode.USAGE_ERROR
TRACED = 'pathlib.Path("ran").touch()\nreturn {"gain": part}'
RECORD, JOURNAL = "results/1_first.json", "results/journal.jsonl"


def _replaced(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def _with_line(index: int, line: str) -> Callable[[str], str]:
    def insert(text: str) -> str:
        lines = text.splitlines(keepends=True)
        return "".join([*lines[:index], f"{line}\n", *lines[index:]])

    return insert


def _files() -> dict[Path, bytes]:
    files = (path for path in Path("results").rglob("*") if path.is_file() and ".live" not in path.parts)
    return {path: path.read_bytes() for path in files}


BREAKAGES: dict[str, tuple[str, Callable[[str], str], str]] = {
    "a merge conflict in a record": (
        RECORD,
        _with_line(2, "<<<<<<< HEAD"),
        "results/1_first.json:3: a merge conflict was left here",
    ),
    "a merge conflict in the journal": (
        JOURNAL,
        _with_line(1, "======="),
        "results/journal.jsonl:2: a merge conflict was left here",
    ),
    "a record of another schema": (
        RECORD,
        _replaced("record/2", "record/9"),
        "this is no record: its schema is 'pytest-bets/record/9', expected 'pytest-bets/record/1' or "
        "'pytest-bets/record/2'",
    ),
    "a line of another schema": (
        JOURNAL,
        _with_line(1, '{"schema": "pytest-bets/journal/9"}'),
        "results/journal.jsonl:2: this is no line of a journal, expected schema 'pytest-bets/journal/1' or "
        "'pytest-bets/journal/2'",
    ),
    "a line that was cut off": (
        JOURNAL,
        lambda text: f"{text[:200]}\n",
        "results/journal.jsonl:1: this is not JSON: ",
    ),
    "a token that is no JSON": (
        RECORD,
        _replaced('"value": 4.0', '"value": NaN'),
        'results/1_first.json: NaN is not valid JSON; write "nan"',
    ),
    "a verdict that does not exist": (
        RECORD,
        _replaced('"verdict": "PASS"', '"verdict": "pass"'),
        'results/1_first.json: `verdict`: expected "PASS", "LENIENT", "FAIL" or null, got "pass"',
    ),
    "a record under another name": (
        RECORD,
        _replaced('"id": "1_first"', '"id": "7_other"'),
        "this is the record of bet '7_other', expected '1_first'",
    ),
    "a list": (RECORD, lambda _: "[]\n", "this is no record: its schema is 'list'"),
    "an empty file": (RECORD, lambda _: "", "results/1_first.json: this is not JSON: "),
}


@pytest.mark.parametrize("how", BREAKAGES)
@pytest.mark.parametrize("option", ["--bets-gate=auto", "--bets-replay"])
def test_broken_results_are_an_error_before_anything_runs(bet: WriteBet, run: Run, how: str, option: str) -> None:
    """The error names the file, the line and the way out; no experiment runs and no file is touched."""
    bet(body=TRACED, above="import pathlib")
    run()
    Path("ran").unlink()
    file, change, message = BREAKAGES[how]
    Path(file).write_text(change(Path(file).read_text(encoding="utf-8")), encoding="utf-8")
    before = _files()
    shown = run(option, expect=USAGE)
    assert message in shown
    assert "Nothing was run. Restore the file with git; where journals conflict, keep the lines of both." in shown
    assert not Path("ran").exists()
    assert _files() == before


def test_broken_results_stop_a_distributed_session_too(bet: WriteBet, run: Run) -> None:
    """The controller looks before it hands out the first cell."""
    bet(body=TRACED, above="import pathlib")
    run()
    Path("ran").unlink()
    Path(JOURNAL).write_text("<<<<<<< HEAD\n")
    assert "results/journal.jsonl:1: a merge conflict was left here" in run("-n", "2", expect=USAGE)
    assert not Path("ran").exists()


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_broken_results_are_one_error_where_a_replication_needs_them_first(
    bet: WriteBet, run: Run, workers: tuple[str, ...]
) -> None:
    """The seeds are those of the next number, so the journal is read when the bet is collected."""
    markers = {"replicate": "4", "parametrize": None, "strict": '"count(gain > 0) >= 3"'}
    bet(body="return {'gain': seed + 1}", arguments="seed", markers=markers)
    run("-o", "bets_luck=off")
    Path(JOURNAL).write_text("<<<<<<< HEAD\n")
    shown = run("-o", "bets_luck=off", "--bets-replication", "next", *workers, expect=USAGE)
    assert "results/journal.jsonl:1: a merge conflict was left here" in shown
    assert "Nothing was run. Restore the file with git; where journals conflict, keep the lines of both." in shown
    assert "ERROR collecting" not in shown


def test_a_file_in_the_place_of_the_folder_is_an_error_before_anything_runs(bet: WriteBet, run: Run) -> None:
    """Hours of work are not begun that could not be written."""
    bet(body=TRACED, above="import pathlib")
    Path("results").touch()
    shown = run(expect=USAGE)
    assert "The results cannot be read: [Errno 20] Not a directory: " in shown
    assert "Nothing was run." in shown
    assert not Path("ran").exists()


def test_a_folder_that_cannot_be_written_prints_what_was_measured(bet: WriteBet, run: Run) -> None:
    """The run is red, and its measurements can be taken from the terminal, as strict JSON."""
    bet(body='return {"gain": part, "loss": float("nan")}')
    Path("results").mkdir()
    Path("results/.bets").touch()
    shown = run(expect=pytest.ExitCode.TESTS_FAILED)
    assert "The results could not be written: [Errno 17] File exists: " in shown
    printed = next(line for line in shown.splitlines() if line.startswith('{"bet":"1_first","cells":'))
    assert json.loads(printed)["cells"] == [
        {"params": {"part": part}, "measured": {"gain": part, "loss": "nan"}} for part in (1, 2, 3, 4)
    ]
    assert shown.count("ERROR bet_1_first.py::results") == 1
    assert "1_first  PASS" in shown


def test_a_folder_that_cannot_be_written_breaks_no_session_on_an_engine(bet: WriteBet, run: Run) -> None:
    """Neither the times of the cells can be kept there, nor what an attempt has printed that died."""
    bet(body="if part == 2:\n    os.write(2, b'dying')\n    os._exit(3)\nreturn {'gain': part}", above="import os")
    Path("results").mkdir()
    for name in (".bets", ".live"):
        Path("results", name).touch()
    shown = run("--bets-on", "local=1", expect=pytest.ExitCode.TESTS_FAILED)
    assert "The results could not be written: [Errno 17] File exists: " in shown
    assert "its process exited with status 3" in shown


@pytest.mark.parametrize("distributed", [False, True], ids=["plain", "xdist"])
def test_a_full_disk_costs_no_measurement_and_no_other_bet(
    bet: WriteBet, pytester: pytest.Pytester, distributed: bool
) -> None:
    """One clear error for the bet that did not fit; the others of the session are judged and written."""
    bet("bet_1_first.py")
    bet("bet_2_long.py", body='return {"gain": part, "curve": list(range(9000))}')
    bet("bet_3_third.py")

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    session = start(pytester.path, *(["-n", "2"] if distributed else []), before=full)
    shown = session.communicate(timeout=PATIENCE)[0]
    assert session.returncode == pytest.ExitCode.TESTS_FAILED, shown
    assert "INTERNALERROR" not in shown
    assert "The results could not be written: [Errno 27] File too large" in shown
    assert '{"bet":"2_long","cells":[{"measured":{"curve":[0,1,2,' in shown
    assert shown.count("ERROR bet_2_long.py::results") == 1
    results = pytester.path / "results"
    assert set(records(results)) == {"1_first", "3_third"}
    assert {line["bet"] for line in prove_whole(results)} >= {"1_first", "3_third"}
    assert "3 bets: 3 PASS" in shown


def _places(item: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    entries = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    for key, value in entries:
        yield from _places(value, (*path, key))


def _changed(item: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(item)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return changed


STRANGE: tuple[object, ...] = (None, True, 7, -1.5, "x", "nan", [], [None], [[]], {}, {"x": []}, ...)


def test_no_change_to_a_record_breaks_what_is_made_of_it(bet: WriteBet, run: Run) -> None:
    """A record is refused with the name of its file, or it can be summarized and shown, whatever stands in it."""
    bet(sections={"Scope": "small models."})
    run()
    record = json.loads(Path(RECORD).read_text(encoding="utf-8"))
    (run_line,) = Results(Path("results")).journal()
    refusals, accepted = [], 0
    for path in _places(record):
        for value in STRANGE[: -1 if not path else None]:
            data = json.dumps(_changed(record, path, value)).encode()
            try:
                loaded = load(data, "r.json")
            except RecordError as error:
                refusals.append(str(error))
                with pytest.raises(RecordError, match=re.escape(str(error))):
                    load(data, "r.json", header=True)
                continue
            assert load(data, "r.json", header=True) == replace(loaded, cells=loaded.cells[:1])
            summary = overview([loaded], [run_line], [])
            assert as_json(summary)
            assert as_markdown(summary, "../")
            assert show(None, loaded, summary.bets[0], [run_line])
            accepted += 1
    assert all(refusal.startswith("r.json: ") for refusal in refusals)
    assert len(refusals) > 200
    assert accepted > 200


def test_no_change_to_a_line_of_the_journal_breaks_what_is_made_of_it(bet: WriteBet, run: Run) -> None:
    """A line is refused with the name of its file, or it can be counted and shown."""
    bet()
    run()
    line = json.loads(Path(JOURNAL).read_text(encoding="utf-8"))
    (ran,) = Results(Path("results")).records()
    refusals, accepted = [], 0
    for path in _places(line):
        for value in STRANGE[: -1 if not path else None]:
            try:
                loaded = load_line(json.dumps(_changed(line, path, value)).encode(), "j:1")
            except RecordError as error:
                refusals.append(str(error))
                continue
            summary = overview([ran], runs([loaded]), [])
            row = next(row for row in summary.bets if row.id == "1_first")
            assert show(None, ran, row, runs([loaded]))
            accepted += 1
    assert all(refusal.startswith("j:1: ") for refusal in refusals)
    assert len(refusals) > 100
    assert accepted > 50
