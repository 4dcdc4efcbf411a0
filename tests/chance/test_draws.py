"""Drawn relabelings, the bound that they give, and the enumeration of few."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_bets.chance.draws import DRAWS, at_most, drawn, generator, rounded_up
from pytest_bets.chance.enumeration import every, is_feasible
from pytest_bets.chance.relabeling import Relabelings


def cells(units: int, columns: str = "ab") -> Relabelings:
    rows = [dict.fromkeys(columns, 1.0) for _ in range(units)]
    return Relabelings([], rows, tuple(columns), range(units))


@given(st.integers(1, 400).flatmap(lambda draws: st.tuples(st.integers(0, draws), st.just(draws))))
def test_a_bound_is_that_of_clopper_and_pearson_rounded_up(found: tuple[int, int]) -> None:
    """One-sided, at 95 %, by scipy's own interval."""
    exact = stats.binomtest(*found, alternative="less").proportion_ci(0.95).high
    assert exact - 1e-9 <= at_most(*found) <= min(1.0, exact * 1.002)


def test_a_bound_is_never_0() -> None:
    """Not even where no draw met the tier."""
    assert at_most(0, DRAWS) == pytest.approx(3e-4, rel=2e-3)


@given(st.floats(1e-12, 0.99))
def test_a_number_rounded_up_is_not_less(number: float) -> None:
    """And has four digits."""
    assert number * (1 - 1e-12) <= rounded_up(number) <= number * 1.0011
    assert len(f"{rounded_up(number):.10g}".strip("0.").replace("e-", "")) <= 8


def test_draws_are_determined_and_cover_every_labeling() -> None:
    """The same in every replay, others for another declaration, each labeling as often as the rest."""
    first, again, other = (list(drawn(cells(20, "abc"), text)) for text in ("x", "x", "y"))
    assert first == again
    assert first != other
    counts = [sum(labels[0] == place for labels in first) for place in range(6)]
    assert stats.chisquare(counts).pvalue > 1e-4
    assert generator("x").random() == generator("x").random()


def test_few_relabelings_are_enumerated() -> None:
    """Up to 4,096, the measured one first, each once."""
    assert [is_feasible(cells(units)) for units in (12, 13)] == [True, False]
    assert [is_feasible(cells(units, "abc")) for units in (4, 5)] == [True, False]
    found = list(every(cells(3)))
    assert found[0] == (0, 0, 0)
    assert len(set(found)) == len(found) == 8
