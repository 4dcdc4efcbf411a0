"""What a session of bets looks like: letters, categories, failures, and the table that closes it."""

import re
from pathlib import Path
from typing import Any

import pytest

from pytest_bets.cli.main import main
from pytest_bets.hooks.reports import without_unmet
from tests.helpers.fixtures import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED
LONG = "bet_2_a_slug_that_is_so_long_that_no_column_of_a_narrow_terminal_can_hold_it.py"
EIGHTY = """\
bet              verdict       what decided               standing
---------------  ------------  -------------------------  ----------------------
1_first          PASS          count(gain > 0) >= 3       withdrawn: the corpus
                               (measured 4)               held the very texts
                                                          that the claim was
                                                          then measured on, as
                                                          bet 4 shows
2_a_slug_that_   LENIENT       strict not met:            retracted by 3
is_so_long_                    count(gain > 0 and part /
that_no_column_                1 > 0 and not gain == 100
of_a_narrow_                   and part < 1000000) >= 3
terminal_can_                  (measured 2)
hold_it
3_third          FAIL          strict not met:            falsified
                                 count(gain > 0) >= 3
                                 (measured 1)
                               lenient not met: >= 2
4_fourth         FAIL,         catastrophic tripped:      falsified
                 catastrophic  count(gain > 0) < 1
                               (measured 0)
5_fifth          void          1 of 4 cells crashed:      open
                               experiment[3]:
                               AssertionError: word word
                               word word word word word
                               word word word word word
                               word..."""
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
    """No line is longer than the terminal, and all of it is plain ASCII; colours take no room."""
    monkeypatch.setenv("COLUMNS", str(columns))
    coloured = section(run(*arguments, expect=FAILED))
    table = COLOUR.sub("", coloured)
    assert (table != coloured) == ("--color=yes" in arguments)
    assert table.isascii()
    assert table.startswith("bet ")
    assert max(map(len, table.splitlines())) <= columns
    squeezed = re.sub(r"\s", "", table)
    assert "5bets:1PASS,1LENIENT,2FAIL(1catastrophic),1notjudged." in squeezed
    assert "Inresults:5recordswritten,0unchanged;seeresults/SUMMARY.md." in squeezed


@pytest.mark.usefixtures("catalogue")
def test_the_table_at_eighty_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids break at underscores, sentences between words, numbers stay with what they say, and a long reason is cut."""
    monkeypatch.setenv("COLUMNS", "80")
    table = section(run(expect=FAILED)).partition("\n\n")[0]
    assert table == EIGHTY


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["plain", "two"])
def test_verdicts_have_colours_where_the_terminal_has_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, processes: tuple[str, ...]
) -> None:
    """Green, yellow, red, a catastrophe bold; what pytest itself decides about colour holds here."""
    monkeypatch.setenv("COLUMNS", "80")
    table = section(run("--color=yes", *processes, expect=FAILED))
    for row in (
        "1_first          \x1b[32mPASS\x1b[0m          count",
        "2_a_slug_that_   \x1b[33mLENIENT\x1b[0m       strict",
        "3_third          \x1b[31mFAIL\x1b[0m          strict",
        "4_fourth         \x1b[31m\x1b[1mFAIL,\x1b[0m         catastrophic",
        "                 \x1b[31m\x1b[1mcatastrophic\x1b[0m  count",
        "5_fifth          \x1b[33mvoid\x1b[0m          1 of 4",
    ):
        assert f"\n{row}" in table
    assert not COLOUR.search(section(run("--color=no", *processes, expect=pytest.ExitCode.TESTS_FAILED)))
    assert not COLOUR.search(section(run(*processes, expect=pytest.ExitCode.TESTS_FAILED)))


def test_a_fail_in_the_noise_shows_the_control_that_decided(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its strict sentences are met and did not decide."""
    monkeypatch.setenv("COLUMNS", "120")
    bet(markers={"control": '"count(gain > 1) <= 2"'}, sections={"Control": "at most 2 cells exceed 1."})
    shown = " ".join(run().split())
    assert "1_first FAIL, in the noise control not met: count(gain > 1) <= 2 (measured 3) in the noise" in shown
    assert "1 bet: 0 PASS, 0 LENIENT, 1 FAIL (1 in the noise)." in shown
    assert "No control" not in shown


