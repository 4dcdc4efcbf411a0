"""The sweep of a bet: the parameters of its cells, with a name for every value."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final

import pytest

from pytest_bets.values import unwrapped

_PLAIN: Final = frozenset({bool, int, float, str, type(None)})
_PARAMETER_SET: Final = type(pytest.param())

Ids = dict[str, list[tuple[object, str]]]
"""By parameter, the values that were given an id of their own, and that id."""


def record_ids(metafunc: pytest.Metafunc, ids: Ids, unordered: set[str]) -> None:
    """Record the ids that `parametrize` gets for single parameters of this function, and which get a set of values.

    pytest keeps one id for a whole parameter set, and not which parameter it names.
    """
    parametrize: Callable[..., None] = metafunc.parametrize

    def recording(argnames: Any, argvalues: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        names = argnames.split(",") if isinstance(argnames, str) else list(argnames)
        if isinstance(argvalues, set | frozenset):
            unordered.update(name.strip() for name in names)
        values = list(argvalues)
        given = kwargs.get("ids", args[1] if len(args) > 1 else None)
        if given is not None and not callable(given):  # an iterator is read once
            given = list(given)
            args, kwargs = (*args[:1], *args[2:]), {**kwargs, "ids": given}
        if len(names) == 1:
            own = ids.setdefault(names[0].strip(), [])
            sets = [_single(value, bare=isinstance(argnames, str)) for value in values]
            own += [(value, text) for value, text in _explicit(sets, given) if isinstance(text, str)]
        parametrize(argnames, values, *args, **kwargs)

    metafunc.parametrize = recording  # type: ignore[method-assign]


def _single(value: Any, *, bare: bool) -> tuple[object, object]:
    """Return the value of a parameter set of one name, and the id that it was given with `pytest.param`."""
    if isinstance(value, _PARAMETER_SET):
        return (value.values[0] if value.values else None), value.id
    return (value if bare else value[0]), None


def _explicit(sets: Sequence[tuple[object, object]], given: Any) -> Iterable[tuple[object, object]]:
    for index, (value, own) in enumerate(sets):
        if own is not None:
            yield value, own
        elif callable(given):
            yield value, given(value)
        elif given is not None and index < len(given):
            yield value, given[index]


def parameters(cells: Sequence[pytest.Function], ids: Ids) -> Sequence[Mapping[str, object]]:
    """Return the sweep parameters of every cell: plain values as they are, other values by the id that pytest shows.

    Equal values have the same name in every cell, and different values have different names. The result is empty if a
    parameter set is empty, which pytest would skip.
    """
    swept = [given(cell) for cell in cells]
    kinds = {type(value) for params in swept for value in params.values()}
    if kinds <= _PLAIN:
        return swept
    if any(kind.__name__ == "NotSetType" for kind in kinds):
        return ()
    by_name: dict[str, _Values] = {}
    for params in swept:
        for name, value in params.items():
            by_name.setdefault(name, _Values()).add(value)
    names = {name: values.names(name, ids.get(name, ())) for name, values in by_name.items()}
    return [{name: names[name][by_name[name].place(value)] for name, value in params.items()} for params in swept]


class _Values:
    """The different values of one parameter, in the order of the sweep.

    Values are compared, not their positions in pytest: with two axes those count the whole sweep.
    """

    def __init__(self) -> None:
        self.different: list[object] = []
        self._by_identity: dict[int, int] = {}
        self._by_hash: dict[tuple[type, object], int] = {}
        self._unhashable: list[int] = []

    def add(self, value: object) -> None:
        if id(value) in self._by_identity:
            return
        place = self._equal(value)
        if place is None:
            place = len(self.different)
            self.different.append(value)
        self._by_identity[id(value)] = place

    def place(self, value: object) -> int:
        return self._by_identity[id(value)]

    def _equal(self, value: object) -> int | None:
        new = len(self.different)
        try:
            place = self._by_hash.setdefault((type(value), value), new)
        except Exception:  # its __hash__ or __eq__ may raise anything
            same = (place for place in self._unhashable if _same(self.different[place], value))
            found = next(same, None)
            if found is None:
                self._unhashable.append(new)
            return found
        return None if place == new else place

    def names(self, parameter: str, ids: Sequence[tuple[object, str]]) -> list[object]:
        """Return a name for each value; if several would share one, the parameter's name with the value's place."""
        found = [_name(value, ids) for value in self.different]
        count = Counter(str(name) for name in found if name is not None)
        own = [
            name is not None and (_is_plain(_scalar(value)) or count[str(name)] == 1)
            for name, value in zip(found, self.different, strict=True)
        ]
        taken = {str(name) for name, is_own in zip(found, own, strict=True) if is_own}
        result: list[object] = []
        for place, (name, is_own) in enumerate(zip(found, own, strict=True)):
            number = place
            while not is_own and f"{parameter}{number}" in taken:
                number += len(found)
            result.append(name if is_own else f"{parameter}{number}")
            taken.add(str(result[-1]))
        return result


def _name(value: object, ids: Sequence[tuple[object, str]]) -> object:
    """Return a plain value, or the id that pytest shows for another one; None if that id is only its position."""
    plain = _scalar(value)
    if _is_plain(plain):
        return plain
    for other, text in ids:
        if other is value or _same(other, value):
            return text
    if isinstance(value, Enum | complex):
        return str(value)
    if isinstance(value, re.Pattern):
        return str(value.pattern)
    name = getattr(value, "__name__", None)
    return name if isinstance(name, str) else None


def _same(one: object, other: object) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # arrays have no truth value, and an __eq__ may raise anything
        return False


def given(cell: pytest.Function) -> Mapping[str, object]:
    """Return the values that pytest gives a cell, by parameter."""
    return cell.callspec.params if hasattr(cell, "callspec") else {}


def _scalar(value: object) -> object:
    """Return the Python value of a numpy or torch scalar, and any other value as it is.

    A member of an Enum that is a string or an integer, too, equals its value in Python, so it has that name.
    """
    if isinstance(value, Enum) and isinstance(value, str | int):
        return str.__str__(value) if isinstance(value, str) else int(value)
    scalar = unwrapped(value)
    return scalar if _is_plain(scalar) else value


def _is_plain(value: object) -> bool:
    return type(value) in _PLAIN
