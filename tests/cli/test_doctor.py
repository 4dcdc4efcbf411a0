"""The command `doctor`: what it checks, how bad each thing is, and the cure that it names."""

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_bets.cli import checks
from pytest_bets.cli.main import main
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.repositories import commit, git, isolate
from tests.helpers.schemas import faults


@pytest.fixture(autouse=True)
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a git checkout without a commit."""
    isolate(monkeypatch)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    git("init", "-q", "-b", "main")
    return pytester.path


Report = dict[str, dict[str, str]]
Doctor = Callable[[], tuple[int, Report]]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Return a function that runs the command: its exit status, and its checks by name."""

    def report() -> tuple[int, Report]:
        capsys.readouterr()
        status = main(["doctor", "--json"])
        found = json.loads(capsys.readouterr().out)
        assert faults("doctor", found) == []
        assert found["state"] == ("problems" if status else "ok")
        assert status in (0, 1)
        return status, {check["name"]: check for check in found["checks"]}

    return report


def test_a_project_with_a_bet_that_ran_has_nothing_to_cure(
    bet: WriteBet, run: Run, doctor: Doctor, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the journal merges by union."""
    bet("bets/bet_1_first.py")
    commit()
    run("bets")
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    status, found = doctor()
    assert (status, found["merge"]["level"]) == (1, "problem")
    subprocess.run(found["merge"]["cure"], shell=True, check=True)
    status, found = doctor()
    assert [check for check in found.values() if check["level"] != "ok" and check["name"] != "pytest-xdist"] == []
    assert status == 0
    assert found["bets"]["text"] == "1 bet in bets"
    assert found["rootdir"]["text"] == f"rootdir: {project}"
    assert found["results"]["text"] == f"results: {project / 'results'}, 1 record"
    assert found["history"]["text"] == "the whole history is here: 1 commit"
    assert found["pytest"]["text"] == f"pytest {pytest.__version__}"
    assert "local" in found["engines"]["text"]


def test_a_project_without_bets_reads_how_to_begin(doctor: Doctor) -> None:
    """Nothing is wrong there."""
    status, found = doctor()
    assert status == 0
    assert [found[name]["level"] for name in ("history", "bets", "merge")] == ["note"] * 3
    assert found["bets"]["cure"] == 'pytest-bets new "the claim in one line"'


def test_faults_of_files_and_folders_are_problems(bet: WriteBet, doctor: Doctor, project: Path) -> None:
    """A bet that cannot be read, ignored results, a shallow clone, a broken journal."""
    bet("bets/bet_1_first.py", sections={"Run": None})
    status, found = doctor()
    assert status == 1
    assert found["bets"]["text"].startswith("bets/bet_1_first.py:1: the docstring has no section `Run:`")
    bet("bets/bet_1_first.py")
    (project / ".gitignore").write_text("results/\n")
    (project / ".git" / "shallow").touch()
    (project / "results").mkdir()
    (project / "results" / "journal.jsonl").write_text("{}\n")
    status, found = doctor()
    assert status == 1
    levels = {name: found[name]["level"] for name in ("ignored", "history", "results", "merge")}
    assert levels == dict.fromkeys(levels, "problem")
    assert found["history"]["cure"].startswith("git fetch --unshallow")
    assert "results/journal.jsonl:1" in found["results"]["text"]


def test_a_bet_under_another_name_is_named_with_the_command_that_renames_it(
    bet: WriteBet, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the error, pytest would pass over it."""
    bet("bets/Bet_2.py")
    assert main(["doctor"]) == 1
    shown = capsys.readouterr().out
    assert "PROBLEM  bets/Bet_2.py: this is not a bet file name, so pytest would not run it\n" in shown
    assert "         -> git mv bets/Bet_2.py bets/bet_2.py\n" in shown
    assert "\n1 problem, " in shown


def test_what_is_no_file_beside_the_bets_is_passed_over(bet: WriteBet, doctor: Doctor, project: Path) -> None:
    """As the lock of an editor, which is a link that leads nowhere."""
    bet("bets/bet_1_first.py")
    (project / "bets" / ".#bet_1_first.py").symlink_to("somebody@host.1234")
    (project / "bets" / "old.py").mkdir()
    assert doctor()[1]["bets"]["text"] == "1 bet in bets"


def test_results_that_cannot_be_written_are_a_problem(
    doctor: Doctor, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before hours of work, not after."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, _: Path(path) != project)
        assert doctor()[1]["results"]["text"] == f"results cannot be written: {project} is read-only"
    (project / "results").touch()
    assert doctor()[1]["results"]["text"] == f"results cannot be written: {project / 'results'} is no folder"


@pytest.mark.parametrize(
    ("variable", "value", "check"),
    [
        ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1", "autoload"),
        ("PYTEST_ADDOPTS", "-q -p no:bets", "addopts"),
        ("PYTEST_ADDOPTS", "-pno:pytest_bets", "addopts"),
        ("PATH", "", "git"),
    ],
)
def test_what_keeps_pytest_from_the_plugin_is_a_problem(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, check: str
) -> None:
    """And so is a machine without git."""
    monkeypatch.setenv(variable, value)
    status, found = doctor()
    assert (status, found[check]["level"]) == (1, "problem")


def test_old_and_missing_packages_and_plugins_that_matter(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    """An old pytest is a problem, no xdist is a note, and what a neighbour does to bets is said."""
    versions = {"pytest": "8.1.2", "pytest-repeat": "0.9.3"}
    monkeypatch.setattr(checks, "_version", versions.get)
    status, found = doctor()
    assert status == 1
    assert found["pytest"]["text"] == "pytest 8.1.2 is older than 8.2"
    assert found["pytest"]["cure"].endswith("-m pip install -U pytest")
    assert found["pytest-xdist"]["level"] == "note"
    assert found["pytest-repeat"]["text"] == "pytest-repeat 0.9.3: a session with --count refuses the bets"
    assert "flaky" not in found


def test_every_extra_for_users_is_named(doctor: Doctor) -> None:
    """Those of pyproject.toml, but for what works on this repository alone needs."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    extras = set(tomllib.loads(text)["project"]["optional-dependencies"]) - {"lab", "test", "dev", "bench", "docs"}
    assert set(re.findall(r"[a-z]+", doctor()[1]["extras"]["text"].partition(" (")[0])) >= extras


def test_a_folder_in_the_working_folder_is_no_extra(
    doctor: Doctor, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the one that wandb leaves, of its own name."""
    (project / "absent_module").mkdir()
    monkeypatch.syspath_prepend(project)
    monkeypatch.setattr(checks, "_EXTRAS", {"absent": ("absent_module",)})
    assert "installed: none; not installed: absent (pip" in doctor()[1]["extras"]["text"]


def test_a_checkout_of_the_package_that_is_not_the_one_that_runs(doctor: Doctor, project: Path) -> None:
    """A change in it would have no effect: a note while both are the same, a problem when they differ."""
    own = project / "pytest_bets"
    own.symlink_to(Path(checks.__file__).parents[1])
    assert "checkout" not in doctor()[1]
    own.unlink()
    own.mkdir()
    (own / "plugin.py").touch()
    status, found = doctor()
    assert (status, found["checkout"]["level"]) == (1, "problem")
    assert "another version runs" in found["checkout"]["text"]
