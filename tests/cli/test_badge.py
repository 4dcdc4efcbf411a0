"""`pytest-bets badge`."""

import json
from pathlib import Path

import pytest

from pytest_bets.cli.main import main
from pytest_bets.record.store import Results
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.histories import commit, inspect
from tests.helpers.results import prove_whole, records


def test_a_badge_is_written_when_asked_for_and_kept_from_then_on(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    """A session writes none unasked; the one that is there follows the results, and is no record."""
    path = pytester.path / "results/badge.json"
    bet()
    run("bet_1_first.py")
    assert main(["rollup"]) == 0
    assert not path.exists()
    assert main(["badge"]) == 0
    assert "results/badge.json: bets: 1 PASS, 0 LENIENT, 0 FAIL" in capsys.readouterr().out
    first = path.stat()
    bet("bet_2_second.py", 'return {"gain": -part}', title="A second claim.")
    run("bet_2_second.py", "--bets-gate", "none")
    assert json.loads(path.read_text())["message"] == "1 PASS, 0 LENIENT, 1 FAIL"
    assert path.stat().st_ino != first.st_ino
    kept = path.stat()
    run("bet_1_first.py", "bet_2_second.py", "--bets-gate", "none")
    assert path.stat().st_mtime_ns == kept.st_mtime_ns
    assert [record.id for record in Results(pytester.path / "results").records()] == ["1_first", "2_second"]
    assert sorted(records(pytester.path / "results")) == ["1_first", "2_second"]
    prove_whole(pytester.path / "results")
    for command in (["compare", "results", "results"], ["show", "1"], ["export", "--to", "csv"]):
        assert main(command) == 0
    assert "badge" not in capsys.readouterr().err


def test_without_results_there_is_no_badge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says why."""
    assert main(["badge", "--rootdir", str(tmp_path), "--results", str(tmp_path / "nowhere")]) == 2
    assert "no bet was run" in capsys.readouterr().err


def test_a_bet_cannot_take_its_place(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Its record would be the badge."""
    bet("bet_badge.py")
    result = pytester.runpytest_inprocess("bet_badge.py", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*the id badge is the name of another file in the folder of results*"])


@pytest.mark.usefixtures("history")
def test_an_audit_takes_it_for_no_record(pytester: pytest.Pytester) -> None:
    """Committed, changed, deleted, in the tree and in the history."""
    before = [entry["kind"] for entry in inspect().entries]
    assert main(["badge"]) == 0
    commit("A badge")
    (pytester.path / "results/badge.json").write_text("not JSON")
    assert [entry["kind"] for entry in inspect().entries] == before
    commit("Another badge")
    (pytester.path / "results/badge.json").unlink()
    commit("No badge")
    assert [entry["kind"] for entry in inspect().entries] == before
