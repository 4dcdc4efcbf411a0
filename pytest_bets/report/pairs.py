"""What sentences compare, cell by cell: differences of compared columns, and ratios of divided ones."""

import math
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from pytest_bets.diagnostics import SentenceError
from pytest_bets.record.columns import MISSING, Column, measurements
from pytest_bets.record.record import Record
from pytest_bets.report.panel import MOST_SERIES, Panel
from pytest_bets.report.scale import real
from pytest_bets.sentence.ast import Arithmetic, Comparison, Name, Node, Reducer, subnodes
from pytest_bets.sentence.parse import parse

Kind = Literal["difference", "ratio"]
REFERENCE: Final[dict[Kind, float]] = {"difference": 0.0, "ratio": 1.0}
"""Where both columns are equal."""
_CENTRES: Final = frozenset({"mean", "median", "min", "max", "iqm", "quantile"})
"""Reducers after which a comparison is one of the columns."""


class _Pair(NamedTuple):
    kind: Kind
    left: str
    right: str


def pair_panels(record: Record) -> list[tuple[Kind, Panel]]:
    """Return the panels of differences and of ratios; a panel is left out where no sentence has such a pair."""
    columns = {column.name: column for column in measurements(record.cells)}
    tiers: dict[_Pair, dict[str, None]] = {}
    for item in record.criteria:
        try:
            found = list(_pairs(parse(item.sentence).value))
        except SentenceError:  # of a record from elsewhere
            continue
        for pair in found:
            if _is_measured(columns.get(pair.left)) and _is_measured(columns.get(pair.right)):
                tiers.setdefault(pair, {})[item.tier] = None
    panels: list[tuple[Kind, Panel]] = []
    for kind in REFERENCE:
        own = [pair for pair in tiers if pair.kind == kind][:MOST_SERIES]
        if own:
            combined = tuple(_combined(pair, columns[pair.left], columns[pair.right]) for pair in own)
            panels.append((kind, Panel(combined, tuple(", ".join(tiers[pair]) for pair in own))))
    return panels


def _is_measured(column: Column | None) -> bool:
    """Tell whether a column has numbers alone: counts are compared with counts, and truths with nothing."""
    values = column.measured if column else []
    return bool(values) and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _pairs(value: Node) -> Iterator[_Pair]:
    for node in subnodes(value):
        match node:
            case Comparison(_, left, right):
                kind: Kind = "difference"
            case Arithmetic("/", left, right):
                kind = "ratio"
            case _:
                continue
        names = _column(left), _column(right)
        if names[0] and names[1] and names[0] != names[1]:
            yield _Pair(kind, names[0], names[1])


def _column(node: Node) -> str:
    """Return the name of the column that a side is, or is the centre of; empty where it is something else."""
    match node:
        case Name(name):
            return name
        case Reducer(reducer, Name(name)) if reducer in _CENTRES:
            return name
    return ""


def _combined(pair: _Pair, left: Column, right: Column) -> Column:
    sign = "\u2212" if pair.kind == "difference" else "/"
    values = [_of(pair.kind, one, other) for one, other in zip(left.values, right.values, strict=True)]
    return Column(f"{pair.left} {sign} {pair.right}", values)


def _of(kind: Kind, left: object, right: object) -> object:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return MISSING
    if kind == "difference":
        return real(left) - real(right)
    return real(left) / real(right) if right else math.nan
