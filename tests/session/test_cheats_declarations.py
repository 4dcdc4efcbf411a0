"""Ways to cheat with what is declared, how it is judged and what code runs, each in several real histories."""

import re
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers.audits import audited
from tests.helpers.histories import (
    BET,
    DECLARATION,
    LAB,
    LABORATORY,
    LOOSER,
    RECORD,
    WON,
    History,
    commit,
    edit,
    remove,
    second,
    write,
)
from tests.helpers.repositories import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

NINE = "bets/bet_9_heat.py"
REPLICATED = (
    ("@pytest.mark.parametrize(", "@pytest.mark.replicate(2)\n@pytest.mark.parametrize("),
    ("def experiment(size)", "def experiment(seed, size)"),
    ("at least 4 of 5", "at least 8 of 10"), ("cold) >= 4", "cold) >= 8"),
    ("at least 3 of 5", "at least 6 of 10"), ("cold) >= 3", "cold) >= 6"),
    ("of 5 cells", "of 10 cells"),
)  # fmt: skip


def declare(history: History, *pairs: tuple[str, str]) -> None:
    """Declare the bet with other parts, and nothing else."""
    history.undeclare()
    edit(*pairs)
    commit("Declare bet 1")


def redeclare(history: History, *pairs: tuple[str, str]) -> None:
    """Declare the bet with other parts, run it and commit the results."""
    declare(history, *pairs)
    history.again("Run bet 1")


def rename(number: int = 9, file: str = NINE, was: str = BET, before: int = 1) -> None:
    git("mv", was, file)
    edit((f"Bet {before}:", f"Bet {number}:"), file=file)


def another_bet(number: int, *pairs: tuple[str, str]) -> str:
    path = f"bets/bet_{number}_next.py"
    write(path, DECLARATION)
    edit(("Bet 1:", f"Bet {number}:"), *pairs, file=path)
    commit(f"Declare bet {number}")
    return path


# 5. a rename launders


def a_number_with_better_seeds(history: History) -> None:
    redeclare(history, *REPLICATED)
    rename()
    commit("Sort the bets")
    edit(*WON, file=LAB)  # stands for luck: what other seeds give
    commit("Tidy up")
    history.again("Run bet 9")


def the_third_number_wins(history: History) -> None:
    redeclare(history, *REPLICATED)
    rename()
    commit("Sort the bets")
    history.again("Run bet 9")
    rename(12, "bets/bet_12_cool.py", NINE, 9)
    commit("Sort the bets again")
    edit(*WON, file=LAB)
    commit("Tidy up")
    history.again("Run bet 12")


def a_slug_with_better_seeds(history: History) -> None:
    redeclare(history, *REPLICATED)
    git("mv", BET, "bets/bet_1_warmer.py")
    edit(*WON, file=LAB)
    commit("Say it better")
    history.again("Run bet 1")


def renamed_and_another_metric(history: History) -> None:
    rename()
    commit("Sort the bets")
    edit(("return losses(size, STEPS)", 'return {**losses(size, STEPS), "cold": 9}'), file=NINE)
    commit("Tidy up")
    history.again("Run bet 9")


def renamed_twice_and_another_laboratory(history: History) -> None:
    rename()
    commit("Sort the bets")
    rename(12, "bets/bet_12_cool.py", NINE, 9)
    edit(*WON, file=LAB)
    commit("Tidy up")
    history.again("Run bet 12")


def moved_and_another_metric(history: History) -> None:
    Path("bets/old").mkdir()
    git("mv", BET, "bets/old/bet_3_warm.py")
    edit(("Bet 1:", "Bet 3:"), file="bets/old/bet_3_warm.py")
    git("mv", LAB, "bets/old/lab.py")
    edit(*WON, file="bets/old/lab.py")
    commit("Archive")
    history.again("Run bet 3")


def challenged_and_retracted(history: History) -> str:
    history.undeclare()
    edit(*WON, file=LAB)
    commit("Declare bet 1")
    history.again("Run bet 1")
    write("bets/bet_2_two.py", DECLARATION)
    edit(
        ("Bet 1:", "Bet 2:"),
        ("with warm-up the loss", "in no case that anyone can think of does it hold that it"),
        ("@pytest.mark.strict", "@pytest.mark.challenges(1)\n@pytest.mark.strict"),
        ("return losses(size, STEPS)", 'return {**losses(size, STEPS), "cold": 0}'),
        file="bets/bet_2_two.py",
    )
    commit("Challenge bet 1")
    history.again("Run bet 2")
    return "bets/bet_2_two.py"


