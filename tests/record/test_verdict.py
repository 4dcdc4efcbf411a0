"""The verdict: the whole truth table, and one bet's sentences over its cells."""

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bets.bet.declaration import Criterion
from pytest_bets.record.verdict import RANK, Cell, Judged, Met, Verdict, figure, judge, outcome, void
from pytest_bets.sentence.parse import parse

TRUTHS: tuple[Met, ...] = (True, False, None)
Tier = tuple[Met, ...]


def tiers(least: int) -> list[Tier]:
    return [truth for size in range(least, 3) for truth in itertools.product(TRUTHS, repeat=size)]


def restated(strict: Tier, lenient: Tier, catastrophic: Tier, control: Tier) -> str:
    """Say the table of the contract again, from its words and not from the code."""
    rows = [
        ({True, None} & set(catastrophic), "FAIL catastrophic"),
        ({False, None} & set(control), "FAIL noise"),
        (set(strict) == {True}, "PASS"),
        (set(lenient) == {True}, "LENIENT"),
        (True, "FAIL"),
    ]
    return next(words for applies, words in rows if applies)


def summed_up(verdict: str, catastrophic: bool, noise_floor: bool | None) -> str:
    if catastrophic:
        return f"{verdict} catastrophic"
    return f"{verdict} noise" if noise_floor is False else verdict


def test_the_whole_truth_table_is_that_of_the_contract() -> None:
    """Over every truth of one or two sentences a tier, and up to two controls, the first rule that applies decides."""
    table = list(itertools.product(tiers(1), tiers(1), tiers(1), tiers(0)))
    assert len(table) == 12**3 * 13
    wrong = [row for row in table if summed_up(*outcome(*row)) != restated(*row)]
    assert wrong == []
    assert {restated(*row) for row in table} == {"FAIL catastrophic", "FAIL noise", "PASS", "LENIENT", "FAIL"}


def test_the_noise_floor_is_given_whatever_else_decides() -> None:
    """It is true where every control holds, false where one does not, and null without a control."""
    for row in itertools.product(tiers(1), tiers(1), tiers(1), tiers(0)):
        control = row[3]
        assert outcome(*row)[2] is (None if not control else set(control) == {True})


def bet(**sentences: str | list[str]) -> list[Criterion]:
    defaults = {"strict": "mean(gain) >= 3", "lenient": "mean(gain) >= 2", "catastrophic": "mean(gain) < 1"}
    found = {**defaults, **sentences}
    return [
        Criterion(tier, parse(text), 1)
        for tier, texts in found.items()
        for text in ([texts] if isinstance(texts, str) else texts)
    ]


def cells(*gains: object, **others: object) -> list[Cell]:
    return [Cell({"part": index}, {"gain": gain, **others}) for index, gain in enumerate(gains)]


@pytest.mark.parametrize(
    ("gain", "control", "verdict", "catastrophic", "noise_floor", "rank"),
    [
        (3, None, "PASS", False, None, 3),
        (2.9, None, "LENIENT", False, None, 2),
        (1.5, None, "FAIL", False, None, 1),
        (0.9, None, "FAIL", True, None, 0),
        (math.nan, None, "FAIL", True, None, 0),
        (math.inf, None, "PASS", False, None, 3),
        (-math.inf, None, "FAIL", True, None, 0),
        (3, 1, "PASS", False, True, 3),
        (3, 9, "FAIL", False, False, 1),
        (3, math.nan, "FAIL", False, False, 1),
        (0.9, 9, "FAIL", True, False, 0),
    ],
)
def test_a_bet_is_judged_by_its_measurements(
    gain: float, control: float | None, verdict: str, catastrophic: bool, noise_floor: bool | None, rank: int
) -> None:
    """The sentences over the cells give verdict, both flags and a rank in which a catastrophe is last."""
    criteria = bet() if control is None else bet(control="mean(placebo) <= 1")
    found = judge(criteria, cells(gain, gain, placebo=control))
    assert (found.verdict, found.catastrophic, found.noise_floor) == (verdict, catastrophic, noise_floor)
    assert found.void is None
    assert found.rank == rank