def test_of_several_strict_sentences_the_one_that_failed_is_marked(bet: WriteBet, run: Run) -> None:
    """In words, so that it needs no colour."""
    bet(
        body='return {"gain": part, "forgotten": part / 10}',
        markers={"strict": '"max(forgotten) <= 0.1")\n@pytest.mark.strict("count(gain > 0) >= 3"'},
        sections={"Strict": "it forgets 0.1 at most and at least 3 of 4 cells gain."},
    )
    assert "strict not met: max(forgotten) <= 0.1 (measured 0.4)" in run()
    assert "strict met: count(gain > 0) >= 3 (measured 4)" in run()


def test_a_bet_without_a_control_is_named(bet: WriteBet, run: Run) -> None:
    """A positive claim has to clear a noise floor; a void claims nothing."""
    bet()
    bet("bet_02_second.py")
    bet("bet_3_third.py", body="raise ValueError")
    bet("bet_4_fourth.py", markers={"control": '"count(gain > 5) <= 0"'}, sections={"Control": "0 exceed 5."})
    shown = " ".join(run(expect=FAILED).split())
    assert "No control: 2 bets (1, 02): a PASS without a negative control is not compared with noise." in shown


SHIFT = 'return {"gain": part + float(pathlib.Path("shift").read_text())}'


@pytest.mark.parametrize("processes", [(), ("-n", "2")], ids=["plain", "two"])
def test_a_run_that_differs_from_the_record_shows_both(
    bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch, processes: tuple[str, ...]
) -> None:
    """With the same declaration and code it is unstable; and the closing line says where to read more."""
    monkeypatch.setenv("COLUMNS", "100")
    bet(body=SHIFT, above="import pathlib")
    Path("shift").write_text("-2")
    shown = run(*processes)
    assert "on record" not in shown
    assert "Unstable" not in shown
    Path("shift").write_text("0")
    shown = run(*processes)
    assert re.search(r"^1_first +PASS +count\(gain > 0\) >= 3 \(measured 4\) +stands$", shown, re.MULTILINE)
    assert re.search(r"^ +PASS now, LENIENT on record: unstable$", shown, re.MULTILINE)
    assert "Unstable: 1 bet (1): runs of the same declaration and code gave different verdicts." in shown
    assert "Read next: pytest-bets show 1 (all sentences and runs; --cells: all values)." in shown
    shown = run("-k", "1]", *processes)
    assert re.search(r"^ +not judged now, LENIENT on record$", shown, re.MULTILINE)


def test_new_code_takes_the_place_of_the_record_and_disagrees_with_nothing(bet: WriteBet, run: Run) -> None:
    """The record is then this run's."""
    bet(body='return {"gain": part - 2}')
    run()
    bet()
    shown = run()
    assert "on record" not in shown
    assert "Unstable" not in shown


def test_what_to_read_next_is_the_worst_bet_in_the_folder_that_was_named(bet: WriteBet, run: Run) -> None:
    """As it is typed where the session was started."""
    bet()
    bet("bet_02_second.py", body='return {"gain": -part}')
    shown = run("--bets-results", "some where", expect=FAILED)
    assert "Read next: pytest-bets show 02 --results 'some where' (all " in shown


def test_no_string_of_a_bet_acts_on_the_terminal(bet: WriteBet, run: Run) -> None:
    """The reasons of a withdrawal and of a crash: an escape is spelled."""
    bet(markers={"withdrawn": '"\\x1b]0;mine\\x07"'})
    bet("bet_2_second.py", body='raise ValueError("\\x1b[2J gone")')
    table = section(run("--tb=no", "-rN", expect=FAILED))
    assert "\x1b" not in table
    assert "\x07" not in table
    assert "withdrawn: \\x1b]0;mine\\x07" in table
    assert "\\x1b[2J gone" in table


