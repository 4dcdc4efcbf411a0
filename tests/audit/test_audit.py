"""What the audit says about honest and hard histories, each in a real repository."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bets.audit.evidence import Ancestry
from pytest_bets.audit.finding import Kind
from pytest_bets.git.revision import Commit
from tests.helpers.histories import (
    BET,
    DECLARATION,
    JOURNAL,
    LAB,
    LOOSER,
    RECORD,
    WON,
    Audited,
    History,
    audit,
    commit,
    edit,
    inspect,
    lines,
    report,
    second,
    undetermined,
    write,
)
from tests.helpers.repositories import git
from tests.helpers.schemas import schema

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

NINE = "bets/bet_9_heat.py"


def merge(*branches: str) -> None:
    git("merge", "-q", "--no-edit", "--no-ff", *branches)


def branch(name: str, *start: str) -> None:
    git("checkout", "-q", "-b", name, *start)


def to(name: str) -> None:
    git("checkout", "-q", name)


def plain(_: History) -> None:
    """Leave the history as the template made it: declared, then run."""


def renamed(_: History) -> None:
    git("mv", BET, NINE)
    edit(("Bet 1:", "Bet 9:"), file=NINE)
    commit("Sort the bets")


def declared_and_run_on_a_branch(history: History) -> None:
    branch("work")
    second()
    commit("Declare bet 2")
    history.again("Run bet 2")
    to("main")
    write("notes.txt", "x")
    commit("Take notes")
    merge("work")


def run_in_two_clones(history: History) -> None:
    branch("work")
    history.again()
    to("main")
    write("notes.txt", "x")
    commit("Take notes")
    history.again()


def run_on_two_branches(history: History) -> None:
    run_in_two_clones(history)
    git("merge", "-q", "--no-edit", "-X", "ours", "work")
    assert len(lines()) == 3


def merged_as_an_octopus(history: History) -> None:
    for name in ("one", "two"):
        branch(name, "main")
        write(f"{name}.txt", "x")
        commit(name)
    branch("three", "main")
    second()
    commit("Declare bet 2")
    history.again("Run bet 2")
    to("main")
    merge("one", "two", "three")
    assert len(git("rev-list", "--parents", "-1", "HEAD").split()) == 1 + 4


def changed_on_two_branches_before_it_ran(history: History) -> None:
    history.undeclare()
    branch("work")
    edit(("at most 1 cell", "at most 2 cells"), ("cold) <= 1", "cold) <= 2"))
    commit("Think again of the control")
    history.again("Run bet 1")
    to("main")
    edit(("return losses", "# as measured\n    return losses"))
    commit("Say what is returned")
    merge("work")


def renamed_on_a_branch_and_corrected_on_another(history: History) -> None:
    branch("work")
    renamed(history)
    to("main")
    edit(("return losses", "# as measured\n    return losses"))
    commit("Say what is returned")
    merge("work")
    assert "as measured" in Path(NINE).read_text()


def formatted(_: History) -> None:
    edit(('"count(warm < cold) >= 4"', '\n    "count(warm < cold) >= 4",\n'), ("STEPS = 10", "STEPS = (10)"))
    commit("Format")


def scope_added(_: History) -> None:
    edit(("Run: pytest", "Scope: says nothing of other optimisers.\nRun: pytest"))
    commit("Say what it does not say")


def changed_before_its_result(history: History) -> None:
    history.undeclare()
    edit(*LOOSER)
    commit("Think again")
    history.again("Run bet 1")


def results_moved(_: History) -> None:
    git("mv", "results", "evidence")
    write("pytest.ini", "[pytest]\nbets_results = evidence\n")
    commit("Call it evidence")


def record_committed_after_its_line(history: History) -> None:
    history.undeclare()
    history.run()
    git("add", JOURNAL)
    git("commit", "-q", "-m", "Run bet 1")
    commit("Add the record")


def run_again(history: History) -> None:
    history.again()


def rehearsed(history: History) -> None:
    history.run("--bets-pilot", "--bets-results=rehearsals")
    commit("Rehearse")


def at_a_commit(_: History) -> None:
    git("checkout", "-q", "--detach")
    write("notes.txt", "x")
    commit("Take notes")


def in_a_linked_worktree(_: History) -> None:
    git("worktree", "add", "-q", "-b", "other", "tree")
    os.chdir("tree")


def in_a_subfolder(history: History) -> None:
    history.unwritten()
    for name in ("bets", "pytest.ini"):
        Path("research").mkdir(exist_ok=True)
        shutil.move(name, f"research/{name}")
    commit("Declare bet 1")
    os.chdir("research")
    history.again("Run bet 1")


def in_folders_with_odd_names(history: History) -> None:
    history.unwritten()
    folder = Path("größe ?* 'b'")
    folder.mkdir()
    for name in ("bets", "pytest.ini"):
        shutil.move(name, folder / name)
    commit("Declare bet 1")
    os.chdir(folder)
    history.again("Run bet 1")


def with_odd_messages(history: History) -> None:
    history.undeclare()
    for message in (
        "\x1b[31mred",
        ":100644 000000 abc",
        "größe\t\n\n@@ -1 +1 @@",
        "+++ b/results/journal.jsonl",
        "'\"`$(x)",
    ):
        commit(message, "--allow-empty")
    history.again("diff --git a/x b/x\n\n-{}")


def in_a_checkout_with_carriage_returns(_: History) -> None:
    git("-c", "core.autocrlf=true", "clone", "-q", ".", "clone")
    os.chdir("clone")
    assert b"\r\n" in Path(RECORD).read_bytes()
    git("config", "core.autocrlf", "true")


def read_with_other_settings(_: History) -> None:
    for name, value in {
        "log.showRoot": "false",
        "diff.noprefix": "true",
        "log.follow": "true",
        "diff.renames": "false",
    }.items():
        git("config", name, value)


def tried_again_openly(history: History) -> None:
    marker = ("@pytest.mark.strict", "@pytest.mark.challenges(1)\n@pytest.mark.strict")
    write("bets/bet_9_again.py", DECLARATION)
    edit(("Bet 1:", "Bet 9:"), marker, file="bets/bet_9_again.py")
    commit("Try the claim of bet 1 again")
    history.again()


def the_same_claim_on_two_branches(history: History) -> None:
    history.undeclare()
    git("checkout", "-q", "--orphan", "side")
    git("rm", "-rfq", ".")
    write("bets/bet_2_same.py", DECLARATION)
    edit(("Bet 1:", "Bet 2:"), *LOOSER, file="bets/bet_2_same.py")
    commit("Declare bet 2")
    to("main")
    merge("--allow-unrelated-histories", "side")
    history.again("Run both")


CLEAN: dict[str, tuple[Callable[[History], None], str]] = {
    "declared, then run": (plain, ""),
    "renamed with another number": (renamed, "moved renamed"),
    "declared and run on a branch that was merged": (declared_and_run_on_a_branch, ""),
    "run on two branches, the journals united": (run_on_two_branches, ""),
    "merged as an octopus": (merged_as_an_octopus, ""),
    "changed on a branch before it ran there, merged with other changes": (
        changed_on_two_branches_before_it_ran,
        "changed",
    ),
    "renamed on one branch and corrected on another": (renamed_on_a_branch_and_corrected_on_another, "moved renamed"),
    "formatted": (formatted, ""),
    "a scope added": (scope_added, "reworded"),
    "criteria changed before the first result": (changed_before_its_result, "changed"),
    "the folder of results moved": (results_moved, ""),
    "the record committed after its line": (record_committed_after_its_line, ""),
    "run again": (run_again, ""),
    "a fallen claim tried again, by a bet that challenges it": (tried_again_openly, "retracted"),
    "the same claim on two branches, which were merged before it ran": (the_same_claim_on_two_branches, ""),
    "rehearsed into a folder of its own": (rehearsed, ""),
    "at a commit, on no branch": (at_a_commit, ""),
    "in a linked worktree": (in_a_linked_worktree, ""),
    "in a subfolder of the repository": (in_a_subfolder, ""),
    "in folders with odd names": (in_folders_with_odd_names, ""),
    "with odd messages": (with_odd_messages, ""),
    "in a check-out with carriage returns": (in_a_checkout_with_carriage_returns, ""),
    "read with other settings of git": (read_with_other_settings, ""),
}


@pytest.mark.parametrize("name", CLEAN)
def test_an_honest_history_is_clean(history: History, name: str) -> None:
    """No finding, these notes and no others, and every bet with its declaration before its first result."""
    do, notes = CLEAN[name]
    do(history)
    found = audit()
    assert (found.status, found.findings) == (0, set())
    assert found.notes == set(notes.split())
    for bet in found.whole["bets"]:
        assert git("rev-parse", bet["declared"]["id"]) != bet["first_result"]["id"], bet


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("folder", ['the "first"', "back\\slash", "tab\tö"])
def test_a_line_that_is_gone_is_found_in_a_folder_whose_name_git_quotes(history: History, folder: str) -> None:
    """Git writes such names with quotes and escapes into a patch; the lines are those of the journal there."""
    Path(folder).mkdir()
    for name in ("bets", "results", "pytest.ini"):
        git("mv", name, f"{folder}/{name}")
    commit("Make room")
    os.chdir(folder)
    history.run()
    commit("Run again")
    assert inspect().findings == set()
    Path(JOURNAL).write_bytes(lines()[0])
    commit("Tidy up")
    assert inspect().findings == {"vanished-line"}


def test_a_report_reads_like_one_to_a_colleague(history: History) -> None:
    """The report gives the verdict and its date, then the findings, with commits and dates."""
    declared, ran = git("rev-parse", "HEAD~1"), git("rev-parse", "HEAD")
    day = git("log", "-1", "--format=%cs")
    edit(*LOOSER)
    moved = commit("Clarify the claim")
    history.patch.setenv("COLUMNS", "100")
    assert report().splitlines() == [
        "Audit of 1 bet in 3 commits.",
        "",
        f"1_warm: PASS, declared {declared[:10]} {day}, first result {ran[:10]} {day}",
        "    FINDING goalposts: strict loosened: count(warm < cold) >= 4 -> >= 2, after its first result: the",
        f'        goalposts moved [{moved[:10]} {day} "Clarify the claim"]',
        "    FINDING goalposts: lenient loosened: count(warm < cold) >= 3 -> >= 2, after its first result:",
        f'        the goalposts moved [{moved[:10]} {day} "Clarify the claim"]',
        "    note stale: the record is of another declaration than the bet's file has now: run the bet again",
        f"    note stale: the record is stale: {BET}: experiment changed since ({moved[:10]}); run",
        "        the bet again",
        "    under its criteria as first declared: FAIL; as they are now: PASS",
        "",
        "Not clean: 2 findings, 2 notes.",
    ]


def test_every_kind_is_in_the_schema_and_explained() -> None:
    """Findings and notes have a table each; what cannot be determined has its exit status."""
    tables = (Path(__file__).parents[2] / "docs" / "audit.md").read_text(encoding="utf-8").split("## ")[1:3]
    rows = [line.split("|")[1] for table in tables for line in table.splitlines() if line.startswith("| `")]
    kinds = get_args(Kind)
    assert [*re.findall("`(.+?)`", "".join(rows)), "unknown"] == list(kinds)
    assert schema("audit")["$defs"]["EntryPart"]["properties"]["kind"]["enum"] == list(kinds)


def test_the_verdict_under_the_first_criteria_stands_beside_that_of_today(history: History) -> None:
    """Both are of the measurements that are recorded now."""
    edit(*LOOSER)
    commit("Clarify the claim")
    history.again()
    bet = audit().bet()
    assert (bet["under_first_criteria"], bet["verdict"]) == ("FAIL", "PASS")


@pytest.mark.usefixtures("history")
def test_the_same_said_in_other_words_is_shown_as_what_it_is() -> None:
    """At least 4 of whole cells is more than 3: no goalpost moved."""
    edit(("at least 4 of", "more than 3 of"), (">= 4", "> 3"))
    commit("Reword")
    found = audit()
    assert found.findings == set()
    assert found.changed("reworded") == {("strict", "reworded")}


@pytest.mark.usefixtures("history")
def test_criteria_that_were_tightened_after_the_result_moved_as_well() -> None:
    """They are classed as tightened."""
    edit(("at least 4 of", "at least 5 of"), (">= 4", ">= 5"))
    commit("Ask for more")
    assert audit().changed() == {("strict", "tightened")}


def test_a_rebased_run_names_a_commit_that_is_gone(history: History) -> None:
    """The order that git shows now is not the one in which it happened."""
    history.undeclare()
    branch("work")
    second()
    commit("Declare bet 2")
    history.again("Run the bets")
    to("main")
    write("notes.txt", "x")
    commit("Take notes")
    git("checkout", "-q", "work")
    git("rebase", "-q", "main")
    found = audit()
    assert found.findings == {"lost-commit"}
    assert "amended, rebased or squashed" in found.of("lost-commit")[0]["text"]


def test_runs_of_two_clones_that_are_put_one_after_the_other_are_clean(history: History) -> None:
    """A pull with rebase moves the results of a run, and not the declaration that it ran from."""
    run_in_two_clones(history)
    to("work")
    git("rebase", "-q", "-X", "theirs", "main")
    found = audit()
    assert (found.findings, found.notes) == (set(), {"forked-chain"})


def test_a_changed_laboratory_shows_with_its_definitions_and_commits(history: History) -> None:
    """First the record is stale; measured again, the metric has drifted."""
    edit(*WON, file=LAB)
    changed = commit("Mend the laboratory")
    assert (
        audit().text("stale") == f"the record is stale: {LAB}: COLD changed since ({changed[:10]}); run the bet again"
    )
    history.again()
    found = audit()
    assert found.text("drift") == f"metric drift: measured again with other code ({LAB}: COLD); FAIL before, PASS after"
    assert found.status == 0


def test_runs_that_disagree_are_marked_unstable(history: History) -> None:
    """The same declaration and code came to two verdicts."""
    history.undeclare()
    edit(("COLD = 2.5", "COLD = 2.5 + 9 * __import__('pathlib').Path('results').exists()"), file=LAB)
    commit("Declare bet 1")
    history.run()
    history.again()
    assert audit().text("unstable") == "unstable: runs of the same declaration and code came to FAIL, PASS"


def challenge(file: str, number: int, challenged: int, *pairs: tuple[str, str]) -> None:
    write(file, DECLARATION)
    marker = ("@pytest.mark.strict", f"@pytest.mark.challenges({challenged})\n@pytest.mark.strict")
    words = ("with warm-up the loss", f"in setting {number} of {number + 5} the loss")
    edit(("Bet 1:", f"Bet {number}:"), words, marker, *pairs, file=file)


PREMISE = (
    ("Control: a", "Premise: cold stays below 3.\nControl: a"),
    ("@pytest.mark.strict", '@pytest.mark.premise("max(cold) < 3")\n@pytest.mark.strict'),
)
"""A premise that holds. The measured cold is 2.5."""


@pytest.mark.usefixtures("history")
def test_a_premise_that_changes_after_a_result_moves_the_goalposts() -> None:
    """Added or tightened, it can turn a FAIL into no verdict; loosened or dropped, it can turn none into one."""
    edit(*PREMISE)
    commit("Ask more")
    assert audit().changed() == {("premise", "added")}
    edit(("below 3", "below 2"), ("max(cold) < 3", "max(cold) < 2"))
    commit("Ask still more")
    found = audit()
    assert found.changed() == {("premise", "added"), ("premise", "tightened")}
    assert (found.bet()["verdict"], found.bet()["under_first_criteria"]) == (None, "FAIL")
    assert "under its criteria as first declared: FAIL; as they are now: void" in report()
    edit(("below 2", "below 4"), ("max(cold) < 2", "max(cold) < 4"))
    commit("Ask less")
    edit(('@pytest.mark.premise("max(cold) < 4")\n', ""))
    commit("Ask nothing")
    assert audit().changed() == {("premise", kind) for kind in ("added", "tightened", "loosened", "removed")}
    edit(("Premise: cold stays below 4.", "Known: it failed once."))
    commit("Say what was known")
    assert ("known", "added") in audit().changed()


def test_a_run_that_a_premise_made_void_is_a_result(history: History) -> None:
    """A premise before it is a note; after it all that was measured is known, so criteria must not move any more."""
    history.undeclare()
    edit(*PREMISE, ("below 3", "below 2"), ("max(cold) < 3", "max(cold) < 2"))
    commit("Ask more")
    history.again("Run bet 1")
    found = audit()
    assert (found.status, found.changed("changed")) == (0, {("premise", "added")})
    assert "premise: max(cold) < 2 measured 2.5" in found.text("void")
    assert found.bet()["first_result"] is not None
    edit(("below 2", "below 3"), ("max(cold) < 2", "max(cold) < 3"), *LOOSER)
    commit("Ask less")
    history.again("Run bet 1 again")
    assert audit().changed() == {("premise", "loosened"), ("strict", "loosened"), ("lenient", "loosened")}


def test_a_retraction_that_is_overturned_is_shown_with_its_history(history: History) -> None:
    """Bet 2 retracts bet 1, and bet 3 retracts bet 2: each in the commit in which it came to be."""
    challenge("bets/bet_2_two.py", 2, 1)
    commit("Challenge bet 1")
    retracted = history.again("Run bet 2")
    assert inspect().of("retracted")[0]["commit"]["id"] == retracted
    challenge("bets/bet_3_three.py", 3, 2)
    commit("Challenge bet 2")
    overturned = history.again("Run bet 3")
    entries = [entry for entry in audit().bet()["entries"] if entry["kind"] in ("retracted", "overturned")]
    assert [(entry["commit"]["id"], entry["text"]) for entry in entries] == [
        (retracted, "2_two, which challenges it, came to FAIL: the claim is retracted"),
        (overturned, "the retraction by 2_two is overturned: 2_two is itself retracted by 3_three"),
    ]


def test_a_challenge_that_did_not_fail_says_what_is_left_of_the_claim(history: History) -> None:
    """A falsified claim does not stand because its challenge passed."""
    challenge("bets/bet_2_two.py", 2, 1, *LOOSER)
    commit("Challenge bet 1")
    history.again("Run bet 2")
    left = "this challenge retracts nothing; the claim is falsified by its own result"
    assert inspect().text("challenged") == f"2_two challenges it and did not fail: {left}"
    challenge("bets/bet_3_three.py", 3, 2, *LOOSER)
    commit("Challenge bet 2")
    history.again("Run bet 3")
    texts = [entry["text"] for entry in inspect().bet("2_two")["entries"] if entry["kind"] == "challenged"]
    assert texts == ["3_three challenges it and did not fail: the claim stands"]


def test_a_challenge_that_fails_in_the_noise_retracts_nothing(history: History) -> None:
    """It is noted as a challenge, and names no retraction."""
    challenge(
        "bets/bet_2_two.py", 2, 1, ("(placebo < cold) <= 1", "(placebo < cold) >= 1"), ("at most 1", "at least 1")
    )
    commit("Challenge bet 1")
    history.again("Run bet 2")
    assert inspect().of("retracted") == []
    (entry,) = inspect().of("challenged")
    assert entry["text"] == "2_two challenges it, and its FAIL is in the noise: it retracts nothing"


def test_a_withdrawn_challenge_overturns_its_retraction(history: History) -> None:
    """The commit is the one that withdrew it."""
    challenge("bets/bet_2_two.py", 2, 1)
    commit("Challenge bet 1")
    history.again("Run bet 2")
    edit(("@pytest.mark.strict", '@pytest.mark.withdrawn("untuned")\n@pytest.mark.strict'), file="bets/bet_2_two.py")
    withdrawn = commit("Withdraw bet 2")
    (entry,) = audit().of("overturned")
    assert entry["commit"]["id"] == withdrawn
    assert entry["text"] == "the retraction by 2_two is overturned: 2_two was withdrawn (untuned)"


def test_a_bet_that_was_declared_and_never_run_is_noted(history: History) -> None:
    """And is no finding."""
    history.undeclare()
    found = audit()
    assert (found.status, found.notes) == (0, {"never-run"})


def test_a_run_from_a_dirty_tree_is_noted(history: History) -> None:
    """What it measured with may be in no commit."""
    edit(*WON, file=LAB)
    history.again()
    assert "uncommitted changes" in audit().text("dirty")


def loosened_after_a_crash(history: History, crash: str) -> Audited:
    """Return the audit of a bet that a statement made crash, and whose criteria changed before it ran again."""
    history.undeclare()
    edit(("return losses", f"{crash}\n    return losses"))
    commit("Break it")
    with pytest.raises(AssertionError):
        history.run()
    commit("Run bet 1")
    edit((f"{crash}\n    ", ""), *LOOSER)
    commit("Correct it")
    history.again("Run bet 1")
    found = audit()
    assert found.findings == set()
    assert {"void", "changed"} <= found.notes
    assert found.changed("changed") == {("strict", "loosened"), ("lenient", "loosened")}
    return found


def test_void_runs_are_noted_and_are_no_result(history: History) -> None:
    """Criteria may change after a crash, which showed no result."""
    found = loosened_after_a_crash(history, "raise OSError")
    assert {entry["text"] for entry in found.of("changed")} == {"before its first result"}


def test_criteria_that_change_after_a_void_run_are_said_to_come_after_what_it_measured(history: History) -> None:
    """One cell of five crashed, and the other four are known: no finding, as they are no result, and no secret."""
    found = loosened_after_a_crash(history, "assert size < 5")
    texts = {entry["text"] for entry in found.of("changed")}
    assert all(text.startswith("after a run without a verdict had measured 4 cells (") for text in texts)


@pytest.mark.usefixtures("history")
def test_a_revision_that_does_not_parse_is_noted() -> None:
    """The next that does is held against the last that did."""
    edit(("import pytest\n", "import pytest(\n"))
    broken = commit("Work in progress")
    edit(("import pytest(\n", "import pytest\n"))
    commit("Mend the syntax")
    (entry,) = audit().of("unreadable")
    assert entry["commit"]["id"] == broken
    assert audit().findings == set()


@pytest.mark.usefixtures("history")
def test_a_bet_that_cannot_be_read_today_leaves_the_audit_untold() -> None:
    """It is not called clean."""
    edit(("import pytest\n", "import pytest(\n"))
    commit("Work in progress")
    found = audit()
    assert found.status == 3
    assert BET in found.of("unknown")[0]["text"]


def break_a_name() -> None:
    Path("two\nlines").mkdir()
    second("two\nlines/bet_2_layers.py")
    commit("Declare bet 2")


def test_the_history_of_a_bet_that_is_a_link_cannot_be_determined(history: History) -> None:
    """Git has where it leads to, and no declaration: nothing is found against it, and it is not called clean."""
    history.unwritten()
    write("elsewhere/one.py", Path(BET).read_text())
    Path(BET).unlink()
    Path(BET).symlink_to("../elsewhere/one.py")
    commit("Declare bet 1")
    history.again("Run bet 1")
    found = audit()
    assert (found.status, found.findings) == (3, set())
    assert found.text("unknown").startswith(f"{BET} is a link")
    assert "outside" not in found.notes


def begin_again() -> None:
    shutil.rmtree(".git")
    git("init", "-q")


@pytest.mark.parametrize(
    ("break_off", "message"),
    [
        (lambda: shutil.rmtree(".git"), "is not in a git repository"),
        (begin_again, "has no commit yet"),
        (lambda: git("checkout", "-q", "--orphan", "fresh"), "has no commit yet"),
        pytest.param(
            break_a_name,
            r"the path 'two\nlines/bet_2_layers.py' has a line feed",
            marks=pytest.mark.skipif(os.name == "nt", reason="Windows has no such names"),
        ),
    ],
    ids=["outside git", "in an empty repository", "on a branch without a commit", "with a line feed in a path"],
)
@pytest.mark.usefixtures("history")
def test_what_cannot_be_determined_is_not_called_clean(break_off: Callable[[], object], message: str) -> None:
    """Exit status 3, and the reason."""
    break_off()
    assert message in undetermined()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        (JOURNAL, "{before}<<<<<<< HEAD\n", f"{JOURNAL}:2: a merge conflict was left here"),
        (RECORD, "{{}}", f"{RECORD}: this is no record"),
    ],
    ids=["with a conflict in the journal", "with a broken record"],
)
@pytest.mark.usefixtures("history")
def test_a_file_that_cannot_be_read_leaves_the_audit_untold(file: str, text: str, message: str) -> None:
    """Exit status 3, the reason with file and line, and no finding about what it may have said."""
    write(file, text.format(before=Path(file).read_text(encoding="utf-8")))
    found = audit()
    assert (found.status, found.findings) == (3, set())
    assert found.text("unknown").startswith(message)


@pytest.mark.usefixtures("history")
def test_a_shallow_clone_cannot_tell() -> None:
    """And says what brings the rest."""
    git("clone", "-q", "--depth=1", Path.cwd().as_uri(), "clone")
    os.chdir("clone")
    assert "git fetch --unshallow" in undetermined()
    git("fetch", "-q", "--unshallow")
    assert audit().status == 0


@pytest.mark.usefixtures("history")
def test_a_bet_in_a_submodule_is_audited_there() -> None:
    """The repository around it cannot tell, and the submodule's own audit can."""
    inner = Path("inner").resolve()
    git("clone", "-q", ".", str(inner))
    second()
    edit(("Bet 1:", "Bet 7:"), file=inner / BET)
    git("-C", str(inner), "mv", BET, "bets/bet_7_inner.py")
    git("-C", str(inner), "commit", "-q", "-a", "-m", "Sort")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.as_uri(), "part")
    shutil.rmtree(inner)
    commit("Declare bet 2, take in part")
    found = audit()
    assert (found.status, found.findings) == (3, set())
    assert found.text("unknown") == "part/bets/bet_7_inner.py is in a repository of its own: run the audit there"
    os.chdir("part")
    assert audit().status == 0


