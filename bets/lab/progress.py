"""Trainings that show how far they are, by the fixture `progress` of pytest-bets or on the terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, TextIO, TypeVar

T = TypeVar("T")

Step = Callable[[int, float], None]
"""What a training calls after each step, with the step's number, from 1, and its loss in nats a byte."""

LINES: Final = 10.0
"""Seconds between two lines of progress where there is no terminal."""


class Progress(Protocol):
    """The part of the fixture that a training uses."""

    def __call__(self, iterable: Iterable[T], label: str = "", *, total: float | None = None) -> Iterator[T]:
        """The same items, counted under the label."""

    def update(self, **values: object) -> None:
        """Show values beside the count."""


_showing: Final[list[Progress]] = []
"""Of this process, the innermost last: a display, which no result depends on, is not handed through every function."""


@contextmanager
def shown_by(progress: Progress) -> Iterator[None]:
    """Show the trainings in the `with` block by this."""
    _showing.append(progress)
    try:
        yield
    finally:
        _showing.pop()


@contextmanager
def steps(label: str, total: int) -> Iterator[Step]:
    """What to call after each of `total` steps, so that they are counted under a label where anything shows them.

    A training that goes on from a checkpoint begins with a higher number, and the count catches up.
    """
    if not _showing:
        yield _unseen
        return
    progress = _showing[-1]
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


def _unseen(_number: int, _loss: float) -> None:
    """What a training calls that nothing shows."""


@contextmanager
def on_terminal() -> Iterator[None]:
    """Show the trainings in the `with` block on the terminal, unless something shows them already."""
    if _showing:
        yield
        return
    with terminal() as file, shown_by(Bars(file)):
        yield


@contextmanager
def terminal() -> Iterator[TextIO]:
    """The terminal itself, because pytest keeps stderr to itself while a test runs; without one, stderr."""
    try:
        file = Path("/dev/tty").open("w")  # noqa: SIM115  # closed below
    except OSError:
        yield sys.stderr
        return
    with file:
        yield file


class Bars:
    """A progress bar for what takes more than two seconds; where there is no terminal, a line now and then."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._values = ""

    def __call__(self, iterable: Iterable[T], label: str = "", *, total: float | None = None) -> Iterator[T]:
        """The same items, counted under the label."""
        from tqdm import tqdm  # bets without a model need none

        interval = 0.1 if self._file.isatty() else LINES
        with tqdm(
            total=total, desc=f"bets: training {label}", unit="step", file=self._file, mininterval=interval, delay=2
        ) as bar:
            for item in iterable:
                yield item
                bar.set_postfix_str(self._values, refresh=False)
                bar.update()

    def update(self, **values: object) -> None:
        """Show a loss beside the count, in nats and bits."""
        loss = float(str(values["loss"]))
        self._values = f"loss {loss:.3f} nats, {loss / math.log(2):.3f} bits/byte"
