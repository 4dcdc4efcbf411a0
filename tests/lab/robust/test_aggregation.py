"""Robust aggregation against definitions a reader can check by eye, and against the libraries of others."""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import pytest
import scipy.stats
import torch
from geom_median.torch import compute_geometric_median  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from torch import Tensor

from bets.lab.robust import aggregation

Rule = Callable[[Tensor], Tensor]

RULES: dict[str, Rule] = {  # each with what it needs to withstand two of eight
    "mean": aggregation.mean,
    "median": aggregation.median,
    "trimmed_mean": partial(aggregation.trimmed_mean, trim=2),
    "geometric_median": aggregation.geometric_median,
    "krum": partial(aggregation.krum, faulty=2),
    "multi_krum": partial(aggregation.multi_krum, faulty=2, chosen=6),
}
WIDE = 2 * aggregation.BLOCK + 5  # coordinates, in three blocks
numbers = st.floats(allow_nan=False, allow_infinity=False, width=32)
plain = st.integers(-20, 20).map(float)


@st.composite
def stacks(
    draw: st.DrawFn,
    dtype: torch.dtype = torch.float32,
    values: st.SearchStrategy[float] = numbers,
    fewest: int = 1,
) -> Tensor:
    workers, coordinates = draw(st.integers(fewest, 9)), draw(st.integers(1, 5))
    row = st.lists(values, min_size=coordinates, max_size=coordinates)
    return torch.tensor(draw(st.lists(row, min_size=workers, max_size=workers)), dtype=dtype)


def crowds(fewest: int = 1) -> st.SearchStrategy[Tensor]:
    """Stacks in which equal updates, and updates on one line, are common."""
    return stacks(torch.float64, plain, fewest)


