"""What a session of bets looks like: letters, categories, failures, and the table that closes it."""

import re
from pathlib import Path

import pytest

from tests.plugin.conftest import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED
LONG = "bet_2_a_slug_that_is_so_long_that_no_column_of_a_narrow_terminal_can_hold_it.py"
EIGHTY = """\
bet                  verdict       strict, and what was     standing
                                   measured
-------------------  ------------  -----------------------  --------------------
1_first              PASS          count(gain > 0) >= 3     withdrawn: the
                                   (measured 4)             corpus held the very
                                                            texts that the claim
                                                            was then measured
                                                            on, as bet 4 shows
2_a_slug_that_is_    LENIENT       count(gain > 0 and part  retracted by 3_third
so_long_that_no_                   / 1 > 0 and not gain
column_of_a_narrow_                == 100 and part
terminal_can_hold_                 < 1000000) >= 3
it                                 (measured 2)
3_third              FAIL          count(gain > 0) >= 3     falsified
                                   (measured 1)
4_fourth             FAIL,         count(gain > 0) >= 3     falsified
                     catastrophic  (measured 0)
5_fifth              void          1 of 4 cells crashed:    open
                                   experiment[3]:
                                   AssertionError: word
                                   word word word word
                                   word word word word
                                   word word word word..."""
COLOUR = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture
def catalogue(bet: WriteBet) -> None:
    """Write a bet of every kind of row."""
    bet(markers={"withdrawn": '"the corpus held the very texts that the claim was then measured on, as bet 4 shows"'})
    bet(
        LONG,
        body='return {"gain": part - 2}',
        markers={"strict": '"count(gain > 0 and part / 1 > 0 and not gain == 100 and part < 1000000) >= 3"'},
    )
    bet("bet_3_third.py", body='return {"gain": part - 3}', markers={"challenges": "2"})
    bet("bet_4_fourth.py", body='return {"gain": -part}')
    bet("bet_5_fifth.py", body=f'assert part != 3, "{"word " * 40}"\nreturn {{"gain": part}}')


def section(shown: str) -> str:
    """Return what stands between the table's title and the next one of pytest's."""
    return re.split(
        r"^(?:\x1b\[[\d;]*m)*=+ ", shown.partition(" bets =")[2].partition("\n")[2], maxsplit=1, flags=re.MULTILINE
    )[0]


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize(
    ("columns", "arguments"),
    [*((columns, [option]) for columns in (60, 80, 120) for option in ("-v", "-q", "--color=yes")), (80, ["-n", "2"])],
    ids=repr,
)
def test_the_table_fits_the_terminal(
    run: Run, monkeypatch: pytest.MonkeyPatch, columns: int, arguments: list[str]
) -> None:
    """No line is longer than the terminal, and all of it is plain ASCII without a colour."""
    monkeypatch.setenv("COLUMNS", str(columns))
    told = section(run(*arguments, expect=FAILED))
    assert told.isascii()
    assert told.startswith("bet ")
    assert max(map(len, told.splitlines())) <= columns
    assert not COLOUR.search(told)
    squeezed = re.sub(r"\s", "", told)
    assert "5bets:1PASS,1LENIENT,2FAIL,1notjudged." in squeezed
    assert "Inresults:5recordswritten,0standastheywere;seeresults/SUMMARY.md." in squeezed


@pytest.mark.usefixtures("catalogue")
def test_the_table_at_eighty_columns(run: Run) -> None:
    """Ids break at underscores, sentences between words, numbers stay with what they say, and a long reason is cut."""
    told = section(run(expect=FAILED)).partition("\n\n")[0]
    assert told == EIGHTY


@pytest.mark.usefixtures("catalogue")
def test_the_quietest_session_prints_no_table(run: Run) -> None:
    """-qq prints no summary of pytest's, and none of ours; once quiet there is still the table."""
    assert "verdict" not in run("-qq", expect=FAILED)
    assert "verdict" in run("-q", expect=FAILED)


def test_a_session_without_bets_says_nothing(run: Run) -> None:
    """No section, no folder, not a word."""
    Path("test_one.py").write_text("def test_one(): pass\n")
    shown = run()
    assert "bets =" not in shown
    assert not Path("results").exists()


def test_a_tier_that_is_not_met_has_its_own_letter_and_category(bet: WriteBet, run: Run) -> None:
    """u, UNMET with the reason, and unmet in the counts: it fails nothing."""
    bet(body='return {"gain": part - 3}')
    shown = run()
    assert re.search(r"^bet_1_first\.py \.\.\.\.uu\. ", shown, re.MULTILINE)
    assert "= 5 passed, 2 unmet in " in shown
    shown = run("-vv")
    reason = "lenient not met: count(gain > 0) >= 2 (measured 1, threshold 2, margin -1)"
    assert f"bet_1_first.py::lenient UNMET ({reason})" in " ".join(shown.split())


def test_an_unmet_tier_is_yellow_and_a_gated_one_red(bet: WriteBet, run: Run) -> None:
    """As pytest colours what is neither passed nor failed, and what is failed."""
    bet(body='return {"gain": -part}')
    shown = run("--color=yes", expect=FAILED)
    assert "\x1b[33mu\x1b[0m\x1b[33mu\x1b[0m\x1b[31mF\x1b[0m" in shown
    assert "\x1b[33m2 unmet\x1b[0m" in shown


def test_a_tier_that_fails_says_what_was_claimed_and_what_was_measured(bet: WriteBet, run: Run) -> None:
    """Sentence, measured value, threshold and margin; the sentences against the claim first."""
    bet(
        body='return {"gain": part - 2, "loss": 1.23456789 * part}',
        markers={"strict": '"mean(loss) < 10")\n@pytest.mark.strict("count(gain > 0) >= 3"'},
        sections={"Strict": "the loss is below 10 and at least 3 of 4 cells gain."},
        title="Bet 1: gains come for free.",
    )
    shown = run("-m", "strict", expect=FAILED)
    failure = shown.partition("= FAILURES =")[2].partition("= bets =")[0]
    assert re.search(r"^_+ 1_first strict _+$", failure, re.MULTILINE)
    assert failure.splitlines()[2:5] == [
        "strict not met: count(gain > 0) >= 3 (measured 2, threshold 3, margin -1)",
        "strict met: mean(loss) < 10 (measured 3.086, threshold 10, margin 6.914)",
        "claim: gains come for free.",
    ]
    assert "FAILED bet_1_first.py::strict" in shown


def test_runs_that_are_not_whole_say_so_in_their_row(bet: WriteBet, run: Run) -> None:
    """A void and a bet with cells left out are told apart."""
    bet(body='assert part != 2\nreturn {"gain": part}')
    bet("bet_2_second.py")
    shown = run("--deselect", "bet_2_second.py::experiment[4]", expect=FAILED)
    assert re.search(r"^1_first +void +1 of 4 cells crashed: experiment\[2\]: assert", shown, re.MULTILINE)
    assert re.search(r"^2_second +not judged +1 of 4 cells did not run +open$", shown, re.MULTILINE)
    assert "2 bets: 0 PASS, 0 LENIENT, 0 FAIL, 2 not judged." in shown


def test_the_second_run_of_the_same_says_that_the_record_stands(bet: WriteBet, run: Run) -> None:
    """A replication writes a line of the journal alone."""
    bet()
    assert "In results: 1 record written, 0 stand as they were; see results/SUMMARY.md." in run()
    assert "In results: 0 records written, 1 stand as they were; see results/SUMMARY.md." in run()
