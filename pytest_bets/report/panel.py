"""Which columns of a bet belong in one drawing, by which parameter, and what their units are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.bet.declaration import SEED
from pytest_bets.diagnostics import SentenceError
from pytest_bets.record.columns import MISSING, Column, measurements, parameters
from pytest_bets.record.record import Record
from pytest_bets.sentence.ast import names
from pytest_bets.sentence.ast import parameters as grouped
from pytest_bets.sentence.parse import parse

MOST_SERIES: Final = 6
_MOST_GROUPS: Final = 30


@dataclass(frozen=True)
class Panel:
    """Columns on one axis, in the order of the sentences, and the role of each."""

    columns: tuple[Column, ...]
    roles: tuple[str, ...]


def panels(record: Record) -> list[Panel]:
    """Return the numeric columns that sentences read; those of one sentence are in one panel."""
    numeric = {column.name: column for column in measurements(record.cells) if _is_numeric(column)}
    tiers: dict[str, dict[str, None]] = {}
    together: list[list[str]] = []
    for item in record.criteria:
        try:
            read = [name for name in _in_order(item.sentence, names(parse(item.sentence).value)) if name in numeric]
        except SentenceError:  # of a record from elsewhere
            continue
        for name in read:
            tiers.setdefault(name, {})[item.tier] = None
        touched = [group for group in together if set(group) & set(read)]
        joined = list(dict.fromkeys(name for group in [*touched, read] for name in group))
        together = [group for group in together if group not in touched] + ([joined] if joined else [])
    return [
        Panel(tuple(numeric[name] for name in part), tuple(", ".join(tiers[name]) for name in part))
        for group in together
        for part in (group[start : start + MOST_SERIES] for start in range(0, len(group), MOST_SERIES))
    ]


def _in_order(sentence: str, found: frozenset[str]) -> list[str]:
    return sorted(found, key=sentence.find)


def _is_numeric(column: Column) -> bool:
    return bool(column.measured) and all(isinstance(value, int | float) for value in column.measured)


def across(record: Record) -> Column | None:
    """Return the parameter that a drawing has across: one that a sentence groups by, else the first that is no seed."""
    found = {column.name: column for column in parameters(record.cells) if not column.constant}
    for item in record.criteria:
        try:
            asked = grouped(parse(item.sentence).value)
        except SentenceError:
            continue
        for name in asked:
            if name in found and _count(found[name]) <= _MOST_GROUPS:
                return found[name]
    fitting = [column for column in found.values() if _count(column) <= _MOST_GROUPS]
    return min(fitting, key=lambda column: column.name == SEED, default=None)


def _count(column: Column) -> int:
    return len({repr(value) for value in column.values})


def unit_of(record: Record, group: Column | None) -> str | None:
    """Return the parameter whose values are the units within a group; None where each cell stands for itself.

    Of several parameters that vary within a group it is the one that a null declares, else the one with the fewest
    values: an interval over all cells would take cells that share a value as independent.
    """
    varying = [
        column
        for column in parameters(record.cells)
        if not column.constant and (group is None or column.name != group.name)
    ]
    if len(varying) < 2:
        return None
    declared = {name for null in record.declaration.null for name in str(null.get("unit", "")).split(", ")}
    return min(varying, key=lambda column: (column.name not in declared, _count(column), column.name)).name


def grouped_rows(group: Column | None, count: int) -> list[tuple[str, list[int]]]:
    """Return the name of each group and the places of its cells, in the order of the sweep."""
    if group is None:
        return [("all cells", list(range(count)))]
    found: dict[str, list[int]] = {}
    for place, value in enumerate(group.values):
        found.setdefault("missing" if value is MISSING else str(value), []).append(place)
    return list(found.items())


def averaged(values: Sequence[tuple[str, float]]) -> list[float]:
    """Return the mean of each unit."""
    units: dict[str, list[float]] = {}
    for unit, value in values:
        units.setdefault(unit, []).append(value)
    return [sum(unit) / len(unit) for unit in units.values()]
