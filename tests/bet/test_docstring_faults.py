"""A docstring that does not say what the bet claims is a collection error: where, what, and how to correct it."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Refused, WriteBet

REQUIRED = ("Hypothesis", "Strict", "Lenient", "Catastrophic", "Run")


@pytest.mark.parametrize("name", REQUIRED)
def test_a_section_that_is_missing_is_named_with_all_that_are_expected(
    bet: WriteBet, refused: Refused, name: str
) -> None:
    """Each of the five sections is required."""
    bet(sections={name: None})
    assert refused().endswith(
        f"bet_1_first.py:1: the docstring has no section `{name}:`\n"
        '    """A first claim.\n'
        "  expected: the sections Hypothesis, Strict, Lenient, Catastrophic, Run"
    )


def test_a_misspelt_section_is_shown_on_its_own_line_with_the_right_name(bet: WriteBet, refused: Refused) -> None:
    """The nearest right name is suggested where there is one."""
    bet(sections={"Hypothesis": None, "Hypotesis": "the gain is positive."})
    assert (
        "bet_1_first.py:7: the docstring has no section `Hypothesis:`\n"
        "    Hypotesis: the gain is positive.\n"
        "  expected: the sections Hypothesis, Strict, Lenient, Catastrophic, Run\n"
        "  did you mean: Hypothesis:"
    ) in refused()


@pytest.mark.parametrize("line", ["strict: all 3.", "- **Strict**: all 3.", "    Strict: all 3.", "Strict : all 3."])
def test_a_line_that_is_nearly_a_header_is_shown_with_the_right_one(bet: WriteBet, refused: Refused, line: str) -> None:
    """In small letters, in a list, emphasised, indented: the fault points at it."""
    path = bet()
    path.write_text(path.read_text().replace("Strict: at least 3 of 4 cells gain.", line))
    assert (
        "bet_1_first.py:4: the docstring has no section `Strict:`\n"
        f"    {line.strip()}\n"
        "  expected: `Strict:` at the start of its line\n"
        "  did you mean: Strict:"
    ) in refused()


def test_a_control_section_that_is_nearly_one_is_shown(bet: WriteBet, refused: Refused) -> None:
    """As any other section that is missed."""
    bet(markers={"control": '"count(gain < 0) <= 1"'}, sections={"Run": "pytest\ncontrol: at most 1 cell."})
    assert (
        "bet_1_first.py:8: there is a control but the docstring has no section `Control:`\n"
        "    control: at most 1 cell.\n"
        "  expected: `Control:` at the start of its line\n"
        "  did you mean: Control:"
    ) in refused()


def test_a_section_without_text_is_empty(bet: WriteBet, refused: Refused) -> None:
    """A header alone says nothing."""
    bet(sections={"Hypothesis": ""})
    assert (
        "bet_1_first.py:3: the section `Hypothesis:` is empty\n"
        "    Hypothesis:\n"
        "  expected: its text on this line or indented below"
    ) in refused()


def test_a_section_that_stands_twice_is_refused_at_the_second(bet: WriteBet, refused: Refused) -> None:
    """It would be unclear which of the two is the criterion."""
    bet(sections={"Run": "pytest\nStrict: at least 1 of 4 cells gains."})
    assert (
        "bet_1_first.py:8: a second section `Strict:`\n"
        "    Strict: at least 1 of 4 cells gains.\n"
        "  expected: each section once"
    ) in refused()


def test_the_error_of_a_bet_without_docstring_says_what_belongs_in_one(bet: WriteBet, refused: Refused) -> None:
    """The title and all required sections are named."""
    path = bet()
    path.write_text(path.read_text().partition('"""\n\n')[2])
    assert (
        "bet_1_first.py:1: the bet has no docstring\n"
        "    import pytest\n"
        "  expected: a title line and the sections Hypothesis, Strict, Lenient, Catastrophic, Run"
    ) in refused()


def test_a_docstring_of_nothing_has_no_title(bet: WriteBet, refused: Refused) -> None:
    """A bet is listed by its title."""
    path = bet()
    path.write_text('"""  """\n' + path.read_text().partition('"""\n\n')[2])
    assert (
        'bet_1_first.py:1: the docstring has no title line\n    """  """\n'
        "  expected: a title such as: Bet 46: the claim in one line"
    ) in refused()


def test_a_title_with_another_number_than_the_file_is_refused(bet: WriteBet, refused: Refused) -> None:
    """A copied file keeps no old number."""
    bet("bet_2_copy.py", title="Bet 1: a first claim.")
    assert (
        "bet_2_copy.py:1: the title says bet 1, the file's name says 2\n"
        '    """Bet 1: a first claim.\n'
        "  expected: Bet 2:"
    ) in refused()


@pytest.mark.parametrize("title", ["Bet 1: a first claim.", "Bet 1 : a first claim."])
def test_a_title_with_a_number_that_the_file_lacks_is_refused(bet: WriteBet, refused: Refused, title: str) -> None:
    """Its readers would look for bet 1, which no tool knows."""
    bet("bet_dropout_helps.py", title=title)
    assert (
        "bet_dropout_helps.py:1: the title says bet 1, the file's name bet_dropout_helps.py has no number\n"
        f'    """{title}\n'
        "  expected: a title without a number, or a file whose name has it\n"
        "  did you mean: bet_1_dropout_helps.py"
    ) in refused()


