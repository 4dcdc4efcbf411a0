"""Shapley values against their definition by orders of joining, and the axioms that define them."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bets.lab.ensemble import sharing


def game(values: list[float]) -> dict[frozenset[int], float]:
    members = len(values).bit_length() - 1
    coalitions = [frozenset(i for i in range(members) if number >> i & 1) for number in range(len(values))]
    return dict(zip(coalitions, [0.0, *values[1:]], strict=True))


games = st.integers(1, 3).flatmap(lambda m: st.lists(st.floats(0, 9), min_size=2**m, max_size=2**m)).map(game)


@given(games)
def test_a_value_is_what_a_member_adds_on_average_over_all_orders(worth: dict[frozenset[int], float]) -> None:
    members = len(worth).bit_length() - 1
    totals = [0.0] * members
    for order in itertools.permutations(range(members)):
        for place, one in enumerate(order):
            before = frozenset(order[:place])
            totals[one] += worth[before | {one}] - worth[before]
    found = sharing.shapley(worth, members)
    assert found == pytest.approx([total / math.factorial(members) for total in totals])
    assert sum(found) == pytest.approx(worth[frozenset(range(members))])


def test_worth_is_what_a_mixture_saves_against_the_base_and_never_a_loss() -> None:
    p = torch.tensor([[0.5, 0.5], [0.1, 0.9], [0.01, 0.01]])
    found = sharing.worth(p.log(), torch.tensor([0.25, 0.5]).log())
    assert found[frozenset()] == 0
    assert found[frozenset({0})] == pytest.approx(math.log(2))
    assert found[frozenset({0, 1})] == pytest.approx(math.log(0.3 / 0.25) + math.log(0.7 / 0.5))
    assert found[frozenset({2})] == 0
    assert len(found) == 8


def test_two_that_are_the_same_are_paid_the_same_and_one_that_adds_nothing_gets_nothing() -> None:
    p = torch.tensor([[0.5, 0.6], [0.5, 0.6]])
    worth = sharing.worth(p.log(), torch.tensor([0.25, 0.5]).log())
    one, other = sharing.shapley(worth, 2)
    assert one == pytest.approx(other) == pytest.approx(worth[frozenset({0})] / 2)
    assert sharing.shares([3.0, 1.0, -0.5]) == [0.75, 0.25, 0.0]
    assert sharing.shares([0.0, 0.0]) == [0.5, 0.5]
