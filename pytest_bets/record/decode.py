"""From JSON values to typed values and back, by the type hints of the fields."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

from pytest_bets.diagnostics import MisfitError
from pytest_bets.record.cell_values import cell_values, is_plain
from pytest_bets.record.field import CHECKED, SPELLED, Values
from pytest_bets.record.hints import INFINITE, expected, hints, members, misfit, parts
from pytest_bets.values import number

T = TypeVar("T")
Reader = Callable[[Any], Any]


def decode(kind: Callable[..., T], item: object, /, **given: object) -> T:
    """Return the typed value of a JSON object.

    Args:
        kind: The dataclass.
        item: The JSON object; keys that are no field of the class are left out.
        given: By field, another type for it.

    Raises:
        MisfitError: for the first field that is not of its type.

    """
    found: T = _object(kind, tuple(given.items()))(item)
    return found


@cache
def _reader(hint: Any) -> Reader:
    kind, notes = parts(hint)
    if len(members(kind)) > 1:
        return _union(hint, members(kind))
    if any(isinstance(note, Values) for note in notes):
        return cell_values
    if get_origin(kind) is Literal:
        return _literal(hint, get_args(kind))
    if get_origin(kind) is tuple:
        return _checked(get_args(kind)[0]) if CHECKED in notes else _list(get_args(kind)[0])
    if _is_object(kind):
        return _object(kind, ())
    if kind is object:
        return _any
    if get_origin(kind) is not None:
        return _mapping(get_args(kind)[1])
    return _number(hint, spelled=SPELLED in notes) if kind is float else _scalar(hint, kind)


def _is_object(kind: Any) -> bool:
    return is_dataclass(kind)


def _scalar(hint: Any, kind: type) -> Reader:
    def read(item: Any) -> Any:
        if type(item) is not kind:
            raise misfit(expected(hint), item)
        return item

    return read


def _number(hint: Any, *, spelled: bool) -> Reader:
    def read(item: Any) -> Any:
        if type(item) is float or (type(item) is int and abs(item) <= sys.float_info.max):
            return item
        if spelled and item in INFINITE:
            return number(item)
        raise misfit(expected(hint), item)

    return read


def _literal(hint: Any, values: tuple[object, ...]) -> Reader:
    def read(item: Any) -> Any:
        if any(type(item) is type(value) and item == value for value in values):
            return item
        raise misfit(expected(hint), item)

    return read


def _union(hint: Any, kinds: Sequence[Any]) -> Reader:
    taking = {kind: [_reader(each) for each in kinds if kind in _taken(each)] for kind in _JSON}

    def read(item: Any) -> Any:
        for one in taking[type(item)]:
            try:
                return one(item)
            except MisfitError:
                continue
        raise misfit(expected(hint), item)

    return read


MAX_DEPTH: Final = 200
"""The maximum number of levels of a constant or a sweep; the literals of Python have no more."""


def _any(item: Any) -> Any:
    level = [item]
    for _ in range(MAX_DEPTH):
        level = [
            entry
            for each in level
            if isinstance(each, list | dict)
            for entry in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return item
    raise misfit(f"a value of at most {MAX_DEPTH} levels", item)


_JSON: Final = frozenset({str, int, float, bool, NoneType, list, dict})


def _taken(hint: Any) -> frozenset[type]:
    """Return the types of JSON values among which a hint's are."""
    kind, notes = parts(hint)
    if get_origin(kind) is Literal:
        return frozenset(map(type, get_args(kind)))
    if kind is float:
        return frozenset({int, float, str} if SPELLED in notes else {int, float})
    if kind in _JSON:
        return frozenset({kind})
    return frozenset({list} if get_origin(kind) is tuple else {dict})


def _all_of(hint: Any) -> frozenset[type]:
    """Return the one type of which values are read as they are, where there is one: that is fast in bulk."""
    kind, _ = parts(hint)
    return frozenset({kind}) if kind in (str, int, bool) else frozenset()


def _list(hint: Any) -> Reader:
    one, plain = _reader(hint), _all_of(hint)

    def read(item: Any) -> Any:
        if type(item) is not list:
            raise misfit("a list", item)
        if plain.issuperset(map(type, item)):
            return tuple(item)
        found = []
        try:
            for entry in item:
                found.append(one(entry))  # noqa: PERF401  # its length is the index of the entry that does not fit
        except MisfitError as error:
            raise error.within(len(found)) from None
        return tuple(found)

    return read


def _checked(hint: Any) -> Reader:
    """Check a list of objects and keep the first alone: a record may have many cells, which a summary does not show."""
    whole = _list(hint)
    names = list(hints(hint))

    def read(item: Any) -> Any:
        try:
            plain = type(item) is list and all(is_plain(entry[name] for entry in item) for name in names)
        except (KeyError, TypeError):
            plain = False
        if not plain:
            whole(item)  # which says what does not fit, and where
        return whole(item[:1])

    return read


def _mapping(hint: Any) -> Reader:
    one, plain = _reader(hint), _all_of(hint)

    def read(item: Any) -> Any:
        if type(item) is not dict:
            raise misfit("an object", item)
        if plain.issuperset(map(type, item.values())):
            return item
        found = {}
        for key, entry in item.items():
            try:
                found[key] = one(entry)
            except MisfitError as error:
                raise error.within(key) from None
        return found

    return read


@cache
def _object(kind: Any, given: tuple[tuple[str, Any], ...]) -> Reader:
    known = {**hints(kind), **dict(given)}
    readers = {field.name: _reader(known[field.name]) for field in fields(kind)}
    required = [(field.name, readers[field.name]) for field in fields(kind) if field.default is MISSING]
    optional = [(name, one) for name, one in readers.items() if (name, one) not in required]

    def read(item: Any) -> Any:
        if type(item) is not dict:
            raise misfit("an object", item)
        try:
            found = [one(item[name]) for name, one in required]  # a loop that knows its place would take twice as long
            return kind(*found, **{name: one(item[name]) for name, one in optional if name in item})
        except (KeyError, MisfitError):
            pass
        for name, one in readers.items():
            try:
                one(item[name])
            except MisfitError as error:
                raise error.within(name) from None
            except KeyError:
                if (name, one) in required:
                    raise MisfitError(expected(known[name]), "nothing").within(name) from None
        raise AssertionError  # one of the fields does not fit

    return read
