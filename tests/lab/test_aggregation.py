"""Robust aggregation against definitions a reader can check by eye."""

import math
import statistics
from collections.abc import Callable
from fractions import Fraction
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from bets.lab import aggregation

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
    assert aggregation.median(updates).tolist() == expected


@given(stacks(torch.float64), st.integers(0, 4))
def test_the_trimmed_mean_equals_its_definition_in_exact_arithmetic(updates: Tensor, trim: int) -> None:
    """Sort, drop `trim` at each end, average; within the rounding of a sum of nine."""
    if 2 * trim >= len(updates):
        with pytest.raises(ValueError, match=f"trim {trim} of {len(updates)} updates"):
            aggregation.trimmed_mean(updates, trim)
        return
    for result, column in zip(aggregation.trimmed_mean(updates, trim).tolist(), updates.T.tolist(), strict=True):
        kept = [Fraction(x) for x in sorted(column)[trim : len(column) - trim]]
        size = float(sum(map(abs, kept)))
        assert math.isclose(result, float(sum(kept) / len(kept)), rel_tol=0, abs_tol=1e-14 * size + 1e-300)


@given(stacks())
def test_trimming_nothing_is_the_mean_and_trimming_all_but_one_is_the_median(updates: Tensor) -> None:
    """The trimmed mean runs from one rule to the other."""
    odd = updates if len(updates) % 2 else torch.cat([updates, updates[:1]])
    assert torch.equal(aggregation.trimmed_mean(odd, len(odd) // 2), aggregation.median(odd))
    spread = odd.sort(dim=0).values
    assert torch.equal(aggregation.trimmed_mean(odd, 0), aggregation.mean(spread))


@given(stacks(), st.randoms(use_true_random=False))
def test_the_order_of_the_workers_does_not_matter_to_the_median(updates: Tensor, random: Random) -> None:
    """A permuted stack gives the same median."""
    order = list(range(len(updates)))
    random.shuffle(order)
    assert torch.equal(aggregation.median(updates[order]), aggregation.median(updates))


def test_one_nan_spoils_the_median_and_rejection_saves_it() -> None:
    """The median of a coordinate with a NaN is NaN; without that worker it is that of the others."""
    updates = torch.tensor([[1.0, 2.0], [3.0, 4.0], [math.nan, 6.0]])
    assert aggregation.median(updates).isnan().tolist() == [True, False]
    assert aggregation.median(aggregation.finite(updates)).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_update_with_any_number_that_is_not_finite_is_rejected_whole(bad: float) -> None:
    """The others are kept as they were and in their order, in updates of any shape."""
    updates = torch.arange(24.0).reshape(4, 2, 3)
    updates[2, 1, 0] = bad
    assert torch.equal(aggregation.finite(updates), updates[[0, 1, 3]])


def test_the_largest_values_survive_the_median_that_their_midpoint_would_not() -> None:
    """The lower median adds nothing and cannot overflow."""
    most = torch.finfo(torch.float32).max
    updates = torch.tensor([[most], [most]])
    assert aggregation.median(updates).item() == most
    assert math.isinf(aggregation.mean(updates).item())


@pytest.mark.parametrize("rule", [aggregation.mean, aggregation.median, aggregation.geometric_median])
def test_no_updates_are_an_error_and_not_a_nan(rule: Callable[[Tensor], Tensor]) -> None:
    """A round in which all were rejected says so."""
    with pytest.raises(ValueError, match=r"updates of shape \(0, 3\): expected \[workers, ...\] with at least one"):
        rule(torch.empty(0, 3))


plain = st.integers(-20, 20).map(float)


@st.composite
def crowds(draw: st.DrawFn, fewest: int = 1) -> Tensor:
    """Stacks in which equal updates, and updates on one line, are common."""
    workers, coordinates = draw(st.integers(fewest, 9)), draw(st.integers(1, 4))
    row = st.lists(plain, min_size=coordinates, max_size=coordinates)
    return torch.tensor(draw(st.lists(row, min_size=workers, max_size=workers)), dtype=torch.float64)


@settings(deadline=None)
@given(crowds())
def test_the_geometric_median_has_the_least_sum_of_distances(updates: Tensor) -> None:
    """Its definition: no step in any direction, nor to any update, lessens the sum of distances."""
    z = aggregation.geometric_median(updates)

    def distances(point: Tensor) -> float:
        return float((updates - point).norm(dim=1).sum())

    steps = [sign * size * axis for axis in torch.eye(len(z)) for sign in (1, -1) for size in (1e-3, 0.1, 3.0)]
    allowed = 1e-6 * (1 + distances(z))
    assert all(distances(z) <= distances(z + step.double()) + allowed for step in steps)
    assert all(distances(z) <= distances(update) + allowed for update in updates)


@settings(deadline=None)
@given(crowds())
def test_the_geometric_median_equals_a_minimum_that_scipy_finds(updates: Tensor) -> None:
    points = updates.numpy()

    def total(z: NDArray[np.float64]) -> float:
        return float(np.linalg.norm(points - z, axis=1).sum())

    found = total(aggregation.geometric_median(updates).numpy())
    best = min(minimize(total, start, method="Nelder-Mead").fun for start in (points.mean(axis=0), points[0]))
    assert found <= best + 1e-6 * (1 + best)


def test_a_minority_moves_the_mean_anywhere_and_the_geometric_median_hardly() -> None:
    honest = torch.randn(6, 1_000, generator=torch.Generator().manual_seed(1))
    updates = torch.cat([honest, torch.full((2, 1_000), 1e6)])
    centre, spread = honest.mean(0), float((honest - honest.mean(0)).norm(dim=1).max())
    assert (aggregation.geometric_median(updates) - centre).norm() < 2 * spread
    assert (aggregation.mean(updates) - centre).norm() > 1e5 * spread


@settings(deadline=None)
@given(crowds(fewest=3), st.integers(0, 3))
def test_krum_equals_its_definition(updates: Tensor, faulty: int) -> None:
    """The least sum of the squared distances to the n - f - 2 nearest others, none of them squared twice."""
    rows = [tuple(row) for row in updates.tolist()]
    if 2 * faulty + 2 >= len(rows):
        with pytest.raises(ValueError, match=f"{faulty} faulty of {len(rows)} updates: Krum needs"):
            aggregation.krum(updates, faulty)
        return
    scores = []
    for i, row in enumerate(rows):
        others = [sum((a - b) ** 2 for a, b in zip(row, other, strict=True)) for j, other in enumerate(rows) if j != i]
        scores.append(sum(sorted(others)[: len(rows) - faulty - 2]))
    ranked = sorted(zip(scores, rows, strict=True))
    assert tuple(aggregation.krum(updates, faulty).tolist()) == ranked[0][1]
    chosen = len(rows) - faulty
    expected = torch.tensor([row for _, row in ranked[:chosen]], dtype=torch.float64).mean(0)
    assert torch.allclose(aggregation.multi_krum(updates, faulty, chosen), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("chosen", [0, 5])
def test_multi_krum_chooses_some_and_none_of_those_that_may_be_faulty(chosen: int) -> None:
    with pytest.raises(ValueError, match=f"{chosen} chosen of 5 updates: expected 1 to 4"):
        aggregation.multi_krum(torch.zeros(5, 2), 1, chosen)


def multi_krum(updates: Tensor) -> Tensor:
    return aggregation.multi_krum(updates, 1, 2)


def krum(updates: Tensor) -> Tensor:
    return aggregation.krum(updates, 1)


@pytest.mark.parametrize("rule", [krum, multi_krum])
@settings(deadline=None)
@given(updates=crowds(fewest=5), random=st.randoms(use_true_random=False))
def test_the_order_of_the_workers_does_not_matter_to_krum_either(
    rule: Callable[[Tensor], Tensor], updates: Tensor, random: Random
) -> None:
    """To the bit, also where two updates are each other's nearest and score the same."""
    order = list(range(len(updates)))
    random.shuffle(order)
    assert torch.equal(rule(updates[order]), rule(updates))


@settings(deadline=None)
@given(crowds(), st.randoms(use_true_random=False))
def test_the_order_of_the_workers_hardly_matters_to_the_geometric_median(updates: Tensor, random: Random) -> None:
    """Sums of other order round otherwise; the sum of distances is the same minimum."""
    order = list(range(len(updates)))
    random.shuffle(order)
    one, other = (aggregation.geometric_median(each) for each in (updates, updates[order]))
    sums = [float((updates - z).norm(dim=1).sum()) for z in (one, other)]
    assert math.isclose(*sums, rel_tol=1e-6, abs_tol=1e-6)


def test_rules_take_updates_of_any_shape_and_keep_their_precision() -> None:
    updates = torch.randn(7, 2, 3, generator=torch.Generator().manual_seed(2))
    for rule in (aggregation.geometric_median, krum, multi_krum):
        assert rule(updates).shape == (2, 3)
        assert rule(updates).dtype == torch.float32
        assert torch.allclose(rule(updates).flatten(), rule(updates.flatten(1)))
