"""The units of a null: groups of cells that change labels together."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from pytest_bets.bet.null import CELL

Params = Mapping[str, object]


def groups(params: Sequence[Params], names: Sequence[str] | None) -> tuple[int, ...]:
    """Return for each cell the place of its group: cells with the same values of these parameters are one group.

    `None` and the unit `cell` make each cell a group.
    """
    if names is None or tuple(names) == (CELL,):
        return tuple(range(len(params)))
    places: dict[str, int] = {}
    keys = [repr([cell.get(name) for name in names]) for cell in params]
    return tuple(places.setdefault(key, len(places)) for key in keys)


def named(names: Sequence[str] | None, params: Sequence[Params]) -> tuple[str, ...]:
    """Return what a unit is called; without a name it is the one parameter of the sweep, or the cell."""
    known = sorted(set().union(*params))
    return tuple(names) if names is not None else (known[0] if len(known) == 1 else CELL,)


def choices(params: Sequence[Params]) -> list[tuple[str, int]]:
    """Return every choice of a unit with the number of units that it gives, the fewest first."""
    names = sorted(set().union(*params)) if params else []
    subsets = [subset for size in range(1, len(names)) for subset in combinations(names, size)]
    found = [(", ".join(subset), len(set(groups(params, subset)))) for subset in subsets]
    return [*sorted(found, key=lambda item: (item[1], item[0])), (CELL, len(params))]


def joined(units: Sequence[int], rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> tuple[int, ...]:
    """Return the units after those that share a number were joined.

    The same float to the bit in two units is one measurement, and not two. Whole numbers may be equal by chance.
    """
    parent = list(range(max(units, default=-1) + 1))

    def root(unit: int) -> int:
        while parent[unit] != unit:
            unit = parent[unit]
        return unit

    owner: dict[tuple[str, object], int] = {}
    for unit, row in zip(units, rows, strict=True):
        for name in columns:
            value = row.get(name)
            if isinstance(value, float) and math.isfinite(value) and not value.is_integer():
                parent[root(unit)] = root(owner.setdefault((name, value), unit))
    places: dict[int, int] = {}
    return tuple(places.setdefault(root(unit), len(places)) for unit in units)


def words(unit: Sequence[str] | None, count: int) -> str:
    """Return so many units in words: `3 parts`, `15 cells`, `2 values of n`, `6 units of part and seed`."""
    names = unit or (CELL,)
    if len(names) > 1:
        return f"{count} unit{'s' * (count != 1)} of {' and '.join(names)}"
    (name,) = names
    if len(name) == 1 or name.endswith("s"):  # as in n and loss, which have no plural
        return f"{count} value{'s' * (count != 1)} of {name}"
    return f"{count} {name}{'s' * (count != 1)}"