@pytest.mark.parametrize("gain", [3, 2.5, 1.5, 0.5, math.nan])
@pytest.mark.parametrize("control", [0, 9, math.nan])
def test_a_premise_comes_before_every_tier(gain: float, control: float) -> None:
    """Two premises, each met, not met or undefined: only where both are met is the verdict that of the tiers."""
    tiers = bet(control="mean(placebo) <= 1")
    criteria = [*tiers, *bet(premise=["mean(tuned) <= 1", "max(own) < 5"])[3:]]
    for tuned, own in itertools.product((1, 2, math.nan), (4, 5, math.nan)):
        measured = cells(gain, gain, placebo=control, tuned=tuned, own=own)
        found, plain = judge(criteria, measured), judge(tiers, measured)
        if (tuned, own) == (1, 4):
            assert (found.verdict, found.catastrophic) == (plain.verdict, plain.catastrophic)
            assert (found.noise_floor, found.void) == (plain.noise_floor, None)
            assert len(found.criteria) == len(criteria)
            continue
        reasons = [f"mean(tuned) <= 1 measured {figure(tuned)}"] if tuned != 1 else []
        reasons += [f"max(own) < 5 measured {figure(own)}"] if own != 4 else []
        assert (found.verdict, found.catastrophic, found.noise_floor, found.rank) == (None, False, None, None)
        assert found.void == f"premise: {'; '.join(reasons)}"
        assert [item.tier for item in found.criteria] == ["premise", "premise"]


def test_a_premise_that_cannot_be_read_is_void_for_that_reason() -> None:
    """A missing name comes first, as for every sentence: it is no premise that is not met."""
    found = judge(bet(premise="mean(tuned) <= 1"), cells(3))
    assert (found.void or "").startswith('premise "mean(tuned) <= 1": `tuned` was not measured')
    assert found.criteria == ()


@pytest.mark.parametrize("criterion", ["mean(gain / baseline) >= 3", "mean(gain) / mean(baseline) >= 3"])
def test_a_ratio_to_a_baseline_of_zero_helps_no_claim(criterion: str) -> None:
    """It is undefined, like a NaN, and no infinity that meets every threshold; it trips a catastrophe."""
    ratio = criterion.partition(" >=")[0]
    criteria = bet(strict=criterion, lenient=f"{ratio} > 2", catastrophic=f"{ratio} < 1")
    found = judge(criteria, cells(3, 3, baseline=0))
    assert (found.verdict, found.catastrophic) == ("FAIL", True)
    assert [judged.met for judged in found.criteria] == [None, None, None]
    assert judge(criteria, cells(3, 3, baseline=1)).verdict == "PASS"


def test_all_strict_sentences_are_needed_and_any_catastrophic_one_trips() -> None:
    """Several sentences in a tier: strict and control need all, catastrophic is tripped by any."""
    both = bet(strict=["mean(gain) >= 3", "count(gain > 0) >= 3"])
    assert judge(both, cells(5, 5)).verdict == "LENIENT"
    either = judge(bet(catastrophic=["mean(gain) < 1", "max(gain) > 4"]), cells(3, 5))
    assert (either.verdict, either.catastrophic) == ("FAIL", True)
    assert [either.good(tier) for tier in ("strict", "lenient", "catastrophic")] == [True, True, False]


def test_each_sentence_has_value_threshold_and_margin() -> None:
    """The margin is positive on the claim's good side in every tier, so that a catastrophe's is turned."""
    found = judge(bet(control="max(gain) <= 9"), cells(2, 3))
    assert found.criteria == (
        Judged("strict", "mean(gain) >= 3", 2.5, 3, met=False, margin=-0.5),
        Judged("lenient", "mean(gain) >= 2", 2.5, 2, met=True, margin=0.5),
        Judged("catastrophic", "mean(gain) < 1", 2.5, 1, met=False, margin=1.5),
        Judged("control", "max(gain) <= 9", 3, 9, met=True, margin=6),
    )
    assert [judged.good for judged in found.criteria] == [False, True, True, True]


