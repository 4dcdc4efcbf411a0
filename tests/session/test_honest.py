"""Honest work of every kind, each in a real history: the audit has no finding."""

import ast
import json
import os
import py_compile
import re
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_bets.diagnostics import EvidenceError
from tests.helpers.audits import audited
from tests.helpers.histories import (
    BET,
    DECLARATION,
    JOURNAL,
    LAB,
    LOOSER,
    RECORD,
    WON,
    History,
    commit,
    edit,
    second,
    write,
)
from tests.helpers.repositories import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

REPLICATED = (
    ("@pytest.mark.parametrize(", "@pytest.mark.replicate(2)\n@pytest.mark.parametrize("),
    ("def experiment(size)", "def experiment(seed, size)"),
    ("of 5 cells", "of 10 cells"),
)
NINE = "bets/bet_9_heat.py"


def take_notes(name: str = "notes") -> None:
    write(f"{name}.txt", name)
    commit(f"Take {name}")


def to(branch: str, *new: str) -> None:
    git("checkout", "-q", *(["-b", branch, *new] if new else [branch]))


def redeclare(history: History, *pairs: tuple[str, str]) -> None:
    """Declare the bet with other parts, run it and commit the results."""
    history.undeclare()
    edit(*pairs)
    commit("Declare bet 1")
    history.again("Run bet 1")


def another_bet(number: int, *pairs: tuple[str, str]) -> str:
    """Write the bet again under another number, with other parts."""
    path = f"bets/bet_{number}_next.py"
    write(path, DECLARATION)
    edit(("Bet 1:", f"Bet {number}:"), *pairs, file=path)
    return path


def another_python(history: History) -> None:
    """Another version of Python writes other quotes into the text of an f-string."""
    plain = ast.unparse
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ast, "unparse", lambda node: re.sub(r"""f"(.*)['](.)['](.*)\"""", r"""f'\1"\2"\3'""", plain(node))
        )
        redeclare(history, ("STEPS = 10", "NAMES = {'a': 10}\nLABEL = f\"{NAMES['a']} steps\"\nSTEPS = 10"))
    assert "f'{NAMES" in json.loads(Path(RECORD).read_text())["declaration"]["constants"]["LABEL"]["source"]


def cherry_picked(history: History) -> None:
    history.undeclare()
    git("reset", "-q", "--soft", git("commit-tree", "-m", "Begin", git("mktree", "--missing")))
    declared = commit("Declare bet 1")
    to("work", "HEAD~1")
    take_notes()
    git("cherry-pick", declared)
    history.again("Run bet 1")
    to("main")
    take_notes("more")
    git("merge", "-q", "--no-edit", "work")


def moved_into_a_subfolder(_: History) -> None:
    Path("research").mkdir()
    for name in ("bets", "results", "pytest.ini"):
        git("mv", name, f"research/{name}")
    commit("Make room")
    os.chdir("research")


def moved_and_run_again(history: History) -> None:
    moved_into_a_subfolder(history)
    history.again()


def moved_up_to_the_top(history: History) -> None:
    moved_into_a_subfolder(history)
    for name in ("bets", "results", "pytest.ini"):
        git("mv", name, f"../{name}")
    os.chdir("..")
    commit("Move back")


def merged_as_a_subtree(_: History) -> None:
    """Do what `git subtree add` does: merge another history, with its files below a prefix."""
    head = git("rev-parse", "HEAD")
    git("checkout", "-q", "--orphan", "mono")
    git("rm", "-rfq", ".")
    take_notes()
    git("merge", "-q", "-s", "ours", "--no-commit", "--allow-unrelated-histories", head)
    git("read-tree", "--prefix=research", "-u", head)
    commit("Add research")
    os.chdir("research")


def merged_as_a_subtree_again(history: History) -> None:
    """Do what `git subtree pull` does, after more work in the project's own repository."""
    merged_as_a_subtree(history)
    os.chdir("..")
    to("main")
    history.again()
    to("mono")
    git("merge", "-q", "--no-edit", "-X", "subtree=research", "main")
    os.chdir("research")


