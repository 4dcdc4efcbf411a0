"""What a rehearsal and an exploration print: values and times, and never a verdict."""

import re

import pytest

from tests.helpers.fixtures import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED
BODY = """
return {
    "gain": part - 2 if STEPS == 3 else 100,
    "loss": [3.0, 1.0 / part],
    "kind": "a" if part < 3 else "b",
    "won": part > 1,
    "lost": float("nan") if part == 4 else 0.5,
    "same": 7,
}
"""
PAGE = """\
  with          STEPS = 3
  strict        count(gain > 0) >= 3 (measured 2): would not be met
  lenient       count(gain > 0) >= 2 (measured 2): would be met
  catastrophic  count(gain > 0) < 1 (measured 2): would be clear
  control       count(lost > 5) <= 0 (measured undefined): would not be met
  measured      gain: mean 0.5, min -1, max 2
                kind: 2 different values
                loss: lists of 2; mean of the first 3, of the last 0.5208
                lost: mean 0.5, min 0.5, max 0.5; nan in 1 cell
                same: 7 in every cell
                won: true in 3 of 4 cells

1 bet rehearsed; nothing was written.
"""
PROCESSES = pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["plain", "two"])


@pytest.fixture
def explored(bet: WriteBet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a bet that measures something of every kind."""
    monkeypatch.setenv("COLUMNS", "80")
    control = {"markers": {"control": '"count(lost > 5) <= 0"'}, "sections": {"Control": "0 exceed 5."}}
    bet(body=BODY, above='STEPS = 100\nPILOT = {"STEPS": 3}', **control)


def section(shown: str) -> str:
    return re.split(r"^=+ ", shown.partition("= bets =")[2].partition("\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.usefixtures("explored")
@PROCESSES
@pytest.mark.parametrize("how", ["--bets-pilot", "--bets-set=STEPS=3"])
def test_every_sentence_and_every_measured_name_is_shown(run: Run, how: str, processes: tuple[str, ...]) -> None:
    """With the changed constants and the time of a cell, and without a verdict."""
    head, _, page = section(run(how, *processes)).partition("\n")
    assert re.fullmatch(r"1_first: rehearsal, 4 cells, .* s each.*", head)
    assert page == PAGE
    assert not re.search("PASS|LENIENT|FAIL", page)


def test_the_seconds_are_those_of_a_cell(bet: WriteBet, run: Run) -> None:
    """Its mean, its least and its most."""
    bet(body='time.sleep(0.05 * part)\nreturn {"gain": part}', above="import time\nSTEPS = 1")
    shown = run("--bets-set=STEPS=2")
    found = re.search(r"4 cells, (0\.\d+) s each \((0\.\d+) s to (0\.\d+) s\)", shown)
    assert found, shown
    mean, least, most = map(float, found.groups())
    assert 0.05 <= least < mean < most
    assert most >= 0.2


@pytest.mark.usefixtures("explored")
@PROCESSES
def test_a_rehearsal_that_crashes_shows_what_the_other_cells_measured(
    bet: WriteBet, run: Run, processes: tuple[str, ...]
) -> None:
    """It shows no sentence, since a sentence is over all cells."""
    bet(body='assert part != 2, "no \\x1b[31m"\nreturn {"gain": part}')
    page = section(run("--bets-pilot", "--tb=no", *processes, expect=FAILED))
    assert re.search(r"^1_first: rehearsal, 3 of 4 cells, ", page, re.MULTILINE)
    assert "  not judged    1 of 4 cells crashed: experiment[2]: AssertionError: no \\x1b[31m\n" in page
    assert "  measured      gain: mean 2.667, min 1, max 4\n" in page
    assert "strict" not in page


@pytest.mark.usefixtures("explored")
def test_a_part_of_the_cells_is_no_rehearsal_of_the_sentences(run: Run) -> None:
    """What they measured is shown."""
    page = section(run("--bets-pilot", "-k", "1] or 4]"))
    assert page.startswith("1_first: rehearsal, 2 of 4 cells, ")
    assert "not judged    2 of 4 cells did not run" in page
    assert "gain: mean 0.5, min -1, max 2" in page


@PROCESSES
def test_what_no_sentence_can_compute_with_turns_the_rehearsal_red(
    bet: WriteBet, run: Run, processes: tuple[str, ...]
) -> None:
    """The first such cell fails and says why: rehearsals are for finding this."""
    bet(body='return {"gain": part, "curve": [1.0]}', markers={"strict": '"count(curve > 0) >= 3"'})
    shown = " ".join(run("--bets-pilot", *processes, expect=pytest.ExitCode.TESTS_FAILED).split())
    assert "`curve` is a list, and a sentence compares numbers and strings" in shown


@PROCESSES
def test_of_many_bets_the_strict_sentences_are_shown(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch, processes: tuple[str, ...]
) -> None:
    """In a table; -v shows all of every bet."""
    monkeypatch.setenv("COLUMNS", "80")
    for number in range(21):
        bet(f"bet_{number}_x.py", body='return {"gain": part}')
    lines = section(run("--bets-pilot", *processes)).splitlines()
    assert lines[0].split("  ")[0] == "bet"
    assert max(map(len, lines)) <= 80
    assert sum(line.endswith("count(gain > 0) >= 3 (measured 4): would be met") for line in lines) == 21
    assert "-v shows every sentence and what was measured." in lines
    assert section(run("--bets-pilot", "-v", *processes)).count("  measured      gain: mean 2.5, min 1, max 4") == 21


@pytest.mark.usefixtures("explored")
def test_a_rehearsal_that_is_kept_says_how_to_see_its_cells(run: Run) -> None:
    """As it is typed."""
    shown = run("--bets-pilot", "--bets-results", "tried")
    assert "\n1 bet rehearsed; kept in tried, marked as a rehearsal.\n" in shown
    assert "\nRead next: pytest-bets show 1 --results tried --cells\n" in shown


def test_a_rehearsal_of_one_replicate_says_that_counts_are_low(bet: WriteBet, run: Run) -> None:
    """`count(x > 0) >= 3` with one cell of five would look like a failed claim."""
    bet(markers={"parametrize": None, "replicate": "5"}, arguments="seed", body='return {"gain": 1}')
    note = "One replicate of each bet ran (1): counts of cells are lower than in a run."
    assert note in run("--bets-pilot")
    bet(above="STEPS = 1", markers={"parametrize": None, "replicate": "5"}, arguments="seed", body='return {"gain": 1}')
    assert note not in run("--bets-set", "STEPS=2")
