"""Evidence over replications: stopping at any time is a false alarm in at most 1 of 20 series."""

import numpy as np
import pytest

from pytest_bets.chance.evidence import CONVINCING, Replication, evidence, factor


@pytest.mark.parametrize(
    ("strict", "lenient", "expected"),
    [(True, True, 1 / 3 + 8 / 3 + 2 / 3), (False, True, 1), (False, False, 1 / 3)],
)
def test_one_replication_multiplies_by_a_third_for_each_part(strict: bool, lenient: bool, expected: float) -> None:
    """One third stays whatever happens, so that one lost replication does not end the series."""
    assert factor(Replication(strict, 1 / 8, lenient, 1 / 2)) == pytest.approx(expected)


@pytest.mark.parametrize(("strict", "lenient"), [(1 / 8, 1 / 2), (1 / 57, 0.3), (0.2, 0.2), (1 / 512, 1 / 512)])
def test_the_mean_factor_is_at_most_1_without_an_effect(strict: float, lenient: float) -> None:
    """Strict lies within lenient."""
    met = strict * factor(Replication(True, strict, True, lenient))
    met += (lenient - strict) * factor(Replication(False, strict, True, lenient))
    assert met + (1 - lenient) * factor(Replication(False, strict, False, lenient)) == pytest.approx(1)


@pytest.mark.parametrize(("strict", "lenient"), [(1 / 8, 1 / 2), (1 / 57, 0.3), (0.2, 0.2)])
def test_optional_stopping_convicts_falsely_in_at_most_1_of_20(strict: float, lenient: float) -> None:
    """4,000 series of 50 looks each, stopped at the first look that convinces."""
    luck = np.random.default_rng(1).random((4_000, 50))
    factors = [factor(Replication(s, strict, n, lenient)) for s, n in ((True, True), (False, True), (False, False))]
    steps = np.where(luck < strict, factors[0], np.where(luck < lenient, factors[1], factors[2]))
    convicted = float((np.cumprod(steps, axis=1).max(axis=1) >= CONVINCING).mean())
    assert convicted <= 0.05
    assert float((luck < strict).any(axis=1).mean()) > 0.5, "running until it passes would convict most"


def test_replications_multiply() -> None:
    """The evidence of none is 1."""
    one = Replication(True, 1 / 8, True, 1 / 2)
    assert evidence([]) == 1
    assert evidence([one, one]) == pytest.approx(factor(one) ** 2)