def the_opposite(history: History) -> None:
    path = another_bet(
        2,
        ("at least 4", "at most 1"), ("cold) >= 4", "cold) <= 1"),
        ("at least 3", "at most 2"), ("cold) >= 3", "cold) <= 2"),
        ("fewer than 2", "more than 3"), ("cold) < 2", "cold) > 3"),
    )  # fmt: skip
    assert "<= 1" in Path(path).read_text()
    commit("Bet against it")
    history.again("Run bet 2")


def the_opposite_with_columns_swapped(history: History) -> None:
    another_bet(2, ("count(warm < cold)", "count(cold < warm)"), ("warm-up wins", "no warm-up wins"))
    commit("Bet against it")
    history.again("Run bet 2")


def another_scale(history: History) -> None:
    another_bet(2, ("[1, 2, 3, 4, 5]", "[10, 20, 30, 40, 50]"))
    commit("The same at ten times the size")
    history.again("Run bet 2")


def linters_rewrote_expressions(history: History) -> None:
    redeclare(
        history,
        ("[1, 2, 3, 4, 5]", "range(1, 6, 1)"),
        (
            "STEPS = 10",
            "STEPS = 10\nEMPTY = dict()\nPAIRS = list((1, 2))\nPLAN = str(PAIRS) + 'a'\nSIZES = set([1, 2])",
        ),
    )
    edit(
        ("range(1, 6, 1)", "range(1, 6)"),
        ("dict()", "{}"),
        ("list((1, 2))", "[1, 2]"),
        ("str(PAIRS) + 'a'", 'str(PAIRS) + "a"'),
        ("set([1, 2])", "{1, 2}"),
    )
    commit("Let the linter fix it")


def a_linter_rewrote_a_replicated_sweep(history: History) -> None:
    redeclare(history, *REPLICATED, ("[1, 2, 3, 4, 5]", "list(range(1, 6))"))
    edit(("list(range(1, 6))", "[1, 2, 3, 4, 5]"))
    commit("Let the linter fix it")


def a_constant_moved(history: History) -> None:
    redeclare(history, ("from lab import losses", "from lab import COLD, losses"))
    write("bets/laboratory/__init__.py", "")
    write("bets/laboratory/losses.py", Path(LAB).read_text())
    edit(("from lab import COLD, losses", "from laboratory.losses import COLD, losses"))
    commit("Split the laboratory")


def a_constant_moved_and_was_renamed_there(history: History) -> None:
    redeclare(history, ("from lab import losses", "import lab\nfrom lab import COLD as LIMIT\nfrom lab import losses"))
    write("bets/limits.py", "COLD = 2.5\n")
    edit(("from lab import COLD as LIMIT", "from limits import COLD as LIMIT"))
    commit("Collect the limits")


def in_a_worktree_in_an_ignored_folder(history: History) -> None:
    write(".gitignore", "trees/\n")
    commit("Ignore other trees")
    git("worktree", "add", "-q", "-b", "other", "trees/other")
    history.run("bets")
    commit("Run again")


REPORTED: dict[str, Callable[[History], None]] = {
    "recorded by another version of Python": another_python,
    "declaration cherry-picked to the branch that ran it": cherry_picked,
    "project moved into a subfolder": moved_into_a_subfolder,
    "project moved into a subfolder, and run again there": moved_and_run_again,
    "project moved into a subfolder and back": moved_up_to_the_top,
    "project merged into another repository": merged_as_a_subtree,
    "project merged into another repository, twice": merged_as_a_subtree_again,
    "the opposite bet after a FAIL": the_opposite,
    "the opposite bet, said with the columns swapped": the_opposite_with_columns_swapped,
    "the same bet at another scale after a FAIL": another_scale,
    "expressions rewritten by a linter": linters_rewrote_expressions,
    "the sweep of a replicated bet rewritten by a linter": a_linter_rewrote_a_replicated_sweep,
    "an imported constant in another module": a_constant_moved,
    "an imported constant in another module, under a name of its own": a_constant_moved_and_was_renamed_there,
    "a linked worktree in an ignored folder": in_a_worktree_in_an_ignored_folder,
}
"""Histories that were once accused, and others of their kind."""


def renumbered(history: History) -> None:
    redeclare(history, *REPLICATED)
    git("mv", BET, NINE)
    edit(("Bet 1:", "Bet 9:"), file=NINE)
    commit("Sort the bets")
    history.again("Run bet 9")


