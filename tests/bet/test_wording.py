"""Sections that say something else than their markers are refused, and ordinary English is not."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_bets.bet.parse import read
from pytest_bets.bet.wording import contradiction, stated
from pytest_bets.sentence.parse import parse
from tests.helpers.fixtures import Refused, WriteBet

BETS = Path(__file__).parents[2] / "bets"
WAYS = [
    ("warm wins in at least 3 cells.", "count(a < b) <= 3"),
    ("warm wins in at least three cells.", "count(a < b) < 3"),
    ("no fewer than 3 cells.", "count(a < b) <= 3"),
    ("more than 0.5 of the cells.", "share(a < b) < 0.5"),
    ("at least 80 % of the cells.", "share(a < b) <= 0.8"),
    ("the gain exceeds 0.1.", "mean(a) < 0.1"),
    ("a gain of 0.1 or more.", "mean(a) <= 0.1"),
    ("the gain is >= 0.1.", "mean(a) <= 0.1"),
    ("at most 3 cells.", "count(a < b) >= 3"),
    ("no more than 3 cells.", "count(a < b) >= 3"),
    ("fewer than 5 of 15 cells.", "count(a < b) > 5"),
    ("the loss is below 2.", "mean(a) > 2"),
    ("3 cells or fewer.", "count(a < b) >= 3"),
    ("the loss does not exceed 2.", "mean(a) >= 2"),
    ("the loss is ≤ 2.", "mean(a) >= 2"),
]
SIGNS = [
    ("the gain is at least 0.1.", "mean(gain) >= -0.1", "without its minus sign"),
    ("the gain is below 2.", "mean(gain) < -2", "without its minus sign"),
    ("the gain is at least -0.1.", "mean(gain) >= 0.1", "with a minus sign"),
    ("the gain is above minus two.", "mean(gain) > 2", "with a minus sign"),
    ("the gain is at most -0.1.", "mean(gain) >= -0.1", "as an upper bound, the marker as a lower one"),
    ("the gain is at least \N{MINUS SIGN}0.1.", "mean(gain) >= -0.1", None),
    ("the gain is at least minus 0.1.", "mean(gain) >= -0.1", None),
    ("the loss rises by at most 0.1.", "mean(before - after) >= -0.1", None),
    ("a loss of more than 0.1.", "mean(gain) < -0.1", None),
    ("no worse than 0.1 below the baseline.", "mean(gain) >= -0.1", None),
    ("it is no less than 0.1 points below the baseline.", "mean(gain) >= -0.1", None),
    ("the change is at most -0.1.", "mean(before - after) >= 0.1", None),
    ("the loss is at most 2.5.", "-mean(loss) >= -2.5", None),
]
ASIDE = [
    ("warm wins in all 4 cells, on 1 machine.", "count(a < b) >= 1"),
    ("warm wins in at least 12 of 15 cells.", "count(a < b) >= 15"),
    ("warm wins in 12 of 15 cells.", "count(a < b) <= 15"),
    ("after 100 steps the gain is at least 0.5.", "mean(a) >= 100"),
    ("warm wins in 4 of 5 cells, with 3 seeds each.", "count(a < b) >= 3"),
    ("it takes at most 3 hours on 4 machines.", "max(hours) <= 4"),
    ("using 2 GPUs it is faster.", "mean(faster) >= 2"),
    ("warm wins everywhere (on 2 machines).", "count(a < b) >= 2"),
]
PLAIN = [
    ("fewer than 5 of 15 cells.", "count(a < b) < 5"),
    ("at most 3 cells.", "count(a < b) <= 3"),
    ("no more than 3 cells.", "count(a < b) <= 3"),
    ("no fewer than 3 cells.", "count(a < b) >= 3"),
    ("not more than 3 cells lose.", "count(a < b) <= 3"),
    ("warm wins in all 15 cells.", "count(a < b) >= 15"),
    ("warm wins in 15 of 15 cells.", "count(a < b) >= 15"),
    ("at least 80 % of the cells.", "share(a < b) >= 0.8"),
    ("warm wins in half of the cells.", "share(a < b) >= 0.5"),
    ("warm wins in at least half of the cells.", "share(a < b) >= 0.5"),
    ("warm never wins.", "count(a < b) <= 0"),
    ("warm wins in none of the cells.", "count(a < b) <= 0"),
    ("warm is twice as fast.", "mean(a) >= 2"),
    ("warm does not win in at least 3 cells.", "count(a < b) < 3"),
    ("warm fails to win in at least 3 cells.", "count(a < b) < 3"),
    ("unless warm wins in at least 3 cells.", "count(a < b) < 3"),
    ("the loss falls by at least 0.1.", "mean(after - before) <= -0.1"),
    ("the loss is at least 0.1 below.", "mean(cold - warm) >= 0.1"),
    ("it is more than 1 times as large.", "mean(a) > 1"),
    ("it wins on 3 tasks.", "count(a < b) >= 3"),
    ("it wins for 3 of 3 users.", "count(a < b) >= 3"),
    ("up to 3 cells lose.", "count(a < b) <= 3"),
    ("over 0.8 of the cells.", "share(a < b) > 0.8"),
    ("after 100 steps, warm wins in at least 4 of 5 cells.", "count(a < b) >= 4"),
    ("with 3 seeds each, warm wins in 4 of 5 cells.", "count(a < b) >= 4"),
    ("exactly 3 cells differ.", "count(a < b) == 3"),
    ("a margin of 0.05 or better.", "mean(a) >= 0.05"),
    ("3+ cells.", "count(a < b) >= 3"),
    ("the ratio is between 0.9 and 1.1.", "mean(a) <= 1.1"),
]


def problem(text: str, *sentences: str) -> str | None:
    """Return what contradicts the first sentence."""
    parsed = [parse(sentence) for sentence in sentences]
    return contradiction(text, parsed, parsed[0])


@pytest.mark.parametrize(("text", "sentence"), WAYS)
def test_words_that_compare_the_other_way_are_refused(text: str, sentence: str) -> None:
    """A reader of the section would take a lower bound for an upper one."""
    assert "bound, the marker as" in str(problem(text, sentence))


@pytest.mark.parametrize(("text", "sentence", "reason"), SIGNS)
def test_a_number_without_its_sign_is_another_one(text: str, sentence: str, reason: str | None) -> None:
    """A gain of at least 0.1 is not one of at least -0.1; a loss of at most 0.1 is."""
    assert problem(text, sentence) == reason


def test_a_value_between_two_signs_is_stated_by_one_number_or_two() -> None:
    """Each sentence has its own side."""
    for text in ("it changes by at most 0.1.", "it is at least -0.1 and at most 0.1."):
        for sentences in (("mean(a) >= -0.1", "mean(a) <= 0.1"), ("mean(a) <= 0.1", "mean(a) >= -0.1")):
            assert problem(text, *sentences) is None


@pytest.mark.parametrize(("text", "sentence"), ASIDE)
def test_the_size_of_something_else_is_not_the_threshold(text: str, sentence: str) -> None:
    """The number stands in the section, and nothing is compared with it."""
    assert "as the size of something else" in str(problem(text, sentence))


@pytest.mark.parametrize(("text", "sentence"), PLAIN)
def test_ordinary_english_is_accepted(text: str, sentence: str) -> None:
    """Whatever is not sure to be wrong."""
    assert problem(text, sentence) is None


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("at least 3 cells win and at most 3 lose.", ("count(a < b) >= 3", "count(b < a) <= 3")),
        ("at least 12 of 15 cells.", ("mean(a) < 12", "count(a < b) >= 12")),
        ("it lowers it by at least 50 % for 2 of 3 users.", ("count(a >= 0.5) >= 2",)),
    ],
)
def test_several_sentences_share_a_section(text: str, sentences: Sequence[str]) -> None:
    """A number of another sentence, and one inside a sentence, are judged as well."""
    assert problem(text, *sentences) is None


def test_a_text_with_more_numbers_than_prose_is_not_read() -> None:
    """The time that a hostile file takes is bounded."""
    assert len(stated("at least 3 cells. " * 50)) == 50
    assert stated("at least 3 cells. " * 5000) == ()


@pytest.mark.skipif(not BETS.is_dir(), reason="the catalogue is not in this distribution")
def test_every_bet_of_the_catalogue_is_accepted() -> None:
    """162 sentences by several authors."""
    found = [read(path.read_text(encoding="utf-8"), path.name) for path in sorted(BETS.glob("bet_*.py"))]
    assert len(found) >= 32
    assert None not in found


def test_the_error_shows_both_lines_and_what_to_write(bet: WriteBet, refused: Refused) -> None:
    """File, line, the section, and the comparison that is missing there."""
    bet(sections={"Strict": "at most 3 of 4 cells gain."})
    assert refused().splitlines()[1:] == [
        "bet_1_first.py:14: the section `Strict:` states 3 as an upper bound, the marker as a lower one",
        '    line 14: strict("count(gain > 0) >= 3")',
        "    line 4: Strict: at most 3 of 4 cells gain.",
        "  expected: the comparison `>= 3` in words, in line 4",
    ]


def test_a_revision_of_the_past_is_read_as_it_was_accepted() -> None:
    """The audit compares what was declared then, also where it would be refused today."""
    text = (BETS.parent / "tests" / "helpers" / "histories.py").read_text(encoding="utf-8")
    declaration = text.partition("DECLARATION: Final = '''\\\n")[2].partition("'''")[0]
    assert read(declaration.replace("at least 4", "at most 4"), "bet_1_a.py", lenient=True) is not None
