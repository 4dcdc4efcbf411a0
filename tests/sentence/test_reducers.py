"""The reducers: each against its definition in numpy, scipy or the standard library, and at the ends of the floats."""

import math
import random
import statistics
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_bets.sentence import reducers
from pytest_bets.sentence.reducers import DEFAULT_LEVEL, LEVELLED, PLAIN, Column

MOST = sys.float_info.max
LEAST = 5e-324
ORDINARY = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=40)
FINITE = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20)
ANY = st.lists(st.floats(allow_nan=False), min_size=1, max_size=20)
LEVELS = st.floats(0.01, 0.99)

ALL: dict[str, Callable[[Column], float]] = {
    **PLAIN,
    **{
        f"{name} at {level}": lambda column, name=name, level=level: LEVELLED[name](column, level)  # type: ignore[misc]
        for name in LEVELLED
        for level in (0.1, 0.5, 0.95)
    },
}


def scale(column: list[float]) -> float:
    return max(map(abs, column)) or 1.0


@given(ORDINARY)
def test_sums_and_means_are_exact_before_they_are_rounded(column: list[float]) -> None:
    """The sum is that of `math.fsum`, the mean that of `statistics.mean`, bit for bit."""
    assert reducers.total(column) == math.fsum(column)
    assert reducers.mean(column) == statistics.mean(column)


@given(ORDINARY)
def test_std_is_the_sample_standard_deviation(column: list[float]) -> None:
    """It is numpy's with ddof=1, and the standard library's to the last place or the one before."""
    assert reducers.std(column) == pytest.approx(np.std(column, ddof=1), rel=1e-6, abs=1e-9 * max(1, scale(column)))
    assert reducers.std(column) == pytest.approx(statistics.stdev(column), rel=4e-16, abs=0)


@given(ORDINARY, st.floats(0, 1))
def test_order_statistics_are_those_of_numpy(column: list[float], q: float) -> None:
    """Median, least, greatest and any quantile, interpolated linearly."""
    tolerance = 1e-12 * scale(column)
    assert reducers.median(column) == pytest.approx(np.median(column), rel=1e-12, abs=tolerance)
    assert reducers.quantile(column, q) == pytest.approx(np.quantile(column, q), rel=1e-9, abs=tolerance)
    assert reducers.smallest(column) == np.min(column)
    assert reducers.largest(column) == np.max(column)


@given(ORDINARY)
def test_count_and_share_take_all_that_is_not_zero(column: list[float]) -> None:
    """A truth is 1 or 0, and any other number counts as true."""
    column = [*column, 0.0, -0.0, 1.0]
    assert reducers.count(column) == np.count_nonzero(column)
    assert reducers.share(column) == np.count_nonzero(column) / len(column)


@settings(deadline=None)
@given(ORDINARY)
def test_iqm_is_the_mean_without_a_quarter_at_either_end(column: list[float]) -> None:
    """It is scipy's trimmed mean at a quarter, which cuts whole cells."""
    expected = stats.trim_mean(column, 0.25)
    assert reducers.iqm(column) == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale(column))


@pytest.mark.parametrize(("column", "expected"), [([1, 2, 9], 4), ([0, 2, 4, 99], 3), ([9, 1, 1, 1, 1, 1, 1, -9], 1)])
def test_iqm_cuts_by_whole_cells_rounded_down(column: list[float], expected: float) -> None:
    """Of three cells none is cut, of four to seven one at either end, of eight two."""
    assert reducers.iqm(column) == expected


@settings(deadline=None)
@given(ORDINARY, LEVELS)
def test_low_and_high_are_the_ends_of_the_t_interval(column: list[float], level: float) -> None:
    """They are scipy's two-sided t interval of the mean, of 95 % by default."""
    deviation = statistics.stdev(column)
    assume(deviation > max(1e-9 * scale(column), 1e-300))  # below, a float has no digits left to compare
    error = deviation / math.sqrt(len(column))
    for given_level, found in (
        (level, (reducers.low(column, level), reducers.high(column, level))),
        (DEFAULT_LEVEL, (reducers.low(column), reducers.high(column))),
    ):
        expected = stats.t.interval(given_level, len(column) - 1, loc=statistics.mean(column), scale=error)
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-9 * scale(column))


def test_the_default_level_is_95_percent() -> None:
    """Five seeds of a textbook: mean 3, standard deviation the root of 2.5, t of 2.776 at four degrees of freedom."""
    assert reducers.low([1, 2, 3, 4, 5]) == pytest.approx(3 - 2.7764451 * math.sqrt(2.5 / 5))
    assert reducers.high([1, 2, 3, 4, 5]) == pytest.approx(3 + 2.7764451 * math.sqrt(2.5 / 5))


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(2, 12))
def test_equal_cells_spread_by_nothing(value: float, cells: int) -> None:
    """Of equal values every centre is that value exactly, every spread is zero, and the interval is the point."""
    column = [value] * cells
    assert reducers.std(column) == 0
    for name in ("mean", "median", "iqm", "min", "max"):
        assert PLAIN[name](column) == value
    assert (reducers.low(column), reducers.high(column), reducers.quantile(column, 0.3)) == (value,) * 3


