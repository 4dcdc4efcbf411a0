"""Power, held against the distributions of scipy."""

import math

import pytest
from scipy import stats

from pytest_bets.chance.absence import limit, missed
from pytest_bets.chance.power import above, smallest, winning


@pytest.mark.parametrize(("needed", "units"), [(3, 3), (12, 15), (1, 9)])
def test_how_often_a_unit_must_win_inverts_the_tail(needed: int, units: int) -> None:
    """At a power of 80 %."""
    assert stats.binom.sf(needed - 1, units, winning(needed, units, 0.8)) == pytest.approx(0.8)


@pytest.mark.parametrize(("effect", "units"), [(0.0, 5), (0.5, 10), (1.2, 8), (-0.5, 6)])
def test_the_power_of_an_interval_is_noncentral_t(effect: float, units: int) -> None:
    """Without an effect it is the error by design, 2.5 %."""
    critical = stats.t.ppf(0.975, units - 1)
    assert above(effect, units) == pytest.approx(stats.nct.sf(critical, units - 1, effect * math.sqrt(units)), abs=1e-6)
    assert above(0.0, units) == pytest.approx(0.025)


def test_bisection_finds_the_smallest_effect() -> None:
    """None where the largest does not suffice."""
    found = smallest(lambda effect: above(effect, 10), 0.8, 10.0)
    assert found is not None
    assert above(found, 10) == pytest.approx(0.8, abs=1e-6)
    assert smallest(lambda effect: 0.1 * effect, 0.8, 1.0) is None


@pytest.mark.parametrize("tries", [1, 3, 24, 480])
def test_a_limit_is_the_rate_that_is_missed_in_1_of_20(tries: int) -> None:
    """(1 - q)^n."""
    assert missed(limit(tries), tries) == pytest.approx(0.05)
    assert missed(0.01, tries) == pytest.approx(stats.binom.pmf(0, tries, 0.01))
