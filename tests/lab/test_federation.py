"""Robust aggregation against definitions a reader can check by eye."""

import math
import statistics
from collections.abc import Callable
from fractions import Fraction
from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bets.lab import federation

numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)


@st.composite
def stacks(draw: st.DrawFn, dtype: torch.dtype = torch.float32) -> Tensor:
    workers, coordinates = draw(st.integers(1, 9)), draw(st.integers(1, 5))
    row = st.lists(numbers, min_size=coordinates, max_size=coordinates)
    return torch.tensor(draw(st.lists(row, min_size=workers, max_size=workers)), dtype=dtype)


@given(stacks())
def test_the_median_is_the_lower_median_of_each_coordinate(updates: Tensor) -> None:
    """It equals the standard library's median_low, and is thus one of the values that were sent."""
    expected = [statistics.median_low(column) for column in updates.T.tolist()]
    assert federation.median(updates).tolist() == expected


@given(stacks(torch.float64), st.integers(0, 4))
def test_the_trimmed_mean_equals_its_definition_in_exact_arithmetic(updates: Tensor, trim: int) -> None:
    """Sort, drop `trim` at each end, average; within the rounding of a sum of nine."""
    if 2 * trim >= len(updates):
        with pytest.raises(ValueError, match=f"trim {trim} of {len(updates)} updates"):
            federation.trimmed_mean(updates, trim)
        return
    for result, column in zip(federation.trimmed_mean(updates, trim).tolist(), updates.T.tolist(), strict=True):
        kept = [Fraction(x) for x in sorted(column)[trim : len(column) - trim]]
        size = float(sum(map(abs, kept)))
        assert math.isclose(result, float(sum(kept) / len(kept)), rel_tol=0, abs_tol=1e-14 * size + 1e-300)


@given(stacks())
def test_trimming_nothing_is_the_mean_and_trimming_all_but_one_is_the_median(updates: Tensor) -> None:
    """The trimmed mean runs from one rule to the other."""
    odd = updates if len(updates) % 2 else torch.cat([updates, updates[:1]])
    assert torch.equal(federation.trimmed_mean(odd, len(odd) // 2), federation.median(odd))
    spread = odd.sort(dim=0).values
    assert torch.equal(federation.trimmed_mean(odd, 0), federation.mean(spread))


@given(stacks(), st.randoms(use_true_random=False))
def test_the_order_of_the_workers_does_not_matter_to_the_median(updates: Tensor, random: Random) -> None:
    """A permuted stack gives the same median."""
    order = list(range(len(updates)))
    random.shuffle(order)
    assert torch.equal(federation.median(updates[order]), federation.median(updates))


def test_one_nan_spoils_the_median_and_rejection_saves_it() -> None:
    """The median of a coordinate with a NaN is NaN; without that worker it is that of the others."""
    updates = torch.tensor([[1.0, 2.0], [3.0, 4.0], [math.nan, 6.0]])
    assert federation.median(updates).isnan().tolist() == [True, False]
    assert federation.median(federation.finite(updates)).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_update_with_any_number_that_is_not_finite_is_rejected_whole(bad: float) -> None:
    """The others are kept as they were and in their order, in updates of any shape."""
    updates = torch.arange(24.0).reshape(4, 2, 3)
    updates[2, 1, 0] = bad
    assert torch.equal(federation.finite(updates), updates[[0, 1, 3]])


def test_the_largest_values_survive_the_median_that_their_midpoint_would_not() -> None:
    """The lower median adds nothing and cannot overflow."""
    most = torch.finfo(torch.float32).max
    updates = torch.tensor([[most], [most]])
    assert federation.median(updates).item() == most
    assert math.isinf(federation.mean(updates).item())


@pytest.mark.parametrize("rule", [federation.mean, federation.median])
def test_no_updates_are_an_error_and_not_a_nan(rule: Callable[[Tensor], Tensor]) -> None:
    """A round in which all were rejected says so."""
    with pytest.raises(ValueError, match=r"updates of shape \(0, 3\): expected \[workers, ...\] with at least one"):
        rule(torch.empty(0, 3))