def retracted_and_renumbered(history: History) -> None:
    challenged_and_retracted(history)
    rename()
    commit("Sort the bets")
    history.run(NINE)
    commit("Run bet 9")


def retracted_and_renumbered_without_a_run(history: History) -> None:
    challenged_and_retracted(history)
    rename()
    commit("Sort the bets")


def retracted_and_renumbered_without_its_record(history: History) -> None:
    challenged_and_retracted(history)
    rename()
    remove(RECORD)
    commit("Sort the bets")
    history.run(NINE)
    commit("Run bet 9")


# 6. rewording chooses seeds


def reworded_by_a_fraction(history: History) -> None:
    redeclare(history, *REPLICATED)
    edit(("at least 8 of", "more than 7.5 of"), (">= 8", "> 7.5"))
    commit("Reword")
    edit(*WON, file=LAB)
    commit("Tidy up")
    history.again()


def reworded_catastrophe(history: History) -> None:
    redeclare(history, *REPLICATED)
    edit(("fewer than 2 of", "at most 1 of"), ("cold) < 2", "cold) <= 1"))
    commit("Reword")


def reordered_sentences(history: History) -> None:
    redeclare(history, *REPLICATED, ('"count(warm < cold) >= 6"', '"count(warm < cold) >= 6", "count(warm > 0) >= 6"'))
    edit(('"count(warm < cold) >= 6", "count(warm > 0) >= 6"', '"count(warm > 0) >= 6", "count(warm < cold) >= 6"'))
    commit("Reword")


def the_sweep_in_other_words(history: History) -> None:
    redeclare(history, *REPLICATED)
    edit(("[1, 2, 3, 4, 5]", "range(1, 6)"))
    commit("Shorten")
    edit(*WON, file=LAB)
    commit("Tidy up")
    history.again()


# 7. code that no commit holds


def an_ignored_laboratory(history: History) -> None:
    history.undeclare()
    write(".gitignore", "lab.py\n")
    git("rm", "-q", "--cached", LAB)
    edit(*WON, file=LAB)
    commit("Declare bet 1")
    history.again("Run bet 1")


def assumed_unchanged(history: History) -> None:
    history.undeclare()
    git("update-index", "--assume-unchanged", LAB)
    edit(*WON, file=LAB)
    history.run()
    edit(*((new, old) for old, new in WON), file=LAB)
    git("update-index", "--no-assume-unchanged", LAB)
    commit("Run bet 1")


def skipped_in_the_worktree(history: History) -> None:
    history.undeclare()
    git("update-index", "--skip-worktree", LAB)
    edit(*WON, file=LAB)
    history.run()
    git("add", "results")
    git("commit", "-q", "-m", "Run bet 1")


def excluded_only_here(history: History) -> None:
    history.undeclare()
    write(".git/info/exclude", "tuned.py\n")
    write("bets/tuned.py", LABORATORY.replace("COLD = 2.5", "COLD = 9"))
    edit(("from lab import", "from tuned import"))
    commit("Declare bet 1")
    history.again("Run bet 1")


# 8. cells and seeds that were not declared


def cells_dropped_by_a_conftest(history: History) -> None:
    history.undeclare()
    write(
        "conftest.py",
        "import pytest\n\n\n"
        "@pytest.hookimpl(wrapper=True)\n"
        "def pytest_pycollect_makeitem(name):\n"
        "    found = yield\n"
        "    return found[:2] if isinstance(found, list) else found\n",
    )
    edit(*LOOSER)
    commit("Declare bet 1")
    history.again("Run bet 1")


def seeds_set_by_a_conftest(history: History) -> None:
    declare(history, *REPLICATED)
    write(
        "conftest.py",
        "from pytest_bets.bet.declaration import Declaration\n\n"
        "Declaration.seeds = lambda self, count: list(range(7, 7 + count))\n",
    )
    commit("Add helpers")
    with pytest.MonkeyPatch.context() as patch:
        from pytest_bets.bet.declaration import Declaration

        patch.setattr(Declaration, "seeds", Declaration.seeds)  # what the conftest.py sets ends with this test
        history.run()
    commit("Run bet 1")


