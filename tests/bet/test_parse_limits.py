"""Hostile bet files: each ends within seconds, with an ordinary fault if it passes a limit."""

import time

import pytest

from pytest_bets.bet.criteria import MAX_SENTENCES
from pytest_bets.bet.markers import MAX_REPLICATES
from pytest_bets.bet.parse import MAX_SOURCE, read
from pytest_bets.diagnostics import MAX_FAULTS, DeclarationError

MOST_SECONDS = 5
DOCSTRING = '''"""Bet 1: a claim

Hypothesis: it is so.
Strict: at least 0.1.
Lenient: above 0.
Catastrophic: below -0.1.
Run: pytest
"""
import pytest
'''
MARKERS = """
@pytest.mark.strict("mean(gain) >= 0.1")
@pytest.mark.lenient("mean(gain) > 0")
@pytest.mark.catastrophic("mean(gain) < -0.1")
"""
EXPERIMENT = "def experiment(seed):\n    return {'gain': seed}\n"


def message(source: str, file: str = "bet_1_a.py") -> str:
    """Return the first fault of a source, empty if there is none, and check the CPU time."""
    start = time.process_time()
    try:
        read(source, file)
    except DeclarationError as error:
        text = str(error.faults[0])
    else:
        text = ""
    assert time.process_time() - start < MOST_SECONDS
    return text


@pytest.mark.parametrize(
    "line", ["x = [1, 2, 3]\n", "@pytest.mark.strict('mean(gain) >= 0.1')\n"], ids=["code", "marks"]
)
def test_a_file_beyond_the_limit_is_refused_before_it_is_parsed(line: str) -> None:
    """10 MB of code, and 200,000 markers, end at once."""
    assert f"expected: a bet file of at most {MAX_SOURCE:,} characters" in message(
        DOCSTRING + line * 750_000 + EXPERIMENT
    )


def test_a_large_file_that_is_no_bet_is_ignored() -> None:
    """Only a number in its name or a marker makes a file a bet."""
    assert read("x = 'import import'\n" * 100_000, "bet_data.py") is None
    assert read("import " * MAX_SOURCE, "bet_data.py") is None


@pytest.mark.parametrize(
    "source",
    [
        DOCSTRING + MARKERS + "x = [1, 2]\n" * 17_000 + EXPERIMENT,
        DOCSTRING.replace("at least 0.1", "twelve x " * 20_000) + MARKERS + EXPERIMENT,
        DOCSTRING.replace("it is so.", "it is so.\n" + "A: b\n" * 38_000) + MARKERS + EXPERIMENT,
        DOCSTRING + "@pytest.mark.strct('a')\n" * 8_000 + EXPERIMENT,
        DOCSTRING.replace("least 0.1", "least " + "1 " * 95_000)
        + "".join(f"@pytest.mark.strict('mean(a) >= {n}')\n" for n in range(MAX_SENTENCES))
        + EXPERIMENT,
    ],
    ids=["code", "numbers in words", "sections", "unknown markers", "sentences"],
)
def test_a_file_at_the_limit_is_parsed_in_seconds(source: str) -> None:
    """No part of the parser needs time that grows with the square of the file."""
    assert "characters" not in message(source)


def test_a_fault_shows_a_part_of_a_huge_section() -> None:
    """The message stays readable if a section has 400,000 characters."""
    assert len(message(DOCSTRING.replace("at least 0.1", "word " * 38_000) + MARKERS + EXPERIMENT)) < 3000


def test_too_many_sentences_are_one_fault() -> None:
    """One fault replaces thousands."""
    sentence = '"mean(gain) >= 0.1", '
    marker = f"@pytest.mark.strict({sentence * (MAX_SENTENCES + 1)})\n"
    assert f"the experiment has {MAX_SENTENCES + 4} sentences" in message(DOCSTRING + MARKERS + marker + EXPERIMENT)


@pytest.mark.parametrize(("count", "problem"), [(10**9, "`replicate` has 1,000,000,000 seeds"), (MAX_REPLICATES, "")])
def test_replicate_has_a_limit(count: int, problem: str) -> None:
    """A billion seeds would fill the memory before the first run."""
    text = message(DOCSTRING + MARKERS + f"@pytest.mark.replicate({count})\n" + EXPERIMENT)
    assert (problem in text) if problem else not text


