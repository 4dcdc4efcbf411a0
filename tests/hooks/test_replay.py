"""A replay runs nothing, is green on honest records, and says what was edited in the others."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.fixtures import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED
RECORD = Path("results/1_first.json")
JOURNAL = Path("results/journal.jsonl")
TRACED = 'import pathlib\npathlib.Path("imported").touch()\nSTEPS = 100'
MEASURED = 'pathlib.Path("ran").touch()\nreturn {"gain": part, "aside": 10 * part}'


@pytest.fixture
def honest(bet: WriteBet, run: Run) -> None:
    """Run a bet whose import and whose experiment leave a trace, and take the traces away."""
    bet(above=TRACED, body=MEASURED)
    run()
    Path("imported").unlink()
    Path("ran").unlink()


def _state() -> dict[Path, tuple[bytes, int]]:
    files = (path for path in Path("results").rglob("*") if path.is_file() and ".live" not in path.parts)
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def _edit(*path: str | int, to: object) -> Callable[[dict[str, Any]], None]:
    def change(record: dict[str, Any]) -> None:
        inner: Any = record
        for key in path[:-1]:
            inner = inner[key]
        assert inner[path[-1]] != to
        inner[path[-1]] = to

    return change


EDITS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "verdict": (_edit("verdict", to="LENIENT"), "verdict: the record says 'LENIENT', its measurements give 'PASS'"),
    "catastrophic": (
        _edit("catastrophic", to=True),
        "catastrophic: the record says True, its measurements give False",
    ),
    "noise floor": (_edit("noise_floor", to=True), "noise_floor: the record says True, its measurements give None"),
    "value": (
        _edit("criteria", 0, "value", to=3.0),
        'strict "count(gain > 0) >= 3": value: the record says 3.0, its measurements give 4.0',
    ),
    "margin": (
        _edit("criteria", 1, "margin", to=9),
        'lenient "count(gain > 0) >= 2": margin: the record says 9, its measurements give 2.0',
    ),
    "met": (
        _edit("criteria", 2, "met", to=True),
        'catastrophic "count(gain > 0) < 1": met: the record says True, its measurements give False',
    ),
    "threshold": (
        _edit("criteria", 0, "threshold", to=2),
        'strict "count(gain > 0) >= 3": threshold: the record says 2, its measurements give 3',
    ),
    "sentence": (
        _edit("declaration", "strict", to=["count(gain > 0) >= 2"]),
        "declaration.strict: the record says ['count(gain > 0) >= 2'], the bet file says ['count(gain > 0) >= 3']",
    ),
    "a measurement that a sentence reads": (
        _edit("cells", 0, "measured", "gain", to=-1),
        'strict "count(gain > 0) >= 3": value: the record says 4.0, its measurements give 3.0',
    ),
    "a measurement that no sentence reads": (
        _edit("cells", 0, "measured", "aside", to=11),
        "cells: the 4 of the record are not the 4 that the run measured",
    ),
    "a cell taken away": (
        lambda record: record["cells"].pop(),
        "cells: the 3 of the record are not the 4 that the run measured",
    ),
    "a sentence taken away": (
        lambda record: record["criteria"].pop(),
        "criteria: the record has 2, its measurements give 3",
    ),
    "constant": (
        _edit("declaration", "constants", "STEPS", to=200),
        "declaration.constants.STEPS: the record says 200, the bet file says 100",
    ),
    "hypothesis": (
        _edit("declaration", "hypothesis", to="the gain is sometimes positive."),
        "declaration.hypothesis: the record says 'the gain is sometimes positive.', the bet file says 'the gain is",
    ),
    "registration": (
        _edit("registration", "state", to="registered"),
        "registration.state: the record says 'registered', the journal says 'unknown'",
    ),
    "environment": (
        _edit("environment", "device", to="NVIDIA H100"),
        "environment.device: the record says 'NVIDIA H100', the journal says 'cpu'",
    ),
    "a package": (
        _edit("environment", "packages", "pytest", to="1.0"),
        "environment.packages.pytest: the record says '1.0', the journal says '",
    ),
    "code": (_edit("code", "digest", to="0" * 64), f"code.digest: the record says '{'0' * 64}', the journal says '"),
    "title": (_edit("bet", "title", to="A greater claim."), "the journal has no run that wrote these bytes"),
}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
@pytest.mark.usefixtures("honest")
def test_a_replay_of_honest_records_is_green_runs_nothing_and_writes_nothing(
    run: Run, workers: tuple[str, ...]
) -> None:
    """Neither the experiment nor its module runs: a catalogue can be replayed without what it was run with."""
    before = _state()
    shown = run("--bets-replay", *workers)
    assert "Replayed from results: no experiment ran, nothing was written." in shown
    assert "1_first  PASS" in shown
    assert not Path("imported").exists()
    assert not Path("ran").exists()
    assert _state() == before


@pytest.mark.parametrize("what", EDITS)
@pytest.mark.usefixtures("honest")
def test_a_record_that_was_edited_is_found_out(run: Run, what: str) -> None:
    """The session is red, and names the file, the field, its value and the expected value."""
    change, message = EDITS[what]
    record = json.loads(RECORD.read_bytes())
    change(record)
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    before = _state()
    shown = run("--bets-replay", expect=FAILED)
    assert f"{RECORD} does not hold:" in shown
    assert message in shown
    assert "the record was edited, or its run's line is gone" in shown
    assert "FAILED bet_1_first.py::record" in shown
    assert _state() == before


@pytest.mark.usefixtures("honest")
def test_an_edit_is_found_out_by_workers_too(run: Run) -> None:
    """The replay is distributed like any other session."""
    RECORD.write_text(RECORD.read_text().replace('"aside": 10', '"aside": 12'))
    shown = run("--bets-replay", "-n", "2", expect=FAILED)
    assert "cells: the 4 of the record are not the 4 that the run measured" in shown


@pytest.mark.usefixtures("honest")
def test_a_record_whose_line_is_gone_does_not_hold(run: Run) -> None:
    """A record without a run in the journal proves nothing."""
    JOURNAL.write_bytes(b"")
    assert "the journal has no run that wrote these bytes" in run("--bets-replay", expect=FAILED)
    JOURNAL.unlink()
    assert "the journal has no run that wrote these bytes" in run("--bets-replay", expect=FAILED)


@pytest.mark.usefixtures("honest")
def test_an_old_record_put_back_from_git_holds(bet: WriteBet, run: Run) -> None:
    """Every record that the journal knows is honest, not only the last."""
    old = RECORD.read_bytes()
    bet(above=TRACED, body="OTHER = 1\n" + MEASURED)
    run()
    assert RECORD.read_bytes() != old
    RECORD.write_bytes(old)
    run("--bets-replay")


@pytest.mark.usefixtures("honest")
def test_a_record_of_another_declaration_does_not_hold(bet: WriteBet, run: Run) -> None:
    """What was bet has changed since, and nothing is known of what is bet now."""
    bet(above=TRACED.replace("100", "300"), body=MEASURED)
    shown = run("--bets-replay", expect=FAILED)
    assert "the bet file declares something else than the record: run the bet again" in shown
    assert "the record was edited" not in shown


@pytest.mark.usefixtures("honest")
def test_a_new_title_and_a_withdrawal_break_no_record(bet: WriteBet, run: Run) -> None:
    """Neither changes what was bet."""
    bet(above=TRACED, body=MEASURED, title="A first claim, in better words.", markers={"withdrawn": '"too small"'})
    assert "withdrawn: too small" in run("--bets-replay")


@pytest.mark.usefixtures("honest")
def test_a_checkout_with_other_line_ends_breaks_no_record(run: Run) -> None:
    """Git may write a carriage return before every line end; the record is the same."""
    for path in (RECORD, JOURNAL):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    run("--bets-replay")


@pytest.mark.usefixtures("honest")
def test_a_bet_without_a_record_is_skipped_with_the_reason(bet: WriteBet, run: Run) -> None:
    """There is nothing to replay, which is neither a failure nor a success."""
    bet("bet_2_new.py")
    shown = run("--bets-replay", "-rs")
    assert "no record: the bet was never run to its end" in shown
    assert re.search(r"^2_new +not ", shown, re.MULTILINE)  # the column may wrap


def test_a_void_record_is_skipped_with_the_reason(bet: WriteBet, run: Run) -> None:
    """It says nothing about the claim, and it is honest about it."""
    bet(body='raise RuntimeError("out of memory")')
    run(expect=FAILED)
    shown = run("--bets-replay", "-rs")
    assert "the record is void: 4 of 4 cells crashed: experiment[1]: RuntimeError: out of memory" in shown


def test_a_void_record_that_was_edited_is_found_out(bet: WriteBet, run: Run) -> None:
    """A reason can be made up, too."""
    bet(body='raise RuntimeError("out of memory")')
    run(expect=FAILED)
    RECORD.write_text(RECORD.read_text().replace("out of memory", "power failure"))
    assert "the journal has no run that wrote these bytes" in run("--bets-replay", expect=FAILED)


def test_a_replay_gates_as_a_run_does(bet: WriteBet, run: Run) -> None:
    """The tiers are judged again, so that CI can be red on a falsified claim in seconds."""
    bet(body='return {"gain": -part}')
    run(expect=FAILED)
    shown = run("--bets-replay", expect=FAILED)
    assert "FAILED bet_1_first.py::catastrophic" in shown
    run("--bets-replay", "--bets-gate=none")
