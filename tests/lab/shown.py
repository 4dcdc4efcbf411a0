"""A training's steps as calls of a function."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from bets.lab.progress import Step, shown_by

T = TypeVar("T")


def calling(function: Step) -> AbstractContextManager[None]:
    """Call the function with the number and the loss of every step of the trainings in the `with` block."""
    return shown_by(Calls(function))


class Calls:
    """A display that calls a function."""

    def __init__(self, function: Step) -> None:
        self.function = function
        self.done = 0

    def __call__(self, iterable: Iterable[T], label: str = "", *, total: float | None = None) -> Iterator[T]:  # noqa: ARG002  # as the fixture is called
        """The same items; how many of them are behind us is counted."""
        for self.done, item in enumerate(iterable):
            yield item

    def update(self, **values: object) -> None:
        """Call the function."""
        self.function(self.done, float(str(values["loss"])))
