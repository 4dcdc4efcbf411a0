"""The command that shows one bet: its values, its cells, and nothing that acts on a terminal."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED
BODY = 'return {"gain": part - 3, "loss": [3.0, 1 / part], "lost": float("nan") if part == 4 else float("inf")}'


def show(*arguments: str, columns: int = 80, encoding: str = "utf-8") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_bets", "show", *arguments],
        capture_output=True,
        text=True,
        encoding=encoding,
        check=False,
        env={**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": encoding},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def recorded(bet: WriteBet, run: Run) -> None:
    """Run a bet that fails at every tier but one."""
    control = {"markers": {"control": '"count(gain > 5) <= 0"'}, "sections": {"Control": "0 exceed 5."}}
    bet("bet_05_first.py", body=BODY, above='STEPS = 100\nPILOT = {"STEPS": 3}', **control)
    run()


@pytest.mark.usefixtures("recorded")
def test_every_tier_is_shown_with_its_value() -> None:
    """Once, in the words of the other pages; and what was measured in brief."""
    page = show("5")
    for line in (
        "Verdict       FAIL over 4 cells; registration unknown",
        "Strict        not met: count(gain > 0) >= 3 (measured 1, margin -2)",
        "Lenient       not met: count(gain > 0) >= 2 (measured 1, margin -1)",
        "Catastrophic  clear: count(gain > 0) < 1 (measured 1, margin 0)",
        "Control       met: count(gain > 5) <= 0 (measured 0, margin 0)",
        "Measured      gain: mean -0.5, min -2, max 1",
        "              loss: lists of 2; mean of the first 3, of the last 0.5208",
        "              lost: mean inf, min inf, max inf; nan in 1 cell",
        "Cells         `pytest-bets show 05 --cells` prints every cell",
    ):
        assert f"\n{line}\n" in page
    assert page.count("count(gain > 0) >= 3") == 1


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("asked", ["5", "05", "005", "05_first", "first"])
def test_a_bet_is_found_however_its_number_is_written(asked: str) -> None:
    """An id has it as its file does, and so has the closing table."""
    assert show(asked).startswith("05_first: A first claim.\n")


@pytest.mark.usefixtures("recorded")
def test_the_cells_are_a_table() -> None:
    """A row a cell: parameters and measured values."""
    assert show("5", "--cells") == (
        "05_first: A first claim.\n"
        "FAIL, 4 cells\n"
        "\n"
        "cell  part  gain  loss                     lost\n"
        "----  ----  ----  -----------------------  ----\n"
        "   1     1    -2  2 values: 3 -> 1          inf\n"
        "   2     2    -1  2 values: 3 -> 0.5        inf\n"
        "   3     3     0  2 values: 3 -> 0.333333   inf\n"
        "   4     4     1  2 values: 3 -> 0.25       nan\n"
    )


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("columns", [40, 60, 100])
def test_the_cells_fit_the_terminal(columns: int) -> None:
    """In parts, where they have to be."""
    assert max(map(len, show("5", "--cells", columns=columns).splitlines())) <= columns


def test_a_rehearsal_that_was_kept_shows_its_values_and_no_verdict(bet: WriteBet, run: Run) -> None:
    """Each sentence with what it would be."""
    bet(body=BODY, above='STEPS = 100\nPILOT = {"STEPS": 3}')
    run("--bets-pilot", "--bets-results", "tried")
    page = show("1", "--results", "tried")
    for line in (
        "Rehearsal     no verdict of record over 4 cells; registration unknown",
        "Strict        count(gain > 0) >= 3 (measured 1): would not be met",
        "Catastrophic  count(gain > 0) < 1 (measured 1): would be clear",
        "Measured      gain: mean -0.5, min -2, max 1",
        "Cells         `pytest-bets show 1 --results tried --cells` prints every cell",
    ):
        assert f"\n{line}\n" in page
    assert show("1", "--results", "tried", "--cells").splitlines()[1] == "rehearsal, no verdict of record, 4 cells"


def test_a_bet_without_a_control_says_so(bet: WriteBet, run: Run) -> None:
    """Under its criteria."""
    bet()
    run()
    assert "\nControl       none: this verdict is not compared with noise\n" in show("1")


def test_cells_of_a_bet_that_never_ran_or_crashed(bet: WriteBet, run: Run) -> None:
    """There are none, and why."""
    bet(body="raise ValueError")
    assert show("1", "--cells") == "1_first: A first claim.\nNever run: there is no record.\n"
    run(expect=FAILED)
    assert "1_first: A first claim.\nvoid: 4 of 4 cells crashed: " in show("1", "--cells")
    assert "The record has no cells." in show("1", "--cells")


@pytest.mark.usefixtures("recorded")
def test_no_string_of_a_record_acts_on_the_terminal() -> None:
    """A record may come from anyone."""
    Path("bet_05_first.py").unlink()
    path = Path("results/05_first.json")
    record = json.loads(path.read_text())
    record["bet"]["title"] = "\x1b[2Jtitle\nVerdict       PASS"
    record["environment"]["platform"] = "\x1b]0;p\x07"
    for cell in record["cells"]:
        cell["params"]["part"] = f"\x1b[31m{cell['params']['part']}"
        cell["measured"]["kind"] = "\u202ekind"
    path.write_text(json.dumps(record))
    shown = show("5") + show("5", "--cells")
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\nVerdict       PASS" not in shown
    assert "\\x1b[2Jtitle" in shown
    assert "kind: \\u202ekind in every cell" in shown


def test_a_terminal_that_cannot_print_a_letter_gets_its_number(bet: WriteBet, run: Run) -> None:
    """No traceback."""
    bet(title="Bet 1: größer ist besser.", body='return {"gain": part, "kind": "学習"}')
    run()
    assert show("1", encoding="ascii").startswith("1_first: gr\\xf6\\xdfer ist besser.\n")
    assert "kind = \\u5b66\\u7fd2" in show("1", "--cells", encoding="ascii")
