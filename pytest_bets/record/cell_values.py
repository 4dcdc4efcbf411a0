"""Read the parameters and the measured values of cells, of which a record may have thousands."""

import sys
from collections.abc import Iterable
from itertools import chain
from types import NoneType
from typing import Any, Final

from pytest_bets.diagnostics import MisfitError
from pytest_bets.record.hints import INFINITE, misfit
from pytest_bets.values import number


def is_plain(objects: Iterable[Any]) -> bool:
    """Return whether objects have only numbers, true, false and null in them: that is fast in bulk."""
    values = list(chain.from_iterable(map(dict.values, objects)))
    integers = [value for value in values if type(value) is int]
    kinds = set(map(type, values)) - {int}
    return kinds <= _PLAIN and (not integers or -LARGEST <= min(integers) <= max(integers) <= LARGEST)


LARGEST: Final = int(sys.float_info.max)
_PLAIN: Final = frozenset({float, bool, NoneType})


def cell_values(item: Any) -> Any:
    """Read the parameters or the measured values of a cell; a sweep may have thousands."""
    if type(item) is not dict:
        raise misfit("an object", item)
    if _PLAIN.issuperset(map(type, item.values())):
        return item
    try:
        return {
            key: value
            if type(value) in _PLAIN or (type(value) is int and -LARGEST <= value <= LARGEST)
            else _value(value)
            for key, value in item.items()
        }
    except MisfitError:
        pass
    for key, value in item.items():
        try:
            _value(value)
        except MisfitError as error:
            raise error.within(key) from None
    raise AssertionError  # one of the values does not fit


def _value(item: Any) -> Any:
    if type(item) is int and -LARGEST <= item <= LARGEST:
        return item
    if type(item) is list:
        if not all(map(_is_number, item)):
            raise misfit("a list of numbers", item)
        return [number(entry) if type(entry) is str else entry for entry in item]
    if item in INFINITE:
        return number(item)
    if type(item) in (str, NoneType) or _is_number(item):
        return item
    raise misfit("a number, a string, true, false, null or a list of numbers", item)


def _is_number(item: Any) -> bool:
    if isinstance(item, int):
        return abs(item) <= sys.float_info.max
    return type(item) is float or item in INFINITE
