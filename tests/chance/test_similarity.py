"""How alike cells are, held against a definition in a few lines, and against simulated groups."""

import math

import numpy as np
import pytest

from pytest_bets.chance.similarity import correlation, of_columns


def test_identical_cells_of_a_group_are_worth_one() -> None:
    """Fifteen cells of three groups are worth three."""
    found = correlation([1.0] * 5 + [2.0] * 5 + [4.0] * 5, [0] * 5 + [1] * 5 + [2] * 5)
    assert found is not None
    assert found.icc == 1.0
    assert found.worth == pytest.approx(3)


def test_the_correlation_is_that_of_shrout_and_fleiss() -> None:
    """Their six subjects and four judges (1979, Table 2), of which ICC(1) is 0.17."""
    ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    values = [float(value) for row in ratings for value in row]
    found = correlation(values, [place for place, row in enumerate(ratings) for _ in row])
    assert found is not None
    assert found.icc == pytest.approx(0.1657, abs=1e-4)
    assert found.worth == pytest.approx(24 / (1 + 3 * found.icc))


@pytest.mark.parametrize("true", [0.0, 0.3, 0.8])
def test_the_correlation_of_simulated_groups_is_found(true: float) -> None:
    """Four hundred groups of five."""
    draw = np.random.default_rng(2)
    values = math.sqrt(true) * draw.normal(size=(400, 1)) + math.sqrt(1 - true) * draw.normal(size=(400, 5))
    found = correlation([float(value) for value in values.ravel()], [place for place in range(400) for _ in range(5)])
    assert found is not None
    assert found.icc == pytest.approx(true, abs=0.06)


@pytest.mark.parametrize(
    ("values", "groups"),
    [
        ([1.0, 1.0, 1.0, 1.0], [0, 0, 1, 1]),
        ([1.0, 2.0], [0, 1]),
        ([1.0, 2.0], [0, 0]),
        ([1.0, math.inf, 2.0], [0, 0, 1]),
    ],
)
def test_without_spread_groups_or_numbers_there_is_no_correlation(values: list[float], groups: list[int]) -> None:
    """Nothing is said rather than 0."""
    assert correlation(values, groups) is None


@pytest.mark.parametrize("exponent", [-1000, -600, 600, 1020])
def test_a_correlation_has_no_scale(exponent: int) -> None:
    """The perplexity of a run that diverged is a finite number, and its square is none."""
    values, groups = [1.0, 1.25, 2.0, 2.5, -7.0, -6.5], [0, 0, 1, 1, 2, 2]
    assert correlation([math.ldexp(value, exponent) for value in values], groups) == correlation(values, groups)


def test_of_several_columns_the_most_alike_difference_counts() -> None:
    """Whatever two columns have in common drops out."""
    rows = [{"a": 1.0 + i, "b": 2.0 * i + (i // 2), "c": float(i % 2)} for i in range(6)]
    found = of_columns(rows, ("a", "b", "c"), [0, 0, 1, 1, 2, 2])
    pairs = [of_columns(rows, pair, [0, 0, 1, 1, 2, 2]) for pair in (("a", "b"), ("a", "c"), ("b", "c"))]
    assert found is not None
    assert found.icc == max(pair.icc for pair in pairs if pair)