def normal(workers: int, coordinates: int = WIDE, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(workers, coordinates, generator=torch.Generator().manual_seed(workers), dtype=dtype)


def shuffled(updates: Tensor, random: Random) -> Tensor:
    return updates[random.sample(range(len(updates)), len(updates))]


@settings(deadline=None)
@given(stacks())
def test_the_median_is_the_lower_median_of_each_coordinate(updates: Tensor) -> None:
    """It equals the standard library's median_low, and is thus one of the values that were sent."""
    expected = [statistics.median_low(column) for column in updates.T.tolist()]
    assert aggregation.median(updates).tolist() == expected


@pytest.mark.parametrize("workers", range(1, 13))
def test_every_rank_is_right_for_all_zeros_and_ones_and_so_for_all_numbers(workers: int) -> None:
    """The zero-one principle of sorting networks: Knuth, volume 3, section 5.3.4, theorem Z."""
    columns = (torch.arange(2**workers) >> torch.arange(workers)[:, None] & 1).float()
    ordered = columns.sort(dim=0).values
    assert torch.equal(aggregation.median(columns), ordered[(workers - 1) // 2])
    for trim in range((workers + 1) // 2):
        expected = ordered[trim : workers - trim].double().mean(dim=0).float()
        assert torch.equal(aggregation.trimmed_mean(columns, trim), expected)


@pytest.mark.parametrize("workers", [1, 2, 7, 8, 16, 33, 64])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_median_and_trimmed_mean_are_those_of_numpy_and_scipy(workers: int, dtype: torch.dtype) -> None:
    """Over several blocks; numpy's median of an even number is the midpoint, of which ours is the lower end."""
    updates = normal(workers, dtype=dtype)
    found, expected = aggregation.median(updates).numpy(), np.median(updates.numpy(), axis=0)
    if workers % 2:
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_array_equal(found, np.sort(updates.numpy(), axis=0)[workers // 2 - 1])
        assert (found < expected).all()
    for trim in {0, workers // 4, (workers - 1) // 2}:
        theirs = scipy.stats.trim_mean(updates.double().numpy(), (trim + 0.5) / workers, axis=0)
        ours = aggregation.trimmed_mean(updates, trim).numpy()
        np.testing.assert_allclose(ours, theirs, rtol=2 * float(torch.finfo(dtype).eps), atol=1e-15)


@settings(deadline=None)
@given(stacks(torch.float64), st.integers(0, 4))
def test_the_trimmed_mean_equals_its_definition_in_exact_arithmetic(updates: Tensor, trim: int) -> None:
    """Sort, drop `trim` at each end, average; within the rounding of a sum of nine. With trim 0 it is the mean."""
    if 2 * trim >= len(updates):
        with pytest.raises(ValueError, match=f"trim {trim} of {len(updates)} updates"):
            aggregation.trimmed_mean(updates, trim)
        return
    results = [aggregation.trimmed_mean(updates, trim), *[aggregation.mean(updates)] * (trim == 0)]
    for result in results:
        for number, column in zip(result.tolist(), updates.T.tolist(), strict=True):
            kept = [Fraction(x) for x in sorted(column)[trim : len(column) - trim]]
            size = float(sum(map(abs, kept)))
            assert math.isclose(number, float(sum(kept) / len(kept)), rel_tol=0, abs_tol=1e-14 * size + 1e-300)


@settings(deadline=None)
@given(stacks())
def test_trimming_all_but_one_is_the_median_and_trimming_less_lies_between_the_extremes(updates: Tensor) -> None:
    """Also where a sum in float32 would round past them or overflow."""
    odd = updates if len(updates) % 2 else torch.cat([updates, updates[:1]])
    assert torch.equal(aggregation.trimmed_mean(odd, len(odd) // 2), aggregation.median(odd))
    ordered = odd.sort(dim=0).values
    for trim in range(len(odd) // 2):
        result = aggregation.trimmed_mean(odd, trim)
        assert ((ordered[trim] <= result) & (result <= ordered[-1 - trim])).all()


@pytest.mark.parametrize("rule", [rule for name, rule in RULES.items() if name != "mean"])
@settings(deadline=None)
@given(updates=stacks(fewest=8), random=st.randoms(use_true_random=False))
def test_the_order_of_the_workers_changes_no_bit(rule: Rule, updates: Tensor, random: Random) -> None:
    assert torch.equal(rule(shuffled(updates, random)), rule(updates))


@pytest.mark.parametrize("rule", [rule for name, rule in RULES.items() if name != "mean"])
def test_the_order_of_the_workers_changes_no_bit_of_large_updates_either(rule: Rule) -> None:
    """Nor where some are equal, which Krum scores the same."""
    updates = normal(9)
    updates[3], updates[5] = updates[7], updates[7]
    random = Random(5)
    for _ in range(5):
        assert torch.equal(rule(shuffled(updates, random)), rule(updates))


@settings(deadline=None)
@given(stacks(), st.randoms(use_true_random=False))
def test_the_order_of_the_workers_rounds_the_mean_alone_otherwise(updates: Tensor, random: Random) -> None:
    """Within the rounding of a sum in float32: this is the one rule whose bits depend on it."""
    near = updates / 16  # no sum of nine overflows
    difference = (aggregation.mean(shuffled(near, random)) - aggregation.mean(near)).abs().double()
    assert (difference <= 9 * torch.finfo(torch.float32).eps * near.double().abs().sum(dim=0) + 1e-44).all()


@pytest.mark.parametrize("rule", RULES.values())
@settings(deadline=None)
@given(updates=crowds(fewest=8), shift=st.lists(plain, min_size=5, max_size=5))
def test_moving_all_updates_moves_the_result(rule: Rule, updates: Tensor, shift: list[float]) -> None:
    by = torch.tensor(shift[: updates.shape[1]], dtype=torch.float64)
    if rule is aggregation.geometric_median:  # anywhere between the middle two, where all lie on a line
        sums = [float((updates - z).norm(dim=1).sum()) for z in (rule(updates + by) - by, rule(updates))]
        assert math.isclose(*sums, rel_tol=1e-6, abs_tol=1e-6)
    else:
        torch.testing.assert_close(rule(updates + by), rule(updates) + by, rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", [aggregation.median, partial(aggregation.trimmed_mean, trim=2)])
@settings(deadline=None)
@given(honest=stacks(fewest=5), bad=stacks())
def test_two_of_seven_move_neither_median_nor_trimmed_mean_out_of_the_honest_range(
    rule: Rule, honest: Tensor, bad: Tensor
) -> None:
    width = min(honest.shape[1], bad.shape[1])
    result = rule(torch.cat([bad[:2, :width], honest[:, :width]]))
    assert ((honest[:, :width].amin(dim=0) <= result) & (result <= honest[:, :width].amax(dim=0))).all()


@pytest.mark.parametrize("workers", range(1, 10))
def test_a_nan_anywhere_spoils_its_coordinate_and_no_other(workers: int) -> None:
    """Of the median, and of the trimmed mean, which does not trim it away."""
    updates = normal(workers, workers + 1)
    updates.fill_diagonal_(math.nan)
    for rule in (aggregation.median, partial(aggregation.trimmed_mean, trim=(workers - 1) // 2)):
        assert rule(updates).isnan().tolist() == [True] * workers + [False]


@pytest.mark.parametrize("rule", ["geometric_median", "krum", "multi_krum"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_rules_by_distance_refuse_what_is_not_finite(rule: str, bad: float) -> None:
    updates = normal(8, 3)
    updates[:2, 1] = bad
    with pytest.raises(ValueError, match=r"products that are not finite|a distance of NaN"):
        RULES[rule](updates)
    assert RULES["geometric_median"](aggregation.finite(updates)).isfinite().all()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_an_update_with_any_number_that_is_not_finite_is_rejected_whole(bad: float) -> None:
    """The others are kept as they were and in their order, in updates of any shape; all, uncopied, where all are."""
    updates = torch.arange(24.0).reshape(4, 2, 3)
    assert aggregation.finite(updates) is updates
    updates[2, 1, 0] = bad
    assert torch.equal(aggregation.finite(updates), updates[[0, 1, 3]])
    assert aggregation.finite(updates[2:3]).shape == (0, 2, 3)


def test_the_largest_values_survive_the_median_that_their_midpoint_would_not() -> None:
    """The lower median adds nothing and cannot overflow; nor does the trimmed mean of float32."""
    most = torch.finfo(torch.float32).max
    updates = torch.tensor([[most], [most]])
    assert aggregation.median(updates).item() == aggregation.trimmed_mean(updates, 0).item() == most
    assert math.isinf(aggregation.mean(updates).item())


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, -0.0, 1.0, -1.0]), min_size=1, max_size=9))
def test_the_median_never_makes_up_a_sign_of_zero(column: list[float]) -> None:
    result = aggregation.median(torch.tensor(column)[:, None]).item()
    assert (result, math.copysign(1, result)) in {(x, math.copysign(1, x)) for x in column}


@pytest.mark.parametrize("rule", RULES.values())
def test_no_updates_are_an_error_and_not_a_nan(rule: Rule) -> None:
    """A round in which all were rejected says so."""
    with pytest.raises(ValueError, match=r"updates of shape \(0, 3\): expected \[workers, ...\] with at least one"):
        rule(torch.empty(0, 3))


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


@settings(deadline=None, max_examples=50)
@given(crowds())
def test_the_geometric_median_equals_a_minimum_that_scipy_finds(updates: Tensor) -> None:
    points = updates.numpy()

    def total(z: NDArray[np.float64]) -> float:
        return float(np.linalg.norm(points - z, axis=1).sum())

    found = total(aggregation.geometric_median(updates).numpy())
    best = min(minimize(total, start, method="Nelder-Mead").fun for start in (points.mean(axis=0), points[0]))
    assert found <= best + 1e-6 * (1 + best)


@pytest.mark.parametrize("workers", [3, 8, 15])
@pytest.mark.parametrize("far", [0.0, 1e3])
def test_the_geometric_median_is_that_of_the_papers_authors(workers: int, far: float) -> None:
    """Their package smooths distances below 1e-6 and starts from the mean; where none is so small both agree."""
    updates = normal(workers, dtype=torch.float64)
    updates[: (workers - 1) // 2] += far
    theirs = compute_geometric_median(list(updates), torch.ones(workers).double(), eps=1e-6, maxiter=500).median
    assert (aggregation.geometric_median(updates) - theirs).norm() <= 1e-5 * (updates - theirs).norm(dim=1).median()


@settings(deadline=None)
@given(crowds(), crowds(), st.sampled_from([1.0, 1e6, 1e37]))
def test_a_minority_moves_the_geometric_median_no_farther_than_its_bound(
    honest: Tensor, bad: Tensor, scale: float
) -> None:
    """2 (n - q) / (n - 2 q) times the honest spread about any point, by the triangle inequality, however far q are."""
    width, q = min(honest.shape[1], bad.shape[1]), min(len(bad), (len(honest) - 1) // 2)
    good = honest[:, :width]
    updates = torch.cat([bad[:q, :width] * scale, good]).float()
    centre, n = good.mean(dim=0), len(updates)
    bound = 2 * (n - q) / (n - 2 * q) * float((good - centre).norm(dim=1).max())
    assert (aggregation.geometric_median(updates) - centre).norm() <= bound + 1e-4


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
    for chosen in range(2, len(rows) - faulty + 1):
        expected = torch.tensor([row for _, row in ranked[:chosen]], dtype=torch.float64).mean(0)
        assert torch.allclose(aggregation.multi_krum(updates, faulty, chosen), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("faulty", [0, 1, 2])
def test_krum_equals_its_definition_over_many_coordinates(faulty: int) -> None:
    """And returns a copy of an update, to the bit."""
    updates = normal(8)
    squared = ((updates[:, None].double() - updates).square().sum(dim=2)).numpy()
    ranked = np.argsort([np.sort(row)[1 : 8 - faulty - 1].sum() for row in squared])
    found = aggregation.krum(updates, faulty)
    assert torch.equal(found, updates[ranked[0]])
    assert found.untyped_storage().data_ptr() != updates.untyped_storage().data_ptr()
    expected = updates[ranked[: 8 - faulty].copy()].mean(dim=0)
    torch.testing.assert_close(aggregation.multi_krum(updates, faulty, 8 - faulty), expected)


@pytest.mark.parametrize("chosen", [0, 5])
def test_multi_krum_chooses_some_and_none_of_those_that_may_be_faulty(chosen: int) -> None:
    with pytest.raises(ValueError, match=f"{chosen} chosen of 5 updates: expected 1 to 4"):
        aggregation.multi_krum(torch.zeros(5, 2), 1, chosen)


@pytest.mark.parametrize("rule", RULES.values())
def test_rules_take_updates_of_any_shape_and_keep_their_precision(rule: Rule) -> None:
    """Also one that is a transposed view, and single numbers."""
    updates = normal(8, 6).reshape(8, 2, 3)
    assert rule(updates).shape == (2, 3)
    assert rule(updates).dtype == torch.float32
    assert torch.allclose(rule(updates).flatten(), rule(updates.flatten(1)))
    assert torch.allclose(rule(updates.transpose(1, 2)), rule(updates).T)
    assert rule(updates[:, 0, 0]) == rule(updates[:, :1, 0])


PEAK = """
import json, torch
from pathlib import Path
from tests.lab.robust.test_aggregation import RULES

def status(name):
    return int(next(line for line in open("/proc/self/status") if line.startswith(name)).split()[1]) * 1024

torch.set_num_threads(1)
updates, extra = torch.randn(8, 4_000_000, generator=torch.Generator().manual_seed(1)), {}
for name, rule in {"copy": torch.clone, **RULES}.items():
    rule(updates[:, :100_000])  # what is allocated once
    Path("/proc/self/clear_refs").write_text("5")  # the peak is now what there is
    before = status("VmRSS")
    rule(updates)
    extra[name] = (status("VmHWM") - before) / (updates.nbytes / 8)
print(json.dumps(extra))
"""


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux has the peak since a moment")
def test_rules_take_little_more_memory_than_their_result() -> None:
    """In updates, of which there are eight: one for the result, and half of one for blocks."""
    fixed = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**20)}  # what is freed is given back
    done = subprocess.run([sys.executable, "-c", PEAK], capture_output=True, text=True, check=True, env=fixed)
    extra = json.loads(done.stdout)
    assert extra.pop("copy") == pytest.approx(8, abs=0.5)
    assert extra.keys() == RULES.keys()
    assert {name: most for name, most in extra.items() if most > 1.5} == {}
