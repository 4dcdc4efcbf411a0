"""A sentence that cannot be judged is a collection error: where, what, and how to correct it."""

import pytest

from tests.helpers.fixtures import Refused, WriteBet

SHAPE = 'a value, one of >= > <= < ==, and a number, as in "mean(gain) >= 0.1"'
REDUCERS = "count, share, sum, mean, median, min, max, std, quantile, iqm, low, high, groups"


def test_a_syntax_error_is_shown_with_a_caret(bet: WriteBet, refused: Refused) -> None:
    """The caret stands under the place at which reading failed."""
    bet(markers={"strict": '"count(gain > 0)) >= 3"'})
    assert (
        "bet_1_first.py:14: this strict sentence: unmatched ')'\n"
        "    count(gain > 0)) >= 3\n"
        "                   ^\n"
        f"  expected: {SHAPE}"
    ) in refused()


def test_an_unknown_reducer_gets_the_nearest_one(bet: WriteBet, refused: Refused) -> None:
    """All reducers are listed."""
    bet(markers={"strict": '"coutn(gain > 0) >= 3"'})
    text = refused()
    assert (
        "bet_1_first.py:14: this strict sentence: `coutn` is not a reducer\n"
        "    coutn(gain > 0) >= 3\n"
        "    ^\n"
        "  expected: one of "
    ) in text
    listed = text.partition("expected: one of ")[2].partition("\n")[0].split(", ")
    assert sorted(listed) == sorted(REDUCERS.split(", "))
    assert "\n  did you mean: count" in text


@pytest.mark.parametrize("threshold", ["1e999", "-1e999"])
def test_an_infinite_threshold_is_refused(bet: WriteBet, refused: Refused, threshold: str) -> None:
    """No measurement has a margin to infinity."""
    bet(markers={"strict": f'"mean(gain) >= {threshold}"'})
    text = refused()
    assert f"bet_1_first.py:14: this strict sentence: the number is not finite\n    mean(gain) >= {threshold}\n" in text
    assert "  expected: a finite number" in text


@pytest.mark.parametrize("threshold", ["nan", "inf", "2 * LIMIT", "2 * 3", '"3"', "True"])
def test_a_threshold_is_a_literal_number(bet: WriteBet, refused: Refused, threshold: str) -> None:
    """A name, a computation and a string are none."""
    bet(markers={"strict": f"'mean(gain) >= {threshold}'"})
    shown = threshold.replace('"', "'")
    assert (
        f"bet_1_first.py:14: this strict sentence: `{shown}` on the right is not a literal number\n"
        f"    mean(gain) >= {threshold}\n"
        "                  ^\n"
        f"  expected: {SHAPE}"
    ) in refused()


@pytest.mark.parametrize(
    ("written", "turned"),
    [
        ("3 <= count(gain > 0)", "count(gain > 0) >= 3"),
        ("3 < count(gain > 0)", "count(gain > 0) > 3"),
        ("-3 >= mean(gain)", "mean(gain) <= -3"),
    ],
)
def test_a_threshold_on_the_left_is_turned_round(bet: WriteBet, refused: Refused, written: str, turned: str) -> None:
    """The suggestion says the same with the threshold on the right."""
    bet(markers={"strict": f'"{written}"'})
    text = refused()
    assert "bet_1_first.py:14: this strict sentence: `" in text
    assert f"    {written}\n" in text
    assert f"\n  did you mean: {turned}" in text


def test_a_constant_is_no_threshold(bet: WriteBet, refused: Refused) -> None:
    """The number stands in the sentence, where readers and the history see it."""
    bet(markers={"strict": '"mean(gain) >= LIMIT"'}, above="LIMIT = 3")
    assert (
        "bet_1_first.py:14: this strict sentence: `LIMIT` on the right is not a literal number\n"
        "    mean(gain) >= LIMIT\n"
        "                  ^\n"
        "  expected: the number itself instead of `LIMIT`"
    ) in refused()


