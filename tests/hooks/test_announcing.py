"""The hooks of the plugin: called once, by the process that judges, and an error in one loses nothing."""

import json
from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import Json, journal, prove_whole, records

NOTING = """
import json, os, pytest

def note(config, name, **what):
    worker = hasattr(config, "workerinput")
    with open(config.rootpath / "calls.jsonl", "a") as file:
        file.write(json.dumps({"hook": name, "pid": os.getpid(), "worker": worker, **what}) + "\\n")

def pytest_bets_declared(declaration, config):
    note(config, "declared", bet=declaration.id, digest=declaration.digest)

def pytest_bets_cell(declaration, cell, config):
    measured = dict(cell.cell.measured) if cell.cell else None
    note(config, "cell", bet=declaration.id, nodeid=cell.nodeid, index=cell.index, of=cell.of, measured=measured,
         reason=cell.reason)

def pytest_bets_judged(record, run, declaration, config):
    note(config, "judged", bet=record.id, verdict=record.verdict, cells=len(record.cells), void=record.void,
         digest=record.declaration.digest, pilot=record.pilot,
         file=(config.rootpath / "results" / f"{record.id}.json").exists(),
         incomplete=run.incomplete, journal=run.in_journal, wrote=run.wrote_record, number=run.replication,
         same=record.declaration.digest == declaration.digest)

def pytest_bets_summary(summary, config):
    note(config, "summary", bets=[row.id for row in summary.bets])
"""
DISTRIBUTED = ("", "-n 2", "--bets-on local=2")


def calls(folder: Path, hook: str = "") -> list[Json]:
    """Return the calls that were noted, of one hook or of all."""
    path = folder / "calls.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [line for line in lines if hook in ("", line["hook"])]


@pytest.mark.parametrize("way", DISTRIBUTED)
def test_each_hook_is_called_once_by_the_process_that_judges(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, way: str
) -> None:
    """A call for each bet, each cell and each record, and one for the summary; cells are known by their index."""
    pytester.makeconftest(NOTING)
    bet()
    bet("bet_2_second.py", 'return {"gain": -part}', title="A second claim.")
    run("bet_1_first.py", "bet_2_second.py", *way.split(), "--bets-gate", "none")
    found = calls(pytester.path)
    assert {(call["pid"], call["worker"]) for call in found} == {(found[0]["pid"], False)}
    assert [call["bet"] for call in found if call["hook"] == "declared"] == ["1_first", "2_second"]
    assert [call["hook"] for call in found[:2]] == ["declared", "declared"]
    cells = calls(pytester.path, "cell")
    assert sorted((call["bet"], call["index"], call["of"], call["measured"]["gain"]) for call in cells) == sorted(
        (bet, index, 4, sign * (index + 1)) for bet, sign in (("1_first", 1), ("2_second", -1)) for index in range(4)
    )
    judged = {call["bet"]: call for call in calls(pytester.path, "judged")}
    assert {bet: call["verdict"] for bet, call in judged.items()} == {"1_first": "PASS", "2_second": "FAIL"}
    for call in judged.values():
        assert call["cells"] == 4
        assert (call["file"], call["journal"], call["wrote"], call["same"]) == (True, True, True, True)
    assert [call["bets"] for call in found if call["hook"] == "summary"] == [["1_first", "2_second"]]
    assert found[-1]["hook"] == "summary"
    assert len(found) == 2 + 8 + 2 + 1


def test_runs_that_write_no_record_are_announced_as_what_they_are(
    bet: WriteBet, pytester: pytest.Pytester, run: Run
) -> None:
    """A run of the same pair, a run with cells left out, and a crash, whose cells have a reason."""
    pytester.makeconftest(NOTING)
    bet(body='return {"gain": part if part < 4 or open("good").close() is None else 0}')
    Path("good").touch()
    run("bet_1_first.py")
    run("bet_1_first.py")
    run("bet_1_first.py::experiment[1]", "bet_1_first.py::experiment[2]")
    Path("good").unlink()
    run("bet_1_first.py", expect=pytest.ExitCode.TESTS_FAILED)
    judged = calls(pytester.path, "judged")
    assert [(call["verdict"], call["cells"], call["wrote"], call["journal"]) for call in judged] == [
        ("PASS", 4, True, True),
        ("PASS", 4, False, True),
        (None, 2, False, True),
        (None, 3, False, True),
    ]
    assert judged[2]["incomplete"] == "2 of 4 cells did not run"
    assert judged[3]["incomplete"] is None
    assert judged[3]["void"].startswith("1 of 4 cells crashed")
    broken = [call for call in calls(pytester.path, "cell") if call["reason"]]
    assert len(broken) == 1
    assert broken[0]["nodeid"].endswith("experiment[4]")
    assert "FileNotFoundError" in broken[0]["reason"]


def test_a_replay_and_a_rehearsal_announce_nothing(bet: WriteBet, pytester: pytest.Pytester, run: Run) -> None:
    """They write nothing; a rehearsal that is kept is announced, and is marked as one."""
    bet(above='STEPS = 2\nPILOT = {"STEPS": 1}', body='return {"gain": part * STEPS}')
    run("bet_1_first.py")
    pytester.makeconftest(NOTING)
    run("bet_1_first.py", "--bets-replay")
    run("bet_1_first.py", "--bets-pilot")
    run("bet_1_first.py", "--collect-only")
    assert calls(pytester.path) == []
    run("bet_1_first.py", "--bets-pilot", "--bets-results", "pilots")
    assert [(call["verdict"], call["pilot"]) for call in calls(pytester.path, "judged")] == [(None, True)]


