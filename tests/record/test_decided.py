"""Which sentences decided a verdict."""

import math

import pytest

from pytest_bets.record.decided import decided
from pytest_bets.record.verdict import Judged, Outcome, Verdict, outcome
from pytest_bets.render.words import decided_words

Met = bool | None


def judged(tier: str, value: str, met: Met) -> Judged:
    return Judged(tier, f"mean({value}) >= 1", math.nan if met is None else 2, 1, met, math.nan)


def shown(**truth: list[Met]) -> list[str]:
    """Return what decided, each sentence as its tier and its place there."""
    verdict, catastrophic, noise_floor = outcome(
        *(truth.get(tier, []) for tier in ("strict", "lenient", "catastrophic", "control"))
    )
    criteria = [judged(tier, f"{tier}_{place}", met) for tier, mets in truth.items() for place, met in enumerate(mets)]
    row = Verdict(verdict, catastrophic, noise_floor)
    return [item.sentence.partition("(")[2].partition(")")[0] for item in decided(row, criteria)]


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        ({"strict": [True, True], "lenient": [True], "catastrophic": [False]}, ["strict_0", "strict_1"]),
        ({"strict": [True, False], "lenient": [True], "catastrophic": [False]}, ["strict_1", "strict_0"]),
        (
            {"strict": [True, None], "lenient": [True, False], "catastrophic": [False]},
            ["strict_1", "lenient_1", "strict_0"],
        ),
        (
            {"strict": [True], "lenient": [False], "catastrophic": [False, True, None]},
            ["catastrophic_1", "catastrophic_2"],
        ),
        (
            {"strict": [True], "lenient": [True], "catastrophic": [True, False], "control": [False, True]},
            ["catastrophic_0", "control_0"],
        ),
        (
            {"strict": [True], "lenient": [True], "catastrophic": [False], "control": [True, False, None]},
            ["control_1", "control_2"],
        ),
    ],
)
def test_a_verdict_was_decided_by(truth: dict[str, list[Met]], expected: list[str]) -> None:
    """The first rule that applies decides: what tripped, the controls, else strict and what lenient lacks."""
    assert shown(**truth) == expected


def test_nothing_decided_where_there_is_no_verdict() -> None:
    """A void has criteria in no record."""
    assert decided(Verdict(None), []) == []


def words(verdict: Outcome, *criteria: tuple[str, str, float, Met]) -> list[str]:
    items = [Judged(tier, sentence, value, 1, met, math.nan) for tier, sentence, value, met in criteria]
    return decided_words(Verdict(verdict), items)


def test_a_pass_shows_its_strict_sentences_as_they_are() -> None:
    """All of them are met, so that no word is needed."""
    strict = [("strict", "mean(a) >= 1", 2.0, True), ("strict", "max(b) < 1", 0.5, True)]
    assert words("PASS", *strict) == ["mean(a) >= 1 (measured 2)", "max(b) < 1 (measured 0.5)"]


def test_of_several_sentences_the_one_that_was_not_met_is_marked_in_words() -> None:
    """Without any colour, and first."""
    strict = [("strict", "mean(a) >= 1", 2.0, True), ("strict", "max(b) < 1", math.nan, None)]
    assert words("LENIENT", *strict) == [
        "strict not met: max(b) < 1 (measured undefined)",
        "strict met: mean(a) >= 1 (measured 2)",
    ]


@pytest.mark.parametrize(
    ("strict", "lenient", "bound"),
    [
        ("mean(a) >= 1", "mean(a) > -1e-3", "> -1e-3"),
        ("mean(a)>=1", "mean(a)>=0.5", ">=0.5"),
        ("count(a < b) == 3", "count(a < b) >= 2", ">= 2"),
        ("groups(u, mean(a) > 1) >= 3", "groups(u, mean(a) > 1) >= 2", ">= 2"),
    ],
)
def test_a_value_that_two_tiers_compare_is_shown_once(strict: str, lenient: str, bound: str) -> None:
    """The second threshold stands alone: the value is that of the line above."""
    lines = words("FAIL", ("strict", strict, -1.0, False), ("lenient", lenient, -1.0, False))
    assert lines == [f"strict not met: {strict} (measured -1)", f"lenient not met: {bound}"]


def test_another_value_of_the_lenient_tier_is_shown_with_what_was_measured() -> None:
    """It decided, too."""
    lines = words("FAIL", ("strict", "mean(a) >= 1", 0.0, False), ("lenient", "mean(b) >= 1", 0.5, False))
    assert lines[1] == "lenient not met: mean(b) >= 1 (measured 0.5)"


def test_no_character_of_a_sentence_acts_on_the_terminal() -> None:
    """A sentence may hold any string."""
    (line,) = words("PASS", ("strict", 'count(kind == "\x1b[31m\u202e") >= 1', 2.0, True))
    assert line == 'count(kind == "\\x1b[31m\\u202e") >= 1 (measured 2)'
