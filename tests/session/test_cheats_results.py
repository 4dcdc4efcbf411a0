"""Results against their history: late results, merges, records without runs. Cheats and honest neighbours."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.histories import (
    BET,
    JOURNAL,
    LAB,
    LOOSER,
    RECORD,
    WON,
    History,
    commit,
    edit,
    inspect,
    keep,
    lines,
    remove,
    second,
    write,
)
from tests.helpers.repositories import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
NINE = "bets/bet_9_heat.py"
DOCUMENT = Path(__file__).parents[2] / "docs" / "threat-model.md"


def branch(name: str, *start: str) -> None:
    git("checkout", "-q", "-b", name, *start)


def to(name: str) -> None:
    git("checkout", "-q", name)


def note() -> None:
    write("notes.txt", "x")
    git("add", "notes.txt")
    git("commit", "-q", "-m", "Take notes")


def bets_committed(message: str) -> None:
    git("add", "bets")
    git("commit", "-q", "-m", message)


def lost_and_not_committed(history: History) -> None:
    """Run the bet at its declaration, and commit nothing."""
    history.undeclare()
    history.run()


def loosened_between_two_runs(history: History) -> None:
    lost_and_not_committed(history)
    edit(*LOOSER)
    bets_committed("Clarify the claim")
    history.again()


def constant_changed_between_two_runs(history: History) -> None:
    lost_and_not_committed(history)
    edit(("STEPS = 10", "STEPS = 20"))
    bets_committed("Train longer")
    history.again()


def renamed_and_loosened_between_two_runs(history: History) -> None:
    lost_and_not_committed(history)
    git("mv", BET, NINE)
    edit(("Bet 1:", "Bet 9:"), *LOOSER, file=NINE)
    bets_committed("Sort the bets")
    history.again()


def loosened_after_a_late_result_in_two_steps(history: History) -> None:
    lost_and_not_committed(history)
    edit(("at least 3", "at least 2"), (">= 3", ">= 2"))
    bets_committed("Clarify the lenient claim")
    note()
    edit(("at least 4", "at least 2"), (">= 4", ">= 2"))
    bets_committed("Clarify the claim")
    history.again()


def loosened_beside_a_late_result(history: History) -> None:
    history.undeclare()
    branch("side")
    note()
    history.run()
    to("main")
    edit(*LOOSER)
    bets_committed("Clarify the claim")
    history.again()
    git("merge", "-q", "--no-edit", "side")


def tighter_on_main(history: History) -> None:
    """Loosen a draft, which stays on the branch `old`, tighten it again on main, and lose."""
    history.undeclare()
    edit(*LOOSER)
    commit("Declare a draft")
    branch("old")
    note()
    to("main")
    git("revert", "--no-edit", "HEAD")
    history.again("Run bet 1")


def old_side_taken(history: History, *pairs: tuple[str, str], run: bool = True) -> None:
    git("merge", "-q", "--no-commit", "--no-ff", "old")
    git("checkout", "old", "--", BET)
    edit(*pairs)
    commit("Merge branch old")
    if run:
        history.again()


def merged_back(history: History) -> None:
    tighter_on_main(history)
    old_side_taken(history)


def merged_back_before_the_result_was_committed(history: History) -> None:
    tighter_on_main(history)
    git("reset", "-q", "--soft", "HEAD~1")
    git("reset", "-q")
    git("merge", "-q", "--no-commit", "--no-ff", "old")
    git("checkout", "old", "--", BET)
    git("commit", "-q", "-m", "Merge branch old")
    history.again()


def merged_back_with_a_comment(history: History) -> None:
    tighter_on_main(history)
    old_side_taken(history, ("return losses", "# as measured\n    return losses"))


def merged_back_in_an_octopus(history: History) -> None:
    tighter_on_main(history)
    branch("third", "old~1")
    write("more.txt", "x")
    commit("Take more notes")
    to("main")
    tree = git("rev-parse", "old:bets")
    git("rm", "-q", "-r", "--cached", "bets")
    git("read-tree", "--prefix=bets/", tree)
    parents = [argument for name in ("main", "old", "third") for argument in ("-p", name)]
    made = git("commit-tree", git("write-tree"), *parents, "-m", "Merge branches old and third")
    git("reset", "-q", "--hard", made)
    history.again()


def merged_into_the_older_side(history: History) -> None:
    tighter_on_main(history)
    to("old")
    git("merge", "-q", "--no-edit", "--no-ff", "-s", "recursive", "-X", "ours", "--no-commit", "main")
    git("checkout", "old", "--", BET)
    commit("Merge branch main")
    git("branch", "-q", "-f", "main")
    to("main")
    history.again()


def broken_by_the_merge(history: History) -> None:
    tighter_on_main(history)
    to("old")
    edit(("return losses", "# as measured\n    return losses"))
    commit("Say what is returned")
    to("main")
    old_side_taken(history, ("import pytest\n", "import pytest(\n"), run=False)
    edit(("import pytest(\n", "import pytest\n"))
    commit("Mend the syntax")
    history.again()


def renamed_by_the_merge(history: History) -> None:
    tighter_on_main(history)
    git("mv", BET, NINE)
    edit(("Bet 1:", "Bet 9:"), file=NINE)
    commit("Sort the bets")
    history.again("Run bet 9")
    git("merge", "-q", "--no-commit", "--no-ff", "old")
    remove(NINE)
    git("checkout", "old", "--", BET)
    commit("Merge branch old")
    history.again()


def merged_half_of_an_older_side(history: History) -> None:
    tighter_on_main(history)
    git("merge", "-q", "--no-commit", "--no-ff", "old")
    edit(("at least 3", "at least 2"), (">= 3", ">= 2"))
    commit("Merge branch old")
    history.again()


FLAKY = ("COLD = 2.5", "COLD = 2.5 + 9 * __import__('pathlib').Path('lucky').exists()")
"""A laboratory whose luck is not in its code."""


def flaky(history: History) -> None:
    """Declare the bet with a laboratory that has bad luck at first, and lose."""
    history.undeclare()
    edit(FLAKY, file=LAB)
    write(".gitignore", "lucky\n")
    commit("Declare bet 1")
    history.run()


def lucky() -> None:
    Path("lucky").touch()


def record_deleted_and_run_again(history: History) -> None:
    flaky(history)
    commit("Run bet 1")
    remove(RECORD)
    lucky()
    history.again()


def record_deleted_before_it_was_committed(history: History) -> None:
    flaky(history)
    remove(RECORD)
    lucky()
    history.again("Run bet 1")


def results_set_aside_and_journal_restored(history: History) -> None:
    flaky(history)
    commit("Run bet 1")
    (line,) = lines()
    shutil.rmtree("results")
    lucky()
    history.run()
    keep(line, *lines())
    commit("Run bet 1 again")


def record_never_committed(history: History) -> None:
    history.undeclare()
    history.run()
    remove(RECORD)
    commit("Run bet 1")


def record_ignored(history: History) -> None:
    history.undeclare()
    write(".gitignore", "results/1_*.json\n")
    history.again("Run bet 1")


def record_ignored_and_cloned(history: History) -> None:
    record_ignored(history)
    git("clone", "-q", ".", "clone")
    os.chdir("clone")


def journal_ignored(history: History) -> None:
    history.undeclare()
    write(".gitignore", "*.jsonl\n")
    history.again("Run bet 1")


def won_then_lost(history: History) -> bytes:
    """Win with one laboratory and lose with another; return the record of the win."""
    history.undeclare()
    edit(*WON, file=LAB)
    commit("Tune the laboratory")
    history.again("Run bet 1")
    better = Path(RECORD).read_bytes()
    edit(*((new, old) for old, new in WON), file=LAB)
    commit("Fix the laboratory")
    history.run()
    return better


def better_record_put_back(history: History) -> None:
    better = won_then_lost(history)
    commit("Run bet 1 again")
    Path(RECORD).write_bytes(better)
    commit("Restore the record")


def better_record_put_back_and_journal_sorted(history: History) -> None:
    better = won_then_lost(history)
    keep(*reversed(lines()))
    Path(RECORD).write_bytes(better)
    commit("Sort the journal")


def better_record_kept(history: History) -> None:
    Path(RECORD).write_bytes(won_then_lost(history))
    commit("Run bet 1 again")


def better_record_put_back_in_a_merge(history: History) -> None:
    won_then_lost(history)
    commit("Run bet 1 again")
    branch("side", "HEAD~2")
    note()
    to("main")
    git("merge", "-q", "--no-commit", "--no-ff", "side")
    git("checkout", "side", "--", RECORD)
    commit("Merge branch side")


def record_of_a_merged_branch_put_back(history: History) -> None:
    history.undeclare()
    branch("side")
    history.again("Run bet 1")
    to("main")
    edit(*WON, file=LAB)
    commit("Tune the laboratory")
    history.again("Run bet 1")
    better = Path(RECORD).read_bytes()
    git("merge", "-q", "--no-edit", "-X", "ours", "side")
    edit(("COLD = 9", "COLD = 2.4"), file=LAB)
    commit("Fix the laboratory")
    history.again()
    Path(RECORD).write_bytes(better)
    commit("Restore the record")


def record_forged(**changes: object) -> bytes:
    """Write a better record by hand, and return a line for it."""
    edit(('"cold": 2.5', '"cold": 9'), ('"verdict": "FAIL"', '"verdict": "PASS"'), file=RECORD)
    forged = {**json.loads(lines()[0]), "record": hashlib.sha256(Path(RECORD).read_bytes()).hexdigest(), **changes}
    return json.dumps(forged).encode() + b"\n"


def record_of_a_rehearsal(_: History) -> None:
    write("rehearsals/journal.jsonl", record_forged(pilot=True, verdict=None).decode())
    commit("Rehearse")


def record_of_a_rehearsal_in_the_journal(_: History) -> None:
    keep(*lines(), record_forged(pilot=True, verdict=None))
    commit("Rehearse")


def record_of_another_journal(_: History) -> None:
    write("other/journal.jsonl", record_forged(verdict="PASS").decode())
    commit("Run bet 1 again")


def line_copied(times: int) -> Callable[[History], None]:
    def do(history: History) -> None:
        edit(*WON, file=LAB)
        commit("Tune the laboratory")
        history.run()
        *others, last = lines()
        keep(*others, *[last] * times)
        commit("Run bet 1 nine times")

    return do


def line_copied_with_another_time(_: History) -> None:
    (line,) = lines()
    other = json.loads(line)
    other["time"] = "2030-01-01T00:00:00Z"
    keep(line, json.dumps(other, sort_keys=True, separators=(",", ":")).encode() + b"\n")
    commit("Run bet 1 again")


def line_copied_later(_: History) -> None:
    keep(*lines() * 2)
    commit("Run bet 1 again")


def line_copied_and_not_committed(_: History) -> None:
    keep(*lines() * 3)


PAGE, DATA = "results/SUMMARY.md", "results/SUMMARY.json"


def page_edited(*pairs: tuple[str, str], file: str = PAGE, message: str = "Tidy up") -> Callable[[History], None]:
    def do(_: History) -> None:
        edit(*pairs, file=file)
        if message:
            commit(message)

    return do


def page_replaced(_: History) -> None:
    write(PAGE, "# Summary of the bets\n\nAll is well.\n")
    commit("Tidy up")


def row_deleted(_: History) -> None:
    text = Path(PAGE).read_text(encoding="utf-8")
    Path(PAGE).write_text(re.sub(r"^\| \[1_warm\].*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    commit("Tidy up")


def older_page_put_back(history: History) -> None:
    won_then_lost(history)
    commit("Run bet 1 again")
    git("checkout", "HEAD~2", "--", PAGE, DATA)
    commit("Tidy up")


def older_page_kept(history: History) -> None:
    won_then_lost(history)
    git("checkout", "HEAD", "--", PAGE, DATA)
    commit("Run bet 1 again")


def disagreement_hidden(history: History) -> None:
    flaky(history)
    lucky()
    history.run()
    edit(("unstable: 1 of 2 agree", "2 of 2 agree"), file=PAGE)
    commit("Run bet 1")


def won_with_luck(*pairs: tuple[str, str], file: str = PAGE) -> Callable[[History], None]:
    """Win a bet that luck wins in 6 of 32 cases, and edit the summary."""

    def do(history: History) -> None:
        history.undeclare()
        edit(*WON, file=LAB)
        null = '@pytest.mark.null(swap="warm, cold")\n@pytest.mark.parametrize'
        edit(("Run: pytest", "Null: warm-up does nothing.\nRun: pytest"), ("@pytest.mark.parametrize", null))
        commit("Declare a null")
        history.again("Run bet 1")
        page_edited(*pairs, file=file)(history)

    return do


def repetition_called_a_replication(history: History) -> None:
    history.again()
    page_edited(("reproduced 1 of 1", "replicated 1"))(history)


def journal_broken(line: str) -> Callable[[History], None]:
    """Loosen the criteria, and let a line of the journal be none."""

    def do(_: History) -> None:
        edit(*LOOSER)
        with Path(JOURNAL).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        commit("Clarify the claim")

    return do


def file_broken(name: str, data: bytes | None) -> Callable[[History], None]:
    """Loosen the criteria, and put something into the results that is no record: a folder where there are no bytes."""

    def do(_: History) -> None:
        edit(*LOOSER)
        path = Path("results", name)
        path.unlink(missing_ok=True)
        path.mkdir() if data is None else path.write_bytes(data)
        commit("Clarify the claim")

    return do


def submodule_for_a_record(_: History) -> None:
    edit(*LOOSER)
    commit("Clarify the claim")
    git("update-index", "--add", "--cacheinfo", f"160000,{git('rev-parse', 'HEAD')},results/00_index.json")
    git("commit", "-q", "-m", "Take in the index")


def submodule_for_a_record_and_gone_again(history: History) -> None:
    submodule_for_a_record(history)
    git("rm", "-q", "--cached", "results/00_index.json")
    git("commit", "-q", "-m", "Leave out the index")


def record_huge(_: History) -> None:
    edit(*LOOSER)
    with Path("results/00_index.json").open("wb") as file:
        file.truncate(1 << 32)
    git("commit", "-q", "-a", "-m", "Clarify the claim")


def lost_on_a_branch(history: History) -> None:
    history.undeclare()
    branch("side")
    history.again("Run bet 1")
    to("main")
    edit(*WON, file=LAB)
    commit("Tune the laboratory")
    history.again("Run bet 1")


def lost_at_a_tag(history: History) -> None:
    lost_on_a_branch(history)
    git("tag", "try", "side")
    git("branch", "-q", "-D", "side")


def lost_on_a_remote(history: History) -> None:
    lost_on_a_branch(history)
    git("clone", "-q", ".", "clone")
    os.chdir("clone")


def record_of_the_loss_on_a_branch(history: History) -> None:
    lost_on_a_branch(history)
    to("side")
    git("rm", "-q", JOURNAL)
    git("commit", "-q", "--amend", "-m", "Run bet 1")
    to("main")


def shown_before_the_loss(history: History) -> None:
    won_then_lost(history)
    commit("Run bet 1 again")
    git("checkout", "-q", "--detach", "HEAD~2")


def stashed(history: History) -> None:
    won_then_lost(history)
    git("stash", "-q", "--include-untracked")


def easier_in_a_subfolder(history: History) -> None:
    for file in (BET, LAB):
        write(f"paper/{file}", Path(file).read_text(encoding="utf-8"))
    edit(*LOOSER, file=f"paper/{BET}")
    write("paper/pytest.ini", "[pytest]\n")
    commit("Write the paper")
    os.chdir("paper")
    history.again("Run bet 1")


def another_results_folder_outside(history: History) -> None:
    Path("project").mkdir()
    git("mv", "bets", "pytest.ini", "project")
    git("rm", "-q", "-r", "results")
    commit("Sort the files")
    os.chdir("project")
    history.run("--bets-results=../runs1")
    git("add", "-A", "..")
    git("commit", "-q", "-m", "Run bet 1")
    write("pytest.ini", "[pytest]\nbets_results = ../runs2\n")
    edit(*WON, file=LAB)
    git("commit", "-q", "-a", "-m", "Tune the laboratory")
    history.run()
    git("add", "-A", "..")
    git("commit", "-q", "-m", "Run bet 1 again")


def record_of_the_loss_elsewhere(history: History) -> None:
    history.undeclare()
    history.run("--bets-results=runs1")
    remove("runs1/journal.jsonl")
    edit(*WON, file=LAB)
    commit("Tune the laboratory")
    history.again("Run bet 1")


def commit_graph(parent: int | None) -> Callable[[History], None]:
    """Let a forged commit-graph give HEAD another parent, or none."""

    def do(history: History) -> None:
        loosened(history)
        git("commit-graph", "write", "--reachable")
        order = sorted(git("rev-list", "HEAD").split())
        head = order.index(git("rev-parse", "HEAD"))
        path = Path(".git/objects/info/commit-graph")
        data = bytearray(path.read_bytes())
        chunks = {
            bytes(data[at : at + 4]): int.from_bytes(data[at + 4 : at + 12]) for at in range(8, 8 + 12 * data[6], 12)
        }
        at = chunks[b"CDAT"] + 36 * head + 20
        other = 0x70000000 if parent is None else order.index(git("rev-parse", f"HEAD~{parent}"))
        data[at : at + 4] = other.to_bytes(4)
        path.chmod(0o644)
        path.write_bytes(data)

    return do


def commit_graph_chain(history: History) -> None:
    commit_graph(None)(history)
    folder = Path(".git/objects/info/commit-graphs")
    folder.mkdir()
    data = Path(".git/objects/info/commit-graph").read_bytes()
    name = data[-20:].hex()
    (folder / f"graph-{name}.graph").write_bytes(data)
    (folder / "commit-graph-chain").write_text(f"{name}\n")
    Path(".git/objects/info/commit-graph").unlink()


def loosened(history: History) -> None:
    edit(*LOOSER)
    commit("Clarify the claim")
    history.again()


@dataclass(frozen=True)
class Cheat:
    """A way to cheat, the findings and notes that tell of it, and the classes of change."""

    do: Callable[[History], None]
    findings: str
    notes: str = ""
    changes: str = ""
    unknown: bool = False


BOTH = "lenient loosened, strict loosened"
CHEATS = {
    "loosen the criteria between two runs and commit both late": Cheat(
        loosened_between_two_runs, "goalposts", "retried", BOTH
    ),
    "change a constant between two runs and commit both late": Cheat(
        constant_changed_between_two_runs, "goalposts", "", "constants replaced"
    ),
    "rename and loosen between two runs and commit both late": Cheat(
        renamed_and_loosened_between_two_runs, "goalposts", "renamed", BOTH
    ),
    "loosen in two steps while the first result waits": Cheat(
        loosened_after_a_late_result_in_two_steps, "goalposts", "retried", BOTH
    ),
    "loosen beside the branch that a late result names": Cheat(
        loosened_beside_a_late_result, "goalposts", "retried", BOTH
    ),
    "merge an older, easier side": Cheat(merged_back, "goalposts", "retried", BOTH),
    "merge an older, easier side before the result is committed": Cheat(
        merged_back_before_the_result_was_committed, "goalposts", "retried", BOTH
    ),
    "merge an older, easier side and add a comment": Cheat(merged_back_with_a_comment, "goalposts", "retried", BOTH),
    "merge an older, easier side in an octopus": Cheat(merged_back_in_an_octopus, "goalposts", "retried", BOTH),
    "merge the result into an older, easier side": Cheat(merged_into_the_older_side, "goalposts", "retried", BOTH),
    "merge an older, easier side and break its syntax": Cheat(
        broken_by_the_merge, "goalposts", "retried unreadable", BOTH
    ),
    "merge an older, easier side under its former name": Cheat(renamed_by_the_merge, "goalposts", "renamed", BOTH),
    "merge half of an older, easier side": Cheat(
        merged_half_of_an_older_side, "goalposts", "retried", "lenient loosened"
    ),
    "delete the record and rerun until it passes": Cheat(record_deleted_and_run_again, "wrong-record", "unstable"),
    "delete the record before it is committed and rerun until it passes": Cheat(
        record_deleted_before_it_was_committed, "wrong-record", "unstable"
    ),
    "set the results aside, rerun, and restore the journal": Cheat(
        results_set_aside_and_journal_restored, "wrong-record", "unstable forked-chain"
    ),
    "never commit the record of the loss": Cheat(record_never_committed, "vanished-record"),
    "let git ignore the record of the loss": Cheat(record_ignored, "vanished-record"),
    "let git ignore the record of the loss, in a clone": Cheat(record_ignored_and_cloned, "vanished-record"),
    "let git ignore the journal": Cheat(journal_ignored, "vanished-line"),
    "put an older, better record back": Cheat(better_record_put_back, "wrong-record", "stale"),
    "put an older, better record back and sort the journal": Cheat(
        better_record_put_back_and_journal_sorted, "wrong-record", "stale"
    ),
    "commit the journal of a loss with an older, better record": Cheat(better_record_kept, "wrong-record", "stale"),
    "put an older, better record back in a merge": Cheat(better_record_put_back_in_a_merge, "wrong-record", "stale"),
    "put the record of a merged branch back": Cheat(record_of_a_merged_branch_put_back, "wrong-record", "stale"),
    "write a record by hand and a rehearsal for it": Cheat(record_of_a_rehearsal, "edited-record misjudged"),
    "write a record by hand and a rehearsal in the journal": Cheat(
        record_of_a_rehearsal_in_the_journal, "edited-record misjudged"
    ),
    "write a record by hand and another journal for it": Cheat(
        record_of_another_journal, "edited-record elsewhere misjudged"
    ),
    "edit a verdict in the summary": Cheat(
        page_edited(("[FAIL](1_warm.json)", "[PASS](1_warm.json)")), "wrong-summary"
    ),
    "edit a verdict in the summary's JSON": Cheat(
        page_edited(('"verdict": "FAIL"', '"verdict": "PASS"'), file=DATA), "wrong-summary"
    ),
    "edit a measured value in the summary": Cheat(page_edited(("measured 2", "measured 4")), "wrong-summary"),
    "edit the counts of the summary": Cheat(page_edited(("0 PASS", "1 PASS"), ("1 FAIL", "0 FAIL")), "wrong-summary"),
    "edit the summary and commit nothing": Cheat(
        page_edited(("[FAIL](1_warm.json)", "[PASS](1_warm.json)"), message=""), "wrong-summary"
    ),
    "write a better verdict into the summary": Cheat(
        page_edited(("## Falsified", "**Bet 1 is a PASS at scale.**\n\n## Falsified")), "wrong-summary"
    ),
    "edit the known error in the summary": Cheat(
        won_with_luck(("19 % (5 sizes)", "1 in 32 (5 sizes)")), "wrong-summary"
    ),
    "edit the known error in the summary's JSON": Cheat(
        won_with_luck(('"rate": 0.1875', '"rate": 0.01'), file=DATA), "wrong-summary"
    ),
    "let a PASS stand at a false discovery rate": Cheat(
        won_with_luck(("rate of 5 %: none", "rate of 5 %: [1_warm](../bets/bet_1_warm.py)")), "wrong-summary"
    ),
    "call a repetition a replication in the summary": Cheat(repetition_called_a_replication, "wrong-summary"),
    "delete a row of the summary": Cheat(row_deleted, "wrong-summary"),
    "hide a disagreement in the summary": Cheat(disagreement_hidden, "wrong-summary", "unstable"),
    "edit the claim in the summary": Cheat(
        page_edited(("warm-up helps at every size", "warm-up helps")), "wrong-summary"
    ),
    "edit a threshold in the summary": Cheat(page_edited(("cold) >= 4`", "cold) >= 2`")), "wrong-summary"),
    "replace the summary": Cheat(page_replaced, "wrong-summary"),
    "put an older, better summary back": Cheat(older_page_put_back, "wrong-summary"),
    "leave the loss out of the summary": Cheat(older_page_kept, "wrong-summary"),
    "break a line of the journal": Cheat(journal_broken("# end"), "goalposts", unknown=True, changes=BOTH),
    "leave a line of another schema in the journal": Cheat(
        journal_broken('{"schema": "pytest-bets/journal/9"}'), "goalposts", unknown=True, changes=BOTH
    ),
    "put a file that is no record into the results": Cheat(
        file_broken("00_index.json", b"{}"), "goalposts", unknown=True, changes=BOTH
    ),
    "put bytes that are no text into the results": Cheat(
        file_broken("00_index.json", b"\xff\xfe{"), "goalposts", unknown=True, changes=BOTH
    ),
    "put a folder in the place of the record": Cheat(
        file_broken("1_warm.json", None), "goalposts", unknown=True, changes=BOTH
    ),
    "put a submodule into the results": Cheat(submodule_for_a_record, "goalposts", changes=BOTH),
    "put a submodule into the results and take it out again": Cheat(
        submodule_for_a_record_and_gone_again, "goalposts", changes=BOTH
    ),
    "put a huge file into the results": Cheat(record_huge, "goalposts", unknown=True, changes=BOTH),
    "lose on a branch that stays unmerged": Cheat(lost_on_a_branch, "", "unmerged"),
    "lose on a branch and leave a tag": Cheat(lost_at_a_tag, "", "unmerged"),
    "lose on a branch of the remote": Cheat(lost_on_a_remote, "", "unmerged"),
    "lose on a branch and delete its journal": Cheat(record_of_the_loss_on_a_branch, "", "unmerged"),
    "show the history before the loss": Cheat(shown_before_the_loss, "", "unmerged"),
    "put the loss into a stash": Cheat(stashed, "", "unmerged"),
    "audit a subfolder with an easier copy": Cheat(easier_in_a_subfolder, "", "outside"),
    "start a new folder of results outside of the project": Cheat(another_results_folder_outside, "", "outside"),
    "leave the loss in a folder without a journal": Cheat(record_of_the_loss_elsewhere, "", "outside"),
    "loosen the criteria and forge a parent in the commit-graph": Cheat(commit_graph(3), "goalposts", "retried", BOTH),
    "loosen the criteria and cut the history in the commit-graph": Cheat(
        commit_graph(None), "goalposts", "retried", BOTH
    ),
    "loosen the criteria and forge a chain of commit-graphs": Cheat(commit_graph_chain, "goalposts", "retried", BOTH),
    "copy a line of the journal": Cheat(line_copied(9), "copied-line"),
    "copy a line of the journal with another time": Cheat(line_copied_with_another_time, "", "forked-chain"),
    "copy a line of the journal in a later commit": Cheat(line_copied_later, "copied-line"),
    "copy a line of the journal and commit nothing": Cheat(line_copied_and_not_committed, "copied-line"),
}


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_with_results_is_found_and_named(history: History, name: str) -> None:
    """These findings and no others, at least these notes, and every change in its class."""
    cheat = CHEATS[name]
    cheat.do(history)
    found = inspect()
    assert found.findings == set(cheat.findings.split())
    assert found.notes >= set(cheat.notes.split())
    assert ", ".join(sorted(" ".join(change) for change in found.changed())) == cheat.changes
    assert found.status == (1 if cheat.findings else 0)
    assert bool(found.of("unknown")) == cheat.unknown


def test_a_change_after_a_run_names_the_run(history: History) -> None:
    """And says that the result was committed later."""
    loosened_between_two_runs(history)
    time = json.loads(lines()[0])["time"]
    text = f"after the run of {time} (FAIL), which was committed later: the goalposts moved"
    assert {entry["text"] for entry in inspect().of("goalposts")} == {text}


@pytest.mark.usefixtures("history")
def test_a_change_on_a_branch_is_said_once_and_not_again_at_its_merge() -> None:
    """The merge takes what the branch changed; the branch is where to look."""
    branch("side", "HEAD~1")
    edit(*LOOSER)
    changed = commit("Clarify the claim")
    to("main")
    git("merge", "-q", "--no-edit", "side")
    assert [entry["commit"]["id"] for entry in inspect().of("goalposts")] == [changed] * 2


def test_a_result_on_a_branch_that_was_deleted_is_not_found(history: History) -> None:
    """The threat model says so."""
    lost_on_a_branch(history)
    git("branch", "-q", "-D", "side")
    found = inspect()
    assert (found.status, found.findings, found.of("unmerged")) == (0, set(), [])


def listed(cheat: Cheat) -> tuple[str, str]:
    kinds = ", ".join(f"`{kind}`" for kind in sorted((cheat.findings or cheat.notes).split()))
    return kinds + ("" if cheat.findings else " (a note)"), cheat.changes


def test_the_threat_model_lists_every_cheat_with_results() -> None:
    """One row a cheat, in the words of the table above."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.*?) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: (found, changes) for name, found, changes in rows if name in CHEATS} == {
        name: listed(cheat) for name, cheat in CHEATS.items()
    }


