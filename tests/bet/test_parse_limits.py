"""Hostile bet files: each ends within seconds, with an ordinary fault if it passes a limit."""

import time

import pytest

from pytest_bets.bet.criteria import MAX_SENTENCES
from pytest_bets.bet.markers import MAX_REPLICATES
from pytest_bets.bet.parse import MAX_SOURCE, read
from pytest_bets.diagnostics import DeclarationError

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
        DOCSTRING + MARKERS + "x = [1, 2]\n" * 40_000 + EXPERIMENT,
        DOCSTRING.replace("at least 0.1", "twelve x " * 50_000) + MARKERS + EXPERIMENT,
        DOCSTRING.replace("it is so.", "it is so.\n" + "A: b\n" * 90_000) + MARKERS + EXPERIMENT,
        DOCSTRING + "@pytest.mark.strct('a')\n" * 20_000 + EXPERIMENT,
        DOCSTRING.replace("least 0.1", "least " + "1 " * 200_000)
        + "".join(f"@pytest.mark.strict('mean(a) >= {n}')\n" for n in range(MAX_SENTENCES))
        + EXPERIMENT,
    ],
    ids=["code", "numbers in words", "sections", "unknown markers", "sentences"],
)
def test_a_file_at_the_limit_is_parsed_in_seconds(source: str) -> None:
    """No part of the parser needs time that grows with the square of the file."""
    message(source)


def test_a_fault_shows_a_part_of_a_huge_section() -> None:
    """The message stays readable if a section has 400,000 characters."""
    assert len(message(DOCSTRING.replace("at least 0.1", "word " * 80_000) + MARKERS + EXPERIMENT)) < 3000


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