@pytest.mark.parametrize(
    ("file", "title"),
    [
        ("bet_dropout.py", "Bet dropout: it helps."),
        ("bet_dropout.py", "Bet 46 does not hold for dropout."),
        ("bet_47_dropout.py", "Bet 46 does not hold for dropout."),
        ("bet_047_dropout.py", "Bet 47: it helps."),
        ("bet_47_dropout.py", "Bet dropout: it helps."),
    ],
)
def test_a_title_may_say_its_name_or_speak_of_another_bet(
    bet: WriteBet, pytester: pytest.Pytester, file: str, title: str
) -> None:
    """Only a number that stands for the bet's own must be that of the file."""
    bet(file, title=title)
    pytester.runpytest_inprocess("--collect-only", "-q").stdout.fnmatch_lines(["7 tests collected*"])


def test_a_threshold_that_the_docstring_does_not_state_is_shown_with_both_lines(
    bet: WriteBet, refused: Refused
) -> None:
    """What people read and what the machine judges cannot drift."""
    bet(sections={"Lenient": "at least half of the cells gain."})
    assert refused().endswith(
        "bet_1_first.py:15: the threshold 2 is missing from the section `Lenient:`\n"
        '    line 15: lenient("count(gain > 0) >= 2")\n'
        "    line 5: Lenient: at least half of the cells gain.\n"
        "  expected: write 2 in line 5, or change the marker to match"
    )


@pytest.mark.parametrize("threshold", ["1234567.5", "0.1234567", "5e-05"])
def test_a_threshold_is_shown_with_every_digit_that_the_docstring_needs(
    bet: WriteBet, refused: Refused, threshold: str
) -> None:
    """What the message shows is what the docstring has to say."""
    bet(sections={"Strict": "the gain is large."}, markers={"strict": f'"mean(gain) >= {threshold}"'})
    assert f"the threshold {threshold} is missing from the section `Strict:`" in refused()


@pytest.mark.parametrize(
    ("stated", "threshold"),
    [
        ("80 % of the cells gain", "0.8"),
        ("80% of the cells gain", "0.8"),
        ("80 percent of the cells gain", "0.8"),
        ("80 per cent of the cells gain", "0.8"),
        ("12.5 % more", "0.125"),
        ("at least 12,000 tokens", "12000"),
        ("at least 1,234,567.5 tokens", "1234567.5"),
        ("a rate of 5e-5", "0.00005"),
        ("a rate of 0.00005", "5e-5"),
        ("a rate of 1.5E+3", "1500"),
        ("a loss of -0.5 or more", "-0.5"),
        ("a loss of \u22120.5 or more", "-0.5"),
        ("at most .5 bits lost", "-0.5"),
        ("a margin of 12.", "12.0"),
        ("at least two of three", "2"),
        ("at least 1_000 tokens", "1_000"),
        ("at least 1,000 tokens", "1_000"),
    ],
)
def test_the_words_may_state_a_threshold_in_any_usual_form(
    bet: WriteBet, pytester: pytest.Pytester, stated: str, threshold: str
) -> None:
    """Percent, thousands separators, exponents, either minus, and a full stop behind the number are understood."""
    bet(sections={"Strict": stated}, markers={"strict": f'"mean(gain) >= {threshold}"'})
    pytester.runpytest_inprocess("--collect-only", "-q").stdout.fnmatch_lines(["7 tests collected*"])


@pytest.mark.parametrize("stated", ["model v3 gains", "3.5 cells", "30 cells", "0.3 cells", "3,000 cells", "3e2 cells"])
def test_a_number_that_only_looks_like_the_threshold_does_not_state_it(
    bet: WriteBet, refused: Refused, stated: str
) -> None:
    """Digits inside a name or another number are no statement."""
    bet(sections={"Strict": stated})
    assert "the threshold 3 is missing from the section `Strict:`" in refused()


def test_a_control_needs_words_in_the_docstring(bet: WriteBet, refused: Refused) -> None:
    """A reader learns what the control is."""
    bet(markers={"control": '"count(gain < 0) <= 1"'})
    assert (
        "bet_1_first.py:1: there is a control but the docstring has no section `Control:`\n"
        '    """A first claim.\n'
        "  expected: a description of the control"
    ) in refused()


def test_the_line_of_a_fault_is_right_whatever_separates_lines_elsewhere(bet: WriteBet, refused: Refused) -> None:
    """A form feed or U+2028 in a string is no line of Python."""
    path: Path = bet(above='FEED = "a\x0cb"\nSEPARATOR = "a\u2028b"', markers={"strict": "SENTENCE"})
    line = next(n for n, text in enumerate(path.read_text().split("\n"), 1) if "mark.strict" in text)
    assert (
        f"bet_1_first.py:{line}: the strict sentence `SENTENCE` is not a literal string\n"
        "    @pytest.mark.strict(SENTENCE)\n"
    ) in refused()