def committed_late(history: History) -> None:
    history.undeclare()
    history.run()
    note()
    edit(("Run: pytest", "Scope: says nothing of other optimisers.\nRun: pytest"))
    bets_committed("Say what it does not say")
    commit("Run bet 1")


def changed_then_run_and_committed_late(history: History) -> None:
    history.undeclare()
    edit(*LOOSER)
    commit("Think again")
    history.run()
    note()
    commit("Run bet 1")


def draft_run_again(history: History) -> None:
    """Change a draft before its first result, run it, and then run the draft at its old commit."""
    changed_then_run_and_committed_late(history)
    git("checkout", "-q", "--detach", "HEAD~3")
    git("checkout", "main", "--", "results")
    history.run()
    shutil.move("results", "kept")
    git("reset", "-q", "--hard")
    to("main")
    shutil.rmtree("results")
    shutil.move("kept", "results")
    commit("Run the draft of bet 1")


def change_cherry_picked(history: History) -> None:
    history.undeclare()
    branch("work")
    to("main")
    edit(*LOOSER)
    commit("Think again")
    to("work")
    note()
    git("cherry-pick", "main")
    history.again("Run bet 1")
    to("main")
    git("merge", "-q", "--no-edit", "--no-ff", "work")


def older_branch_merged(history: History) -> None:
    tighter_on_main(history)
    git("merge", "-q", "--no-edit", "--no-ff", "old")


