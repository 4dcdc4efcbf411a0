"""Ways to cheat with bets, each in a real history: found and named, or written down as what git alone cannot show."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.histories import (
    BET,
    DECLARATION,
    JOURNAL,
    LAB,
    LABORATORY,
    LOOSER,
    RECORD,
    WON,
    History,
    audit,
    commit,
    edit,
    keep,
    lines,
    remove,
    second,
    write,
)
from tests.helpers.repositories import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def renumbered() -> None:
    git("mv", BET, "bets/bet_9_heat.py")
    edit(("Bet 1:", "Bet 9:"), file="bets/bet_9_heat.py")


def loosened(history: History) -> None:
    edit(*LOOSER)
    commit("Clarify the claim")
    history.again()


def looser_catastrophe(history: History) -> None:
    edit(("fewer than 2", "fewer than 1"), ("cold) < 2", "cold) < 1"))
    history.again()


def deleted(_: History) -> None:
    remove(BET, RECORD)
    commit("Tidy up")


def record_deleted(_: History) -> None:
    remove(RECORD)
    commit("Tidy up")


def renamed_and_started_afresh(history: History) -> None:
    renumbered()
    shutil.rmtree("results")
    commit("Tidy up")
    edit(*WON, file=LAB)
    history.again()


def rewritten_under_a_new_number(history: History) -> None:
    remove(BET)
    commit("Tidy up")
    write("bets/bet_9_heat.py", DECLARATION.replace("Bet 1", "Bet 9"))
    commit("Declare bet 9")
    history.again()


def withdrawn_and_declared_again(history: History) -> None:
    edit(("@pytest.mark.strict", '@pytest.mark.withdrawn("badly tuned")\n@pytest.mark.strict'))
    commit("Withdraw bet 1")
    write("bets/bet_9_heat.py", DECLARATION.replace("Bet 1", "Bet 9").replace("whatever the size", "for all sizes"))
    commit("Declare bet 9")
    history.again()


def rerun_and_lines_dropped(history: History) -> None:
    edit(*WON, file=LAB)
    history.run()
    keep(lines()[-1])
    commit("Run bet 1")


def lines_dropped_before_they_were_committed(history: History) -> None:
    history.undeclare()
    history.run()
    edit(*WON, file=LAB)
    history.run()
    keep(lines()[-1])
    commit("Run bet 1")


def journal_deleted(_: History) -> None:
    remove(JOURNAL)
    commit("Tidy up")


def journal_begun_again(history: History) -> None:
    remove(JOURNAL, RECORD)
    edit(*WON, file=LAB)
    history.again()


def line_edited(_: History) -> None:
    edit(('"verdict":"FAIL"', '"verdict":"PASS"'), file=JOURNAL)
    commit("Correct a slip")


def measurement_edited(_: History) -> None:
    edit(('"cold": 2.5', '"cold": 9.5'), file=RECORD)
    commit("Correct a slip")


def verdict_edited(_: History) -> None:
    edit(('"verdict": "FAIL"', '"verdict": "PASS"'), file=RECORD)
    commit("Correct a slip")


def record_edited_behind_git(_: History) -> None:
    git("update-index", "--assume-unchanged", RECORD)
    edit(('"cold": 2.5', '"cold": 9.5'), file=RECORD)


def criterion_edited_behind_git(_: History) -> None:
    git("update-index", "--skip-worktree", BET)
    edit(*LOOSER)


def criterion_edited_and_not_committed(_: History) -> None:
    edit(*LOOSER)


def record_written_by_hand(_: History) -> None:
    write("bets/bet_2_two.py", DECLARATION.replace("Bet 1", "Bet 2"))
    write("results/2_two.json", Path(RECORD).read_text().replace("1_warm", "2_two"))
    commit("Run bet 2")


def metric_swapped(history: History) -> None:
    edit(("return losses(size, STEPS)", 'return {**losses(size, STEPS), "cold": 9}'))
    history.again()


def laboratory_swapped(history: History) -> None:
    edit(*WON, file=LAB)
    history.again()


def code_changed_and_not_run(_: History) -> None:
    edit(*WON, file=LAB)
    commit("Tidy up")


def threshold_in_a_constant(history: History) -> None:
    history.undeclare()
    edit(
        ("STEPS = 10", "STEPS = 10\nSLACK = 0.0"),
        (
            "return losses(size, STEPS)",
            'found = losses(size, STEPS)\n    return {**found, "cold": found["cold"] + SLACK}',
        ),
    )
    commit("Declare bet 1")
    history.again()
    edit(("SLACK = 0.0", "SLACK = 3.0"))
    history.again()


def other_seeds(history: History) -> None:
    history.undeclare()
    edit(("STEPS = 10", "STEPS = 10\nSEED = 7"))
    commit("Declare bet 1")
    history.again()
    edit(("SEED = 7", "SEED = 11"))
    history.again()


def other_replications(history: History) -> None:
    history.undeclare()
    edit(
        ("@pytest.mark.parametrize(", "@pytest.mark.replicate(1)\n@pytest.mark.parametrize("),
        ("def experiment(size)", "def experiment(seed, size)"),
    )
    commit("Declare bet 1")
    history.again()
    edit(("replicate(1)", "replicate(2)"))
    history.again()


def bad_cells_left_out(history: History) -> None:
    edit(("[1, 2, 3, 4, 5]", "[1, 2, 1.5, 1.25, 1.75]"))
    history.again()


def easier_steps(history: History) -> None:
    edit(("STEPS = 10", "STEPS = 1"))
    history.again()


def control_dropped(history: History) -> None:
    edit(
        ("Control: a placebo wins in at most 1 cell.\n", ""),
        ('@pytest.mark.control("count(placebo < cold) <= 1")\n', ""),
    )
    history.again()


def control_loosened(history: History) -> None:
    edit(("at most 1 cell", "at most 4 cells"), ("cold) <= 1", "cold) <= 4"))
    history.again()


def premise_added(history: History) -> None:
    edit(
        ("Control: a", "Premise: cold stays below 2.\nControl: a"),
        ("@pytest.mark.strict", '@pytest.mark.premise("max(cold) < 2")\n@pytest.mark.strict'),
    )
    history.again()


def criteria_chosen_in_a_void_run(history: History) -> None:
    history.undeclare()
    edit(
        ("Control: a", "Premise: cold stays below 2.\nControl: a"),
        ("@pytest.mark.strict", '@pytest.mark.premise("max(cold) < 2")\n@pytest.mark.strict'),
    )
    commit("Declare bet 1")
    history.again()
    edit(("Premise: cold stays below 2.\n", ""), ('@pytest.mark.premise("max(cold) < 2")\n', ""), *LOOSER)
    commit("Drop the premise")
    history.again()


def claim_reworded(history: History) -> None:
    edit(("whatever the size", "for small sizes"))
    history.again()


def challenge_dropped(history: History) -> None:
    write("bets/bet_9_heat.py", DECLARATION.replace("Bet 1", "Bet 9"))
    edit(("@pytest.mark.strict", "@pytest.mark.challenges(1)\n@pytest.mark.strict"), file="bets/bet_9_heat.py")
    commit("Challenge bet 1")
    history.again()
    edit(("@pytest.mark.challenges(1)\n", ""), file="bets/bet_9_heat.py")
    commit("Tidy up")


def amended(history: History) -> None:
    history.undeclare()
    history.run()
    edit(*LOOSER)
    history.run()
    commit("Declare and run bet 1", "--amend")


def declaration_amended_before_the_results_were_committed(history: History) -> None:
    history.undeclare()
    history.run()
    edit(*LOOSER)
    git("add", BET)
    git("commit", "-q", "--amend", "-m", "Declare bet 1")
    history.again("Run bet 1")


def registered_and_run_in_one_commit(history: History) -> None:
    history.unwritten()
    history.run()
    commit("Declare and run bet 1")


def run_before_it_was_declared(history: History) -> None:
    history.unwritten()
    history.run()
    git("add", "results")
    git("commit", "-q", "-m", "Run bet 1")
    commit("Declare bet 1")


def run_from_a_draft(history: History) -> None:
    edit(*LOOSER)
    history.run()
    git("add", "results")
    git("commit", "-q", "-m", "Run bet 1 again")
    commit("Clarify the claim")


def squashed(history: History) -> None:
    history.unwritten()
    git("commit", "-q", "--allow-empty", "-m", "Begin")
    git("checkout", "-q", "-b", "work")
    commit("Declare bet 1")
    history.again("Run bet 1")
    git("checkout", "-q", "main")
    git("merge", "-q", "--squash", "work")
    commit("Bet 1")


def loosened_on_another_branch(_: History) -> None:
    git("checkout", "-q", "-b", "earlier", "HEAD~1")
    edit(*LOOSER)
    commit("Clarify the claim")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-edit", "earlier")


def loosened_in_a_merge(_: History) -> None:
    git("checkout", "-q", "-b", "side")
    write("notes.txt", "x")
    commit("Take notes")
    git("checkout", "-q", "main")
    write("more.txt", "x")
    commit("Take more notes")
    git("merge", "-q", "--no-commit", "side")
    edit(*LOOSER)
    commit("Merge branch side")


def merged_away(history: History) -> None:
    git("checkout", "-q", "-b", "side")
    write("bets/bet_2_two.py", DECLARATION.replace("Bet 1", "Bet 2"))
    commit("Declare bet 2")
    history.again("Run bet 2")
    git("checkout", "-q", "main")
    git("merge", "-q", "-s", "ours", "--no-edit", "side")


def lines_dropped_in_a_merge(history: History) -> None:
    git("checkout", "-q", "-b", "side")
    edit(*WON, file=LAB)
    history.again()
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "--no-commit", "side")
    keep(lines()[-1])
    commit("Merge branch side")


def dated_back(history: History) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        history.patch.setenv(f"GIT_{role}_DATE", "2001-01-01T00:00:00Z")
    loosened(history)


def hidden_by_a_broken_revision(history: History) -> None:
    edit(("import pytest\n", "import pytest(\n"))
    commit("Work in progress")
    edit(("import pytest(\n", "import pytest\n"), *LOOSER)
    commit("Mend the syntax")
    history.again()


def deleted_and_added_again(history: History) -> None:
    remove(BET)
    commit("Tidy up")
    write(BET, DECLARATION)
    edit(*LOOSER)
    commit("Declare bet 1")
    history.again()


def renamed_and_loosened(history: History) -> None:
    renumbered()
    edit(*LOOSER, file="bets/bet_9_heat.py")
    commit("Declare bet 9")
    history.again()


def names_swapped(history: History) -> None:
    second("bets/bet_2_layers.py")
    commit("Declare bet 2")
    history.again("Run bet 2")
    one, two = Path(BET).read_text(), Path("bets/bet_2_layers.py").read_text()
    write(BET, two.replace("Bet 2", "Bet 1"))
    write("bets/bet_2_layers.py", one.replace("Bet 1", "Bet 2"))
    commit("Sort the bets")


def results_begun_again_elsewhere(history: History) -> None:
    write("pytest.ini", "[pytest]\nbets_results = evidence\n")
    edit(*WON, file=LAB)
    history.again()


def line_forged(_: History) -> None:
    line = json.loads(lines()[0])
    line["environment"]["commit"] = git("rev-parse", "HEAD")
    line["declaration"] = "0" * 64
    with Path(JOURNAL).open("a") as file:
        file.write(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
    commit("Run bet 1")


def crashed_where_it_lost(history: History) -> None:
    edit(("return losses(size, STEPS)", "assert size < 3\n    return losses(size, STEPS)"))
    with pytest.raises(AssertionError):
        history.run()
    edit(("assert size < 3\n    return losses(size, STEPS)", "return losses(min(size, 2), STEPS)"))
    history.again()


def run_until_it_passed(history: History) -> None:
    history.undeclare()
    edit(("COLD = 2.5", "COLD = 2.5 + 9 * __import__('pathlib').Path('results').exists()"), file=LAB)
    commit("Declare bet 1")
    history.run()
    history.again()


def history_grafted(history: History) -> None:
    loosened(history)
    first, last = git("rev-list", "--max-parents=0", "HEAD"), git("rev-parse", "HEAD")
    write(".git/info/grafts", f"{last} {first}\n")


def history_replaced(history: History) -> None:
    loosened(history)
    git("replace", "HEAD~1", "HEAD")


def run_in_a_shallow_clone_from_a_draft(history: History) -> None:
    commit("Take notes", "--allow-empty")
    git("clone", "-q", "--depth=1", Path.cwd().as_uri(), "clone")
    os.chdir("clone")
    edit(*LOOSER)
    history.run()
    os.chdir("..")
    shutil.copytree("clone/results", "results", dirs_exist_ok=True)
    shutil.rmtree("clone")
    commit("Run bet 1 on the cluster")
    edit(*LOOSER)
    commit("Clarify the claim")


def ignored_by_git(history: History) -> None:
    write(".gitignore", "drafts/\n")
    second("bets/drafts/bet_2_layers.py")
    write("bets/drafts/lab.py", LABORATORY)
    history.again("Run bet 2")


def called_a_rehearsal(_: History) -> None:
    edit(('"previous":', '"pilot":true,"previous":'), file=JOURNAL)
    commit("That was a rehearsal")


def journal_relinked_before_it_was_committed(history: History) -> None:
    history.undeclare()
    history.run()
    shutil.rmtree("results")
    history.again("Run bet 1")


def history_made_again(history: History) -> None:
    history.undeclare()
    edit(*LOOSER)
    git("commit", "-q", "-a", "--amend", "-m", "Declare bet 1")
    history.again("Run bet 1")


def another_clone_pushed(history: History) -> None:
    history.undeclare()
    git("clone", "-q", ".", "clone")
    os.chdir("clone")
    history.again("Run bet 1")
    os.chdir("..")
    shutil.rmtree("clone")
    history.again("Run bet 1")


def result_made_up(history: History) -> None:
    code = json.loads(Path(RECORD).read_text(encoding="utf-8"))["code"]
    history.undeclare()
    edit(("COLD = 2.5", "COLD = 9.5"), file=LAB)
    history.run()
    edit(("COLD = 9.5", "COLD = 2.5"), file=LAB)
    record = json.loads(Path(RECORD).read_text(encoding="utf-8"))
    record |= {"code": code, "environment": {**record["environment"], "dirty": False}}
    write(RECORD, json.dumps(record))
    line = {**json.loads(lines()[0]), "code": code["digest"], "environment": record["environment"]}
    line["record"] = hashlib.sha256(Path(RECORD).read_bytes()).hexdigest()
    keep(json.dumps(line, sort_keys=True).encode() + b"\n")
    commit("Run bet 1")


def code_run_from_a_text(history: History) -> None:
    history.undeclare()
    write("cold.txt", "2.5")
    edit(("COLD = 2.5", "COLD = eval(__import__('pathlib').Path('cold.txt').read_text())"), file=LAB)
    commit("Declare bet 1")
    write("cold.txt", "4 + 5")
    history.again("Run bet 1")


def claimed_in_other_words_and_code(history: History) -> None:
    second()
    edit(("return losses(size, STEPS)", 'return {**losses(size, STEPS), "cold": 9}'), file="bets/bet_2_layers.py")
    commit("Declare bet 2")
    history.run("bets/bet_2_layers.py")
    commit("Run bet 2")


def data_changed(history: History) -> None:
    history.undeclare()
    write("cold.txt", "2.5")
    edit(("COLD = 2.5", "COLD = float(__import__('pathlib').Path('cold.txt').read_text())"), file=LAB)
    commit("Declare bet 1")
    write("cold.txt", "9.5")
    history.again("Run bet 1")


@dataclass(frozen=True)
class Cheat:
    """A way to cheat, the kinds of findings and of notes that tell of it, and the classes of change."""

    do: Callable[[History], None]
    findings: frozenset[str] = frozenset()
    notes: frozenset[str] = frozenset()
    changes: frozenset[tuple[str, str]] = frozenset()


def cheat(do: Callable[[History], None], *findings: str, notes: str = "", changes: Iterable[str] = ()) -> Cheat:
    """Return a cheat; a change is `strict loosened`."""
    classes = (change.split() for change in changes)
    return Cheat(do, frozenset(findings), frozenset(notes.split()), frozenset((one, other) for one, other in classes))


BOTH = ("strict loosened", "lenient loosened")
CHEATS = {
    "loosen the criteria after the result": cheat(loosened, "goalposts", notes="retried", changes=BOTH),
    "narrow what counts as a catastrophe": cheat(
        looser_catastrophe, "goalposts", "unregistered", changes=["catastrophic loosened"]
    ),
    "loosen the criteria and rename the bet in one commit": cheat(
        renamed_and_loosened, "goalposts", notes="renamed stale", changes=BOTH
    ),
    "loosen the criteria and date the commits back": cheat(dated_back, "goalposts", changes=BOTH),
    "loosen the criteria on a branch that knows no result": cheat(
        loosened_on_another_branch, "goalposts", changes=BOTH
    ),
    "loosen the criteria inside a merge": cheat(loosened_in_a_merge, "goalposts", changes=BOTH),
    "loosen the criteria behind a revision that cannot be read": cheat(
        hidden_by_a_broken_revision, "goalposts", notes="unreadable", changes=BOTH
    ),
    "loosen the criteria and hide it from git status": cheat(criterion_edited_behind_git, "goalposts", changes=BOTH),
    "loosen the criteria and commit nothing": cheat(criterion_edited_and_not_committed, "goalposts", changes=BOTH),
    "loosen the criteria and replace the commits": cheat(history_replaced, "goalposts", changes=BOTH),
    "loosen the criteria and graft the history": cheat(history_grafted, "goalposts", changes=BOTH),
    "delete the bet and add it again, looser": cheat(
        deleted_and_added_again, "goalposts", notes="returned", changes=BOTH
    ),
    "run a looser draft, then commit it": cheat(run_from_a_draft, "goalposts", "unregistered", changes=BOTH),
    "run a looser draft in a shallow clone": cheat(
        run_in_a_shallow_clone_from_a_draft, "goalposts", "unregistered", changes=BOTH
    ),
    "move a threshold into a constant, and the constant": cheat(
        threshold_in_a_constant, "goalposts", "unregistered", notes="retried", changes=["constants replaced"]
    ),
    "make the task easier by a constant": cheat(
        easier_steps, "goalposts", "unregistered", changes=["constants replaced"]
    ),
    "choose another seed": cheat(other_seeds, "goalposts", "unregistered", changes=["constants replaced"]),
    "choose another number of seeds": cheat(
        other_replications, "goalposts", "unregistered", changes=["replicate replaced"]
    ),
    "leave the bad cells out of the sweep": cheat(
        bad_cells_left_out, "goalposts", "unregistered", notes="retried", changes=["sweep replaced"]
    ),
    "drop the control": cheat(control_dropped, "goalposts", "unregistered", changes=["control removed"]),
    "loosen the control": cheat(control_loosened, "goalposts", "unregistered", changes=["control loosened"]),
    "add a premise that the lost run does not meet": cheat(
        premise_added, "goalposts", "unregistered", notes="void", changes=["premise added"]
    ),
    "choose the criteria in a run that a premise made void": cheat(
        criteria_chosen_in_a_void_run,
        "goalposts",
        notes="void",
        changes=["premise removed", "strict loosened", "lenient loosened"],
    ),
    "claim less than was bet": cheat(claim_reworded, "goalposts", "unregistered", changes=["hypothesis replaced"]),
    "drop the challenge that was lost": cheat(
        challenge_dropped, "goalposts", "redeclared", changes=["challenges removed"]
    ),
    "swap the names of two bets": cheat(
        names_swapped,
        "goalposts",
        changes=["strict replaced", "lenient replaced", "catastrophic replaced", "hypothesis replaced"],
    ),
    "delete the bet that was lost": cheat(deleted, "vanished-bet", "vanished-record"),
    "delete the record of the loss": cheat(record_deleted, "vanished-record"),
    "delete the journal": cheat(journal_deleted, "vanished-line"),
    "delete record and journal, and start again": cheat(
        journal_begun_again, "vanished-line", notes="drift forked-chain"
    ),
    "rename the bet and start afresh": cheat(
        renamed_and_started_afresh, "vanished-line", "vanished-record", notes="renamed"
    ),
    "delete the bet and declare it under a new number": cheat(
        rewritten_under_a_new_number, "redeclared", "vanished-bet"
    ),
    "withdraw the bet and declare it under a new number": cheat(
        withdrawn_and_declared_again, "redeclared", notes="withdrawn"
    ),
    "merge the loss away": cheat(merged_away, "redeclared", "vanished-bet", "vanished-line", "vanished-record"),
    "rerun until it passes and drop the journal's lines": cheat(
        rerun_and_lines_dropped, "vanished-line", notes="drift"
    ),
    "drop the journal's lines before they are committed": cheat(
        lines_dropped_before_they_were_committed, "broken-chain"
    ),
    "drop the journal's lines in a merge": cheat(lines_dropped_in_a_merge, "vanished-line"),
    "rerun until it passes": cheat(run_until_it_passed, notes="unstable"),
    "crash wherever it would lose": cheat(crashed_where_it_lost, notes="void retried"),
    "start a new folder of results": cheat(results_begun_again_elsewhere, "elsewhere"),
    "edit a line of the journal": cheat(line_edited, "vanished-line"),
    "call a run a rehearsal": cheat(called_a_rehearsal, "vanished-line"),
    "write a line of the journal by hand": cheat(line_forged, "unregistered", notes="forked-chain"),
    "edit a measurement in the record": cheat(measurement_edited, "edited-record", "misjudged"),
    "edit the verdict in the record": cheat(verdict_edited, "edited-record", "misjudged"),
    "edit the record and hide it from git status": cheat(record_edited_behind_git, "edited-record", "misjudged"),
    "write a record by hand": cheat(record_written_by_hand, "edited-record", "redeclared", "same-commit"),
    "amend the commit after the run": cheat(amended, "lost-commit", "same-commit", "unregistered"),
    "amend the declaration while the results wait": cheat(
        declaration_amended_before_the_results_were_committed, "lost-commit"
    ),
    "register and run in one commit": cheat(registered_and_run_in_one_commit, "same-commit", "unregistered"),
    "run first, declare later": cheat(run_before_it_was_declared, "late", "unregistered"),
    "keep the bet where git ignores it": cheat(ignored_by_git, "late", "unregistered"),
    "squash declaration and result into one commit": cheat(squashed, "lost-commit", "same-commit"),
    "swap the metric inside the experiment": cheat(metric_swapped, notes="drift retried"),
    "swap the metric inside the laboratory": cheat(laboratory_swapped, notes="drift retried"),
    "change the code and leave the old record": cheat(code_changed_and_not_run, notes="stale"),
}
UNSEEN: dict[str, Callable[[History], None] | None] = {
    "Runs that were never committed": journal_relinked_before_it_was_committed,
    "A history that was rewritten before the first push": history_made_again,
    "Two clones, one of them pushed": another_clone_pushed,
    "A run that never took place": result_made_up,
    "A repository that brings its own `pytest_bets/`": None,
    "Code that runs from elsewhere": code_run_from_a_text,
    "The same claim in other words and other code": claimed_in_other_words_and_code,
    "Data that changed independently of the code": data_changed,
    "Results seen outside the tool": None,
    "An experiment with a built-in answer": None,
    "A premise that holds only where the claim does": None,
    "Many bets, one of them published": None,
    "A clock that is wrong": None,
}
DOCUMENT = Path(__file__).parents[2] / "docs" / "threat-model.md"


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_is_found_and_named(history: History, name: str) -> None:
    """These findings and no others, at least these notes, and every change in its class."""
    cheat = CHEATS[name]
    cheat.do(history)
    found = audit()
    assert found.findings == cheat.findings
    assert found.notes >= cheat.notes
    assert found.changed() == cheat.changes
    assert cheat.findings or cheat.notes
    assert found.status == (1 if cheat.findings else 0)


@pytest.mark.parametrize("name", [name for name, do in UNSEEN.items() if do])
def test_what_git_alone_cannot_show_is_not_found(history: History, name: str) -> None:
    """The document says what would show it; if the audit finds it one day, this test fails."""
    do = UNSEEN[name]
    assert do is not None
    do(history)
    found = audit()
    assert (found.status, found.findings) == (0, set())


def test_the_threat_model_lists_every_cheat_with_what_is_found() -> None:
    """One row a cheat, in the order and the words of the table above."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {name: (found, changes) for name, found, changes in rows if name in CHEATS}
    assert listed == {
        name: (
            ", ".join(f"`{kind}`" for kind in sorted(cheat.findings) or sorted(f"{kind}" for kind in cheat.notes))
            + ("" if cheat.findings else " (a note)"),
            ", ".join(sorted(" ".join(change) for change in cheat.changes)),
        )
        for name, cheat in CHEATS.items()
    }
    assert len(listed) >= 25


def test_the_threat_model_says_of_what_git_cannot_show_what_would() -> None:
    """One heading each, and under each what would show it."""
    limits = DOCUMENT.read_text(encoding="utf-8").partition("## What git alone cannot show")[2]
    sections = re.findall(r"^### ([^\n]+)\n\n(.+?)(?=^#|\Z)", limits, re.MULTILINE | re.DOTALL)
    assert [heading for heading, _ in sections] == list(UNSEEN)
    assert all("What would: " in " ".join(text.split()) for _, text in sections)
