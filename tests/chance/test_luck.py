"""Luck, held against brute force with the evaluator, closed forms, and the permutation test of scipy."""

import math
from itertools import product
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pytest_bets.chance.luck import chances, luck, surprises
from pytest_bets.chance.unit import groups
from tests.helpers.nulls import bet, none, share, swap

STRICT = (
    "count(a < b) >= {}",
    "share(a < b) >= 0.{}",
    "sum(a < b) > {}",
    "mean(a - b) < 0.{}",
    "count(a + c < b) >= {}",
    "median(a) - median(b) <= 0.{}",
    "groups(part, median(a) < median(b)) >= {}",
    "3 * count(a < b and part == 1) >= {}",
    "max(a / b) <= 1.{}",
    "count(a == b) <= {}",
)
NUMBERS = st.one_of(
    st.integers(-3, 3), st.integers(-192, 192).map(lambda whole: whole / 64), st.just(math.nan), st.just(math.inf)
)
"""Sums and differences of these are exact, so that the evaluator alone says what is met."""


@st.composite
def cells(draw: st.DrawFn) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the parameters and the values of cells, few enough for every relabeling."""
    parts, seeds = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    params = [{"part": part, "seed": seed} for part in range(parts) for seed in range(seeds)]
    rows = [{**cell, **{name: draw(NUMBERS) for name in "abc"}} for cell in params]
    return params, rows


@settings(max_examples=150, deadline=None)
@given(
    data=cells(),
    strict=st.lists(st.sampled_from(STRICT), min_size=1, max_size=2),
    bar=st.integers(0, 3),
    unit=st.sampled_from(["part", "seed", "part, seed", "cell"]),
    columns=st.sampled_from(["a, b", "a, b, c"]),
)
def test_luck_is_the_share_of_relabelings_in_which_a_tier_is_met(
    data: tuple[list[dict[str, Any]], list[dict[str, Any]]], strict: list[str], bar: int, unit: str, columns: str
) -> None:
    """By brute force over random sentences, sweeps and cells, whichever way the product computes it."""
    params, rows = data
    null = swap(columns, unit)
    units = groups(params, null.unit)
    if math.factorial(len(null.columns)) ** (max(units) + 1) > 1500:
        return
    declared = bet([text.format(bar) for text in strict], null)
    found = chances(declared, rows, null.columns, units)
    for tier, chance in zip(("strict", "lenient"), found, strict=True):
        assert chance.chance == pytest.approx(share(declared, tier, rows, null.columns, units), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    pairs=st.lists(
        st.tuples(st.integers(1, 99), st.integers(1, 99)),
        min_size=3,
        max_size=6,
        unique_by=(lambda p: p[0], lambda p: p[1]),
    ),
    statistic=st.sampled_from(["mean(b - a)", "mean(b) - mean(a)", "sum(b) - sum(a)", "median(b - a)"]),
)
def test_ties_count_whatever_the_rounding_of_hundredths(pairs: list[tuple[int, int]], statistic: str) -> None:
    """0.93 - 0.92 and 0.15 - 0.14 are equal, and floats are not: held against whole numbers."""
    params = [{"seed": seed} for seed in range(len(pairs))]
    rows = [{"seed": seed, "a": a / 100, "b": b / 100} for seed, (a, b) in enumerate(pairs)]
    differences = [b - a for a, b in pairs]
    reduced = median if "median" in statistic else sum
    measured = reduced(differences)
    signs = list(product((1, -1), repeat=len(pairs)))
    as_good = [reduced([sign * d for sign, d in zip(each, differences, strict=True)]) >= measured for each in signs]
    (found,) = surprises(swap(), bet(f"{statistic} >= 0.01", swap()), params, rows)
    assert found.p == sum(as_good) / len(signs)


def test_a_threshold_that_is_met_exactly_counts_in_every_relabeling() -> None:
    """Of 64 relabelings, 16 have a median of 0.1; seven of these are a little above it, and nine below."""
    a, b = [0.92, 0.15, 0.42, 0.71, 0.21, 0.41], [0.93, 0.63, 0.23, 0.70, 0.51, 0.60]
    params = [{"seed": seed} for seed in range(6)]
    rows = [{"seed": seed, "a": one, "b": other} for seed, (one, other) in enumerate(zip(a, b, strict=True))]
    null = swap()
    strict, _ = chances(bet("median(b - a) >= 0.1", null), rows, null.columns, groups(params, null.unit))
    assert strict.chance == 16 / 64
    strict, _ = chances(bet("median(b - a) > 0.1", null), rows, null.columns, groups(params, null.unit))
    assert strict.chance < 16 / 64, "a strict inequality is judged as it is"


@pytest.mark.parametrize("n", [3, 6, 9])
@pytest.mark.parametrize("statistic", ["mean", "max"])
def test_a_p_value_is_that_of_scipys_permutation_test(n: int, statistic: str) -> None:
    """Paired samples are exchanged within pairs, as columns are within cells."""
    draw = np.random.default_rng(n)
    a, b = draw.normal(size=n), draw.normal(0.8, size=n)
    params = [{"seed": seed} for seed in range(n)]
    rows = [{"seed": i, "a": float(a[i]), "b": float(b[i])} for i in range(n)]
    (found,) = surprises(swap(), bet(f"{statistic}(b - a) >= 0.1", swap()), params, rows)

    def difference(x: Any, y: Any, axis: int) -> Any:
        return getattr(np, statistic)(y - x, axis=axis)

    untyped: Any = stats  # its overloads know no infinite number of resamples
    oracle = untyped.permutation_test(
        (a, b), difference, permutation_type="samples", vectorized=True, alternative="greater", n_resamples=np.inf
    )
    assert found.exact
    assert found.p == pytest.approx(oracle.pvalue)


def test_a_measured_infinity_is_near_to_nothing() -> None:
    """As a threshold of a p-value it is met by infinity alone: one of two labels of the first unit."""
    rows = [{"seed": i, "a": 1.0, "b": math.inf if i == 0 else i + 2.5} for i in range(5)]
    params = [{"seed": seed} for seed in range(5)]
    (found,) = surprises(swap(), bet("max(b / a) >= 2", swap()), params, rows)
    assert (found.p, found.exact) == (0.5, True)


@pytest.mark.parametrize(("wins", "of"), [(12, 15), (9, 10), (20, 30), (700, 1200)])
def test_a_count_over_cells_is_a_binomial_tail(wins: int, of: int) -> None:
    """Where each cell is a unit and no two values are equal."""
    params = [{"seed": seed} for seed in range(of)]
    rows = [{"seed": i, "a": i + 0.25, "b": i + 0.5} for i in range(of)]
    found = luck(bet(f"count(a < b) >= {wins}", swap()), params, rows)
    assert found is not None
    chance = found.swaps[0].strict
    assert chance is not None
    assert chance.method == "counted"
    assert chance.chance == pytest.approx(stats.binomtest(wins, of, alternative="greater").pvalue, rel=1e-9)


def test_cells_of_one_text_are_worth_one_text() -> None:
    """Fifteen cells of three texts: 1 in 8 text by text; 1 in 57 is never what is shown, whatever unit is declared."""
    places = [(part, seed) for part in range(3) for seed in range(5)]
    params = [{"part": part, "seed": seed} for part, seed in places]
    rows = [
        {"part": part, "seed": seed, "a": part + 0.5 + seed / 1e3, "b": 2 * part + 3.25 + seed / 1e3}
        for part, seed in places
    ]
    for unit in ("part", "cell", "part, seed"):
        found = luck(bet("count(a < b) >= 12", swap(unit=unit)), params, rows)
        assert found is not None
        largest = found.largest("strict")
        assert largest is not None
        assert largest[1].chance == 0.125
    assert found
    alike = found.swaps[0].alike[0]
    assert (alike.by, alike.worth, alike.units) == ("part", 3.0, 3)
    assert found.swaps[0].strict
    assert found.swaps[0].strict.chance == pytest.approx(576 / 32768)


def test_units_that_share_a_number_are_one_unit() -> None:
    """The same float to the bit is one measurement; whole numbers and infinities may be equal by chance."""
    params = [{"seed": seed} for seed in range(4)]
    shared = [{"seed": i, "a": i + 0.25, "b": 7.5 if i < 2 else i + 0.5} for i in range(4)]
    found = luck(bet("count(a < b) >= 4", swap()), params, shared)
    assert found
    assert (found.swaps[0].units, found.swaps[0].joined) == (3, 1)
    assert found.swaps[0].strict
    assert found.swaps[0].strict.chance == 1 / 8
    whole = [{"seed": i, "a": 1.0, "b": math.inf} for i in range(4)]
    found = luck(bet("count(a < b) >= 4", swap()), params, whole)
    assert found
    assert (found.swaps[0].units, found.swaps[0].joined) == (4, 0)


def test_of_several_nulls_the_largest_chance_counts() -> None:
    """A column that is as good by another null makes the win nothing."""
    params = [{"seed": seed} for seed in range(3)]
    rows = [{"seed": i, "a": i + 0.25, "b": i + 0.5, "c": i + 0.125} for i in range(3)]
    declared = bet("count(a < b) >= 3", swap("a, b"), swap("a, c"), control=["count(c < b) >= 0"])
    found = luck(declared, params, rows)
    assert found
    largest = found.largest("strict")
    assert largest is not None
    assert (largest[0].swap, largest[1].chance) == (("a", "c"), 1.0)


def test_many_relabelings_are_drawn_and_bounded() -> None:
    """9,999 draws that the declaration determines, and the upper end of an interval that holds the exact share."""
    rows = [{"seed": i, "a": math.sin(i) + 0.1, "b": math.cos(3 * i) + 0.4} for i in range(13)]
    declared = bet("mean(b - a) >= 0.3", swap())
    units = list(range(13))
    first, again = (chances(declared, rows, ("a", "b"), units)[0] for _ in range(2))
    assert first == again
    assert (first.method, first.judged) == ("drawn", 9_999)
    exact = share(declared, "strict", rows, ("a", "b"), units)
    assert first.hits is not None
    interval = stats.binomtest(first.hits, 9_999, alternative="less").proportion_ci(0.95)
    assert interval.high <= first.chance <= interval.high * 1.002
    assert exact <= first.chance


def test_a_column_of_strings_cannot_be_exchanged_with_numbers() -> None:
    """The chance is not known, and the reason is given."""
    params = [{"seed": seed} for seed in range(2)]
    rows = [{"seed": i, "a": i + 0.5, "b": "x"} for i in range(2)]
    found = luck(bet("count(a < 3) >= 1", swap(), lenient="count(a < 3) >= 0"), params, rows)
    assert found
    assert found.swaps[0].strict is None
    assert "cannot be exchanged" in str(found.swaps[0].unknown)
    assert found.largest("strict") is None


@pytest.mark.parametrize(
    ("tries", "faults", "limit"), [(24, 0, 0.11735), (480, 0, 0.00622), (5, 0, 0.4507), (24, 1, None), (0, 0, None)]
)
def test_an_absence_has_a_limit_and_no_chance(tries: int, faults: int, limit: float | None) -> None:
    """1 - 0.05^(1/n) after n tries without a fault; nothing where there was one, or no try."""
    declared = bet("sum(faults) == 0", none(), lenient="sum(faults) <= 1")
    found = luck(declared, [{}], [{"faults": faults, "tries": tries}])
    assert found
    assert found.swaps == ()
    assert found.absences[0].limit == (limit if limit is None else pytest.approx(limit, rel=2e-3))
    if limit is not None:
        assert found.absences[0].limit == pytest.approx(
            stats.binomtest(0, tries, alternative="less").proportion_ci(0.95).high
        )


def test_a_bet_without_a_null_has_no_luck() -> None:
    """Nothing is computed, and nothing is recorded."""
    assert luck(bet("count(a < b) >= 1"), [{}], [{"a": 1.0, "b": 2.0}]) is None