def renumbered_with_its_challenger(history: History) -> None:
    path = another_bet(2, ("@pytest.mark.strict", "@pytest.mark.challenges(1)\n@pytest.mark.strict"))
    commit("Challenge bet 1")
    history.again("Run bet 2")
    git("mv", BET, NINE)
    edit(("Bet 1:", "Bet 9:"), file=NINE)
    edit(("challenges(1)", "challenges(9)"), file=path)
    commit("Sort the bets")


def reformatted(_: History) -> None:
    text = Path(BET).read_text()
    write(
        BET,
        text.replace("[1, 2, 3, 4, 5])", "[\n        1,\n        2,\n        3,\n        4,\n        5,\n    ],\n)"),
    )
    edit(("import pytest\nfrom lab", "import pytest  # isort\n\nfrom lab"))
    commit("Format")


def annotated(_: History) -> None:
    edit(
        ("STEPS = 10", "STEPS: int = 1_0"),
        ("def experiment(size):", "def experiment(size: int) -> dict[str, float]:\n    # as measured"),
    )
    edit(
        ("def losses(size, steps):", 'def losses(size: int, steps: int) -> dict:\n    """Return the losses."""'),
        file=LAB,
    )
    commit("Add types")


def with_carriage_returns(history: History) -> None:
    for path in (BET, LAB):
        Path(path).write_bytes(Path(path).read_bytes().replace(b"\n", b"\r\n"))
    commit("Work on another system")
    history.again()


def normalised_line_ends(history: History) -> None:
    with_carriage_returns(history)
    write(".gitattributes", f"*.py text eol=lf\n{JOURNAL} merge=union\n")
    git("add", "--renormalize", ".")
    commit("Normalise line ends")


def modes_changed(_: History) -> None:
    Path(BET).chmod(Path(BET).stat().st_mode | stat.S_IXUSR)
    commit("Make it executable")


def default_branch_renamed(history: History) -> None:
    git("branch", "-m", "main", "trunk")
    history.again()


def tagged_and_detached(history: History) -> None:
    git("tag", "-a", "v1", "-m", "1.0")
    history.again()
    git("checkout", "-q", "v1")


def reverted(_: History) -> None:
    take_notes()
    git("revert", "--no-edit", "HEAD")


def criteria_reverted_before_the_result(history: History) -> None:
    history.undeclare()
    edit(*LOOSER)
    commit("Think again")
    git("revert", "--no-edit", "HEAD")
    history.again("Run bet 1")


def laboratory_reverted(history: History) -> None:
    edit(*WON, file=LAB)
    commit("Try another optimiser")
    git("revert", "--no-edit", "HEAD")
    history.again()


def run_on_two_machines(history: History) -> None:
    to("machine", "HEAD")
    history.again("Run on the machine")
    to("main")
    history.again("Run here")
    git("merge", "-q", "--no-edit", "-X", "ours", "machine")


def many_branches_merged(history: History) -> None:
    history.undeclare()
    for number in (2, 3, 4):
        to(f"bet{number}", "main")
        another_bet(
            number,
            ("with warm-up the loss", f"in the setting {number} of seven it shows that the loss"),
            ("count(warm < cold)", f"count(warm < cold + {number})"),
            ("wins in", "comes close in"),
            ("[1, 2, 3, 4, 5]", str([number * 10 + size for size in range(1, 6)])),
        )
        commit(f"Declare bet {number}")
        history.run("-k", f"bet_{number}_next")
        commit(f"Run bet {number}")
        to("main")
    git("merge", "-q", "--no-edit", "bet2")
    for number in (3, 4):
        merge_with_summary(f"bet{number}")


def merge_with_summary(branch: str) -> None:
    """Merge a branch; the pages of the summary, which both sides wrote, are those of this side."""
    git("merge", "-q", "--no-edit", "-X", "ours", branch)


def merged_with_changes_of_its_own(_: History) -> None:
    to("side", "HEAD")
    edit(("return losses", "# as measured\n    return losses"))
    commit("Say what is returned")
    to("main")
    edit(("STEPS = 10", "STEPS = 10  # as in the paper"))
    commit("Say why")
    git("merge", "-q", "--no-edit", "side")


def from_a_bare_clone(history: History) -> None:
    git("clone", "-q", "--bare", ".", "store.git")
    git("clone", "-q", "store.git", "copy")
    os.chdir("copy")
    history.again()


