"""Chances as people read them. No chance is shown as 0."""

import math
from typing import Final

_WHOLE: Final = 1e-9
_LEAST: Final = 1e-6
_COMMON: Final = 0.1
"""From here on a percentage is easier to read than `1 in`."""
_MANY: Final = 1000
"""From here on two digits are enough."""
_SMALL: Final = 0.05
"""Below this an average is shown with two significant digits."""


def odds(chance: float, *, bound: bool = False) -> str:
    """Return a chance in words: `1 in 8`, `38 %`, and `at most 1 in 560` for a bound."""
    return f"at most {_odds(chance, bound=True)}" if bound and 0 < chance < 1 else _odds(chance, bound=bound)


def _odds(chance: float, *, bound: bool) -> str:
    if chance <= 0:
        return "none"
    if chance >= 1:
        return "certain"
    if chance < _LEAST:
        return "less than 1 in a million"
    inverse = 1 / chance
    if abs(inverse - round(inverse)) < _WHOLE * inverse:
        return f"1 in {round(inverse):,}"
    if chance >= _COMMON:
        return f"{math.ceil(chance * 100 - _WHOLE)} %"
    number = math.floor(inverse) if bound else round(inverse)
    scale = 10 ** max(0, len(str(number)) - 2) if number >= _MANY else 1
    return f"1 in {number // scale * scale:,}"


def percent(share: float) -> str:
    """Return a share as a percentage with two significant digits: `12 %`, `0.62 %`."""
    number = float(f"{share * 100:.2g}")
    text = f"{number:.10f}".rstrip("0").rstrip(".")
    return f"{text or '0'} %"


def average(number: float) -> str:
    """Return how many are expected, with one decimal: `2.5`; a small number is not 0, as in `0.031`."""
    return f"{number:.2g}" if 0 < number < _SMALL else f"{number:.1f}"
