"""Colour on a terminal: which words have it, and when it is wanted."""

import re

import pytest

from pytest_bets.cli.main import main
from pytest_bets.render.colour import coloured, wanted
from tests.helpers.fixtures import Run, WriteBet

COLOUR = re.compile(r"\x1b\[[\d;]*m")
WORDS = {
    "Verdict       PASS over 4 cells": "\x1b[32mPASS\x1b[0m",
    "Verdict       FAIL, catastrophic over 4 cells": "\x1b[31m\x1b[1mFAIL, catastrophic\x1b[0m",
    "Verdict       void over 3 cells": "\x1b[33mvoid\x1b[0m",
    "  2026-11-01T10:00:00Z  void  1 of 4 cells crashed": "\x1b[33mvoid\x1b[0m",
    "Strict        not met: mean(x) > 1": "\x1b[31mnot met\x1b[0m",
    "Catastrophic  tripped: mean(x) < 1": "\x1b[31m\x1b[1mtripped\x1b[0m",
    "7_dropout: LENIENT, declared": "\x1b[33mLENIENT\x1b[0m",
    "    FINDING goalposts: strict": "\x1b[31m\x1b[1mFINDING\x1b[0m",
    "Not clean: 1 finding, 0 notes.": "\x1b[31m\x1b[1mNot clean\x1b[0m",
    "results/SUMMARY.md: 1 bet: 0 PASS, 1 FAIL": "\x1b[31mFAIL\x1b[0m",
    "results/SUMMARY.md: 10 bets: 10 PASS, 0 FAIL": "\x1b[32mPASS\x1b[0m",
}
PLAIN = (
    "Hypothesis    a void stays; it is not met: with FINDINGs, PASSED or FAILURE",
    "    note renamed: Clean: 0 findings",
)


@pytest.mark.parametrize("text", WORDS)
def test_verdicts_and_findings_have_colours(text: str) -> None:
    """One word a line, and the text without colours is the same."""
    assert COLOUR.sub("", coloured(text)) == text
    assert re.findall(r"(?:\x1b\[[\d;]*m)+[^\x1b]+\x1b\[0m", coloured(text)) == [WORDS[text]]


@pytest.mark.parametrize("text", PLAIN)
def test_the_same_words_in_a_text_have_none(text: str) -> None:
    """They say no verdict there."""
    assert coloured(text) == text


@pytest.mark.parametrize(
    ("choice", "environment", "terminal", "expected"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("auto", {"PY_COLORS": "1", "NO_COLOR": "1"}, False, True),
        ("auto", {"PY_COLORS": "0"}, True, False),
        ("yes", {"NO_COLOR": "1"}, False, True),
        ("no", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_is_wanted_where_pytest_wants_it(
    choice: str, environment: dict[str, str], terminal: bool, expected: bool
) -> None:
    """The option first, then the variables, then the terminal."""
    assert wanted(choice, environment, terminal=terminal) == expected


def test_commands_print_colours_where_they_are_wanted_and_never_in_json(
    bet: WriteBet,
    run: Run,
    pytester: pytest.Pytester,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A pipe gets none; a text of a stranger brings none."""
    bet(title="A \\x1b[32mPASS\\x1b[0m", body='return {"gain": -part}')
    run(expect=pytest.ExitCode.TESTS_FAILED)
    capsys.readouterr()

    def printed(*arguments: str) -> str:
        main(arguments)
        return capsys.readouterr().out

    assert not COLOUR.search(printed("show", "1"))
    page = printed("show", "1", "--color=yes")
    assert "\x1b[31m\x1b[1mFAIL, catastrophic\x1b[0m over" in page
    assert "A \\x1b[32m" in page
    assert "\x1b[31mFAIL\x1b[0m" in printed("rollup", "--color", "yes")
    monkeypatch.delenv("PY_COLORS", raising=False)  # pytester sets it
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert COLOUR.search(printed("show", "1"))
    pytester.path.joinpath("README.md").write_text("Bet 1: PASS.\n")
    found = printed("claims", "README.md", "--format", "json")
    assert "PASS" in found
    assert not COLOUR.search(found)