def test_results_outside_of_the_repository_leave_the_audit_untold(
    history: History, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What happened to their journal is in no commit."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree("results", elsewhere, dirs_exist_ok=True)
    history.undeclare()
    found = audit("--results", str(elsewhere))
    assert (found.status, found.findings) == (3, set())
    assert "lies outside of" in found.text("unknown")


@pytest.mark.parametrize("kind", ["submodule", "clone"])
def test_results_in_a_repository_of_their_own_leave_the_audit_untold(history: History, kind: str) -> None:
    """A loss that was deleted there is in no commit of this one."""
    inner = Path("inner").resolve()
    shutil.copytree("results", inner)
    git("init", "-q", "-b", "main", folder=inner)
    git("add", "-A", folder=inner)
    git("commit", "-q", "-m", "Record bet 1", folder=inner)
    history.undeclare()
    if kind == "submodule":
        git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.as_uri(), "results")
    else:
        git("clone", "-q", str(inner), "results")
    shutil.rmtree(inner)
    commit("Keep the results apart")
    found = audit()
    assert (found.status, found.findings) == (3, set())
    assert found.text("unknown") == "results is in a repository of its own: its history is there"


@pytest.mark.usefixtures("history")
def test_a_partial_clone_without_its_objects_cannot_tell() -> None:
    """A revision that is missing is not taken for one that never was."""
    blob = git("rev-parse", f"HEAD:{BET}")
    Path(f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    assert "partial or damaged" in undetermined()


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Commit]:
    """Draw commits with any parents among those before them."""
    commits: dict[str, Commit] = {}
    for order in range(draw(st.integers(1, 9))):
        parents = draw(st.lists(st.sampled_from(sorted(commits)), unique=True, max_size=3)) if commits else []
        commits[str(order)] = Commit(str(order), tuple(parents), "", "", order)
    return commits


