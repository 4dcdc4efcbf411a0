"""What a sentence can say at all, held against every case that is small enough to try."""

import itertools
import math
from collections.abc import Sequence

import pytest

from pytest_bets.sentence.ast import Sentence
from pytest_bets.sentence.evaluate import Row, satisfied, value
from pytest_bets.sentence.interval import Certainty, certainty, nesting_faults
from pytest_bets.sentence.parse import parse

OPERATORS = (">=", ">", "<=", "<", "==")
THRESHOLDS = ("-1", "0", "0.25", "0.5", "0.75", "1", "1.5", "2", "3", "4")
USERS = ("x", "y", "x")


def sentences(left: str) -> list[Sentence]:
    return [
        parse(f"{left} {operator} {threshold}")
        for operator, threshold in itertools.product(OPERATORS, THRESHOLDS)
        if operator != "==" or "." not in threshold
    ]


def tables(cells: int) -> list[list[Row]]:
    """Return every sweep of so many cells whose two measurements are 0 or 1."""
    each = list(itertools.product((0, 1), repeat=2))
    return [
        [{"a": a, "b": b, "user": user} for (a, b), user in zip(pairs, USERS, strict=False)]
        for pairs in itertools.product(each, repeat=cells)
    ]


def groups(cells: int) -> int:
    return len(set(USERS[:cells]))


def tried(sentence: Sentence, cells: int) -> Certainty:
    answers = {satisfied(sentence, value(sentence, rows)) for rows in tables(cells)}
    return "always" if answers == {True} else "never" if True not in answers else "sometimes"


def predicted(sentence: Sentence, cells: int) -> Certainty:
    return certainty(sentence, cells, lambda _: groups(cells))


@pytest.mark.parametrize("cells", [1, 2, 3])
@pytest.mark.parametrize(
    "left",
    [
        "count(a > 0)",
        "count(a)",
        "sum(a > b)",
        "share(a > b)",
        "mean(a > 0 and b > 0)",
        "median(not a)",
        "min(a > 0)",
        "max(a > 0)",
        "iqm(a > 0)",
        "quantile(a > 0, 0.5)",
        "groups(user, max(a) > 0)",
        "-count(a > 0)",
        "count(a > 0) + count(b > 0)",
        "count(a > 0) - count(b > 0)",
        "count(a > 0) / 2",
    ],
)
def test_what_the_cells_decide_alone_is_found_exactly(left: str, cells: int) -> None:
    """Over every outcome of up to three cells, `always` and `never` are found exactly where they are true."""
    wrong = [
        (sentence.text, tried(sentence, cells), predicted(sentence, cells))
        for sentence in sentences(left)
        if tried(sentence, cells) != predicted(sentence, cells)
    ]
    assert wrong == []


@pytest.mark.parametrize("cells", [1, 2, 3])
@pytest.mark.parametrize(
    "left",
    [
        "std(a > 0)",
        "3 * share(a > 0)",
        "low(a > 0)",
        "high(a > 0)",
        "low(a > 0, user)",
        "high(a > 0, 0.5, user)",
        "count(a > 0) * count(b > 0)",
        "count(a > 0) - count(a > 0)",
        "count(a > 0) / count(b > 0)",
        "1 / count(a > 0)",
        "count(a > 0) + 0.5 * groups(user, min(b) > 0)",
        "mean(a) - std(b)",
        "max(a > 0) - min(a > 0)",
    ],
)
def test_what_is_said_of_any_value_is_true(left: str, cells: int) -> None:
    """Where the exact bounds are not worth their code, some pass, but none is refused that can go both ways."""
    for sentence in sentences(left):
        if predicted(sentence, cells) != "sometimes":
            assert predicted(sentence, cells) == tried(sentence, cells), sentence.text


@pytest.mark.parametrize(
    ("text", "cells", "answer"),
    [
        ("count(a < b) >= 16", 15, "never"),
        ("count(a < b) >= 15", 15, "sometimes"),
        ("count(a < b) > 14.5", 15, "sometimes"),
        ("count(a < b) <= 15", 15, "always"),
        ("count(a < b) >= 0", 15, "always"),
        ("count(a < b) < 0", 15, "never"),
        ("count(a < b) == 16", 15, "never"),
        ("share(a < b) > 1", 15, "never"),
        ("share(a < b) >= 80", 15, "never"),
        ("std(a) < 0", 15, "never"),
        ("std(a) >= 0", 15, "always"),
        ("std(a) < 1", 1, "never"),
        ("low(a) > 0", 1, "never"),
        ("mean(a) - high(b) > 0", 1, "never"),
        ("low(a > b) > 1", 15, "never"),
        ("high(a > b) < 0", 15, "never"),
        ("low(a > b) >= 0", 15, "sometimes"),
        ("mean(a) >= 1e300", 15, "sometimes"),
        ("sum(a) >= 16", 15, "sometimes"),
        ("a >= 3", 1, "sometimes"),
        ("groups(user, median(a) < median(b)) >= 4", 15, "never"),
        ("groups(user, median(a) < median(b)) >= 3", 15, "sometimes"),
        ("count(a) * 1e308 * 1e308 > 0", 15, "sometimes"),
    ],
)
def test_a_sentence_that_the_number_of_cells_decides_is_named(text: str, cells: int, answer: str) -> None:
    """What no measurement can change is always or never true; over 15 cells with three users."""
    assert certainty(parse(text), cells, lambda parameter: {"user": 3}[parameter]) == answer


def admits(sentence: Sentence, sample: float) -> bool:
    return bool(satisfied(sentence, sample))


