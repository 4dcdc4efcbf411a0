"""Measured values in write-ups, with any number of decimals or as a percentage."""

import math
import re
from decimal import Decimal
from typing import Final

from pytest_bets.record.verdict import figure

VALUE: Final = re.compile(
    r"[-+\u2212]?(?:\d{1,3}(?:,\d{3})+|\d{1,20})(?:\.\d{1,20})?(?:[eE][-+]?\d{1,3})?|-?inf\b|undefined\b"
)
_MINUS: Final = "\u2212"
_LOSS: Final = Decimal("0.334")
"""The most that one digit of a number can lose of it: 0.15 as 0.2."""


def agrees(shown: str, value: float) -> bool:
    """Return whether the shown text is the value, rounded to the shown decimals; a tie may go either way."""
    if not _numeric(shown) or not math.isfinite(value):
        return shown == figure(value)
    number = Decimal(_digits(shown))
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101  # the pattern matches only finite numbers
    return abs(number - exact(value)) * 2 <= Decimal(1).scaleb(exponent)


def fair(shown: str, value: float, *, percent: bool = False) -> bool:
    """Return whether a rounded number keeps what it is about: one digit of it, and that it is not all or nothing."""
    if not _numeric(shown) or not math.isfinite(value):
        return True
    number, measured = Decimal(_digits(shown)), exact(value)
    whole = "." not in shown
    if number == measured:
        return True
    if number == 0:
        return not whole
    if whole and abs(number) == (100 if percent else 1) and abs(measured) < abs(number):
        return False
    return abs(number - measured) <= abs(measured) * _LOSS


def alike(shown: str, value: float) -> str:
    """Return the value with the decimals, signs and separators of the shown text."""
    if not _numeric(shown) or not math.isfinite(value):
        return figure(value)
    mantissa, power, _ = re.split(r"([eE])|$", _digits(shown), maxsplit=1)
    decimals = len(mantissa.partition(".")[2])
    sign = "+" if shown.startswith("+") else "-"
    if power:
        text = f"{value:{sign}z.{decimals}{power}}"
    else:
        text = f"{exact(value):{sign}z{',' if ',' in shown else ''}.{decimals}f}"
    return text.replace("-", _MINUS) if shown.startswith(_MINUS) else text


def exact(value: float) -> Decimal:
    """Return a finite value as its shortest decimal, as people copy it."""
    return Decimal(repr(float(value)))


def hundredfold(value: float) -> float:
    """Return a fraction as a percentage, without floating-point error."""
    return float(exact(value) * 100) if math.isfinite(value) else value


def _numeric(shown: str) -> bool:
    return shown[-1:].isdigit()


def _digits(shown: str) -> str:
    return shown.replace(_MINUS, "-").replace(",", "")
