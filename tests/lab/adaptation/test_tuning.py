"""Rates are chosen inside a grid: the best where the loss has one valley, and an edge that says so."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.lab.adaptation import tuning
from bets.lab.training import DivergedError

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


def attempts(losses: dict[float, float], tried: list[float]) -> Callable[[float], tuple[float, str]]:
    def attempt(rate: float) -> tuple[float, str]:
        tried.append(rate)
        if losses[rate] == math.inf:
            raise DivergedError("the loss of step 3 is nan")
        return losses[rate], f"made at {rate}"

    return attempt


@given(st.sampled_from(RATES), st.sampled_from(RATES), st.floats(0.1, 9))
def test_climbing_finds_the_bottom_of_a_valley_from_anywhere(start: float, bottom: float, depth: float) -> None:
    """Against looking at all of them; and it looks at no rate twice."""
    losses = {rate: depth * abs(math.log(rate / bottom)) + 1 for rate in RATES}
    tried: list[float] = []
    choice = tuning.climb(RATES, start, attempts(losses, tried))
    assert choice.rate == min(RATES, key=losses.__getitem__) == bottom
    assert choice.made == f"made at {bottom}"
    assert choice.edge == (bottom in (RATES[0], RATES[-1]))
    assert choice.loss == losses[bottom]
    assert sorted(tried) == list(choice.losses)
    assert {rate: losses[rate] for rate in tried} == choice.losses


def test_three_attempts_are_enough_where_the_first_is_the_best() -> None:
    tried: list[float] = []
    losses = {rate: abs(math.log(rate / 0.01)) for rate in RATES}
    tuning.climb(RATES, 0.01, attempts(losses, tried))
    assert sorted(tried) == [0.005, 0.01, 0.02]


def test_what_diverges_counts_as_infinite_and_the_way_out_is_down() -> None:
    losses = {rate: math.inf if rate > 0.002 else 2 - rate for rate in RATES}
    tried: list[float] = []
    choice = tuning.climb(RATES, 0.02, attempts(losses, tried))
    assert choice.rate == 0.002
    assert choice.losses == {
        0.001: 1.999,
        0.002: 1.998,
        0.005: math.inf,
        0.01: math.inf,
        0.02: math.inf,
        0.05: math.inf,
    }


def test_a_loss_that_is_no_number_is_never_chosen() -> None:
    losses = {0.001: 3.0, 0.002: math.nan, 0.005: math.nan}
    choice = tuning.climb((0.001, 0.002, 0.005), 0.002, attempts(losses, []))
    assert choice.rate == 0.001


def test_where_everything_diverges_there_is_no_choice() -> None:
    losses = dict.fromkeys(RATES, math.inf)
    with pytest.raises(DivergedError, match=r"every one of the rates \[0.001, 0.002, 0.005\] diverged"):
        tuning.climb(RATES, 0.002, attempts(losses, []))


@pytest.mark.parametrize(("rates", "start"), [((1.0, 2.0), 3.0), ((2.0, 1.0), 1.0), ((1.0, 1.0), 1.0), ((), 1.0)])
def test_a_start_outside_the_grid_and_a_grid_that_does_not_ascend_are_refused(
    rates: tuple[float, ...], start: float
) -> None:
    with pytest.raises(ValueError, match="expected one of them, in ascending order"):
        tuning.climb(rates, start, lambda rate: (rate, None))
