"""From typed values to JSON values."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType
from typing import Any, Final

_ATOMS: Final = frozenset({str, int, float, bool, NoneType})


def encode(value: object) -> Any:
    """Return the JSON value of a typed value. A field that has its default value is left out."""
    if is_dataclass(value):
        return {
            name: item if type(item) in _ATOMS else encode(item)
            for name, default in _defaults(value.__class__)
            if (item := getattr(value, name)) is not default
        }
    if isinstance(value, tuple | list):
        return [item if type(item) in _ATOMS else encode(item) for item in value]
    if isinstance(value, Mapping):
        return {key: item if type(item) in _ATOMS else encode(item) for key, item in value.items()}
    return value


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((field.name, field.default) for field in fields(kind))