def from_a_full_partial_clone(_: History) -> None:
    git("config", "uploadpack.allowFilter", "true")
    git("clone", "-q", "--filter=blob:none", Path.cwd().as_uri(), "partial")
    os.chdir("partial")


def with_a_submodule_of_data(history: History) -> None:
    git("init", "-q", "-b", "main", "stock")
    write("stock/words.txt", "a")
    git("-C", "stock", "add", "-A")
    git("-C", "stock", "commit", "-q", "-m", "Words")
    git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./stock", "stock")
    commit("Add the data")
    history.again()


def with_a_linked_laboratory(history: History) -> None:
    history.undeclare()
    write("common/lab.py", Path(LAB).read_text())
    Path(LAB).unlink()
    Path(LAB).symlink_to("../common/lab.py")
    commit("Share the laboratory")
    history.again("Run bet 1")


def with_filtered_code(history: History) -> None:
    """A clean filter takes out what only this machine needs: git shows no difference, and the run has another blob."""
    history.undeclare()
    git("config", "filter.local.clean", "sed s/LOCAL/REMOTE/")
    git("config", "filter.local.smudge", "sed s/REMOTE/LOCAL/")
    write(".gitattributes", f"{LAB} filter=local\n{JOURNAL} merge=union\n")
    edit(("COLD = 2.5", 'COLD = 2.5\nPLACE = "LOCAL"'), ('"warm": size', '"warm": size + len(PLACE) * 0'), file=LAB)
    commit("Name the place")
    history.again("Run bet 1")


def settings_of_the_path_changed(history: History) -> None:
    history.undeclare()
    write("src/shop/losses.py", Path(LAB).read_text())
    write("src/shop/__init__.py", "")
    write("pytest.ini", "[pytest]\npythonpath = src\n")
    edit(("from lab import", "from shop.losses import"))
    commit("Declare bet 1")
    history.again("Run bet 1")
    git("mv", "src", "source")
    write("pytest.ini", "[pytest]\npythonpath = source\n")
    commit("Rename the folder")


def a_tier_reordered(_: History) -> None:
    edit(
        ('@pytest.mark.strict("count(warm < cold) >= 4")\n@pytest.mark.lenient("count(warm < cold) >= 3")\n',
         '@pytest.mark.lenient("count(warm < cold) >= 3")\n@pytest.mark.strict("count(warm < cold) >= 4")\n'),
    )  # fmt: skip
    commit("Sort the markers")


def a_helper_extracted(history: History) -> None:
    extracted = "def losses(size, steps):\n    return _row(size, steps)\n\n\ndef _row(size, steps):\n    return"
    edit(("def losses(size, steps):\n    return", extracted), file=LAB)
    commit("Extract a helper")
    history.again()


def an_unrelated_bet(history: History) -> None:
    second()
    commit("Declare bet 2")
    history.again("Run bet 2")


def another_user_of_the_same_experiment(history: History) -> None:
    """The same code with another constant is another claim, where its words say so."""
    of_user = ("losses(size, STEPS)", "losses(size, STEPS + 0 * len(USER))")
    redeclare(history, ("STEPS = 10", 'USER = "ann"\nSTEPS = 10'), of_user)
    another_bet(
        2,
        of_user,
        ("STEPS = 10", 'USER = "bob"\nSTEPS = 10'),
        ("with warm-up the loss is lower than without it, whatever the size of the model and the data",
         "Bob, who writes little, profits as well from a slow start of the learning rate"),
    )  # fmt: skip
    commit("Declare bet 2")
    history.again("Run bet 2")


def a_better_bet_after_lenient(history: History) -> None:
    redeclare(history, ("at least 3 of", "at least 2 of"), ("cold) >= 3", "cold) >= 2"))
    another_bet(2, ("at least 4 of", "at least 5 of"), (">= 4", ">= 5"), ("[1, 2, 3, 4, 5]", "[1, 2, 3, 4, 5, 6]"))
    commit("Ask for more")
    history.again("Run bet 2")


def another_title(_: History) -> None:
    edit(("warm-up helps at every size", "warm-up helps, at every size that we tried"))
    commit("Say it more exactly")


