"""Slow devices: how long a throttled worker sleeps before each message, and whether that shows in the answers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final

import numpy as np

from bets.lab.pipeline.pipeline import Place, Routes

KINDS: Final = ("steady", "ramp", "jitter", "stall")


def delays(kind: str, seconds: float, messages: int, generator: np.random.Generator) -> list[float]:
    """Seconds to sleep before each message; every kind sleeps `seconds * messages` in all, so that kinds compare.

    steady: the same each time; ramp: growing by a constant; jitter: exponential; stall: all at once, halfway.
    """
    match kind:
        case "steady":
            shape = np.ones(messages)
        case "ramp":
            shape = np.arange(1.0, messages + 1)
        case "jitter":
            shape = generator.exponential(size=messages)
        case "stall":
            shape = np.eye(messages)[messages // 2]
        case _:
            raise ValueError(f"no throttle {kind!r}: there are {', '.join(KINDS)}")
    return [float(x) for x in seconds * messages * shape / shape.sum()]


def schedule(
    kind: str, seconds: float, places: Sequence[Place], routes: Routes, tokens: int, generator: np.random.Generator
) -> dict[Place, list[float]]:
    """The delays of each throttled worker: as many as the messages it will get, `tokens` for each request it serves."""
    served = {place: sum(route[place[0]] == place[1] for route in routes) for place in places}
    return {place: delays(kind, seconds, tokens * served[place], generator) for place in places}


def lag(arrivals: Sequence[int], routes: Routes, places: Sequence[Place]) -> float:
    """By how many answers the requests that pass most of these workers finish after those that pass fewest (means)."""
    last = {request: position for position, request in enumerate(arrivals)}
    passes = [sum(route[stage] == worker for stage, worker in places) for route in routes]

    def finish(count: int) -> float:
        return statistics.mean(last[request] for request, n in enumerate(passes) if n == count)

    return finish(max(passes)) - finish(min(passes))