@given(commits=graphs())
def test_a_commit_is_before_another_when_a_way_of_parents_leads_to_it(commits: dict[str, Commit]) -> None:
    """As the transitive closure says, for every pair."""
    ancestors: dict[str, set[str]] = {}
    for name, item in commits.items():
        ancestors[name] = set(item.parents).union(*(ancestors[parent] for parent in item.parents))
    order = Ancestry(commits)
    for one in commits.values():
        for other in commits.values():
            assert order.before(one, other) == (one.id in ancestors[other.id])


def test_a_record_that_a_merge_edits_is_found_in_the_merge(history: History) -> None:
    """Neither parent holds those bytes, and no run wrote them."""
    branch("work")
    edit(*WON, file=LAB)
    history.again()
    to("main")
    write("notes.txt", "x")
    commit("Take notes")
    git("merge", "-q", "--no-ff", "--no-commit", "work")
    edit(('"verdict": "PASS"', '"verdict": "LENIENT"'), file=RECORD)
    merged = commit("Merge branch work")
    found = audit()
    assert found.findings == {"edited-record", "misjudged"}
    assert found.of("edited-record")[0]["commit"]["id"] == merged


@pytest.mark.usefixtures("history")
def test_a_line_that_a_branch_dropped_is_gone_since_then() -> None:
    """The commit to look at is the branch's, and not the merge that brought it in."""
    branch("work")
    Path(JOURNAL).unlink()
    commit("Tidy up")
    to("main")
    write("notes.txt", "x")
    commit("Take notes")
    branch("other")
    git("merge", "-q", "--no-edit", "work")
    (entry,) = audit().of("vanished-line")
    assert entry["commit"]["subject"] == "Tidy up"


def test_a_new_bet_under_the_name_of_one_that_was_renamed_is_another_and_late(history: History) -> None:
    """No goalpost moved; but its name has results that are older than it is."""
    renamed(history)
    second(BET)
    edit(("Bet 2:", "Bet 1:"))
    commit("Declare another bet 1")
    found = audit()
    assert found.findings == {"late"}
    assert [bet["id"] for bet in found.whole["bets"]] == ["1_warm", "9_heat"]
