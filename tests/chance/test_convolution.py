"""Sums of independent units, exact, held against every outcome and against scipy."""

import math
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_bets.chance.convolution import counted, tail
from pytest_bets.chance.luck import chances
from pytest_bets.sentence.parse import parse
from tests.helpers.nulls import bet, swap

LAWS = st.lists(st.lists(st.none() | st.integers(0, 4), min_size=2, max_size=3), min_size=1, max_size=5)


@given(LAWS, st.integers(0, 12))
def test_a_tail_is_the_share_of_outcomes(laws: list[list[int | None]], least: int) -> None:
    """One undefined unit makes the sum undefined, which meets nothing."""
    outcomes = list(product(*laws))
    met = sum(None not in outcome and sum(map(int, outcome)) >= least for outcome in outcomes)  # type: ignore[arg-type]
    assert tail(laws, lambda count: count >= least) == met / len(outcomes)


@pytest.mark.parametrize(("units", "least"), [(401, 230), (2_000, 1_080), (10_000, 5_100)])
def test_many_units_of_one_law_are_a_binomial_tail(units: int, least: int) -> None:
    """To twelve digits, without a sum over all relabelings."""
    exact = stats.binom.sf(least - 1, units, 0.5)
    assert tail([(0, 1)] * units, lambda count: count >= least) == pytest.approx(exact, rel=1e-9)


def test_many_units_of_several_laws_keep_their_mean() -> None:
    """Floats are used from 400 units on."""
    laws: list[tuple[int, ...]] = [(0, 1)] * 300 + [(0, 0, 3)] * 300
    mean = 300 / 2 + 300
    above, below = (tail(laws, condition) for condition in (lambda k: k > mean, lambda k: k < mean))
    variance = 300 * 0.25 + 300 * 2
    assert above == pytest.approx(stats.norm.sf(0.5 / math.sqrt(variance)), abs=0.01)
    assert above + below + tail(laws, lambda k: k == mean) == pytest.approx(1)


@pytest.mark.parametrize(
    ("texts", "single"),
    [
        (["count(a < b) >= 3"], True),
        (["count(a < b) >= 3", "count(a < b) <= 5"], True),
        (["share(a < b) >= 0.5"], True),
        (["count(a) >= 1"], True),
        (["sum(a) >= 3"], False),
        (["sum(a < b) >= 3"], True),
        (["mean(a < b) >= 0.5"], False),
        (["count(a < b) >= 3", "count(b < a) <= 5"], False),
        (["2 * count(a < b) >= 3"], False),
        (["groups(part, median(a) < median(b)) >= 3"], True),
    ],
)
def test_a_single_count_share_or_sum_of_a_condition_is_counted(texts: list[str], single: bool) -> None:
    """All others are enumerated or drawn."""
    assert (counted([parse(text) for text in texts]) is not None) == single


def test_what_can_happen_has_a_chance_however_many_units_there_are() -> None:
    """2**-10000 is below every float."""
    assert 0 < tail([(0, 1)] * 10_000, lambda count: count >= 10_000) < 1e-300
    assert tail([(0, 1)] * 10_000, lambda count: count > 10_000) == 0


def test_groups_within_units_are_counted_and_others_are_not() -> None:
    """A hundred users with two columns have 2**100 relabelings."""
    params = [{"user": user, "seed": seed} for user in range(100) for seed in range(3)]
    rows = [{**cell, "a": cell["user"] + 0.1 * cell["seed"], "b": cell["user"] + 0.25} for cell in params]
    declared = bet("groups(user, median(a) < median(b)) >= 60", swap(unit="user"))
    found = chances(declared, rows, ("a", "b"), [cell["user"] for cell in params])[0]
    assert found.method == "counted"
    assert found.chance == pytest.approx(stats.binom.sf(59, 100, 0.5), rel=1e-9)
    few = [row for row in rows if row["user"] < 4]
    assert chances(declared, few, ("a", "b"), [int(row["seed"]) for row in few])[0].method == "enumerated"
