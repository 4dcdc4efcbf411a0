"""The fixture `progress`: an experiment counts its steps, and nothing is sent from here: a sampler looks now and then.

So a step costs as much as adding one to a number. With `--bets-progress off`, it costs nothing.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Final, TypeVar

from pytest_bets.live.sample import Bar, Sample, Value

T = TypeVar("T")
_BARS: Final = 6
_VALUES: Final = 12
_TEXT: Final = 60
"""How many bars and values of a cell are shown, and how many characters of a text."""
_KEPT: Final = (int, float, str)
_PLAIN: Final = frozenset(_KEPT)


class _Count:
    """The steps of one loop that runs."""

    __slots__ = ("done", "label", "since", "total")

    def __init__(self, label: str, total: float | None, since: float) -> None:
        self.label = label
        self.total = total
        self.since = since
        self.done = 0


class Progress:
    """How far the running cell of this process is.

    `watched` is whether a sampler looks: otherwise everything passes through. `wake` is called after steps while
    `asleep` is true: the sampler ends when the experiment forks, and must start again.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.watched = False
        self.asleep = False
        self.wake: Callable[[], None] = lambda: None
        self._clock = clock
        self._cell = ""
        self._since = 0.0
        self._counts: list[_Count] = []
        self._values: dict[str, object] = {}
        self._wanted = True
        """Whether values that are no plain numbers are converted: a tensor on a GPU would be waited for."""

    def begin(self, cell: str) -> None:
        """Note that a cell has begun; what earlier ones have left open is forgotten.

        Its end is not noted, which would take time of every cell: its reports show it.
        """
        self._since = self._clock()
        self._counts, self._values, self._wanted = [], {}, True
        self._cell = cell
        if self.asleep:
            self.wake()

    def __call__(self, iterable: Iterable[T], label: str = "", *, total: float | None = None) -> Iterator[T]:
        """Return an iterator over the same items, which counts them under this label.

        `total` is how many there are, where `len(iterable)` does not say it.
        """
        steps = iter(iterable)
        if not self.watched:
            return steps
        return self._counted(steps, _Count(label, _total(iterable) if total is None else total, self._clock()))

    def _counted(self, steps: Iterator[T], count: _Count) -> Iterator[T]:
        counts = self._counts
        counts.append(count)
        try:
            for item in steps:
                yield item
                count.done += 1
                if self.asleep:
                    self.wake()
        finally:
            with suppress(ValueError):
                counts.remove(count)

    def update(self, **values: object) -> None:
        """Show these values beside the progress, as in `progress.update(loss=2.31)`: the last of each name."""
        if not self.watched:
            return
        if not _PLAIN.issuperset(map(type, values.values())):
            values = self._converted(values)
        self._values.update(values)
        if self.asleep:
            self.wake()

    def _converted(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return values that can be kept: a tensor would keep its memory. They are converted once for each look."""
        plain: dict[str, object] = {name: value for name, value in values.items() if isinstance(value, _KEPT)}
        if self._wanted:
            self._wanted = False
            plain |= {name: _converted(value) for name, value in values.items() if name not in plain}
        return plain

    def sample(self) -> Sample | None:
        """Return how far the last cell is that has begun; None where none has."""
        cell, now = self._cell, self._clock()
        if not cell:
            return None
        counts, values = self._counts[:_BARS], list(self._values.items())[:_VALUES]
        self._wanted = True
        bars = tuple(Bar(_short(each.label), each.done, _finite(each.total), now - each.since) for each in counts)
        return Sample(cell, now - self._since, bars, {name[:_TEXT]: _value(value) for name, value in values})


def _total(iterable: object) -> float | None:
    """Return the length of an iterable; some have none, and some that have a `__len__` cannot say it."""
    try:
        return len(iterable)  # type: ignore[arg-type]  # that is the question
    except Exception:  # whatever it is, a cell must not break because its progress is shown
        return None


def _finite(total: object) -> float | None:
    return float(total) if isinstance(total, int | float) and math.isfinite(total) else None


def _short(label: object) -> str:
    return str(label)[:_TEXT]


def _converted(value: object) -> Value:
    """Return a number of numpy or torch as a number, and the name of the type of anything else."""
    try:
        return float(value)  # type: ignore[arg-type]  # that is the question
    except Exception:  # as above
        return type(value).__name__


def _value(value: object) -> Value:
    """Return a value as JSON has it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            return "inf"
        return number if math.isfinite(number) else str(number)
    return str(value)[:_TEXT]