def results_merged_into_an_older_branch(history: History) -> None:
    history.undeclare()
    branch("old")
    note()
    to("main")
    edit(*LOOSER)
    commit("Think again")
    history.again("Run bet 1")
    to("old")
    git("merge", "-q", "--no-edit", "--no-ff", "main")


def bets_of_two_machines(history: History) -> None:
    second()
    write("bets/bet_3_three.py", Path("bets/bet_2_layers.py").read_text(encoding="utf-8"))
    edit(("Bet 2:", "Bet 3:"), ("two layers tell", "three layers, by a quarter, tell"), file="bets/bet_3_three.py")
    edit(("cold + 0", "cold + 0 + 0"), file="bets/bet_3_three.py")
    commit("Declare bets 2 and 3")
    branch("machine")
    history.run("bets/bet_3_three.py")
    commit("Run bet 3")
    to("main")
    history.run("bets/bet_2_layers.py")
    commit("Run bet 2")
    git("merge", "-q", "--no-edit", "-X", "ours", "machine")
    assert len(lines()) == 3


def killed_before_its_record(history: History) -> None:
    history.undeclare()
    history.run()
    remove(RECORD)
    history.again("Run bet 1")


def replicated_without_a_rollup(history: History) -> None:
    history.run()
    git("checkout", "HEAD", "--", PAGE, DATA)
    commit("Run bet 1 again")