def test_a_session_reports_the_limit(pytester: pytest.Pytester) -> None:
    """Collection ends with an ordinary error."""
    pytester.makepyfile(bet_1_a=DOCSTRING + MARKERS + "@pytest.mark.replicate(1000000000)\n" + EXPERIMENT)
    result = pytester.runpytest_subprocess()
    result.stdout.fnmatch_lines(["*bet_1_a.py:14: `replicate` has 1,000,000,000 seeds", "*expected: at most 100,000"])
    assert result.ret == pytest.ExitCode.INTERRUPTED


@pytest.mark.parametrize(
    ("marks", "problem"),
    [
        ("@pytest.mark.parametrize('a', range(10**9))\n", "the sweep has at least 1,000,000,000 cells"),
        ("@pytest.mark.parametrize('a', range(MANY))\n", "the sweep has at least 1,000,000,000,000 cells"),
        (
            "@pytest.mark.parametrize(argnames='a', argvalues=list(range(0, 10**40, 7)))\n",
            "the sweep has at least 1,428,571,428,",
        ),
        ("@pytest.mark.parametrize('a', [1, 2])\n@pytest.mark.replicate(50_001)\n", "at least 100,002 cells"),
        (
            "".join(f"@pytest.mark.parametrize('{name}', NAMES)\n" for name in "abcdef"),
            "the sweep has at least 1,000,000 cells",
        ),
        ("@pytest.mark.parametrize('a', range(50_000))\n@pytest.mark.parametrize('b', (1, 2))\n", ""),
        ("@pytest.mark.parametrize('a', range(5, 1))\n@pytest.mark.parametrize('b', unknown(10**9))\n", ""),
        ("@pytest.mark.parametrize('a', range(1, 10, 0))\n@pytest.mark.parametrize('b', range(1.5))\n", ""),
    ],
)
def test_the_cells_that_the_source_shows_have_a_limit(marks: str, problem: str) -> None:
    """An item for each would be in memory, before the first one runs."""
    constants = f"MANY = {10**12}\nNAMES = {list('0123456789')}\n"
    text = message(DOCSTRING + constants + MARKERS + marks + EXPERIMENT)
    assert (problem in text and "expected: at most 100,000" in text) if problem else not text


@pytest.mark.parametrize("literal", ["0x" + "f" * 100_000, "0b" + "1" * 20_000, "0o" + "7" * 5_000])
@pytest.mark.parametrize(
    "place", ["X = {}\n", "X = [{{'a': -{}}}]\n", "def helper(a={}): ...\n", "PILOT = {{'X': {}}}\nX = 1\n"]
)
def test_an_integer_that_python_cannot_print_is_a_fault(literal: str, place: str) -> None:
    """It would be a ValueError wherever it is recorded or shown; a decimal one is no Python."""
    assert " bits\n" in message(DOCSTRING + place.format(literal) + MARKERS + EXPERIMENT)
    assert "is not Python: Exceeds the limit" in message(DOCSTRING + f"X = {'9' * 5000}\n" + MARKERS + EXPERIMENT)
    assert message(DOCSTRING + f"X = '{literal}'\n" + MARKERS + EXPERIMENT) == ""


def test_the_text_that_seeds_are_derived_from_has_a_limit() -> None:
    """Each seed is derived from the whole sweep: 100,000 of 150,000 characters would take minutes."""
    sweep = f"@pytest.mark.parametrize('a', ['{'x' * 150_000}'])\n"
    text = message(DOCSTRING + MARKERS + sweep + "@pytest.mark.replicate(100_000)\n" + EXPERIMENT)
    assert "`replicate` has 100,000 seeds, and the sweep and the sentences 150," in text
    assert "expected: at most 6,6" in text
    assert message(DOCSTRING + MARKERS + sweep + "@pytest.mark.replicate(6_000)\n" + EXPERIMENT) == ""


def test_thousands_of_faults_are_a_hundred() -> None:
    """With each a nearest name is looked for, among thousands."""
    constants = "".join(f"A{index} = 1\n" for index in range(8000))
    names = ", ".join(f"'B{index}': 1" for index in range(5000))
    pilot = f"PILOT = {{{names}}}\n"
    with pytest.raises(DeclarationError) as caught:
        read(DOCSTRING + constants + pilot + MARKERS + EXPERIMENT, "bet_1_a.py")
    assert len(caught.value.faults) == MAX_FAULTS + 1
    assert "this is the fault number 100; there may be more" in str(caught.value)
