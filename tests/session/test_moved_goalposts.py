"""Goalposts that move where an audit once saw the same declaration, and honest changes that it once took for others."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.audits import audited
from tests.helpers.histories import BET, LAB, History, commit, edit
from tests.helpers.repositories import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def other_code(history: History, was: str, now: str) -> None:
    edit((f"COLD = {was}", f"COLD = {now}"), file=LAB)
    git("commit", "-q", "-m", f"COLD is {now}", "--", LAB)
    history.run()


def test_code_that_goes_back_and_forth_is_retried_and_drift_though_its_results_are_committed_once(
    history: History,
) -> None:
    """The first run of each code alone would show FAIL, PASS, FAIL, and the last record replaced all others."""
    history.undeclare()
    history.run()
    other_code(history, "2.5", "9")
    other_code(history, "9", "2.4")
    other_code(history, "2.4", "9")
    commit("Record the results")
    found = audited()
    assert found.findings == set()
    assert "3 versions of its code or declaration, which came to FAIL, PASS, FAIL, PASS" in found.text("retried")
    assert found.text("drift").count("FAIL (") == 2
    assert "2 more of other code, or without a verdict (2 FAIL)" in Path("results/SUMMARY.md").read_text()


def test_lenient_that_becomes_pass_with_other_code_is_retried(history: History) -> None:
    """As FAIL that becomes PASS is."""
    history.undeclare()
    edit(("COLD = 2.5", "COLD = 3.5"), file=LAB)
    commit("COLD is 3.5")
    history.run()
    other_code(history, "3.5", "9")
    commit("Record the results")
    assert "LENIENT, PASS" in audited().text("retried")


def test_a_merge_that_rewords_a_sentence_chooses_seeds_as_a_plain_commit_does(history: History) -> None:
    """The other side never ran: the merge takes its words, and with them its seeds."""
    history.undeclare()
    edit(
        ("@pytest.mark.parametrize(", "@pytest.mark.replicate(2)\n@pytest.mark.parametrize("),
        ("def experiment(size)", "def experiment(seed, size)"),
        ("at least 4 of 5", "more than 7.5 of 10"),
        ("cold) >= 4", "cold) > 7.5"),
    )
    draft = commit("Draft the bet")
    edit(("7.5", "7.25"))
    commit("Declare bet 1")
    history.again("Run bet 1")
    git("checkout", "-q", "-b", "notes", draft)
    Path("notes.txt").write_text("x")
    commit("Take notes")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-commit", "notes")
    git("checkout", "notes", "--", BET)
    commit("Merge the notes")
    found = audited()
    assert "gives the replications other seeds" in found.text("goalposts")


@pytest.mark.usefixtures("history")
def test_a_renamed_folder_is_moved_code_and_hides_no_later_change() -> None:
    """The record has the path that the bet's file had when it ran."""
    git("mv", "bets", "experiments")
    commit("Rename the folder")
    found = audited()
    assert found.notes == {"renamed", "moved"}
    edit(("COLD = 2.5", "COLD = 9"), file="experiments/lab.py")
    commit("Tune")
    assert "experiments/lab.py: COLD changed since" in audited().text("stale")
    assert "experiment changed" not in audited().text("stale")


def test_a_folder_on_the_path_of_the_run_alone_is_searched_again(history: History) -> None:
    """As with `PYTHONPATH=src`, or `-o pythonpath=src`."""
    history.undeclare()
    Path("src").mkdir()
    git("mv", LAB, "src/lab.py")
    commit("Declare bet 1")
    history.run("-o", "pythonpath=src")
    commit("Run bet 1")
    assert audited().report.all == []
    edit(("COLD = 2.5", "COLD = 9"), file="src/lab.py")
    commit("Tune")
    assert "src/lab.py: COLD changed since" in audited().text("stale")


@pytest.mark.usefixtures("history")
def test_code_that_another_file_hides_is_not_called_uncommitted() -> None:
    """A package takes the place of a module beside it, which stays as it was."""
    Path("bets/lab").mkdir()
    Path("bets/lab/__init__.py").write_text(Path(LAB).read_text().replace("2.5", "9"))
    commit("Add a package")
    assert "not committed" not in audited().text("stale")
    assert "began or ceased to use bets/lab.py: COLD" in audited().text("stale")


def limit_in(text: str, file: str = LAB) -> None:
    Path(file).write_text(Path(file).read_text() + text if Path(file).exists() else text)


IMPORTED = ("STEPS = 10", "from lab import LIMIT\n\nSTEPS = 10")


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("BASE = 2.5\nLIMIT = BASE\n", "BASE = 9\nLIMIT = BASE\n"),
        ("LIMIT = [2.5]\n", "LIMIT = [2.5]\nLIMIT.append(9)\n"),
    ],
)
def test_an_imported_constant_is_compared_with_all_that_defines_it(history: History, was: str, now: str) -> None:
    """The text of its own line may stay."""
    history.undeclare()
    edit(IMPORTED)
    limit_in(f"\n\n{was}")
    commit("Declare bet 1")
    history.again("Run bet 1")
    edit(("from lab import LIMIT", "from lab2 import LIMIT"))
    limit_in(now, "bets/lab2.py")
    commit("Move the constant")
    assert audited().findings == {"goalposts"}
    Path("bets/lab2.py").write_text(was)
    commit("Move it back", "--amend")
    assert audited().findings == set()


@pytest.mark.usefixtures("history")
def test_a_badge_that_was_edited_is_a_wrong_summary() -> None:
    """The badge shows the same counts as the summary."""
    subprocess.run([sys.executable, "-m", "pytest_bets", "badge"], check=True, capture_output=True)
    commit("Add a badge")
    assert audited().report.all == []
    edit(("1 FAIL", "0 FAIL"), ("0 PASS", "1 PASS"), file="results/badge.json")
    commit("Tidy up")
    assert "badge: 1 PASS, 0 LENIENT, 0 FAIL, expected" in audited().text("wrong-summary")


@pytest.mark.usefixtures("history")
def test_a_lost_bet_where_no_session_looks_is_noted() -> None:
    """A folder that begins with a dot is no folder of bets."""
    Path("bets/.old").mkdir()
    git("mv", BET, "bets/.old/bet_1_warm.py")
    commit("Archive")
    assert "bets/.old/bet_1_warm.py is where bets are not looked for" in audited().text("outside")


def test_a_journal_whose_lines_were_joined_loses_none_of_them(history: History) -> None:
    """Git ends no line at a carriage return, and a line that cannot be read was no line of any run."""
    history.again()
    first, second = Path("results/journal.jsonl").read_bytes().splitlines()
    Path("results/journal.jsonl").write_bytes(first + b"\r" + second + b"\n")
    joined = commit("Use other line ends")
    found = audited()
    assert found.report.state == "unknown"
    assert found.findings == set()
    Path("results/journal.jsonl").write_bytes(second + b"\n")
    commit("Use line feeds alone")
    found = audited()
    assert "the journal's line of the run" in found.text("vanished-line")
    (unreadable,) = found.of("unreadable")
    assert unreadable.commit
    assert unreadable.commit.id == joined
