"""The README, followed to the letter."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.helpers.repositories import git, isolate
from tests.helpers.results import records

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
EDITOR = r"""#!/bin/sh
sed -i.bak -e 's/^Hypothesis:.*/Hypothesis: dropout helps./' -e 's/^Scope:.*/Scope: a toy./' "$1" && rm "$1.bak"
"""


def steps() -> list[str]:
    """Return the commands under "Your own bets", in order."""
    block = re.search(r"## Your own bets\n\n[^\n]*\n\n((?:    .*\n)+)", README)
    assert block
    return [line.strip() for line in block[1].splitlines()]


@pytest.fixture
def user(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the fresh repository of a user who has the package installed, and an editor."""
    isolate(monkeypatch)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    programs = pytester.mkdir("programs")
    editor = programs / "editor"
    for path, text in (
        (editor, EDITOR),
        (programs / "pytest", f'#!/bin/sh\nexec {sys.executable} -m pytest -p pytest_bets.plugin "$@"\n'),
        (programs / "pytest-bets", f'#!/bin/sh\nexec {sys.executable} -m pytest_bets "$@"\n'),
    ):
        path.write_text(text)
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("EDITOR", str(editor))
    repository = pytester.mkdir("repository")
    monkeypatch.chdir(repository)
    git("init", "-q", "-b", "main")
    return repository


@pytest.mark.skipif(not (shutil.which("git") and shutil.which("bash")), reason="git or bash is not installed")
def test_the_steps_to_a_first_bet_work_as_they_stand(user: Path) -> None:
    """Every line is green as it is typed, and ends in a registered verdict and a clean audit."""
    shown = []
    for step in [*steps(), "pytest-bets audit", "pytest-bets show 1"]:
        done = subprocess.run(["bash", "-ec", step], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
        shown.append(done.stdout)
    assert [step.split()[0] for step in steps()] == ["pytest-bets", "pytest", "$EDITOR", "git", "pytest", "git"]
    record = records(user / "results")["01_dropout_helps_at_every_size"]
    assert (record["verdict"], record["registration"]["state"]) == ("PASS", "registered")
    assert "1 bet rehearsed" in shown[1]
    assert "Clean: 0 findings" in shown[-2]
    assert git("status", "--porcelain") == ""


def test_without_the_edit_the_bet_is_not_run(user: Path) -> None:
    """The step that everybody forgets leaves neither a record nor a finding."""
    for step in steps():
        if step.startswith("$EDITOR"):
            continue
        done = subprocess.run(["bash", "-ec", step], capture_output=True, text=True, check=False)
        if step == "pytest bets/":
            break
        assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
    assert "the section `Hypothesis:` still has the text of the template" in done.stdout
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert not (user / "results").exists()


def test_the_configuration_of_pre_commit_names_a_hook_that_is_there() -> None:
    """At the tag of this version."""
    yaml = pytest.importorskip("yaml")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)]
    (repository,) = next(block["repos"] for block in blocks if "repos" in block)
    offered = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    version = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert repository["rev"] == f"v{version}"
    assert {hook["id"] for hook in repository["hooks"]} == {hook["id"] for hook in offered}