def test_an_undefined_sentence_supports_no_claim() -> None:
    """Where the value is NaN, `met` is null, the margin NaN, and the sentence good in no tier."""
    for judged in judge(bet(), cells(math.nan, 3)).criteria:
        assert math.isnan(judged.value)
        assert math.isnan(judged.margin)
        assert judged.met is None
        assert not judged.good


@pytest.mark.parametrize("operator", [">=", "<=", "=="])
def test_a_margin_of_zero_has_no_sign(operator: str) -> None:
    """A value on its threshold is 0.0 away in every tier."""
    sentence = f"mean(gain) {operator} 2"
    found = judge(bet(strict=sentence, catastrophic=sentence), cells(2))
    assert [repr(found.criteria[index].margin) for index in (0, 2)] == ["0.0", "0.0"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], 'strict "mean(gain) >= 3": there is no cell'),
        (
            [Cell({}, {"gain": 3}), Cell({}, {"loss": 3})],
            'strict "mean(gain) >= 3": `gain` was not measured in 1 of 2 cells',
        ),
        (cells("much"), "strict \"mean(gain) >= 3\": 'much' is a string, and `mean(...)` needs a number"),
        (cells([1, 2]), 'strict "mean(gain) >= 3": `gain` is a list, and a sentence compares numbers and strings'),
    ],
)
def test_what_cannot_be_evaluated_is_void_with_the_reason(rows: list[Cell], reason: str) -> None:
    """A missing name or a text among numbers is no falsification: no verdict, no criteria, and why."""
    assert judge(bet(), rows) == Verdict(None, void=reason)
    assert judge(bet(), rows).rank is None


def test_a_void_verdict_has_a_reason_and_nothing_else() -> None:
    """It is no failure, and has no flags and no criteria."""
    assert void("a cell crashed") == Verdict(None, False, None, "a cell crashed", ())


def test_the_ranks_order_the_outcomes() -> None:
    """PASS over LENIENT over FAIL over a catastrophe."""
    assert sorted(RANK, key=RANK.__getitem__) == ["CATASTROPHE", "FAIL", "LENIENT", "PASS"]


def test_measurements_shadow_no_parameter() -> None:
    """A sentence reads parameters and measured values alike."""
    found = judge(bet(strict="count(part == 1 and gain > 2) == 1"), cells(3, 3))
    assert found.criteria[0].met


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (12.0, "12"),
        (-3, "-3"),
        (0.123456, "0.1235"),
        (math.nan, "undefined"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (1e20, "1e+20"),
        (123456.7, "1.235e+05"),
    ],
)
def test_a_figure_is_shown_as_people_read_it(number: float, shown: str) -> None:
    """Integers plain, others to four significant digits, NaN as undefined."""
    assert figure(number) == shown


@given(st.floats(allow_nan=False), st.floats(allow_nan=False, allow_infinity=False))
@example(float(f"{0.7 - 3e-8:.17g}"), 0.7)
@example(0.7 - 0.3, 0.4)
@example(1.0000000000000002, 1.0)
def test_a_measured_value_is_shown_on_its_side_of_the_threshold(value: float, threshold: float) -> None:
    """`mean(x) >= 0.7 (measured 0.7)` would not say why it is not met."""
    shown = float(Judged("strict", f"mean(x) >= {threshold}", value, threshold, None, math.nan).measured)
    assert (shown < threshold, shown > threshold) == (value < threshold, value > threshold)


def test_a_measured_value_has_no_more_digits_than_that_takes() -> None:
    """Four where they suffice."""
    texts = [
        Judged("strict", "x >= 0.7", value, 0.7, None, 0.0).measured for value in (0.7, 0.6, 0.123456, 0.69999, 0.7001)
    ]
    assert texts == ["0.7", "0.6", "0.1235", "0.69999", "0.7001"]
    assert Judged("strict", "x >= 0.7", math.nan, 0.7, None, math.nan).measured == "undefined"
