"""The composite action for GitHub does what it says: its steps run here as the runner would run them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.repositories import commit, git, isolate

yaml = pytest.importorskip("yaml")
ACTION = Path(__file__).parents[1] / "action.yml"
pytestmark = pytest.mark.skipif(not (ACTION.exists() and shutil.which("bash")), reason="needs action.yml and bash")


@pytest.fixture
def project(bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository with a falsified bet on record and a page that says so."""
    isolate(monkeypatch)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p pytest_bets.plugin")
    programs = pytester.mkdir("programs")
    for name, module in (("python", ""), ("pytest-bets", "-m pytest_bets")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {module} "$@"\n')
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    root = pytester.mkdir("project")
    monkeypatch.chdir(root)
    git("init", "-q", "-b", "main")
    bet("project/bets/bet_1_first.py", 'return {"gain": -part}')
    (root / "README.md").write_text("Bet 1: FAIL.\n")
    commit()
    subprocess.run([sys.executable, "-m", "pytest", "bets"], capture_output=True, check=False)
    commit()
    return root


def steps(**inputs: str) -> list[int]:
    """Run the steps of the action with these inputs and the defaults of the others; return their exit statuses."""
    action = yaml.safe_load(ACTION.read_text())
    given = {name: inputs.get(name, str(entry["default"])) for name, entry in action["inputs"].items()}
    done = []
    for step in action["runs"]["steps"]:
        if step.get("if") == "inputs.audit == 'true'" and given["audit"] != "true":
            continue
        if step.get("if") == "inputs.claims != ''" and not given["claims"]:
            continue
        environment = {
            name: given[value.removeprefix("${{ inputs.").removesuffix(" }}")]
            for name, value in step.get("env", {}).items()
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done.append(subprocess.run(command, env={**os.environ, **environment}, check=False).returncode)
    return done


@pytest.mark.usefixtures("project")
def test_a_falsified_bet_that_is_on_record_fails_nothing() -> None:
    """The records are judged again, the history is audited, the page is checked."""
    assert steps() == [0, 0, 0]
    assert steps(audit="false", claims="") == [0]
    assert steps(gate="catastrophic", audit="false", claims="") == [1]


def test_what_is_wrong_fails_its_step(project: Path) -> None:
    """A page that says something else, a record that was edited, and a mode that there is not."""
    (project / "README.md").write_text("Bet 1: PASS.\n")
    record = project / "results/1_first.json"
    record.write_text(record.read_text().replace('"gain": -1', '"gain": 1'))
    assert steps() == [1, 1, 1]
    assert steps(mode="rnu", audit="false", claims="") == [2]


@pytest.mark.usefixtures("project")
def test_the_experiments_can_be_run() -> None:
    """With more arguments of pytest; a catastrophe fails the job."""
    assert steps(mode="run", arguments="-q -p no:cacheprovider", audit="false", claims="") == [1]
    assert steps(mode="run", gate="none", audit="false", claims="") == [0]
