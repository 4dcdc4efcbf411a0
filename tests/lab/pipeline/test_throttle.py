"""What a throttle is: when a slow worker sleeps, how much in all, and how its lag is counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bets.lab import seeding
from bets.lab.pipeline import throttle
from bets.lab.pipeline.pipeline import crossing
from bets.lab.pipeline.throttle import delays

ROUTES = [crossing(i, 4) for i in range(4)]


@given(messages=st.integers(1, 60), seconds=st.floats(1e-4, 1.0), kind=st.sampled_from(throttle.KINDS))
@settings(deadline=None)
def test_every_kind_of_throttle_sleeps_the_same_in_all(messages: int, seconds: float, kind: str) -> None:
    """Kinds differ in when they sleep, not in how much, and none sleeps backwards."""
    pauses = delays(kind, seconds, messages, seeding.numpy_generator(1, kind))
    assert len(pauses) == messages
    assert min(pauses) >= 0
    assert sum(pauses) == pytest.approx(seconds * messages)


def test_each_kind_has_its_shape() -> None:
    """Steady is constant, a ramp grows, jitter varies by its generator, a stall is one pause."""
    steady, ramp, jitter, stall = (delays(k, 0.5, 8, seeding.numpy_generator(1, "x")) for k in throttle.KINDS)
    assert steady == [0.5] * 8
    assert np.diff(ramp) == pytest.approx([ramp[0]] * 7)
    assert jitter == delays("jitter", 0.5, 8, seeding.numpy_generator(1, "x")) != sorted(jitter)
    assert stall == [0, 0, 0, 0, 4.0, 0, 0, 0]


def test_an_unknown_throttle_is_refused_with_the_known_ones() -> None:
    """The message lists what there is."""
    with pytest.raises(ValueError, match="no throttle 'slow': there are steady, ramp, jitter, stall"):
        delays("slow", 0.1, 3, seeding.numpy_generator(1, "x"))


def test_delays_are_planned_for_the_messages_that_a_worker_will_get() -> None:
    """A worker that serves two of four requests gets two times the tokens, and its delays reach to the last."""
    planned = throttle.schedule("steady", 0.1, [(1, 0), (2, 1)], ROUTES, 5, seeding.numpy_generator(1, "x"))
    assert {place: len(pauses) for place, pauses in planned.items()} == {(1, 0): 10, (2, 1): 10}


def test_lag_counts_answers_between_the_most_and_the_least_throttled() -> None:
    """Requests 0 and 1 pass the throttled worker and finish at positions 2 and 3, the others at 0 and 1."""
    assert throttle.lag([2, 3, 0, 1], ROUTES, [(1, 0)]) == 2
    assert throttle.lag([0, 1, 2, 3], ROUTES, [(1, 0)]) == -2