def measured_again_without_a_rollup(history: History) -> None:
    edit(*WON, file=LAB)
    commit("Fix the laboratory")
    replicated_without_a_rollup(history)


def summary_of_an_older_version(_: History) -> None:
    text = Path(PAGE).read_text(encoding="utf-8")
    text = re.sub(r"^((?:\| [^|]*){3})\| [^|]*(\|.*)$", r"\1\2", text, flags=re.MULTILINE)
    Path(PAGE).write_text(text.replace("nothing is typed by hand", "by no hand"), encoding="utf-8")
    data = json.loads(Path(DATA).read_text(encoding="utf-8"))
    for row in data["bets"]:
        del row["decided"], row["challenged"]
    Path(DATA).write_text(json.dumps(data), encoding="utf-8")
    commit("Write the summary")


def summary_with_fewer_sections(_: History) -> None:
    text = Path(PAGE).read_text(encoding="utf-8")
    Path(PAGE).write_text(text[: text.index("## Scope")], encoding="utf-8")
    commit("Write the summary")


def summary_not_committed(history: History) -> None:
    git("rm", "-q", PAGE, DATA)
    write(".gitignore", "results/SUMMARY.*\n")
    history.again()


def withdrawn_without_a_rollup(_: History) -> None:
    edit(("@pytest.mark.strict", '@pytest.mark.withdrawn("badly tuned")\n@pytest.mark.strict'))
    commit("Withdraw bet 1")