def sweep_changed_by_a_hook(history: History) -> None:
    history.undeclare()
    write(
        "conftest.py",
        "def pytest_generate_tests(metafunc):\n"
        "    for mark in metafunc.definition.own_markers:\n"
        "        if mark.name == 'parametrize':\n"
        "            mark.args[1][:] = [1, 2, 1.5, 1.25, 1.75]\n",
    )
    commit("Declare bet 1")
    history.again("Run bet 1")


def axis_dropped_by_a_hook(history: History) -> None:
    declare(
        history,
        (
            '@pytest.mark.parametrize("size"',
            '@pytest.mark.parametrize("part", ["a", "b"])\n@pytest.mark.parametrize("size"',
        ),
        ("def experiment(size)", "def experiment(size, part)"),
    )
    write(
        "conftest.py",
        "import pytest\n\n\n"
        "@pytest.hookimpl(wrapper=True)\n"
        "def pytest_pycollect_makeitem(name):\n"
        "    found = yield\n"
        "    return [each for each in found if '-a]' in each.name] if isinstance(found, list) else found\n",
    )
    commit("Add helpers")
    history.again("Run bet 1")


SIZES = "def sizes():\n    return [1, 2, 3, 4, 5]\n"


def sweep_from_a_call(history: History) -> None:
    history.undeclare()
    write(LAB, f"{LABORATORY}\n\n{SIZES}")
    edit(("import losses", "import losses, sizes"), ("[1, 2, 3, 4, 5]", "sizes()"))
    commit("Declare bet 1")
    history.again("Run bet 1")
    edit(("[1, 2, 3, 4, 5]", "[1, 2, 1.5, 1.25, 1.75]"), file=LAB)
    commit("Tidy up")
    history.again()


def sweep_from_a_fixture(history: History) -> None:
    declare(history, ('@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])\n', ""))
    write(
        "bets/conftest.py",
        "import pytest\n\n\n@pytest.fixture(params=[1, 2, 3, 4, 5])\ndef size(request):\n    return request.param\n",
    )
    commit("Give sizes")
    history.again("Run bet 1")
    edit(("[1, 2, 3, 4, 5]", "[1, 2, 1.5, 1.25, 1.75]"), file="bets/conftest.py")
    commit("Tidy up")
    history.again()


def sweep_from_a_file(history: History) -> None:
    history.undeclare()
    write("bets/sizes.txt", "1 2 3 4 5")
    source = "Path(__file__).with_name('sizes.txt').read_text().split()"
    edit(
        ("import pytest\n", "from pathlib import Path\n\nimport pytest\n"),
        ("[1, 2, 3, 4, 5]", f"[float(each) for each in {source}]"),
    )
    commit("Declare bet 1")
    history.again("Run bet 1")
    write("bets/sizes.txt", "1 2 1.5 1.25 1.75")
    commit("Tidy up")
    history.again()
    edit(("return losses(", "return  losses(0 + "))
    commit("Tidy up more")
    history.again()


# 10. a turned verdict


TURNING = """\
import pytest_bets.hooks.session as session
from pytest_bets.record.verdict import Verdict

_judge = session.judge_run


def turned(run, results, missing):
    found = _judge(run, results, missing)
    return Verdict("PASS", False, True, None, found.criteria)


session.judge_run = turned
"""