def test_a_comparison_of_two_measurements_is_one_of_their_difference(bet: WriteBet, refused: Refused) -> None:
    """The natural way to say that one beats another, and the way that has a margin."""
    bet(markers={"strict": '"mean(gain) > mean(placebo)"'})
    assert (
        "bet_1_first.py:14: this strict sentence: `mean(placebo)` on the right is not a literal number\n"
        "    mean(gain) > mean(placebo)\n"
        "                 ^\n"
        f"  expected: {SHAPE}\n"
        "  did you mean: mean(gain) - mean(placebo) > 0"
    ) in refused()


def test_two_comparisons_are_two_sentences(bet: WriteBet, refused: Refused) -> None:
    """A sentence has one threshold."""
    bet(markers={"strict": '"3 <= count(gain > 0) <= 4"'})
    assert (
        "bet_1_first.py:14: this strict sentence: there are two comparisons\n"
        "    3 <= count(gain > 0) <= 4\n"
        "                            ^\n"
        "  expected: one comparison in a sentence; of several strict sentences all must be true\n"
        '  did you mean: two sentences: strict("count(gain > 0) >= 3", "count(gain > 0) <= 4")'
    ) in refused()


@pytest.mark.parametrize(
    ("tier", "word", "needed", "suggested"),
    [
        ("strict", "and", "all", True),
        ("lenient", "and", "all", True),
        ("catastrophic", "or", "any one", True),
        ("strict", "or", "all", False),
        ("catastrophic", "and", "any one", False),
    ],
)
def test_sentences_that_are_joined_are_several(
    bet: WriteBet, refused: Refused, tier: str, word: str, needed: str, suggested: bool
) -> None:
    """The marker that says the same is suggested where the tier joins its sentences in that way."""
    bet(markers={tier: f'"mean(gain) >= 0.4 {word} mean(placebo) < 1"'})
    line = 14 + ("strict", "lenient", "catastrophic").index(tier)
    fault = (
        f"bet_1_first.py:{line}: this {tier} sentence: two sentences are joined by `{word}`\n"
        f"    mean(gain) >= 0.4 {word} mean(placebo) < 1\n"
        f"  expected: one comparison in a sentence; of several {tier} sentences {needed} must be true"
    )
    marker = f'\n  did you mean: two sentences: {tier}("mean(gain) >= 0.4", "mean(placebo) < 1")'
    text = refused()
    assert fault + (marker if suggested else "") in text
    assert suggested == (marker in text)


def test_a_threshold_with_commas_is_suggested_without(bet: WriteBet, refused: Refused) -> None:
    """Python would read two numbers."""
    bet(markers={"strict": '"sum(gain) >= 1,000"'})
    assert (
        "bet_1_first.py:14: this strict sentence: `1,000` is not a literal number\n"
        "    sum(gain) >= 1,000\n"
        "                 ^\n"
        "  expected: a number without commas\n"
        "  did you mean: sum(gain) >= 1000"
    ) in refused()


def test_a_lenient_tier_that_asks_for_more_than_strict_does_not_nest(bet: WriteBet, refused: Refused) -> None:
    """Both lines are shown."""
    bet(sections={"Lenient": "all 4 cells gain."}, markers={"lenient": '"count(gain > 0) >= 4"'})
    assert refused().endswith(
        "bet_1_first.py:15: the tiers do not nest: strict is met where lenient is not\n"
        '    line 14: strict("count(gain > 0) >= 3")\n'
        '    line 15: lenient("count(gain > 0) >= 4")\n'
        "  expected: strict inside lenient, catastrophic outside both"
    )


