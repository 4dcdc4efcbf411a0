"""Real repositories in which a bet is declared, run, committed and audited, step by step."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from pytest_bets.audit.audit import audit as judge
from pytest_bets.audit.collect import gather
from pytest_bets.audit.document import document
from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.project import locate
from pytest_bets.record.encode import encode
from pytest_bets.record.store import Results
from tests.helpers.processes import start
from tests.helpers.repositories import git

BET: Final = "bets/bet_1_warm.py"
LAB: Final = "bets/lab.py"
JOURNAL: Final = "results/journal.jsonl"
RECORD: Final = "results/1_warm.json"
DECLARATION: Final = '''\
"""Bet 1: warm-up helps at every size.

Hypothesis: with warm-up the loss is lower than without it, whatever the size of the model and the data.
Strict: warm-up wins in at least 4 of 5 cells.
Lenient: warm-up wins in at least 3 of 5 cells.
Catastrophic: warm-up wins in fewer than 2 of 5 cells.
Control: a placebo wins in at most 1 cell.
Run: pytest
"""

import pytest
from lab import losses

STEPS = 10


@pytest.mark.strict("count(warm < cold) >= 4")
@pytest.mark.lenient("count(warm < cold) >= 3")
@pytest.mark.catastrophic("count(warm < cold) < 2")
@pytest.mark.control("count(placebo < cold) <= 1")
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def experiment(size):
    return losses(size, STEPS)
'''
LABORATORY: Final = '''\
"""Losses with and without warm-up; it wins in 2 of the 5 cells, so that the bet is lost."""

COLD = 2.5


def losses(size, steps):
    return {"warm": size, "cold": COLD, "placebo": size + steps}
'''
LOOSER: Final = (("at least 4", "at least 2"), (">= 4", ">= 2"), ("at least 3", "at least 2"), (">= 3", ">= 2"))
"""What turns the lost bet into a won one."""
WON: Final = (("COLD = 2.5", "COLD = 9"),)
"""What another laboratory measures: warm-up wins in all cells."""
OTHER: Final = (
    ("Bet 1: warm-up helps", "Bet 2: a second layer helps"),
    ("with warm-up the loss is lower than without it, whatever", "two layers tell more than one, independent of"),
    ("count(warm < cold)", "count(warm < cold + 0)"),
)
"""What makes a bet of another claim."""


@dataclass(frozen=True)
class Audited:
    """What the command line said: its exit status and its JSON."""

    status: int
    whole: Mapping[str, Any]

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Every entry, of bets and of none."""
        return [*(entry for bet in self.whole["bets"] for entry in bet["entries"]), *self.whole["entries"]]

    @property
    def findings(self) -> set[str]:
        """The kinds that were found."""
        return {entry["kind"] for entry in self.entries if entry["level"] == "finding"}

    @property
    def notes(self) -> set[str]:
        """The kinds that were noted."""
        return {entry["kind"] for entry in self.entries if entry["level"] == "note"}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the entries of a kind."""
        return [entry for entry in self.entries if entry["kind"] == kind]

    def text(self, kind: str) -> str:
        """Return what the only entry of a kind says."""
        (entry,) = self.of(kind)
        return str(entry["text"])

    def changed(self, kind: str = "goalposts") -> set[tuple[str, str]]:
        """Return what changed and how, of the entries of a kind."""
        return {(entry["change"]["subject"], entry["change"]["kind"]) for entry in self.of(kind)}

    def bet(self, name: str = "1_warm") -> dict[str, Any]:
        """Return what is said of one bet."""
        (found,) = (bet for bet in self.whole["bets"] if bet["id"] == name)
        return dict(found)


def write(file: str | Path, text: str) -> None:
    """Write a file and its folders."""
    Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(file).write_text(text, encoding="utf-8")


def edit(*pairs: tuple[str, str], file: str | Path = BET) -> None:
    """Replace parts of a file that are there."""
    text = Path(file).read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    Path(file).write_text(text, encoding="utf-8")


def commit(message: str, *arguments: str) -> str:
    """Commit all that is there and return the commit's name."""
    git("add", "-A")
    git("commit", "-q", "-m", message, *arguments)
    return git("rev-parse", "HEAD")


