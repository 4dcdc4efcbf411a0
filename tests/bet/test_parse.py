"""A file that cannot be read as a bet is a collection error wherever it is collected, and never worse."""

import pytest

from tests.helpers.fixtures import Refused, Run, WriteBet


def test_a_numbered_file_that_is_no_python_is_shown_where_reading_stopped(bet: WriteBet, refused: Refused) -> None:
    """The line and its text are Python's own."""
    path = bet()
    path.write_text(path.read_text().replace("import pytest\n", "import pytest\nthis is not\n"))
    assert refused().endswith("bet_1_first.py:11: this is not Python: invalid syntax\n    this is not")


def test_an_unnumbered_file_with_our_markers_that_is_no_python_is_refused(bet: WriteBet, refused: Refused) -> None:
    """It is meant as a bet."""
    path = bet("bet_gain.py")
    path.write_text(path.read_text() + "  )\n")
    assert "bet_gain.py:20: this is not Python: " in refused()


@pytest.mark.parametrize("source", ["X = 1\x00", "X = " + "-" * 100_000 + "1", "X = 1" + " + 1" * 40_000, "(" * 300])
def test_a_file_that_breaks_pythons_own_parser_is_refused_like_any(
    bet: WriteBet, refused: Refused, source: str
) -> None:
    """A null byte, and depth beyond any stack, are faults of the file and not of the session."""
    bet("bet_2_good.py")
    bet("bet_1_first.py", above=source)
    text = refused()
    assert "bet_1_first.py:" in text
    assert "this is not Python: " in text or "this is nested too deeply to be read" in text
    assert "bet_2_good.py" not in text


def test_a_constant_too_deep_to_be_written_out_is_refused(bet: WriteBet, refused: Refused) -> None:
    """Reading goes deeper than writing; neither breaks the session."""
    bet(above="X = " + "not " * 700 + "Y")
    assert "bet_1_first.py:1: this is nested too deeply to be read" in refused()


def test_a_bet_file_that_is_not_utf_8_is_refused(bet: WriteBet, refused: Refused) -> None:
    """Text that other machines would read otherwise is no declaration."""
    path = bet(title="A claim of caf\u00e9s.")
    path.write_text("# coding: latin-1\n" + path.read_text(), encoding="latin-1")
    text = refused()
    assert "bet_1_first.py:1: the file cannot be read: 'utf-8' codec can't decode byte 0xe9" in text


def test_an_unnumbered_file_in_another_encoding_without_our_markers_is_left_alone(
    bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """What is no bet need not be UTF-8."""
    bet()
    pytester.path.joinpath("bet_helper.py").write_bytes("# coding: latin-1\nNAME = 'caf\u00e9'\n".encode("latin-1"))
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_read(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Python reads both, and so does the declaration."""
    path = bet()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)


def test_all_faults_of_a_file_are_listed_at_once_in_the_order_of_its_lines(bet: WriteBet, refused: Refused) -> None:
    """One run is enough to correct a file."""
    bet(
        sections={"Run": None, "Lenient": "some cells."},
        markers={"strict": '"coutn(gain > 0) >= 3"', "replicate": "0", "challenges": "x", "withdrawn": ""},
        above='PILOT = {"STEPS": 3}',
    )
    lines = refused().splitlines()
    problems = [line.partition(": ")[::2] for line in lines if line.startswith("bet_1_first.py:")]
    assert problems == [
        ("bet_1_first.py:1", "the docstring has no section `Run:`"),
        ("bet_1_first.py:11", "PILOT names `STEPS`, which is not a constant of this file"),
        ("bet_1_first.py:13", "this strict sentence: `coutn` is not a reducer"),
        ("bet_1_first.py:14", "the threshold 2 is missing from the section `Lenient:`"),
        ("bet_1_first.py:17", "`replicate` takes one count"),
        ("bet_1_first.py:18", "`challenges` takes the numbers of bets"),
        ("bet_1_first.py:19", "`withdrawn` takes one reason"),
    ]


def test_faults_between_bets_and_in_the_sweep_are_listed_together(
    bet: WriteBet, pytester: pytest.Pytester, refused: Refused
) -> None:
    """What needs the cells and what needs the other bets is one list."""
    pytester.makeini("[pytest]\nbets_paths = .")
    bet(markers={"challenges": "37", "strict": '"count(gain > 0) >= 5"'}, sections={"Strict": "5"})
    bet("older/bet_1_twin.py")
    text = refused()
    assert "bet_1_first.py:1: the number 1 is used twice" in text
    assert "bet_1_first.py:19: there is no bet 37" in text
    assert "bet_1_first.py:14: with 4 cells this sentence is never true" in text


def test_the_good_bets_beside_a_faulty_one_do_not_run(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A collection error stops the session before any experiment, with pytest's own exit status."""
    bet("bet_1_first.py", sections={"Run": None})
    bet("bet_2_second.py")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.assert_outcomes(errors=1)
    assert not (pytester.path / "results").exists()


def test_workers_list_the_same_faults(bet: WriteBet, run: Run) -> None:
    """With xdist the text is the same; the exit status is the one that xdist gives for any collection error."""
    bet("bet_1_first.py", sections={"Run": None}, markers={"strict": '"coutn(gain > 0) >= 3"'})
    shown = run("-n", "2", expect=pytest.ExitCode.TESTS_FAILED)
    assert "1 error in" in shown
    assert (
        "bet_1_first.py:1: the docstring has no section `Run:`\n"
        '    """A first claim.\n'
        "  expected: the sections Hypothesis, Strict, Lenient, Catastrophic, Run\n"
        "bet_1_first.py:13: this strict sentence: `coutn` is not a reducer\n"
    ) in shown
    assert "  did you mean: count\n" in shown


def test_a_faulty_bet_breaks_no_session_that_does_not_collect_it(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Not even the summary over all bets."""
    bet("bet_1_first.py", sections={"Run": None})
    pytester.path.joinpath("bet_3_broken.py").write_text("def (")
    pytester.path.joinpath("bet_4_bytes.py").write_bytes(b"\xff")
    pytester.path.joinpath("bet_5_deep.py").write_text("X = " + "-" * 100_000 + "1")
    bet("bet_2_second.py")
    result = pytester.runpytest_inprocess("-p", "no:randomly", "bet_2_second.py")
    result.assert_outcomes(passed=7)
    assert result.ret == pytest.ExitCode.OK
    assert (pytester.path / "results" / "2_second.json").exists()
