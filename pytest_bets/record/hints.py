"""The type hints of fields: their parts, and in words which values they allow."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from pytest_bets.diagnostics import MisfitError
from pytest_bets.record.field import SPELLED

INFINITE: Final = ("nan", "inf", "-inf")
_LONGEST: Final = 80
"""Characters of a wrong value that a message shows."""


@cache
def hints(kind: Any) -> dict[str, Any]:
    """Return the type hints of a dataclass's fields."""
    return get_type_hints(kind, include_extras=True)


def parts(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return a type and its annotations, of which it may have none."""
    return (hint.__origin__, hint.__metadata__) if get_origin(hint) is Annotated else (hint, ())


def members(hint: Any) -> tuple[Any, ...]:
    """Return the types of a union, or the one type."""
    return get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)


def expected(hint: Any) -> str:
    """Return in words what values a type has."""
    words = list(dict.fromkeys(_words(hint)))
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _words(hint: Any) -> Iterator[str]:
    kind, notes = parts(hint)
    if len(members(kind)) > 1:
        for member in members(kind):
            yield from _words(member)
    elif get_origin(kind) is Literal:
        yield from map(json.dumps, get_args(kind))
    elif kind is bool:
        yield from ("true", "false")
    elif get_origin(kind) is tuple:
        yield "a list"
    else:
        yield _CALLED.get(kind, "an object")
        if SPELLED in notes:
            yield from map(json.dumps, INFINITE)


_CALLED: Final[Mapping[Any, str]] = {
    str: "a string",
    int: "an integer",
    float: "a number",
    NoneType: "null",
    object: "a value",
}


def misfit(words: str, item: object) -> MisfitError:
    """Return the error; of a long or deep value no more is written out than is shown."""
    shown = ""
    for part in json.JSONEncoder().iterencode(item):
        shown += part
        if len(shown) >= _LONGEST:
            break
    return MisfitError(words, shown[:_LONGEST])