def test_a_catastrophe_that_lenient_allows_does_not_nest(bet: WriteBet, refused: Refused) -> None:
    """A result cannot be half a success and a catastrophe."""
    bet(sections={"Catastrophic": "2 or fewer."}, markers={"catastrophic": '"count(gain > 0) <= 2"'})
    assert refused().endswith(
        "bet_1_first.py:16: the tiers do not nest: lenient and catastrophic can be met together\n"
        '    line 15: lenient("count(gain > 0) >= 2")\n'
        '    line 16: catastrophic("count(gain > 0) <= 2")\n'
        "  expected: strict inside lenient, catastrophic outside both"
    )


@pytest.mark.parametrize(
    ("tier", "sentence", "ever"),
    [
        ("strict", "count(gain > 0) >= 5", "never"),
        ("strict", "count(gain > 1) <= 4", "always"),
        ("strict", "share(gain > 0) > 1", "never"),
        ("catastrophic", "count(gain > 9) < 0", "never"),
        ("lenient", "std(gain) >= 0", "always"),
        ("lenient", "groups(part, mean(gain) > 1) >= 5", "never"),
    ],
)
def test_a_sentence_that_the_number_of_cells_decides_is_refused(
    bet: WriteBet, refused: Refused, tier: str, sentence: str, ever: str
) -> None:
    """Nothing that is measured could make it true, or false."""
    threshold = sentence.split()[-1]
    bet(sections={tier.capitalize(): f"it is {threshold}."}, markers={tier: f'"{sentence}"'})
    line = 14 + ("strict", "lenient", "catastrophic").index(tier)
    assert (
        f"bet_1_first.py:{line}: with 4 cells this sentence is {ever} true\n"
        f'    {tier}("{sentence}")\n'
        "  expected: a sentence that the measurements decide"
    ) in refused()


def test_a_sentence_without_a_measurement_is_refused(bet: WriteBet, refused: Refused) -> None:
    """It would say something of arithmetic alone."""
    bet(markers={"strict": '"2 + 2 >= 3"'})
    text = refused()
    assert "bet_1_first.py:14: this strict sentence: it reads no measurement, so no result can change it" in text
    assert "  expected: a measured name in the value" in text


def test_a_bare_name_stands_for_no_value_where_there_are_several_cells(bet: WriteBet, refused: Refused) -> None:
    """Which of the 4 values it would be, is not said."""
    bet(markers={"strict": '"gain >= 3"'})
    assert (
        "bet_1_first.py:14: `gain` has a value in each of 4 cells\n"
        '    strict("gain >= 3")\n'
        "  expected: a reducer, which turns them into one number\n"
        "  did you mean: mean(gain) or median(gain)"
    ) in refused()


def test_a_bare_name_stands_for_the_value_of_a_single_cell(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """With one cell there is one value."""
    bet(
        body='return {"gain": 3}',
        arguments="",
        markers={"parametrize": None, "strict": '"gain >= 3"', "lenient": '"gain >= 2"', "catastrophic": '"gain < 1"'},
    )
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=4)


def test_groups_over_a_name_that_is_not_swept_gets_the_nearest_parameter(bet: WriteBet, refused: Refused) -> None:
    """The parameters of the sweep are listed."""
    markers = {"strict": '"groups(prat, mean(gain) > 0) >= 3"', "parametrize": '"part, other", [(1, 2), (3, 4)]'}
    bet(markers=markers, arguments="part, other")
    assert (
        "bet_1_first.py:14: `prat` is not a parameter of the sweep\n"
        '    strict("groups(prat, mean(gain) > 0) >= 3")\n'
        "  expected: a parameter of the sweep: other, part\n"
        "  did you mean: part"
    ) in refused()


def test_groups_in_a_bet_without_a_sweep_says_that_there_is_none(bet: WriteBet, refused: Refused) -> None:
    """A single cell has no parameter to share."""
    bet(arguments="", markers={"parametrize": None, "strict": '"groups(part, mean(gain) > 0) >= 3"'})
    assert (
        "bet_1_first.py:14: `part` is not a parameter of the sweep\n"
        '    strict("groups(part, mean(gain) > 0) >= 3")\n'
        "  expected: a sweep with that parameter"
    ) in refused()
