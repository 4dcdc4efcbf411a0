"""The commands beside pytest: new, show, rollup; claims has a file of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_bets.cli import main
from tests.plugin.conftest import WriteBet


def run(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_bets", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_new_writes_a_bet_that_pytest_collects_and_voids_until_it_is_written(pytester: pytest.Pytester) -> None:
    """A bet from the template has no fault; its cells crash with what is to be written."""
    status, told = run("new", "68", "Acknowledged receipts repair the ledger, at last")
    assert status == 0
    assert "git add bets/bet_68_acknowledged_receipts_repair_the.py" in told
    result = pytester.runpytest_inprocess()
    result.assert_outcomes(failed=5, skipped=4)
    result.stdout.fnmatch_lines(["*NotImplementedError: measure with this seed, and return*", "68_acknowl*void*"])


def test_new_takes_the_next_number_and_the_folder_of_the_other_bets(bet: WriteBet) -> None:
    """Without a number the highest plus one is taken, beside the bets that are there."""
    bet("research/bet_41_first.py")
    status, told = run("new", "a claim")
    assert status == 0
    assert Path("research/bet_42_a_claim.py").read_text().startswith('"""Bet 42: a claim\n')
    assert told.startswith("research/bet_42_a_claim.py is written.")


@pytest.mark.parametrize(
    "title", ['ends with a quote"', 'three """ quotes', "a \\ backslash", "tab\tand\nline", "Größe × 2"]
)
def test_new_writes_python_whatever_the_title(pytester: pytest.Pytester, title: str) -> None:
    """No title breaks the docstring that it stands in."""
    assert run("new", title)[0] == 0
    (written,) = (pytester.path / "bets").iterdir()
    compile(written.read_text(encoding="utf-8"), str(written), "exec")
    pytester.runpytest_inprocess("--collect-only").assert_outcomes()


def test_new_refuses_a_number_that_is_taken(bet: WriteBet) -> None:
    """The bet that has the number is named, and a free one."""
    bet("bet_41_first.py")
    assert run("new", "41", "again") == (
        2,
        "pytest-bets: 41 is the number of bet_41_first.py; the next free one is 42\n",
    )


def test_new_refuses_a_title_without_letters(pytester: pytest.Pytester) -> None:
    """A file needs a name."""
    assert run("new", "?!") == (2, "pytest-bets: the title '?!' has no letter to name a file by\n")
    assert not list(pytester.path.iterdir())


def test_show_tells_declaration_record_standing_and_history(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """One page says what was claimed, what came out, what it is worth, and every run."""
    bet()
    bet("bet_2_doubt.py", 'return {"gain": -part}', markers={"challenges": "1"})
    for _ in range(2):
        pytester.runpytest_inprocess()
    status, told = run("show", "1")
    assert status == 0
    for line in (
        "1_first: A first claim.",
        "Hypothesis    the gain is positive, whatever the part.",
        "Strict        met: count(gain > 0) >= 3 (measured 4, margin 1)",
        "Verdict       PASS over 4 cells; registration unknown",
        "Standing      retracted by 2",
        "History       2 runs; of the record's declaration and code 2 of 2 agree with it",
    ):
        assert line in told
    assert told.count("PASS  strict 4") == 2
    assert run("show", "first") == run("show", "1_first") == (status, told)


def test_show_of_a_bet_that_never_ran_says_so(bet: WriteBet) -> None:
    """A declaration is shown before there is a record."""
    bet()
    told = run("show", "1")[1]
    assert "Never run: there is no record." in told
    assert "no run in the journal" in told


def test_show_suggests_the_nearest_bet(bet: WriteBet) -> None:
    """A misspelt id is answered with the one that was meant."""
    path = bet()
    root = path.parent
    assert run("show", "1_frist") == (
        2,
        f"pytest-bets: there is no bet '1_frist' under {root}; did you mean 1_first?\n",
    )


def test_show_of_a_faulty_bet_tells_its_faults(bet: WriteBet) -> None:
    """What keeps a bet from being collected is told here, too."""
    bet(markers={"strict": '"cuont(gain > 0) >= 3"'})
    status, told = run("show", "1")
    assert status == 2
    assert "`cuont` is not a reducer" in told
    assert "did you mean: count" in told


def test_rollup_makes_the_summary_again_to_the_byte(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """What a session wrote and what the command writes are the same."""
    bet()
    pytester.runpytest_inprocess()
    files = [pytester.path / "results" / name for name in ("SUMMARY.md", "SUMMARY.json")]
    before = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    status, told = run("rollup")
    assert (status, [path.read_bytes() for path in files]) == (0, before)
    assert told == "results/SUMMARY.md: 1 bet: 1 PASS, 0 LENIENT, 0 FAIL; 0 of 1 registered before their run\n"


def test_rollup_without_results_says_what_is_missing(pytester: pytest.Pytester) -> None:
    """No folder is made where there is nothing to sum up."""
    assert run("rollup") == (
        2,
        f"pytest-bets: there is no folder {pytester.path / 'results'}: no bet was run, or --results names another\n",
    )


def test_help_shows_how_bets_are_run_and_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The first thing that a user reads names pytest and every command."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    assert "pytest bets/ -m strict" in told
    for command in ("new ", "show ", "rollup ", "claims "):
        assert f"    {command}" in told


def test_an_unknown_command_lists_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelt command is a usage error."""
    with pytest.raises(SystemExit, match="2"):
        main(["shw"])
    assert "choose from" in capsys.readouterr().err
