"""Runs go to trackers as they are judged, and a tracker that fails changes nothing else."""

import json

import pytest

from pytest_bets.export.tracked import Tracked
from pytest_bets.hooks import exporting
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import journal, records


class Tracker:
    """A tracker in memory; it refuses the bets that it is asked to refuse."""

    def __init__(self, refused: str = "") -> None:
        self.where = "http://me:secret@host"
        self.refused = refused
        self.runs: list[tuple[Tracked, str]] = []

    def export(self, run: Tracked, record: str) -> None:
        if run.bet == self.refused:
            raise ConnectionError("the server http://me:secret@host/x went away.")
        self.runs.append((run, record))


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> Tracker:
    """Return a tracker that stands for mlflow and wandb, whose libraries need not be here."""
    made = Tracker()
    monkeypatch.setattr(exporting, "_made", lambda _: made)
    monkeypatch.setattr(exporting, "find_spec", lambda _: exporting)
    monkeypatch.setattr(exporting, "origin", "somewhere", raising=False)
    return made


@pytest.mark.parametrize("way", ["", "-n 2"])
def test_a_judged_run_is_exported_with_its_record(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, tracker: Tracker, way: str
) -> None:
    """The text is that of the record's file."""
    bet()
    shown = run("bet_1_first.py", "--bets-export", "mlflow", *way.split())
    ((exported, text),) = tracker.runs
    assert (exported.bet, exported.tags["verdict"]) == ("1_first", "PASS")
    assert text == (pytester.path / "results/1_first.json").read_text(encoding="utf-8")
    assert [point.value for point in exported.points] == [1, 2, 3, 4]
    assert "Exported to mlflow (http://host): 1 run." in shown


def test_the_setting_chooses_trackers_and_none_turns_them_off(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, tracker: Tracker
) -> None:
    """Each tracker gets each run."""
    pytester.makeini("[pytest]\nbets_export = mlflow wandb")
    bet()
    run("bet_1_first.py")
    assert len(tracker.runs) == 2
    run("bet_1_first.py", "--bets-export", "none")
    run("bet_1_first.py", "--bets-replay")
    assert len(tracker.runs) == 2


def test_a_tracker_that_fails_is_a_warning_and_loses_nothing(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, tracker: Tracker
) -> None:
    """Even where warnings are errors; the runs after the failure are not tried, and are named. No password is shown."""
    tracker.refused = "2_second"
    for number, name in enumerate(("first", "second", "third"), start=1):
        bet(f"bet_{number}_{name}.py", title=f"Claim {name}.")
    shown = run("-W", "error", "--bets-export", "mlflow", "bet_1_first.py", "bet_2_second.py", "bet_3_third.py")
    assert [exported.bet for exported, _ in tracker.runs] == ["1_first"]
    assert sorted(records(pytester.path / "results")) == ["1_first", "2_second", "3_third"]
    assert [line["verdict"] for line in journal(pytester.path / "results")] == ["PASS"] * 3
    folded = " ".join(shown.split())
    reason = "ConnectionError: the server http://host/x went away"
    assert f"ExportWarning: bets are no longer exported to mlflow in this session: {reason}" in folded
    assert "Exported to mlflow (http://host): 1 run." in folded
    assert "secret" not in shown
    assert "Not exported to mlflow: 2 runs (2, 3), whose results are written as ever: ConnectionError:" in folded


def test_a_tracker_that_cannot_be_made_is_a_warning(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken installation, or a library that ends the program."""

    def broken(_: str) -> Tracker:
        raise SystemExit("no key")

    monkeypatch.setattr(exporting, "_made", broken)
    bet()
    shown = run("bet_1_first.py", "--bets-export", "wandb")
    assert "Not exported to wandb: 1 run (1)" in shown
    assert "SystemExit: no key" in " ".join(shown.split())
    assert list(records(pytester.path / "results")) == ["1_first"]
    assert not tracker.runs


def test_warnings_of_a_library_are_not_those_of_the_project(bet: WriteBet, run: Run, tracker: Tracker) -> None:
    """A project that makes warnings errors still exports."""
    import warnings

    export = tracker.export

    def warning(run: Tracked, record: str) -> None:
        warnings.warn("old", DeprecationWarning, stacklevel=1)
        export(run, record)

    tracker.export = warning  # type: ignore[method-assign]
    bet()
    assert "Exported to mlflow (http://host): 1 run." in run("bet_1_first.py", "-W", "error", "--bets-export", "mlflow")


def test_a_wrong_name_and_a_missing_library_are_errors_before_anything_runs(
    bet: WriteBet, pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The messages have the nearest name, and the command that installs; a folder of that name is no library."""
    bet()
    shown = run("--bets-export", "mlfow", expect=pytest.ExitCode.USAGE_ERROR)
    assert "--bets-export mlfow: expected mlflow or wandb; did you mean mlflow?" in shown
    monkeypatch.setattr(exporting, "find_spec", lambda _: None)
    shown = run("--bets-export", "wandb", expect=pytest.ExitCode.USAGE_ERROR)
    assert "wandb is not installed: pip install 'pytest-bets[wandb]'" in shown
    monkeypatch.undo()
    assert not (pytester.path / "results").exists()


def test_a_child_of_an_engine_needs_no_library(bet: WriteBet, run: Run, tracker: Tracker) -> None:
    """It exports nothing, and may be on a node where the library is not installed: here it is nowhere."""
    bet()
    run("bet_1_first.py", "--bets-export", "mlflow", "--bets-on", "local=2")
    assert json.loads(tracker.runs[0][1])["verdict"] == "PASS"
