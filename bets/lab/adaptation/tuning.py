"""A rate of its own for each training, chosen on validation text, inside a grid: the same care for every method."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bets.lab.training import DivergedError

Made = TypeVar("Made")


@dataclass(frozen=True)
class Choice(Generic[Made]):
    """The best of the rates that were tried, and what was made at it."""

    rate: float
    made: Made
    losses: dict[float, float]  # on validation, of each rate that was tried, from the lowest rate on
    edge: bool  # the best rate is an end of the grid, so that a better one may lie beyond it

    @property
    def loss(self) -> float:
        """The validation loss of what was made."""
        return self.losses[self.rate]


def climb(rates: Sequence[float], start: float, attempt: Callable[[float], tuple[float, Made]]) -> Choice[Made]:
    """Try a rate of an ascending grid and its neighbours, and go on to the best until neither neighbour is better.

    An attempt gives a validation loss and what was made; of these only the best is kept. One that diverges or ends at a
    loss that is no number counts as infinite. It finds the best rate of the grid where the loss has one valley. Of
    equal losses the lower rate is the better one. ValueError where start is not in the grid, or the grid does not
    ascend; DivergedError where every attempt diverged.
    """
    if list(rates) != sorted(set(rates)) or start not in rates:
        raise ValueError(f"found start {start} in rates {list(rates)}, expected one of them, in ascending order")
    losses: dict[float, float] = {}
    best: tuple[float, float, Made] | None = None

    def tried(index: int) -> float:
        nonlocal best
        rate = rates[index]
        if rate not in losses:
            try:
                loss, made = attempt(rate)
            except DivergedError:
                loss = math.inf
            losses[rate] = math.inf if math.isnan(loss) else loss
            if losses[rate] < math.inf and (best is None or (losses[rate], rate) < best[:2]):
                best = losses[rate], rate, made
        return losses[rate]

    here = rates.index(start)
    while True:
        near = [index for index in (here - 1, here, here + 1) if 0 <= index < len(rates)]
        # where everything diverges, lower rates are the way out
        lowest = min(near, key=lambda index: (tried(index), index))
        if lowest == here:
            break
        here = lowest
    if best is None:
        raise DivergedError(f"every one of the rates {sorted(losses)} diverged")
    _, rate, made = best
    return Choice(rate, made, dict(sorted(losses.items())), rate in (rates[0], rates[-1]))
