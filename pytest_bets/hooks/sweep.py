"""The sweep of a bet: what tells its cells apart."""

from collections.abc import Mapping, Sequence
from typing import Final

import pytest

_PLAIN: Final = frozenset({bool, int, float, str, type(None)})


def parameters(cells: Sequence[pytest.Function]) -> Sequence[Mapping[str, object]]:
    """Return every cell's sweep parameters: plain values as they are, others by a name that no other value has.

    A value without a name of its own is named by its place in the sweep. Nothing is returned where a cell stands for a
    parameter set that is empty, which pytest would skip.
    """
    given = [_callspec(cell) for cell in cells]
    kinds = {type(value) for params in given for value in params.values()}
    if kinds <= _PLAIN:
        return given
    if any(kind.__name__ == "NotSetType" for kind in kinds):
        return ()
    places: dict[tuple[str, object], set[int]] = {}
    for cell, params in zip(cells, given, strict=True):
        for name, value in params.items():
            places.setdefault((name, _label(value)), set()).add(cell.callspec.indices[name])

    def told(cell: pytest.Function, name: str, value: object) -> object:
        if _is_plain(value):
            return value
        label = _label(value)
        alone = label is not None and len(places[name, label]) == 1
        return label if alone else f"{name}{cell.callspec.indices[name]}"

    return [
        {name: told(cell, name, _scalar(value)) for name, value in params.items()}
        for cell, params in zip(cells, given, strict=True)
    ]


def _callspec(cell: pytest.Function) -> Mapping[str, object]:
    return cell.callspec.params if hasattr(cell, "callspec") else {}


def _label(value: object) -> object:
    if _is_plain(_scalar(value)):
        return str(value)
    label = getattr(value, "__name__", None) or getattr(value, "name", None)
    return label if isinstance(label, str) else None


def _scalar(value: object) -> object:
    """Return what a numpy or torch scalar holds, and any other value as it is."""
    held = value.tolist() if hasattr(value, "tolist") and not isinstance(value, type) else value
    return held if _is_plain(held) else value


def _is_plain(value: object) -> bool:
    return type(value) in _PLAIN