@pytest.mark.usefixtures("catalogue")
@pytest.mark.parametrize("more", [(), ("--bets-pilot",), ("-n", "2")], ids=" ".join)
def test_no_summary_means_no_table(run: Run, more: tuple[str, ...]) -> None:
    """The option of pytest itself: no section, and none of its lines."""
    shown = run("--no-summary", *more, expect=FAILED)
    assert "= bets =" not in shown
    assert "Read next" not in shown
    assert "SUMMARY.md" not in shown


@pytest.mark.usefixtures("catalogue")
def test_the_quietest_session_prints_no_table(run: Run) -> None:
    """-qq prints neither pytest's summary nor that of bets; once quiet there is still the table."""
    assert "verdict" not in run("-qq", expect=FAILED)
    assert "verdict" in run("-q", expect=FAILED)


def test_a_session_without_bets_says_nothing(run: Run) -> None:
    """No section, no folder, no text."""
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


def test_the_next_command_finds_the_results_of_a_project_below(
    bet: WriteBet,
    pytester: pytest.Pytester,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The settings of `a` make it the root of `pytest a`, and a command in the folder above found another bet 1."""
    for folder in ("a", "b"):
        bet(f"{folder}/bets/bet_1_{folder}.py")
        (pytester.path / folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    (pytester.path / ".git").mkdir()
    monkeypatch.setenv("COLUMNS", "200")
    assert "Read next: pytest-bets show 1 --rootdir a (all " in run("a")
    assert main(["show", "1", "--rootdir", "a"]) == 0
    assert "PASS over 4 cells" in capsys.readouterr().out
    assert "Read next: pytest-bets show 1 --rootdir a --results a/kept (all " in run("a", "-o", "bets_results=kept")


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
    """A void and a bet with cells left out look different."""
    bet(body='assert part != 2\nreturn {"gain": part}')
    bet("bet_2_second.py")
    shown = run("--deselect", "bet_2_second.py::experiment[4]", expect=FAILED)
    assert re.search(r"^1_first +void +1 of 4 cells crashed: experiment\[2\]: assert", shown, re.MULTILINE)
    assert re.search(r"^2_second +not judged +1 of 4 cells did not run +open$", shown, re.MULTILINE)
    assert "2 bets: 0 PASS, 0 LENIENT, 0 FAIL, 2 not judged." in shown


def test_the_second_run_of_the_same_says_that_the_record_stands(bet: WriteBet, run: Run) -> None:
    """A replication writes a line of the journal alone."""
    bet()
    assert "In results: 1 record written, 0 unchanged; see results/SUMMARY.md." in run()
    assert "In results: 0 records written, 1 unchanged; see results/SUMMARY.md." in run()


def test_a_number_that_runs_into_the_name_is_noted_until_the_id_is_on_record(bet: WriteBet, run: Run) -> None:
    """`3d` may be a word: nothing is refused, but the id is for ever."""
    bet("bet_3d_models.py")
    for arguments in (["--bets-pilot"], []):
        shown = " ".join(run(*arguments).split())
        assert "No number: the id of bet_3d_models.py is 3d_models" in shown
        assert "rename it now: bet_3_d_models.py." in shown
    assert "No number" not in run()


def test_unmet_is_skipped_in_the_document_of_pytest_json_report() -> None:
    """Its schema has no other outcomes; counts of other kinds stay as they are."""
    document: dict[str, Any] = {
        "summary": {"passed": 2, "unmet": 1, "skipped": 1, "total": 4},
        "tests": [{"outcome": outcome} for outcome in ("passed", "unmet", "skipped", "passed")],
    }
    without_unmet(document)
    assert document["summary"] == {"passed": 2, "skipped": 2, "total": 4}
    assert [test["outcome"] for test in document["tests"]] == ["passed", "skipped", "skipped", "passed"]
    alone: dict[str, Any] = {"summary": {"passed": 1, "total": 1}}
    without_unmet(alone)
    assert alone == {"summary": {"passed": 1, "total": 1}}