TIER_SENTENCES = list(itertools.product(OPERATORS, ("0", "1", "2")))
REALS = [*(quarter / 4 for quarter in range(-4, 17)), -math.inf, math.inf]
INTEGERS = range(-3, 7)


@pytest.mark.parametrize(
    ("left", "samples"),
    [("mean(a)", REALS), ("count(a)", INTEGERS), ("2 * count(a) - groups(user, max(a) > 0)", INTEGERS)],
)
def test_tiers_nest_where_every_sample_says_so(left: str, samples: Sequence[float]) -> None:
    """Strict inside lenient, catastrophic outside both: exactly where no value is in one and not in the other."""
    for parts in itertools.product(TIER_SENTENCES, repeat=3):
        strict, lenient, catastrophic = (parse(f"{left} {operator} {threshold}") for operator, threshold in parts)
        found = nesting_faults(
            {"strict": [strict], "lenient": [lenient], "catastrophic": [catastrophic], "control": []}
        )
        expected = set()
        if any(admits(strict, sample) and not admits(lenient, sample) for sample in samples):
            expected.add((lenient, strict, "strict is met where lenient is not"))
        if any(admits(strict, sample) and admits(catastrophic, sample) for sample in samples):
            expected.add((catastrophic, strict, "strict and catastrophic can be met together"))
        if any(admits(lenient, sample) and admits(catastrophic, sample) for sample in samples):
            expected.add((catastrophic, lenient, "lenient and catastrophic can be met together"))
        assert {(fault.outer, fault.inner, fault.problem) for fault in found} == expected


def tiers(**texts: list[str]) -> dict[str, list[Sentence]]:
    names = ("strict", "lenient", "catastrophic", "control", "premise")
    return {name: [parse(text) for text in texts.get(name, [])] for name in names}


def test_equal_tiers_are_allowed() -> None:
    """A bet without a middle ground has one sentence for strict and lenient."""
    assert (
        nesting_faults(tiers(strict=["count(a) >= 3"], lenient=["count(a) >= 3"], catastrophic=["count(a) < 3"])) == []
    )


def test_tiers_meet_where_no_count_lies_between_them() -> None:
    """More than 4 and fewer than 5 overlap as numbers, and never as counts."""
    assert nesting_faults(tiers(strict=["count(a) > 4"], lenient=["count(a) > 4"], catastrophic=["count(a) < 5"])) == []
    assert (
        len(nesting_faults(tiers(strict=["mean(a) > 4"], lenient=["mean(a) > 4"], catastrophic=["mean(a) < 5"]))) == 2
    )


def test_several_sentences_of_a_tier_hold_together() -> None:
    """Strict from 2 to 3 is inside lenient from 1 to 4, and each catastrophic sentence is outside on its own."""
    nested = tiers(
        strict=["mean(a) >= 2", "mean(a) <= 3"],
        lenient=["mean(a) >= 1", "mean(a) <= 4"],
        catastrophic=["mean(a) < 1", "mean(a) > 4"],
    )
    assert nesting_faults(nested) == []


def test_only_equal_left_sides_are_compared() -> None:
    """What two different values can be together is not known."""
    assert (
        nesting_faults(tiers(strict=["mean(a) >= 1"], lenient=["mean(b) >= 2"], catastrophic=["median(a) >= 0"])) == []
    )


@pytest.mark.parametrize("left", ["count(a)", "mean(a)"])
@pytest.mark.parametrize("tier", ["strict", "lenient", "catastrophic", "control"])
def test_a_premise_that_decides_a_tier_is_named_where_every_sample_says_so(tier: str, left: str) -> None:
    """With one sentence each, over all samples: the tier is never met, or always, where the premise is."""
    step = 1 if left == "count(a)" else 4
    samples = [index / step for index in range(-step, 6 * step)]
    texts = [f"{left} {operator} {threshold}" for operator in OPERATORS for threshold in ("1", "2", "3")]
    for premise, text in itertools.product(map(parse, texts), texts):
        sentence = parse(text)
        given = [sample for sample in samples if satisfied(premise, sample)]
        met = [bool(satisfied(sentence, sample)) for sample in given]
        expected = [f"{tier} is met wherever the premise is"] if all(met) else []
        expected = expected if any(met) else [f"premise and {tier} cannot be met together"]
        found = nesting_faults(tiers(**{tier: [text], "premise": [premise.text]}))
        assert [fault.problem for fault in found] == expected, (premise.text, text)
        assert {fault.expected for fault in found} <= {"a premise on something else than what the tier measures"}


def test_several_premises_hold_together() -> None:
    """Each leaves the tier open, and both together do not."""
    premise = ["mean(a) >= 1", "mean(a) <= 2"]
    (fault,) = nesting_faults(tiers(strict=["mean(a) > 2"], premise=premise))
    assert (fault.outer.text, fault.inner.text) == ("mean(a) >= 1", "mean(a) > 2")
    assert nesting_faults(tiers(strict=["mean(b) > 2"], premise=premise)) == []


@pytest.mark.parametrize("tier", ["strict", "lenient", "control", "premise"])
def test_a_tier_that_cannot_be_met_is_named(tier: str) -> None:
    """Two sentences that exclude each other would make the tier unreachable."""
    found = nesting_faults(tiers(**{tier: ["mean(a) >= 2", "mean(a) < 2"]}))
    assert [(fault.outer.text, fault.inner.text, fault.problem) for fault in found] == [
        ("mean(a) >= 2", "mean(a) < 2", f"the {tier} sentences cannot be met together")
    ]


def test_catastrophic_sentences_may_exclude_each_other() -> None:
    """Any of them trips, so too little and too much stand side by side."""
    assert nesting_faults(tiers(catastrophic=["mean(a) >= 2", "mean(a) < 1"])) == []
