"""Decide what the value of a sentence is of: of the measurements of a bet, and in percent."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from pytest_bets.diagnostics import EvaluationError
from pytest_bets.sentence.ast import Arithmetic, Comparison, Groups, Negative, Node, Number, Reducer, names, subnodes
from pytest_bets.sentence.evaluate import value_of

_FREE: Final = frozenset({0.0, 1.0, 100.0})
"""Numbers that may be added: `1 - norm / base`, `100 - percentage`. The number of cells is another."""
_FACTORS: Final = (0.0, -1.0, 2.0, 10.0, -0.1)
_LARGE: Final = (1e3, 1e6, -1e3, -1e6)
"""Factors for sentences with comparisons, whose thresholds may be far from what was measured."""
_SEEDS: Final = (3, 11, 29)
_SHARE: Final = 0.01
"""The smallest part of a value that a change of its measurements must move."""


def fault(value: Node, rows: Sequence[Mapping[str, object]]) -> str:
    """Return what is wrong with a sentence whose value is not that of measurements; empty if nothing is."""
    added = _added(value, frozenset({float(len(rows)), *_FREE}))
    if added is not None:
        return f"{added:g} is added to what was measured"
    measured = {name for name in names(value) if any(_numeric(row.get(name)) for row in rows)}
    if not measured:
        return ""
    if not _moves(value, rows, measured):
        return "no measurement has weight in it: the value stays the same whatever was measured"
    return ""


def is_percentage(value: Node) -> bool:
    """Return whether a sentence gives a percentage itself: 100 is a factor or a summand, outside of comparisons."""
    match value:
        case Number(number):
            return abs(number) == 100
        case Negative(operand) | Reducer(_, operand, _):
            return is_percentage(operand)
        case Arithmetic("/", left, right):
            return is_percentage(left) and not is_percentage(right)
        case Arithmetic(_, left, right):
            return is_percentage(left) or is_percentage(right)
        case _:
            return False


def _added(node: Node, free: frozenset[float]) -> float | None:
    """Return a number that is added to a measurement, outside of comparisons."""
    match node:
        case Arithmetic(operator, left, right):
            if operator in "+-":
                for side in (left, right):
                    number = _constant(side)
                    if number is not None and abs(number) not in free:
                        return number
            inner = _added(left, free)
            return _added(right, free) if inner is None else inner
        case Negative(operand):
            return _added(operand, free)
        case Reducer(_, column, _):
            return _added(column, free)
        case _:
            return None


def _constant(node: Node) -> float | None:
    """Return the value of arithmetic over numbers alone."""
    if any(not isinstance(part, Number | Arithmetic | Negative) for part in subnodes(node)):
        return None
    try:
        return value_of(node, [{}])
    except EvaluationError:
        return None


def _moves(value: Node, rows: Sequence[Mapping[str, object]], measured: set[str]) -> bool:
    """Return whether other measurements would give another value."""
    try:
        now = value_of(value, rows)
    except EvaluationError:
        return True
    others = [_scaled(rows, measured, factor) for factor in _FACTORS] + [
        _drawn(rows, measured, seed) for seed in _SEEDS
    ]
    if any(isinstance(node, Comparison) for node in subnodes(value)):
        others += [_scaled(rows, measured, factor) for factor in _LARGE]
    if any(isinstance(node, Groups) for node in subnodes(value)) or len(names(value)) > 1:
        others += [_scaled(rows, {name}, factor) for name in sorted(measured) for factor in (0.0, -1.0, 10.0)]
    for changed in others:
        try:
            then = value_of(value, changed)
        except EvaluationError:
            return True
        if math.isnan(now) and not math.isnan(then):
            return True
        if (
            not math.isnan(now)
            and not math.isnan(then)
            and now != then
            and not abs(now - then) <= _SHARE * max(abs(now), abs(then))
        ):
            return True
    return False


def _numeric(item: object) -> bool:
    return isinstance(item, bool | int | float)


def _scaled(rows: Sequence[Mapping[str, object]], measured: set[str], factor: float) -> list[dict[str, object]]:
    return [{name: _times(item, factor) if name in measured else item for name, item in row.items()} for row in rows]


def _times(item: object, factor: float) -> object:
    if isinstance(item, bool):
        return item if factor > 0 else not item
    return float(item) * factor if isinstance(item, int | float) else item


def _drawn(rows: Sequence[Mapping[str, object]], measured: set[str], seed: int) -> list[dict[str, object]]:
    """Return cells with other numbers, spread over the range of those that were measured and around it."""
    top = max((abs(float(row[name])) for row in rows for name in measured if _finite(row.get(name))), default=1.0)  # type: ignore[arg-type]  # finite numbers
    top, state, changed = max(top * 2, 1.0), seed, []
    for row in rows:
        other = dict(row)
        for name in sorted(measured):
            state = (state * 1_103_515_245 + 12_345) % 2**31
            if _numeric(row.get(name)):
                other[name] = (state / 2**30 - 1) * top
        changed.append(other)
    return changed


def _finite(item: object) -> bool:
    return isinstance(item, int | float) and math.isfinite(item)
