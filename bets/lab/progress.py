"""Trainings that show how far they are, through the fixture `progress` of pytest-bets or anything like it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

T = TypeVar("T")

Step = Callable[[int, float], None]
"""What a training calls after each step, with the step's number, from 1, and its loss in nats a byte."""


class Progress(Protocol):
    """The part of the fixture that a training uses."""

    def __call__(self, iterable: Iterable[T], label: str = "", *, total: float | None = None) -> Iterator[T]:
        """The same items, counted under the label."""

    def update(self, **values: object) -> None:
        """Show values beside the count."""


@contextmanager
def steps(progress: Progress | None, label: str, total: int) -> Iterator[Step | None]:
    """What to call after each of `total` steps so that they are counted; None where nothing shows them.

    A training that goes on from a checkpoint begins with a higher number, and the count catches up.
    """
    if progress is None:
        yield None
        return
    count = progress(range(total + 1), label, total=total)
    done = next(count)

    def step(number: int, loss: float) -> None:
        nonlocal done
        while done < number:
            done = next(count)
        progress.update(loss=loss)

    try:
        yield step
    finally:
        if isinstance(count, Generator):
            count.close()  # so that it is not shown any more