def audit(*arguments: str) -> Audited:
    """Audit from where the test stands; what is printed satisfies the schema, and the exit status says the same."""
    done = _audit("--format", "json", *arguments)
    assert done.stderr == ""
    whole = json.loads(done.stdout)
    schema = json.loads(files("pytest_bets").joinpath("schema", "audit.json").read_text(encoding="utf-8"))
    assert [error.message for error in Draft202012Validator(schema).iter_errors(whole)] == []
    assert done.returncode == {"clean": 0, "findings": 1, "unknown": 3}[whole["state"]]
    return Audited(done.returncode, whole)


def inspect() -> Audited:
    """Audit in this process, which is quicker than the command line."""
    project = locate(Path.cwd())
    catalogue = Catalogue(project.root, project.searched)
    found = judge(gather(catalogue, Results(project.results), project.search))
    status = {"clean": 0, "findings": 1, "unknown": 3}[found.state]
    return Audited(status, json.loads(json.dumps(encode(document(found)))))


def report() -> str:
    """Return an audit as it is read."""
    return _audit().stdout


def undetermined() -> str:
    """Return why the audit cannot determine anything."""
    done = _audit()
    assert (done.returncode, done.stdout) == (3, "")
    return done.stderr


def _audit(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pytest_bets", "audit", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    assert "Traceback" not in done.stderr, done.stderr
    return done


def template(folder: Path) -> Path:
    """Make the repository that tests begin with: a bet that was declared, run and lost, honestly, in two commits."""
    write(folder / BET, DECLARATION)
    write(folder / LAB, LABORATORY)
    write(folder / "pytest.ini", "[pytest]\n")
    write(folder / ".gitattributes", f"{JOURNAL} merge=union\n")
    git("init", "-q", "-b", "main", folder=folder)
    git("add", "-A", folder=folder)
    git("commit", "-q", "-m", "Declare bet 1", folder=folder)
    session = start(folder, "--bets-gate=none")
    shown = session.communicate()[0]
    assert session.returncode == 0, shown
    git("add", "-A", folder=folder)
    git("commit", "-q", "-m", "Run bet 1", folder=folder)
    return folder


class History:
    """A copy of the template, in which the test stands."""

    def __init__(self, made: Path, here: Path, run: Callable[..., str], patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        self._run = run
        shutil.copytree(made, here, dirs_exist_ok=True)

    def run(self, *arguments: str) -> None:
        """Run the bets; the outcome is in the results."""
        self._run("--bets-gate=none", *arguments)

    def again(self, message: str = "Run again") -> str:
        """Run the bets and commit the results."""
        self.run()
        return commit(message)

    def undeclare(self) -> None:
        """Go back to where the bet was declared and not yet run."""
        git("reset", "-q", "--hard", "HEAD~1")
        shutil.rmtree("results", ignore_errors=True)

    def unwritten(self) -> None:
        """Go back to before there was any commit."""
        shutil.rmtree(".git")
        shutil.rmtree("results")
        git("init", "-q", "-b", "main")


def lines() -> list[bytes]:
    """Return the lines of the journal."""
    return Path(JOURNAL).read_bytes().splitlines(keepends=True)


def keep(*kept: bytes) -> None:
    """Leave only these lines in the journal."""
    Path(JOURNAL).write_bytes(b"".join(kept))


def second(file: str = "bets/bet_2_layers.py") -> None:
    """Write a bet of another claim."""
    write(file, DECLARATION)
    edit(*OTHER, file=file)


def remove(*paths: str) -> None:
    """Remove files."""
    for path in paths:
        os.unlink(path)  # noqa: PTH108  # a path is a string here
