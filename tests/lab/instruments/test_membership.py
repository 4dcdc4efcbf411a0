"""Membership inference: the area against scipy and by counting, its interval against the formula and by drawing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bets.lab.instruments import membership

scores = st.lists(st.integers(0, 5).map(float), min_size=2, max_size=12)


@given(scores, scores)
def test_the_area_is_the_share_of_pairs_that_are_ordered_and_what_scipy_counts(
    members: list[float], others: list[float]
) -> None:
    found = membership.area(members, others)
    pairs = [(own > other) + (own == other) / 2 for own in members for other in others]
    assert found.auc == pytest.approx(sum(pairs) / len(pairs))
    u = stats.mannwhitneyu(members, others, method="asymptotic").statistic
    assert found.auc == pytest.approx(u / (len(members) * len(others)))
    assert 0 <= found.low <= found.auc <= found.high <= 1


@given(scores, scores)
def test_the_interval_is_delongs_as_it_is_defined(members: list[float], others: list[float]) -> None:
    """From the structural components of each member and each other, with the sample variance of each kind."""

    def beats(own: float, other: float) -> float:
        return 1.0 if own > other else 0.5 if own == other else 0.0

    v10 = [sum(beats(own, other) for other in others) / len(others) for own in members]
    v01 = [sum(beats(own, other) for own in members) / len(members) for other in others]
    mean = sum(v10) / len(v10)
    s10 = sum((v - mean) ** 2 for v in v10) / (len(v10) - 1)
    s01 = sum((v - mean) ** 2 for v in v01) / (len(v01) - 1)
    reach = stats.norm.ppf(0.975) * (s10 / len(v10) + s01 / len(v01)) ** 0.5
    found = membership.area(members, others)
    assert found.low == pytest.approx(max(0, mean - reach))
    assert found.high == pytest.approx(min(1, mean + reach))


def test_nineteen_of_twenty_intervals_hold_the_truth() -> None:
    """Scores of two normal distributions that are one standard deviation apart: the area is Phi(1 / sqrt 2)."""
    draws, truth, held = random.Random(5), stats.norm.cdf(0.5**0.5), 0
    for _ in range(400):
        members, others = [[draws.gauss(shift, 1) for _ in range(40)] for shift in (1, 0)]
        found = membership.area(members, others)
        held += found.low <= truth <= found.high
    assert 0.91 < held / 400 < 0.98


def test_halves_divide_the_pieces_and_depend_on_the_seed() -> None:
    pieces = [bytes([number]) for number in range(9)]
    members, others = membership.halves(pieces, 1)
    assert sorted(members + others) == pieces
    assert (len(members), len(others)) == (4, 5)
    assert (sorted(members), sorted(others)) == (members, others)
    assert membership.halves(pieces, 1) == (members, others)
    assert membership.halves(pieces, 2) != (members, others)


def test_a_reference_takes_out_what_is_easy_for_everybody() -> None:
    """Two easy pieces, of which one is a member, and two hard ones: only the reference separates them."""
    reference, tuned = [1.0, 1.0, 3.0, 3.0], [0.9, 1.0, 2.9, 3.0]
    by_reference = membership.by_reference(tuned, reference)
    assert by_reference == pytest.approx([0.1, 0, 0.1, 0])
    assert membership.area(by_reference[::2], by_reference[1::2]).auc == 1
    by_loss = membership.by_loss(tuned)
    assert by_loss == [-0.9, -1.0, -2.9, -3.0]
    assert membership.area(by_loss[::2], by_loss[1::2]).auc == 0.75


def test_fewer_than_two_of_either_have_no_interval() -> None:
    with pytest.raises(ValueError, match="found 1 members and 3 others, expected at least two of each"):
        membership.area([1.0], [1.0, 2.0, 3.0])
