"""The false discovery rate, held against scipy, and its promise under dependence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pytest_bets.chance.fdr import standing


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30), st.sampled_from([0.05, 0.1, 0.2]))
def test_what_stands_is_what_benjamini_and_hochberg_keep(chances: list[float], rate: float) -> None:
    """By the adjusted p-values of scipy."""
    adjusted = stats.false_discovery_control(chances)
    if any(abs(p - rate) < 1e-12 for p in adjusted):
        return
    named = {str(place): chance for place, chance in enumerate(chances)}
    assert standing(named, rate) == [str(place) for place, p in enumerate(adjusted) if p <= rate]


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.99, -1.0])
def test_the_rate_is_kept_under_correlated_bets(correlation: float) -> None:
    """Twenty bets of which fifteen claim nothing that is there, all met by luck together or apart."""
    draw = np.random.default_rng(7)
    chances, true = [1 / 8] * 10 + [1 / 57] * 5 + [1 / 512] * 5, 5
    shares = []
    for _ in range(1_500):
        common = draw.normal()
        own = draw.normal(size=15)
        signs = np.where(np.arange(15) % 2, 1, -1) if correlation < 0 else np.ones(15)
        weight = abs(correlation)
        luck = stats.norm.cdf(np.sqrt(weight) * signs * common + np.sqrt(1 - weight) * own)
        met = [float(luck[i]) <= chances[i] for i in range(15)] + [draw.random() < 0.6 for _ in range(true)]
        found = standing({str(i): c if m else 1.0 for i, (c, m) in enumerate(zip(chances, met, strict=True))}, 0.2)
        shares.append(sum(int(name) < 15 for name in found) / max(1, len(found)))
    assert np.mean(shares) <= 0.2
