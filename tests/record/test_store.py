"""Records and the journal: what they hold, when they are written, and when they are left alone."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.record.codec import load
from pytest_bets.record.record import Record
from pytest_bets.record.store import Results
from pytest_bets.walk import ignored
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import journal, prove_whole, records, strict

FAILED = pytest.ExitCode.TESTS_FAILED
FLAKY = """
if pathlib.Path("broken").exists():
    raise RuntimeError("the GPU fell off the bus")
return {"gain": part}
"""


@pytest.fixture
def results(pytester: pytest.Pytester) -> Path:
    """Return the folder of results, which is not there yet."""
    return pytester.path / "results"


def test_a_record_has_the_fields_of_the_contract(bet: WriteBet, run: Run, results: Path) -> None:
    """Its shape is what other tools read."""
    bet("bet_46_norm.py", above="STEPS = 100", title="Bet 46: norms win.")
    run()
    record = records(results)["46_norm"]
    assert set(record) == {
        *("schema", "bet", "declaration", "registration", "code", "verdict", "catastrophic", "noise_floor", "void"),
        *("criteria", "cells", "environment"),
    }
    assert record["schema"] == "pytest-bets/record/2"
    assert record["bet"] == {
        "id": "46_norm",
        "number": 46,
        "name": "norm",
        "title": "norms win.",
        "file": "bet_46_norm.py",
    }
    assert set(record["declaration"]) == {
        *("digest", "hypothesis", "strict", "lenient", "catastrophic", "control", "constants", "sweep", "docstring"),
        *("challenges", "withdrawn"),
    }
    assert record["declaration"]["constants"] == {"STEPS": 100}
    assert record["declaration"]["sweep"] == {"part": [1, 2, 3, 4]}
    assert record["registration"] == {"state": "unknown", "commit": None}
    assert set(record["code"]["definitions"]) == {"bet_46_norm.py"}
    assert set(record["code"]["definitions"]["bet_46_norm.py"]) == {"STEPS", "experiment"}
    assert record["criteria"][0] == {
        "tier": "strict",
        "sentence": "count(gain > 0) >= 3",
        "value": 4.0,
        "threshold": 3,
        "met": True,
        "margin": 1.0,
    }
    assert record["cells"] == [{"params": {"part": part}, "measured": {"gain": part}} for part in (1, 2, 3, 4)]
    assert set(record["environment"]) == {"python", "platform", "packages", "device", "threads", "commit", "dirty"}
    assert {"pytest", "pytest-bets"} <= set(record["environment"]["packages"])


def test_every_object_of_a_record_has_its_keys_sorted(bet: WriteBet, run: Run, results: Path) -> None:
    """A diff shows what changed and no reordering."""
    bet(body='return {"zebra": 1, "gain": part, "ant": [1, 2]}')
    run()

    def in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert keys == sorted(keys)
        return dict(pairs)

    json.loads((results / "1_first.json").read_bytes(), object_pairs_hook=in_order)


def test_what_is_no_number_in_json_is_spelled_in_every_file(bet: WriteBet, run: Run, results: Path) -> None:
    """No NaN token stands in a record, the journal or the summary, and a replay understands the spelling."""
    bet(body='return {"gain": [1, 2, float("nan"), float("inf")][part - 1], "curve": [float("-inf"), 1]}')
    run("--bets-gate=none")
    cells = records(results)["1_first"]["cells"]
    assert [cell["measured"]["gain"] for cell in cells] == [1, 2, "nan", "inf"]
    assert cells[0]["measured"]["curve"] == ["-inf", 1]
    prove_whole(results)
    strict((results / "SUMMARY.json").read_bytes())
    run("--bets-replay", "--bets-gate=none")


def test_no_clock_and_no_duration_is_in_a_record(bet: WriteBet, run: Run, results: Path) -> None:
    """Two runs in two folders write the same bytes, however long each took."""
    bet(
        body='import time; time.sleep(0.01 * pathlib.Path("slow").exists())\nreturn {"gain": part}',
        above="import pathlib",
    )
    run()
    Path("slow").touch()
    run("--bets-results=again")
    assert (results / "1_first.json").read_bytes() == Path("again/1_first.json").read_bytes()


def test_a_second_run_of_the_same_bet_leaves_its_record_alone(bet: WriteBet, run: Run, results: Path) -> None:
    """It is a replication: the journal gets one more line, and the record's file is not touched."""
    bet()
    assert "1 record written, 0 unchanged" in run()
    before = (results / "1_first.json").stat()
    assert "0 records written, 1 unchanged" in run()
    after = (results / "1_first.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert [line["record"] is None for line in prove_whole(results)] == [False, True]


def test_a_record_is_decoded_again_only_where_its_bytes_have_changed(
    bet: WriteBet, run: Run, results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session asks for all records at its beginning, at each verdict and at its end."""
    bet()
    run("-q")
    decoded: list[bytes] = []

    def counted(data: bytes, name: str, *, header: bool = False) -> Record:
        decoded.append(data)
        return load(data, name, header=header)

    monkeypatch.setattr("pytest_bets.record.records.load", counted)
    found = Results(results)
    first = found.headers()
    assert found.headers() == first
    assert len(decoded) == 1
    path = results / "1_first.json"
    path.write_bytes(path.read_bytes().replace(b"the gain is positive", b"the gain is large"))
    (changed,) = found.headers()
    assert changed != first[0]
    assert len(decoded) == 2
    path.unlink()
    assert found.headers() == []


def test_a_replication_that_disagrees_is_a_line_and_no_record(bet: WriteBet, run: Run, results: Path) -> None:
    """Runs cannot be repeated until one passes: the first verdict of a pair of digests stands."""
    bet(body='return {"gain": part if pathlib.Path("lucky").exists() else -part}', above="import pathlib")
    run("--bets-gate=none")
    Path("lucky").touch()
    run()
    assert records(results)["1_first"]["verdict"] == "FAIL"
    assert [line["verdict"] for line in journal(results)] == ["FAIL", "PASS"]
    page = (results / "SUMMARY.md").read_text(encoding="utf-8")
    assert "| unstable: 1 of 2 agree, reproduced 0 of 1 |" in page
    assert "## Unstable" in page
    assert json.loads((results / "SUMMARY.json").read_text(encoding="utf-8"))["unstable"] == ["1_first"]


def test_other_code_replaces_the_record(bet: WriteBet, run: Run, results: Path) -> None:
    """The record is of the code as it is; the old one is in git."""
    bet()
    run()
    bet(body='return {"gain": part + 1}')
    run()
    assert [cell["measured"]["gain"] for cell in records(results)["1_first"]["cells"]] == [2, 3, 4, 5]
    first, second = prove_whole(results)
    assert first["declaration"] == second["declaration"]
    assert first["code"] != second["code"]
    assert second["record"]


def test_another_declaration_replaces_the_record(bet: WriteBet, run: Run, results: Path) -> None:
    """What was bet is part of what is known; the audit reports the change."""
    bet(above="STEPS = 1")
    run()
    bet(above="STEPS = 2")
    run()
    assert records(results)["1_first"]["declaration"]["constants"] == {"STEPS": 2}
    first, second = prove_whole(results)
    assert first["declaration"] != second["declaration"]


def test_a_void_run_never_replaces_a_verdict(bet: WriteBet, run: Run, results: Path) -> None:
    """A crash is no evidence: the record stays, and the journal has the run."""
    bet(body=FLAKY, above="import pathlib")
    run()
    before = (results / "1_first.json").read_bytes()
    Path("broken").touch()
    run(expect=FAILED)
    bet(body=FLAKY + "# other code", above="import pathlib")
    run(expect=FAILED)
    assert (results / "1_first.json").read_bytes() == before
    assert [line["verdict"] for line in prove_whole(results)] == ["PASS", None, None]
    assert "the GPU fell off the bus" in journal(results)[1]["void"]


def test_a_void_record_is_written_where_there_is_none_and_gives_way_to_the_first_verdict(
    bet: WriteBet, run: Run, results: Path
) -> None:
    """It shows that the bet was tried and crashed, until there is a verdict."""
    bet(body=FLAKY, above="import pathlib")
    Path("broken").touch()
    run(expect=FAILED)
    record = records(results)["1_first"]
    assert record["verdict"] is None
    assert record["void"].startswith("4 of 4 cells crashed: experiment[1]: RuntimeError: the GPU fell off the bus")
    before = (results / "1_first.json").stat().st_mtime_ns
    run(expect=FAILED)
    assert (results / "1_first.json").stat().st_mtime_ns == before
    Path("broken").unlink()
    run()
    assert records(results)["1_first"]["verdict"] == "PASS"
    assert [bool(line["record"]) for line in prove_whole(results)] == [True, False, True]


@pytest.mark.parametrize("crash", [False, True], ids=["measured", "crashed"])
def test_a_run_with_cells_left_out_writes_no_record(bet: WriteBet, run: Run, results: Path, crash: bool) -> None:
    """A part of a bet is not the bet, even where that part crashed; the journal has a line that says so."""
    bet(body=FLAKY, above="import pathlib")
    if crash:
        Path("broken").touch()
    run("-k", "experiment[2]", expect=FAILED if crash else pytest.ExitCode.OK)
    assert records(results) == {}
    (line,) = prove_whole(results)
    assert line["verdict"] is None
    assert line["record"] is None


def test_a_line_of_the_journal_has_time_host_digests_and_outcome(bet: WriteBet, run: Run, results: Path) -> None:
    """The journal has every run, also those without a record."""
    bet()
    run()
    (line,) = journal(results)
    record = records(results)["1_first"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["time"])
    assert line["host"]
    assert line["seconds"] >= 0
    assert (line["declaration"], line["code"]) == (record["declaration"]["digest"], record["code"]["digest"])
    assert line["criteria"][0] == {
        "tier": "strict",
        "sentence": "count(gain > 0) >= 3",
        "value": 4.0,
        "met": True,
    }
    assert line["environment"] == record["environment"]
    assert line["verdict"] == "PASS"
    assert line["previous"] is None


def test_each_bets_lines_are_a_chain_of_their_own(bet: WriteBet, run: Run, results: Path) -> None:
    """A line that is taken away or changed breaks the chain of its bet and of no other."""
    for number in (1, 2, 12):
        bet(f"bet_{number}_x.py")
    run()
    run()
    run("bet_2_x.py")
    lines = prove_whole(results)
    assert [line["bet"] for line in lines] == [*("12_x", "1_x", "2_x"), *("12_x", "1_x", "2_x"), "2_x"]


def test_the_journal_is_appended_to_and_nothing_else(bet: WriteBet, run: Run, results: Path) -> None:
    """Its old bytes are the beginning of its new ones."""
    bet()
    run()
    before = (results / "journal.jsonl").read_bytes()
    run()
    assert (results / "journal.jsonl").read_bytes().startswith(before)


def test_the_folder_can_be_named_in_the_settings_and_on_the_command_line(
    bet: WriteBet, run: Run, results: Path
) -> None:
    """The command line wins, relative to where it was typed."""
    bet()
    Path("pytest.ini").write_text("[pytest]\nbets_results = kept/here\n")
    run()
    run("--bets-results=elsewhere")
    assert set(records(Path("kept/here"))) == set(records(Path("elsewhere"))) == {"1_first"}
    assert not results.exists()


def test_a_kept_rehearsal_has_no_verdict_and_gives_way_to_the_run_of_record(bet: WriteBet, run: Run) -> None:
    """What ran with other constants says nothing about the claim, wherever it is written."""
    bet(above="STEPS = 9\nPILOT = {'STEPS': 1}", body='return {"gain": STEPS}')
    run("--bets-pilot", "--bets-results=tried")
    record = records(Path("tried"))["1_first"]
    assert record["pilot"] is True
    assert (record["verdict"], record["void"]) == (None, "a rehearsal has no verdict")
    run("--bets-results=tried")
    record = records(Path("tried"))["1_first"]
    assert "pilot" not in record
    assert record["verdict"] == "PASS"


def test_git_ignores_what_is_not_of_record(bet: WriteBet, run: Run, results: Path) -> None:
    """Locks, drafts and unfinished cells lie apart, in a folder that ignores itself."""
    bet()
    run()
    assert {path.name for path in results.iterdir() if path.name != ".live"} == {
        *("1_first.json", "journal.jsonl", "SUMMARY.md", "SUMMARY.json", ".bets")
    }
    assert (results / ".bets" / ".gitignore").read_text() == "*\n"
    assert not list((results / ".bets").glob("*.draft"))


def test_a_gitignore_that_was_cut_off_is_written_again(tmp_path: Path) -> None:
    """A process that is killed may leave it empty, and git would see all that it was to hide."""
    tmp_path.joinpath(".gitignore").touch()
    ignored(tmp_path)
    assert tmp_path.joinpath(".gitignore").read_bytes() == b"*\n"