def a_run_that_crashed_was_repeated(history: History) -> None:
    history.undeclare()
    edit(("return losses", "raise OSError\n    return losses"))
    commit("Break it")
    with pytest.raises(AssertionError):
        history.run()
    edit(("raise OSError\n    ", ""))
    commit("Repair it")
    history.again("Run bet 1")


def a_module_compiled_in_place(history: History) -> None:
    history.undeclare()
    write("quick.py", "COLD = 1\n")
    py_compile.compile("quick.py", cfile="bets/quick_steps.pyc")
    Path("quick.py").unlink()
    write(".gitignore", "*.pyc\n")
    edit(("import pytest\n", "import pytest\nimport quick_steps\n"))
    commit("Declare bet 1")
    history.again("Run bet 1")
    assert "quick_steps.pyc" in Path("results/journal.jsonl").read_text()


BUSY: dict[str, Callable[[History], None]] = {
    "renumbered, and run again with the same verdict": renumbered,
    "renumbered, with the bet that challenges it": renumbered_with_its_challenger,
    "reformatted": reformatted,
    "annotated, with underscores in numbers": annotated,
    "written with carriage returns, and run": with_carriage_returns,
    "line ends normalised": normalised_line_ends,
    "file modes changed": modes_changed,
    "default branch renamed": default_branch_renamed,
    "tagged, and audited at the tag": tagged_and_detached,
    "a commit reverted": reverted,
    "criteria changed and reverted before the result": criteria_reverted_before_the_result,
    "the laboratory changed and reverted": laboratory_reverted,
    "results of two machines merged": run_on_two_machines,
    "bets of many branches merged": many_branches_merged,
    "changes of two branches merged": merged_with_changes_of_its_own,
    "run in a clone of a bare repository": from_a_bare_clone,
    "audited in a partial clone that can fetch": from_a_full_partial_clone,
    "data in a submodule": with_a_submodule_of_data,
    "the laboratory behind a link": with_a_linked_laboratory,
    "code that git stores through a filter": with_filtered_code,
    "the source folder renamed, with the setting of the path": settings_of_the_path_changed,
    "markers reordered": a_tier_reordered,
    "a helper extracted, and run again": a_helper_extracted,
    "another bet with the same laboratory": an_unrelated_bet,
    "the same experiment for another user": another_user_of_the_same_experiment,
    "a harder bet after a LENIENT": a_better_bet_after_lenient,
    "another title": another_title,
    "a crashed run repeated": a_run_that_crashed_was_repeated,
    "a module that is compiled in place, and ignored by git": a_module_compiled_in_place,
}


@pytest.mark.parametrize("name", [*REPORTED, *BUSY])
def test_honest_work_has_no_finding(history: History, name: str) -> None:
    """There may be notes."""
    {**REPORTED, **BUSY}[name](history)
    found = audited()
    assert found.findings == set(), found.shown()
    assert found.report.state == "clean", found.shown()
    assert len(found.report.bets) >= 1


def sparse(_: History) -> None:
    git("update-index", "-q", "--refresh")  # the copy of the repository has other times
    git("sparse-checkout", "set", "--no-cone", "/*", "!/results/")


def sparse_by_folder(_: History) -> None:
    git("update-index", "-q", "--refresh")
    git("sparse-checkout", "set", "bets")


def filtered(_: History) -> None:
    """Store results as git-lfs does: the repository has a pointer, the checkout has the file."""
    write("store", "#!/bin/sh\ncat > .git/stored-$$; echo pointer .git/stored-$$\n")
    Path("store").chmod(0o755)
    write(".git/info/exclude", "store\n")
    git("config", "filter.lfs.clean", "./store")
    write(".gitattributes", f"results/* filter=lfs\n{JOURNAL} merge=union\n")
    Path(RECORD).touch()
    git("add", "--renormalize", ".")
    commit("Store the results elsewhere")


@pytest.mark.parametrize(
    ("do", "text"), [(sparse, "not checked out"), (sparse_by_folder, "not checked out"), (filtered, "through a filter")]
)
def test_a_checkout_without_the_results_is_undetermined(
    history: History, do: Callable[[History], None], text: str
) -> None:
    """Nothing is said to have vanished or to have been edited; the exit status is 3, as of a shallow clone."""
    do(history)
    with pytest.raises(EvidenceError, match=text):
        audited()
