"""Bets under tox, nox and pre-commit: the same verdicts, and red where pytest is red."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.neighbours import RESULTS, needs, write_three
from tests.helpers.repositories import git, isolate
from tests.helpers.results import journal, records

PROJECT = Path(__file__).parents[2]
PYTEST = "python -m pytest -p pytest_bets.plugin -p no:cacheprovider"
TOX = f"""
[tox]
env_list = bets

[testenv]
skip_install = true
set_env =
    PYTHONPATH = {os.pathsep.join(path for path in sys.path if path)}
    PYTEST_DISABLE_PLUGIN_AUTOLOAD = 1
commands = {PYTEST} {{posargs}}
"""
NOX = f"""
import nox

@nox.session(venv_backend="none")
def bets(session):
    alone = {{"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}}
    session.run(*{[sys.executable, *PYTEST.split()[1:]]!r}, *session.posargs, env=alone)
"""


def verdicts() -> dict[str, str]:
    """Return the verdicts on record."""
    return {name: record["verdict"] for name, record in records(RESULTS).items()}


def tool(*arguments: str) -> tuple[int, str]:
    """Run a tool as a module, without what tests have set; return its exit status and what it printed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment = {**kept, "PYTHONUNBUFFERED": "1"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments], capture_output=True, text=True, check=False, env=environment
    )
    return done.returncode, done.stdout + done.stderr


@needs("tox")
def test_tox_runs_bets_in_an_environment_of_its_own(bet: WriteBet, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are registered as in a session without it: git and its settings are reached."""
    isolate(monkeypatch)
    write_three(bet)
    Path("tox.ini").write_text(TOX)
    Path(".gitignore").write_text(".tox/\n__pycache__/\n")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "Declare")
    status, shown = tool("tox", "-q")
    assert status == 1, shown
    assert verdicts() == {"1_first": "PASS", "2_second": "LENIENT", "3_third": "FAIL"}
    assert {line["registration"] for line in journal(RESULTS)} == {"registered"}
    status, shown = tool("tox", "-q", "--", "--bets-replay", "--bets-gate", "none")
    assert status == 0, shown


@needs("nox")
def test_nox_runs_bets_and_is_red_where_they_are(bet: WriteBet) -> None:
    """What stands after -- goes to pytest."""
    write_three(bet)
    Path("noxfile.py").write_text(NOX)
    status, shown = tool("nox")
    assert status == 1, shown
    assert verdicts() == {"1_first": "PASS", "2_second": "LENIENT", "3_third": "FAIL"}
    assert tool("nox", "--", "--bets-replay", "--bets-gate", "none")[0] == 0


@needs("pre_commit")
def test_pre_commit_checks_the_manifest_and_runs_the_hook(
    bet: WriteBet, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    """The hook fails a commit of a page that says something else than the record, and passes the corrected one."""
    isolate(monkeypatch)
    manifest = PROJECT / ".pre-commit-hooks.yaml"
    assert tool("pre_commit", "validate-manifest", str(manifest))[0] == 0
    bet()
    run()
    hook = manifest.read_text(encoding="utf-8").partition("- id:")[2]
    hook = hook.replace("language: python", "language: system")
    hook = hook.replace("entry: pytest-bets", f"entry: {sys.executable} -m pytest_bets")
    indented = indent(f"- id:{hook}", " " * 6)
    Path(".pre-commit-config.yaml").write_text(f"repos:\n  - repo: local\n    hooks:\n{indented}")
    Path("README.md").write_text("Bet 1: FAIL\n")
    git("init", "-q")
    git("add", "-A")
    monkeypatch.setenv("PRE_COMMIT_HOME", str(Path.cwd() / "home"))
    status, shown = tool("pre_commit", "run", "--all-files")
    assert status == 1
    assert 'README.md:1: "Bet 1: FAIL": the record says PASS' in shown
    Path("README.md").write_text("Bet 1: PASS\n")
    git("add", "-A")
    status, shown = tool("pre_commit", "run", "--all-files")
    assert status == 0, shown


@pytest.mark.skipif(not (PROJECT / ".ci").exists(), reason="the source distribution has no .ci")
def test_the_page_has_a_row_for_every_neighbour() -> None:
    """And for no other, but for those that no registry has."""
    lines = (PROJECT / ".ci/neighbours.txt").read_text(encoding="utf-8").partition("# what those bring")[0].splitlines()
    installed = {line.partition("==")[0] for line in lines if not line.startswith("#")}
    page = (PROJECT / "docs/neighbours.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| ([^|]+?) \| ", page, re.MULTILINE)
    named = {name for cell in cells for name in cell.split(", ")} - {"plugin", "tool", "VS Code", "PyCharm"}
    assert named == installed - {"trio"}