@given(FINITE)
def test_a_centre_lies_between_the_least_and_the_greatest_value(column: list[float]) -> None:
    """No rounding and no overflow takes a mean out of its values, however huge or tiny they are."""
    for name in ("mean", "median", "iqm"):
        assert min(column) <= PLAIN[name](column) <= max(column), name


@pytest.mark.parametrize(
    ("name", "column", "expected"),
    [
        ("mean", [MOST, MOST, MOST], MOST),
        ("mean", [MOST, -MOST, LEAST, LEAST], LEAST * 0.5),
        ("mean", [math.inf, -math.inf, MOST], math.nan),
        ("sum", [math.inf, MOST, MOST], math.inf),
        ("sum", [MOST, MOST], math.inf),
        ("sum", [-MOST, -MOST], -math.inf),
        ("sum", [MOST, MOST, -MOST, -MOST, LEAST], LEAST),
        ("sum", [1e16, 1.0, -1e16], 1.0),
        ("std", [1e200, -1e200], math.sqrt(2) * 1e200),
        ("std", [1e-200, -1e-200], math.sqrt(2) * 1e-200),
        ("std", [MOST, -MOST], math.inf),
        ("std", [1e9, 1e9 + 1, 1e9 + 2], 1.0),
        ("median", [MOST, MOST / 2], MOST * 0.75),
        ("iqm", [MOST] * 8, MOST),
        ("mean", [math.inf, 1.0], math.inf),
        ("mean", [-math.inf, MOST, MOST], -math.inf),
        ("sum", [math.inf, -math.inf, MOST, MOST], math.nan),
        ("std", [math.inf, 1.0], math.nan),
        ("std", [3.0], math.nan),
        ("median", [math.inf, 1.0], math.inf),
        ("median", [math.inf, math.inf], math.inf),
        ("median", [math.inf, -math.inf], math.nan),
        ("median", [-math.inf, 2.0, math.inf], 2.0),
        ("iqm", [-math.inf, 2.0, 3.0, math.inf], 2.5),
        ("min", [-math.inf, 1.0], -math.inf),
        ("max", [math.inf, 1.0], math.inf),
        ("count", [math.inf, -math.inf, 0.0], 2),
        ("low at 0.95", [3.0], math.nan),
        ("high at 0.95", [3.0], math.nan),
        ("high at 0.95", [math.inf, 1.0], math.nan),
        ("quantile at 0.1", [-math.inf, 1.0], -math.inf),
        ("quantile at 0.5", [7.0], 7.0),
    ],
)
def test_the_ends_of_the_floats_are_numbers_too(name: str, column: list[float], expected: float) -> None:
    """Huge, tiny and infinite values give what exact arithmetic gives, and NaN only where it gives nothing."""
    assert ALL[name](column) == pytest.approx(expected, rel=1e-15, abs=0, nan_ok=True)


@settings(max_examples=200, deadline=None)
@given(ANY, st.randoms(use_true_random=False))
def test_no_reducer_raises_or_heeds_the_order(column: list[float], shuffler: random.Random) -> None:
    """Any numbers, infinities among them, give a float, and shuffled they give the same one to the last bit."""
    shuffled = list(column)
    shuffler.shuffle(shuffled)
    for name, reduce in ALL.items():
        result = reduce(column)
        assert isinstance(result, float), name
        assert repr(reduce(shuffled)) == repr(result), name


@pytest.mark.parametrize("name", ["median", "min", "max", "quantile at 0.5", "mean", "sum"])
def test_a_zero_has_no_sign(name: str) -> None:
    """Of 0.0 and -0.0 the order of the cells would choose, so both are 0.0."""
    assert {repr(ALL[name](column)) for column in ([0.0, -0.0], [-0.0, 0.0], [-0.0])} == {"0.0"}


@pytest.mark.parametrize("name", ["mean", "iqm"])
def test_a_mean_that_rounds_to_zero_has_no_sign(name: str) -> None:
    """A third of the smallest negative number rounds to -0.0, which becomes 0.0."""
    assert repr(ALL[name]([-LEAST, 0.0, 0.0])) == "0.0"


@pytest.mark.parametrize("name", sorted(ALL))
@pytest.mark.parametrize("column", [[math.nan], [1.0, math.nan], [math.nan, math.inf, -math.inf, MOST, MOST]])
def test_a_nan_makes_every_reducer_nan(name: str, column: list[float]) -> None:
    """One undefined cell makes the whole column's number undefined."""
    assert math.isnan(ALL[name](column))
