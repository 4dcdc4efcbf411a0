"""From a value to a place in a drawing, and the values that an axis names."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_WIDE: Final = 100
"""Positive values whose largest is so many times the smallest get a logarithmic axis."""
_PAD: Final = 0.06
"""The share of an axis that is left free at each end."""


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`, drawn from `start` to `end`; `log` makes it logarithmic."""

    low: float
    high: float
    start: float = 0.0
    end: float = 100.0
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a value stands; one beyond an end stands at that end.

        Raises:
            ValueError: if the value is NaN, which stands nowhere.

        """
        if math.isnan(value):
            raise ValueError("NaN has no place on an axis")
        share = self._share(min(max(value, self.low), self.high))
        return round(self.start + share * (self.end - self.start), 3)

    def _share(self, value: float) -> float:
        if self.log:
            low, high = math.log(self.low), math.log(self.high)  # a quotient of the ends may be more than a float holds
            return (math.log(value) - low) / (high - low)
        if math.isfinite(self.high - self.low):
            return (value - self.low) / (self.high - self.low)
        return (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)  # the whole width is more than a float holds

    def ticks(self, count: int = 5) -> list[float]:
        """Return at most about `count` round values on the axis."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            step = max(1, math.ceil((last - first + 1) / count))
            return [10.0**power for power in range(first, last + 1, step)]
        rough = self.high / count - self.low / count
        power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 0.0
        size = next((power * nice for nice in (1, 2, 5, 10) if power * nice >= rough * (1 - 1e-9)), 0.0)
        if not size or not math.isfinite(size) or self.low + size == self.low:
            return [self.low, self.high]
        start, end = math.ceil(self.low / size - 1e-9), math.floor(self.high / size + 1e-9)
        return [float(f"{place * size:.12g}") for place in range(start, end + 1)]


def real(number: float) -> float:
    """Return a number as a float; an integer beyond all floats is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def spanning(values: Iterable[float], start: float = 0.0, end: float = 100.0) -> Scale:
    """Return an axis on which all finite values stand, with room at both ends; from 0 to 1 where there is none."""
    finite = sorted(value for value in values if math.isfinite(value))
    if not finite:
        return Scale(0.0, 1.0, start, end)
    low, high = finite[0], finite[-1]
    if low > 0 and high / low > _WIDE:
        room = math.exp((math.log(high) - math.log(low)) * _PAD)
        if math.isfinite(high * room) and low / room > 0:
            return Scale(low / room, high * room, start, end, log=True)
    pad = (high / 2 - low / 2) * 2 * _PAD if low < high else max(abs(low) * 0.1, 1e-9 if low else 1.0)
    if not (math.isfinite(pad) and math.isfinite(high + pad) and math.isfinite(low - pad)):
        return Scale(low, high, start, end) if low < high else Scale(min(low, 0.0), max(high, 0.0), start, end)
    return Scale(low - pad, high + pad, start, end)