def code_changed_and_changed_back(history: History) -> None:
    edit(*WON, file=LAB)
    commit("Tune the laboratory")
    history.again()
    git("revert", "--no-edit", "HEAD~1")
    history.again()


def resumed(history: History) -> None:
    history.undeclare()
    edit(("return {", "assert size < 4 or pathlib.Path('repaired').exists()\n    return {"), file=LAB)
    edit(("COLD = 2.5", "import pathlib\n\nCOLD = 2.5"), file=LAB)
    write(".gitignore", "repaired\n")
    commit("Declare bet 1")
    with pytest.raises(AssertionError):
        history.run()
    commit("Run bet 1")
    Path("repaired").touch()
    history.run("--bets-resume")
    assert json.loads(lines()[-1])["resumed"] == 3
    commit("Resume bet 1")


def results_cherry_picked(history: History) -> None:
    branch("work")
    history.again()
    to("main")
    note()
    git("cherry-pick", "work")
    git("merge", "-q", "--no-edit", "work")


def replication_squashed(history: History) -> None:
    branch("work")
    history.again()
    to("main")
    git("merge", "-q", "--squash", "work")
    commit("Run bet 1 again")


def branches_kept(history: History) -> None:
    results_cherry_picked(history)
    git("tag", "v1")
    git("clone", "-q", ".", "clone")
    os.chdir("clone")