def turned(history: History) -> None:
    """Run the bet with a conftest.py that turns its verdict."""
    import pytest_bets.hooks.session as session

    history.undeclare()
    write("conftest.py", TURNING)
    commit("Add helpers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "judge_run", vars(session)["judge_run"])
        history.run()
    commit("Run bet 1")
    assert '"verdict": "PASS"' in Path(RECORD).read_text()


def turned_and_reworded(history: History) -> None:
    turned(history)
    edit(("at least 4 of", "more than 3 of"), (">= 4", "> 3"))
    commit("Reword")


def turned_and_renamed(history: History) -> None:
    turned(history)
    rename()
    commit("Sort the bets")


def turned_and_measured_again(history: History) -> None:
    turned(history)
    edit(*WON, file=LAB)
    remove("conftest.py")
    commit("Tidy up")
    history.again()


# 14. what people read


def another_title(_: History) -> None:
    edit(("warm-up helps at every size", "warm-up rarely helps"))
    commit("Clarify")


def another_scope(history: History) -> None:
    redeclare(history, ("Run: pytest", "Scope: every model.\nRun: pytest"))
    edit(("Scope: every model.", "Scope: small models on Tuesdays."))
    commit("Clarify")


def other_words_of_a_tier(_: History) -> None:
    edit(("warm-up wins in at least 4 of 5 cells", "the loss is lower, or as good, in at least 4 of 5 cells"))
    commit("Clarify")


def the_scope_taken_out(history: History) -> None:
    redeclare(history, ("Run: pytest", "Scope: small models only.\nRun: pytest"))
    edit(("Scope: small models only.\n", ""))
    commit("Clarify")


# 15. code that no import names


PLUGIN = "import lab\n\nlab.COLD = 2.5\n"


def fails_then_passes_by_a_plugin(history: History, path: str) -> None:
    commit("Declare bet 1")
    history.again("Run bet 1")
    edit(("lab.COLD = 2.5", "lab.COLD = 9"), file=path)
    commit("Tidy up")
    for name in ("plug", "lab", "bet_1_warm"):
        sys.modules.pop(name, None)
    history.again()


def a_plugin_of_the_command_line(history: History) -> None:
    history.undeclare()
    write("bets/plug.py", PLUGIN)
    write("pytest.ini", "[pytest]\npythonpath = bets\naddopts = -p plug\n")
    fails_then_passes_by_a_plugin(history, "bets/plug.py")


def a_folder_put_on_the_path(history: History) -> None:
    history.undeclare()
    write("more/plug.py", PLUGIN)
    edit(("import pytest\n", "import sys\nimport pytest\nsys.path.insert(0, 'more')\nimport plug\n"))
    fails_then_passes_by_a_plugin(history, "more/plug.py")


def a_module_loaded_from_a_list(history: History) -> None:
    history.undeclare()
    write("bets/plug.py", PLUGIN)
    write("bets/modules.txt", "plug")
    source = "Path(__file__).with_name('modules.txt').read_text()"
    edit(
        (
            "import pytest\n",
            f"from importlib import import_module\nfrom pathlib import Path\nimport pytest\nimport_module({source})\n",
        )
    )
    fails_then_passes_by_a_plugin(history, "bets/plug.py")


def a_plugin_of_the_conftest(history: History) -> None:
    history.undeclare()
    write("plug.py", "import sys\nsys.path.insert(0, 'bets')\n" + PLUGIN)
    write("pytest.ini", "[pytest]\npythonpath = .\n")
    write("conftest.py", 'pytest_plugins = ["plug"]\n')
    fails_then_passes_by_a_plugin(history, "plug.py")


# 17. the same claim again


def other_columns_and_another_full_stop(history: History) -> None:
    another_bet(
        2,
        ("whatever the size of the model and the data.", "whatever the size of the model, and the data!"),
        ("warm < cold", "hot < plain"),
        ("return losses(size, STEPS)",
         'row = losses(size, STEPS)\n    return {"hot": row["warm"], "plain": row["cold"], **row}'),
    )  # fmt: skip
    history.again("Run bet 2")


def other_words_and_the_same_experiment(history: History) -> None:
    another_bet(
        2,
        ("with warm-up the loss is lower than without it, whatever the size of the model and the data",
         "a slow start pays off in the end"),
    )  # fmt: skip
    history.again("Run bet 2")


def said_by_its_complement(history: History) -> None:
    another_bet(2, ("at least 4 of", "at most 1 of"), ("count(warm < cold) >= 4", "count(warm >= cold) <= 1"))
    history.again("Run bet 2")


def renamed_variables(history: History) -> None:
    body = 'row = losses(size, STEPS)\n    return {"warm": row["warm"], "cold": row["cold"], "placebo": row["placebo"]}'
    redeclare(history, ("return losses(size, STEPS)", body))
    another_bet(
        2,
        ("with warm-up the loss is lower than without it, whatever the size of the model and the data",
         "a slow start pays off in the end"),
        ("return losses(size, STEPS)",
         'x = losses(n, COUNT)\n    return {"a": x["warm"], "b": x["cold"], "c": x["placebo"]}'),
        ("def experiment(size)", "def experiment(n)"), ('"size"', '"n"'), ("STEPS = 10", "COUNT = 10"),
        ("warm < cold", "a < b"), ("placebo < cold", "c < b"),
    )  # fmt: skip
    history.again("Run bet 2")


def lenient_again_with_an_easier_bar(history: History) -> None:
    redeclare(history, ("at least 3 of", "at least 2 of"), ("cold) >= 3", "cold) >= 2"))
    another_bet(2, *LOOSER)
    history.again("Run bet 2")


def lenient_again_with_a_wider_comparison(history: History) -> None:
    redeclare(history, ("at least 3 of", "at least 2 of"), ("cold) >= 3", "cold) >= 2"))
    another_bet(
        2,
        ("at least 4 of", "more than 2 of"),
        (">= 4", "> 2"),
        ("at least 3 of", "at least 2 of"),
        (">= 3", ">= 2"),
        ("warm < cold", "warm <= cold"),
    )
    history.again("Run bet 2")


def the_bad_cells_left_out_under_a_new_number(history: History) -> None:
    another_bet(2, ("[1, 2, 3, 4, 5]", "[1, 2, 1.5, 1.25, 1.75]"))
    history.again("Run bet 2")


def a_spare_draft_rewritten(history: History) -> None:
    """A bet that was declared first and never run gets the claim, with an easier bar, when bet 1 has lost."""
    history.unwritten()
    second()
    Path(BET).unlink()
    commit("Declare bet 2")
    write(BET, DECLARATION)
    commit("Declare bet 1")
    history.run("-k", "bet_1_warm")
    commit("Run bet 1")
    write("bets/bet_2_layers.py", DECLARATION)
    edit(("Bet 1:", "Bet 2:"), *LOOSER, file="bets/bet_2_layers.py")
    commit("Think again about bet 2")
    history.run("-k", "bet_2_layers")
    commit("Run bet 2")


def on_a_branch_that_knows_no_loss(history: History) -> None:
    git("checkout", "-q", "--orphan", "side")
    git("rm", "-rfq", ".")
    another_bet(2, *LOOSER)
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-edit", "--allow-unrelated-histories", "side")
    history.again("Run bet 2")


def after_a_rename_of_the_lost_bet(history: History) -> None:
    """The lost bet has another name, under which it was never run."""
    rename()
    commit("Sort the bets")
    another_bet(2, *LOOSER)
    history.run("-k", "bet_2_next")
    commit("Run bet 2")


@dataclass(frozen=True)
class Case:
    """A cause, a way to make use of it, and the kinds of entries that must tell of it."""

    cause: str
    do: Callable[[History], None]
    kinds: Sequence[str]
    text: str = ""
    """What the entries of the first kind must name."""


CASES = [
    Case("rename until the seeds win", a_number_with_better_seeds, ["reseeded"], "as 1_warm it came to FAIL"),
    Case("rename until the seeds win", the_third_number_wins, ["reseeded"], "came to PASS"),
    Case("rename until the seeds win", a_slug_with_better_seeds, ["reseeded"]),
    Case("rename the bet and swap the metric", renamed_and_another_metric, ["retried", "drift"], "FAIL, PASS"),
    Case("rename the bet and swap the metric", renamed_twice_and_another_laboratory, ["retried", "drift"]),
    Case("rename the bet and swap the metric", moved_and_another_metric, ["retried", "drift"]),
    Case("renumber a retracted claim", retracted_and_renumbered, ["retracted"], "the claim is retracted"),
    Case("renumber a retracted claim", retracted_and_renumbered_without_a_run, ["retracted"]),
    Case("renumber a retracted claim", retracted_and_renumbered_without_its_record, ["retracted", "vanished-record"]),
    Case("reword a sentence until the seeds win", reworded_by_a_fraction, ["goalposts"], "other seeds"),
    Case("reword a sentence until the seeds win", reworded_catastrophe, ["goalposts"], "other seeds"),
    Case("reword a sentence until the seeds win", reordered_sentences, ["goalposts"], "other seeds"),
    Case("reword a sentence until the seeds win", the_sweep_in_other_words, ["goalposts"], "other seeds"),
    Case("run code that no commit holds", an_ignored_laboratory, ["other-code"], "bets/lab.py"),
    Case("run code that no commit holds", assumed_unchanged, ["dirty"], "uncommitted changes"),
    Case("run code that no commit holds", skipped_in_the_worktree, ["dirty"], "uncommitted changes"),
    Case("run code that no commit holds", excluded_only_here, ["other-code"], "bets/tuned.py"),
    Case("measure other cells than the declared ones", cells_dropped_by_a_conftest, ["other-cells"], "spans 5 cells"),
    Case("measure other cells than the declared ones", seeds_set_by_a_conftest, ["other-cells"], "seed 7"),
    Case("measure other cells than the declared ones", sweep_changed_by_a_hook, ["other-cells"], "size 1.5"),
    Case("measure other cells than the declared ones", axis_dropped_by_a_hook, ["other-cells"], 'part "b"'),
    Case("make a computed sweep easier", sweep_from_a_call, ["other-sweep", "drift", "retried"], "1.25"),
    Case("make a computed sweep easier", sweep_from_a_fixture, ["other-sweep", "drift", "retried"], "1.25"),
    Case("make a computed sweep easier", sweep_from_a_file, ["other-sweep", "unstable"], "1.25"),
    Case("turn the verdict and change the bet", turned, ["misjudged"], "its measurements give 'FAIL'"),
    Case("turn the verdict and change the bet", turned_and_reworded, ["misjudged"]),
    Case("turn the verdict and change the bet", turned_and_renamed, ["misjudged"]),
    Case("turn the verdict and change the bet", turned_and_measured_again, ["misjudged"]),
    Case("rewrite what people read", another_title, ["reworded"]),
    Case("rewrite what people read", another_scope, ["reworded"]),
    Case("rewrite what people read", other_words_of_a_tier, ["reworded"]),
    Case("rewrite what people read", the_scope_taken_out, ["reworded"]),
    Case("change code that no import names", a_plugin_of_the_command_line, ["unseen-code", "drift"], "bets/plug.py"),
    Case("change code that no import names", a_folder_put_on_the_path, ["unseen-code", "drift"], "more/plug.py"),
    Case("change code that no import names", a_module_loaded_from_a_list, ["unseen-code", "drift"], "bets/plug.py"),
    Case("change code that no import names", a_plugin_of_the_conftest, ["drift", "retried"], "plug.py"),
    Case("declare the lost claim again", other_columns_and_another_full_stop, ["redeclared"], "1_warm"),
    Case("declare the lost claim again", other_words_and_the_same_experiment, ["redeclared"], "1_warm"),
    Case("declare the lost claim again", said_by_its_complement, ["redeclared"]),
    Case("declare the lost claim again", renamed_variables, ["redeclared"]),
    Case("declare the lost claim again", the_bad_cells_left_out_under_a_new_number, ["redeclared"]),
    Case("declare the lost claim again", a_spare_draft_rewritten, ["redeclared", "changed"], "1_warm"),
    Case("declare the lost claim again", on_a_branch_that_knows_no_loss, ["redeclared"], "on another branch"),
    Case("declare the lost claim again", after_a_rename_of_the_lost_bet, ["redeclared"], "9_heat, which is falsified"),
    Case("declare a LENIENT claim again, easier", lenient_again_with_an_easier_bar, ["redeclared"], "easier bar"),
    Case("declare a LENIENT claim again, easier", lenient_again_with_a_wider_comparison, ["redeclared"]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.do.__name__)
def test_a_cheat_is_reported(history: History, case: Case) -> None:
    """By these kinds, and the first of them names what matters."""
    case.do(history)
    found = audited()
    assert found.findings | found.notes >= set(case.kinds), found.report.all
    assert case.text in found.text(case.kinds[0]), found.text(case.kinds[0])


def test_every_new_kind_of_finding_is_one(history: History) -> None:
    """Other seeds, other cells and other code are findings; the exit status is 1."""
    an_ignored_laboratory(history)
    assert audited().findings == {"other-code"}
    assert audited().report.state == "findings"


def test_the_threat_model_lists_every_way_with_what_is_found() -> None:
    """One row a way, in the order above, with the kind that names it."""
    document = (Path(__file__).parents[2] / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| ([^|`]+?) \| (`[^|]+) \|$", document, re.MULTILINE))
    causes = list(dict.fromkeys(case.cause for case in CASES))
    assert [way for way in rows if way in causes] == causes
    for case in CASES:
        assert f"`{case.kinds[0]}`" in rows[case.cause]
    assert all(len([case for case in CASES if case.cause == cause]) >= 2 for cause in causes)