BREAKING = {
    "an exception": "raise ValueError('the disk of the exporter')",
    "a skip": "pytest.skip('the disk of the exporter')",
    "a failure": "pytest.fail('the disk of the exporter')",
    "an end of the program": "raise SystemExit('the disk of the exporter')",
    "a cancelled task": "import asyncio; raise asyncio.CancelledError('the disk of the exporter')",
}


@pytest.mark.parametrize(("what", "way"), [*((what, "-x") for what in BREAKING), ("an exception", "-n 2 -x")])
def test_an_error_in_a_hook_loses_nothing(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, what: str, way: str
) -> None:
    """Each hook breaks, even with -x: record, journal and summary are those of a run without hooks."""
    hooks = ("declared(declaration)", "cell(cell)", "judged(record)", "summary(summary)")
    pytester.makeconftest(
        "import pytest\n" + "".join(f"\ndef pytest_bets_{hook}:\n    {BREAKING[what]}\n" for hook in hooks)
    )
    bet()
    shown = run("bet_1_first.py", *way.split(), expect=pytest.ExitCode.TESTS_FAILED)
    assert [line["verdict"] for line in prove_whole(pytester.path / "results")] == ["PASS"]
    assert records(pytester.path / "results")["1_first"]["verdict"] == "PASS"
    assert (pytester.path / "results/SUMMARY.md").exists()
    assert "1 PASS, 0 LENIENT, 0 FAIL" in shown
    for hook in ("declared raised an exception for 1_first", "judged raised an exception for 1_first"):
        assert f"pytest_bets_{hook}:" in shown
    assert shown.count("pytest_bets_cell raised an exception for bet_1_first.py::experiment[") == 1
    assert "pytest_bets_cell raised 3 more exceptions" in shown
    assert "the disk of the exporter" in shown
    assert 'conftest.py", line 4, in pytest_bets_declared' in shown
    assert "pluggy" not in shown.partition("raised an exception")[2]


def test_an_exit_in_a_hook_ends_the_session_and_keeps_the_record(
    bet: WriteBet, pytester: pytest.Pytester, run: Run
) -> None:
    """`pytest.exit` is no error."""
    pytester.makeconftest("import pytest\ndef pytest_bets_judged(record): pytest.exit('enough')")
    bet()
    bet("bet_2_second.py", title="A second claim.")
    shown = run("bet_1_first.py", "bet_2_second.py", expect=pytest.ExitCode.INTERRUPTED)
    assert "enough" in shown
    assert [line["bet"] for line in journal(pytester.path / "results")] == ["1_first"]


def test_a_record_that_cannot_be_written_is_still_announced(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exporter may be the only place that gets it."""
    pytester.makeconftest(NOTING)

    def full(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("pytest_bets.record.store.Results.append_run", full)
    bet()
    run("bet_1_first.py", expect=pytest.ExitCode.TESTS_FAILED)
    assert [(call["journal"], call["cells"]) for call in calls(pytester.path, "judged")] == [(False, 4)]
    assert calls(pytester.path, "summary") == []


def test_nothing_is_made_for_a_hook_that_nothing_implements(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cell is decoded, and no record is copied."""
    from pytest_bets.hooks import announcing

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("made without an implementation")

    for name in ("_reported", "RunInfo", "replace"):
        monkeypatch.setattr(announcing, name, refuse)
    bet()
    run("bet_1_first.py")


def test_hooks_in_a_session_without_bets_are_known(pytester: pytest.Pytester, run: Run) -> None:
    """A conftest.py may implement them, and no bet is collected."""
    pytester.makeconftest(NOTING)
    pytester.makepyfile(test_other="def test_true(): pass")
    run("test_other.py")
    run("test_other.py", "-n", "1")
    assert calls(pytester.path) == []


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("recrod", "{'recrod'} are declared in the hookimpl but can not be found in the hookspec"),
        ("juged", "unknown hook 'pytest_bets_juged'"),
    ],
)
def test_a_misspelt_hook_is_the_error_of_pluggy(pytester: pytest.Pytester, wrong: str, text: str) -> None:
    """The names of hooks and of their arguments are checked."""
    hook, argument = ("judged", wrong) if wrong == "recrod" else (wrong, "record")
    pytester.makeconftest(f"def pytest_bets_{hook}({argument}): pass")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret != 0
    assert text in result.stdout.str() + result.stderr.str()


def test_a_cell_that_reports_twice_is_announced_once(bet: WriteBet, pytester: pytest.Pytester, run: Run) -> None:
    """A plugin may run a test again."""
    again = """
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol
    runtestprotocol(item, nextitem=item)
"""
    pytester.makeconftest(NOTING + again)
    bet()
    run("bet_1_first.py", "-k", "experiment", expect=pytest.ExitCode.TESTS_FAILED)
    assert len(calls(pytester.path, "cell")) == 4
    assert [call["verdict"] for call in calls(pytester.path, "judged")] == [None]
