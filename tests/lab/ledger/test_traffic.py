"""What a simulated federation goes through, held against the distributions that it is drawn from."""

import itertools
import math

import numpy as np
import pytest

from bets.lab import seeding
from bets.lab.ledger import traffic
from bets.lab.ledger.ledger import MAX_PAYLOAD
from bets.lab.ledger.traffic import DELAY, HOUR, Weather


def test_transfers_are_a_poisson_process_between_two_different_nodes() -> None:
    """Counts, gaps, pairs and sizes are as declared, each within five standard errors or its bounds."""
    nodes, hours, rate = 50, 40.0, 5.0
    drawn = traffic.draw(nodes, hours, rate, seeding.numpy_generator(1, "traffic"))
    count, mean = len(drawn.times), nodes * hours * rate
    assert abs(count - mean) < 5 * math.sqrt(mean)
    assert drawn.times == sorted(drawn.times)
    assert 0 <= drawn.times[0] <= drawn.times[-1] <= hours * HOUR
    gaps = np.diff(drawn.times)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.1)  # as in an exponential
    pairs = list(zip(drawn.senders, drawn.recipients, strict=True))
    assert all(sender != recipient for sender, recipient in pairs)
    assert len(set(pairs)) > 0.95 * nodes * (nodes - 1) * -math.expm1(-count / nodes / (nodes - 1))
    assert 1 <= min(drawn.sizes) <= max(drawn.sizes) <= MAX_PAYLOAD
    assert np.median(drawn.sizes) == pytest.approx(math.sqrt(MAX_PAYLOAD), rel=0.15)  # log-uniform


def test_messages_are_lost_and_delayed_as_often_as_declared() -> None:
    """The share lost and the mean delay of the others, each within five standard errors."""
    drawn = list(itertools.islice(traffic.fates(0.2, seeding.numpy_generator(1, "fates")), 20_000))
    lost = drawn.count(math.inf) / len(drawn)
    assert abs(lost - 0.2) < 5 * math.sqrt(0.2 * 0.8 / len(drawn))
    kept = np.array([delay for delay in drawn if delay < math.inf])
    assert abs(kept.mean() - DELAY) < 5 * DELAY / math.sqrt(kept.size)
    assert kept.min() > 0


@pytest.mark.parametrize(("probability", "lowest", "highest"), [(0.0, 0, 0), (0.3, 2750, 3250), (1.0, 10_000, 10_000)])
def test_a_chance_comes_as_often_as_declared(probability: float, lowest: int, highest: int) -> None:
    drawn = itertools.islice(traffic.chances(probability, seeding.numpy_generator(1, "chances")), 10_000)
    assert lowest <= sum(drawn) <= highest


def test_outages_come_as_often_and_last_as_long_as_declared() -> None:
    """Crashes of a node and day, and the mean of their exponential length."""
    weather = Weather(crashes=3.0, outage=120.0)
    drawn = traffic.outages(40, 48.0, weather, seeding.numpy_generator(1, "outages"))
    assert abs(len(drawn) - 240) < 5 * math.sqrt(240)
    assert [outage.time for outage in drawn] == sorted(outage.time for outage in drawn)
    assert np.mean([outage.duration for outage in drawn]) == pytest.approx(120, rel=0.35)
    assert 35 < len({outage.node for outage in drawn}) <= 40
    assert traffic.outages(40, 48.0, Weather(), seeding.numpy_generator(1, "outages")) == []
