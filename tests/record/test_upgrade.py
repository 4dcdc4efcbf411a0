"""Upgrades of records: the code part alone is other than it was, and the audit knows an honest one from any other."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.record.codec import dump, load, rows_of
from pytest_bets.values import canonical, digest
from tests.helpers.fixtures import Run
from tests.helpers.histories import BET, JOURNAL, LAB, RECORD, History, audit, commit, edit
from tests.helpers.results import prove_whole, strict
from tests.helpers.schemas import faults

Json = dict[str, Any]


def command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command line."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_bets", *arguments], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


def record() -> Json:
    return dict(strict(Path(RECORD).read_bytes()))


def write(item: Json) -> str:
    """Write a record as a session does, and return the hash of its bytes."""
    typed = load(json.dumps(item).encode(), RECORD)
    data = dump(typed, rows_of(typed))
    Path(RECORD).write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def rewrite(*lines: Json) -> None:
    Path(JOURNAL).write_bytes(b"".join(canonical(line).encode() + b"\n" for line in lines))


def entries() -> list[Json]:
    return [json.loads(line) for line in Path(JOURNAL).read_bytes().splitlines()]


@pytest.fixture
def old(history: History) -> History:
    """Return a history whose record and journal are of schema 1, as they were written before there was a second."""
    hashes = {file: hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in (BET, LAB)}
    code = {"digest": digest(hashes), "files": hashes}
    (line,) = entries()
    del line["kind"]
    sha256 = write({**record(), "schema": "pytest-bets/record/1", "code": code})
    rewrite({**line, "schema": "pytest-bets/journal/1", "code": code["digest"], "record": sha256})
    commit("Record it as it was done then", "--amend")
    return history


@pytest.mark.usefixtures("old")
def test_a_record_of_schema_1_fits_its_schema_and_holds_in_audit_replay_and_summary() -> None:
    """Old results stay readable."""
    assert faults("record1", record()) == []
    assert faults("journal1", entries()[0]) == []
    found = audit()
    assert (found.status, found.findings) == (0, set())
    assert "Code          2 files, " in command("show", "1").stdout
    assert command("rollup").returncode == 0


@pytest.mark.usefixtures("old")
def test_a_session_says_which_records_are_not_upgraded(run: Run) -> None:
    """A run counts as one of other code, so it replaces the record; after an upgrade nothing is said."""
    said = "Not upgraded: 1 record of schema 1 (1): a run of their bets counts as one of other code until"
    assert said in " ".join(run("--bets-replay").split())
    assert command("upgrade", "--dry-run").returncode == 0
    shown = " ".join(run("--bets-gate=none").split())
    assert f"{said} `pytest-bets upgrade` rewrites them, and this session replaced 1." in shown
    assert "Not upgraded" not in run("--bets-gate=none")


@pytest.mark.usefixtures("old")
def test_after_an_upgrade_a_run_is_a_replication(run: Run) -> None:
    """The record stays, and a session says nothing of an upgrade."""
    assert command("upgrade").returncode == 0
    shown = run("--bets-gate=none")
    assert "1 unchanged" in shown
    assert "Not upgraded" not in shown


def test_an_upgrade_writes_the_code_that_the_commit_gives_and_nothing_else(old: History) -> None:
    """The record is then what a session of today would have written, and its journal line has all that it was."""
    before, line = record(), entries()[0]
    edit(("return {", "return {'more': 1, "), file=LAB)  # the files of today are not asked
    done = command("upgrade")
    assert (done.returncode, done.stdout) == (
        0,
        "1_warm: upgraded: 4 definitions in 2 files\n1 upgraded.\n",
    )
    after = record()
    assert faults("record", after) == []
    assert {**after, "schema": before["schema"], "code": before["code"]} == before
    assert {file: set(names) for file, names in after["code"]["definitions"].items()} == {
        BET: {"STEPS", "experiment"},
        LAB: {"COLD", "losses"},
    }
    first, upgrade = entries()
    assert first == line
    assert faults("upgrade", upgrade) == []
    assert upgrade["was"] == {"schema": before["schema"], "record": line["record"], "code": before["code"]}
    assert (upgrade["code"], upgrade["kind"]) == (after["code"]["digest"], "upgrade")
    prove_whole(Path("results"))
    edit(("'more': 1, ", ""), file=LAB)
    commit("Upgrade")
    found = audit()
    assert (found.status, found.notes) == (0, set())
    old.run("--bets-replay", "--bets-gate", "regression")


def test_a_run_of_the_same_meaning_is_a_replication_of_an_upgraded_record(old: History) -> None:
    """Runs before and after the upgrade count as runs of one pair."""
    command("upgrade")
    commit("Upgrade")
    data = Path(RECORD).read_bytes()
    edit(("return {", "return {  # as measured\n"), file=LAB)
    commit("Say what is returned")
    old.again()
    assert Path(RECORD).read_bytes() == data
    summary = json.loads(Path("results/SUMMARY.json").read_text())
    runs = {"total": 2, "same": 2, "agreed": 2, "reproduced": 1, "replicated": 0}
    assert summary["bets"][0]["runs"] == runs
    found = audit()
    assert (found.status, found.notes) == (0, set())


@pytest.mark.usefixtures("old")
def test_a_second_upgrade_and_a_dry_run_write_nothing() -> None:
    """A second one has nothing to do; a dry run only says so."""
    before = Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()
    assert "1 would be upgraded." in command("upgrade", "--dry-run").stdout
    assert (Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()) == before
    command("upgrade")
    after = Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()
    done = command("upgrade")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 unchanged.")
    assert (Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()) == after


@pytest.mark.usefixtures("old")
def test_an_upgrade_that_was_cut_off_is_completed_by_the_next() -> None:
    """Its line is in the journal, and its record is still the old one: no second line is added."""
    before = Path(RECORD).read_bytes()
    command("upgrade")
    after, lines = Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()
    Path(RECORD).write_bytes(before)
    assert audit().findings == set()
    assert "the journal has its line already" in command("upgrade").stdout
    assert (Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()) == (after, lines)


def _other_bytes() -> None:
    item = record()
    item["code"]["files"][LAB] = "0" * 64
    _forge(item)


def _more_code() -> None:
    item = record()
    del item["code"]["files"][LAB]
    _forge(item)


def _other_commit() -> None:
    item = record()
    item["environment"]["commit"] = "0" * 40
    _forge(item)


def _no_commit() -> None:
    item = record()
    item["environment"]["commit"] = None
    _forge(item)


def _edited() -> None:
    item = record()
    item["cells"][0]["measured"]["cold"] = 9
    write(item)


def _forge(item: Json) -> None:
    (line,) = entries()
    rewrite({**line, "record": write(item)})


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_other_bytes, f"{LAB}: it ran with sha256 0000000000, commit "),
        (_more_code, f"{LAB}: its code reaches this file, and the record does not name it"),
        (_other_commit, "it names commit 0000000000, which is not in this repository"),
        (_no_commit, "it ran outside git: there is no commit to read its code from"),
        (_edited, "no run in the journal wrote these bytes: the record was edited, or its run's line is gone"),
    ],
)
def test_a_record_that_its_commit_does_not_bear_out_is_refused(spoil: Callable[[], None], reason: str) -> None:
    """It stays as it is, with the reason."""
    spoil()
    before = Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()
    done = command("upgrade")
    assert done.returncode == 1
    assert f"1_warm: not upgraded: {reason}" in done.stdout
    assert (Path(RECORD).read_bytes(), Path(JOURNAL).read_bytes()) == before


def _other_measurement(item: Json) -> None:
    item["cells"][0]["measured"]["placebo"] += 1


def _other_verdict(item: Json) -> None:
    item["environment"]["device"] = "a faster one"


def _other_definition(item: Json) -> None:
    item["code"]["definitions"][LAB]["losses"] = "0" * 16


def _less_code(item: Json) -> None:
    del item["code"]["definitions"][LAB]


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (_other_measurement, "the record says something else than the one that the run wrote"),
        (_other_verdict, "the record says something else than the one that the run wrote"),
        (_other_definition, "the code in the record is not what its commit gives"),
        (_less_code, "the code in the record is not what its commit gives"),
    ],
)
@pytest.mark.parametrize("replaced", [False, True])
def test_an_upgrade_that_changes_more_than_it_may_is_found(
    old: History, spoil: Callable[[Json], None], text: str, *, replaced: bool
) -> None:
    """Also where an honest run has replaced the record since."""
    command("upgrade")
    item = record()
    spoil(item)
    line, upgrade = entries()
    rewrite(line, {**upgrade, "record": write(item)})
    commit("Upgrade")
    if replaced:
        edit(("COLD = 2.5", "COLD = 2.75"), file=LAB)
        commit("Measure otherwise")
        old.again()
    found = audit()
    assert found.findings == {"edited-record"}
    assert text in found.of("edited-record")[0]["text"]


@pytest.mark.usefixtures("old")
def test_an_upgrade_of_a_record_that_no_run_wrote_is_found() -> None:
    """A line that names another old record makes no record honest."""
    command("upgrade")
    line, upgrade = entries()
    rewrite(line, {**upgrade, "was": {**upgrade["was"], "record": "0" * 64}})
    commit("Upgrade")
    texts = " ".join(entry["text"] for entry in audit().of("edited-record"))
    assert "no run in the journal wrote the record that it upgraded" in texts


@pytest.mark.usefixtures("old")
def test_an_upgrade_line_that_is_gone_is_missed() -> None:
    """What was committed once is never forgotten."""
    command("upgrade")
    commit("Upgrade")
    rewrite(entries()[0])
    commit("Drop it")
    assert audit().findings == {"vanished-line"}


def test_a_stale_record_names_its_definitions_and_a_move_is_no_change(history: History) -> None:
    """The audit names what changed."""
    edit(("def losses", "def half(x):\n    return x / 2\n\n\ndef losses"), ("COLD = 2.5", "COLD = 2.6"), file=LAB)
    commit("Add a function that nothing uses, and change a constant")
    found = audit()
    assert found.text("stale").startswith(f"the record is stale: {LAB}: COLD changed since (")
    assert f"Stale         {LAB}: COLD changed since; run the bet again" in command("show", "1").stdout
    edit(("COLD = 2.6", "COLD = 2.5"), file=LAB)
    commit("Back again")
    assert audit().notes == set()
    Path("bets/constants.py").write_text("COLD = 2.5\n")
    edit(("COLD = 2.5\n", "from constants import COLD\n"), file=LAB)
    commit("Move it")
    found = audit()
    assert found.notes == {"moved"}
    assert found.text("moved") == f"the same code at another place: COLD from {LAB} to bets/constants.py"
    assert f"COLD from {LAB} to bets/constants.py" in " ".join(command("show", "1").stdout.split())
    data = Path(RECORD).read_bytes()
    history.again()
    assert Path(RECORD).read_bytes() == data


def test_other_versions_of_packages_than_the_lock_file_names_are_drift_and_no_staleness(history: History) -> None:
    """It is a note; a local version counts as the same version."""
    Path("constraints.txt").write_text("# pins\npytest==1.2.3\n")
    commit("Pin")
    found = audit()
    assert found.notes == {"drift"}
    ours = record()["environment"]["packages"]["pytest"]
    assert found.text("drift") == f"measured with other packages than constraints.txt names: pytest {ours} -> 1.2.3"
    Path("uv.lock").write_text(f'version = 1\n[[package]]\nname = "pytest"\nversion = "{ours}"\n')
    commit("Lock")
    assert audit().notes == set()
    history.run("--bets-replay")