def beside_another_project(history: History) -> None:
    history.unwritten()
    second("other/bets/bet_2_layers.py")
    Path("research").mkdir()
    shutil.move("bets", "research/bets")
    shutil.move("pytest.ini", "research/pytest.ini")
    commit("Declare the bets")
    os.chdir("research")
    history.again("Run bet 1")


def renamed_while_the_result_waits(history: History) -> None:
    history.undeclare()
    history.run()
    git("mv", BET, NINE)
    edit(("Bet 1:", "Bet 9:"), file=NINE)
    bets_committed("Sort the bets")
    commit("Run bet 1")


def other_code_on_two_machines(history: History) -> None:
    branch("machine")
    edit(*WON, file=LAB)
    commit("Tune the laboratory")
    history.again()
    to("main")
    note()
    history.again()
    git("merge", "-q", "--no-edit", "-X", "ours", "machine")


def line_united_twice(history: History) -> None:
    """Let a merge keep a line twice that both branches have, as a resolution by hand may."""
    branch("work")
    history.again()
    to("main")
    note()
    git("cherry-pick", "work")
    git("merge", "-q", "--no-commit", "--no-ff", "work")
    keep(*lines(), lines()[-1])
    commit("Merge branch work")


HONEST: dict[str, tuple[Callable[[History], None], str]] = {
    "results committed late": (committed_late, ""),
    "changed, then run, and committed late": (changed_then_run_and_committed_late, "changed"),
    "the draft of a bet run again": (draft_run_again, "changed stale"),
    "a change cherry-picked to the branch that ran it": (change_cherry_picked, "changed"),
    "an older branch merged": (older_branch_merged, "changed"),
    "results merged into an older branch": (results_merged_into_an_older_branch, "changed"),
    "other bets run on two machines": (bets_of_two_machines, "old-summary"),
    "killed before its record was written": (killed_before_its_record, ""),
    "run again without a rollup": (replicated_without_a_rollup, ""),
    "a summary of an older version": (summary_of_an_older_version, ""),
    "a summary with fewer sections": (summary_with_fewer_sections, "old-summary"),
    "a summary that is not committed": (summary_not_committed, ""),
    "measured with other code, without a rollup": (measured_again_without_a_rollup, "drift old-summary retried"),
    "withdrawn without a rollup": (withdrawn_without_a_rollup, "old-summary stale withdrawn"),
    "code changed and changed back": (code_changed_and_changed_back, "drift retried"),
    "a resumed run": (resumed, "void"),
    "results cherry-picked": (results_cherry_picked, ""),
    "a replication squashed": (replication_squashed, ""),
    "branches, remotes and tags that are merged": (branches_kept, ""),
    "a line that a merge kept twice": (line_united_twice, "copied-line"),
    "renamed while the result waits": (renamed_while_the_result_waits, "moved renamed"),
    "other code on two machines, the summaries mixed": (other_code_on_two_machines, "drift old-summary retried"),
    "beside another project": (beside_another_project, "outside"),
}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_history_of_results_is_clean(history: History, name: str) -> None:
    """No finding, nothing undetermined, and these notes and no others."""
    do, notes = HONEST[name]
    do(history)
    found = inspect()
    assert found.findings == set()
    assert found.notes == set(notes.split())
    assert found.status == 0
