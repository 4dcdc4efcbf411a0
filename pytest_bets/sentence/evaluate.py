"""Evaluate a sentence over the cells of a bet, by walking its tree.

Every value is a float. NaN means undefined and spreads: through arithmetic, comparisons, `not`, and through `and` and
`or` unless the other operand decides alone. So a NaN measurement never helps a claim, not even by making
`not (loss > 6)` true. A division by zero is undefined too. A measured infinity is a number.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from pytest_bets.diagnostics import EvaluationError, did_you_mean
from pytest_bets.sentence import reducers
from pytest_bets.sentence.ast import (
    Arithmetic,
    Comparison,
    Groups,
    Logic,
    Name,
    Negative,
    Node,
    Not,
    Number,
    Reducer,
    Sentence,
    Text,
)

T = TypeVar("T")
Row = Mapping[str, object]
"""One cell: sweep parameters and measured values by name."""

_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


def value(sentence: Sentence, rows: Sequence[Row]) -> float:
    """Return the sentence's left side over all cells; NaN if it is undefined.

    Raises:
        EvaluationError: if there are no cells, a name was not measured, or its values have the wrong type.

    """
    return value_of(sentence.value, rows)


def value_of(node: Node, rows: Sequence[Row]) -> float:
    """Return the value of a tree over all cells; like `value`, but without a threshold.

    Raises:
        EvaluationError: as `value` does.

    """
    if not rows:
        raise EvaluationError("there is no cell")
    return _scalar(node, rows)


def column_of(reducer: Reducer, rows: Sequence[Row]) -> list[float]:
    """Return the numbers that a reducer reduces, one a cell.

    Raises:
        EvaluationError: as `value` does.

    """
    return _numbers(_column(reducer.column, rows), f"{reducer.name}(...)")


def satisfied(sentence: Sentence, measured: float) -> bool | None:
    """Return whether the measured value meets the threshold; None if it is undefined."""
    if math.isnan(measured):
        return None
    return _COMPARISONS[sentence.operator](measured, sentence.threshold)


def distance(sentence: Sentence, measured: float) -> float:
    """Return the distance to the threshold, negative on the side that misses it."""
    if math.isnan(measured):
        return math.nan
    if sentence.operator in (">=", ">"):
        return measured - sentence.threshold
    if sentence.operator in ("<=", "<"):
        return sentence.threshold - measured
    return -abs(measured - sentence.threshold)


def _scalar(node: Node, rows: Sequence[Row]) -> float:
    match node:
        case Reducer(name, column, level, unit):
            values = _numbers(_column(column, rows), f"{name}(...)")
            if unit is not None:
                values = [reducers.mean(members) for members in _grouped(unit, rows, values)]
            if name in reducers.PLAIN:
                return reducers.PLAIN[name](values)
            return reducers.LEVELLED[name](values, reducers.DEFAULT_LEVEL if level is None else level)
        case Groups(parameter, condition):
            return _groups(parameter, condition, rows)
        case Name():
            if len(rows) != 1:
                raise EvaluationError(f"`{node.id}` stands outside a reducer in a bet of {len(rows)} cells")
            return _numbers(_column(node, rows), node.id)[0]
        case Negative(operand):
            return -_scalar(operand, rows)
        case Arithmetic(symbol, left, right):
            return _arithmetic(symbol, _scalar(left, rows), _scalar(right, rows))
        case Comparison(symbol, left, right):
            return _compare(symbol, _scalar(left, rows), _scalar(right, rows))
        case Logic(symbol, operands):
            return _logic(symbol, [_scalar(operand, rows) for operand in operands])
        case Not(operand):
            return _not(_scalar(operand, rows))
        case Number(number):
            return number
        case Text(text):
            raise EvaluationError(f"{text!r} stands where a number is needed")


def _groups(parameter: str, condition: Node, rows: Sequence[Row]) -> float:
    return reducers.count([_scalar(condition, group) for group in _grouped(parameter, rows, rows)])


def _grouped(parameter: str, rows: Sequence[Row], items: Sequence[T]) -> list[list[T]]:
    """Return one item a cell in groups of the cells that share a sweep parameter."""
    members: dict[str, list[T]] = {}
    for item, key in zip(items, _raw(parameter, rows), strict=True):
        members.setdefault(repr(key), []).append(item)
    return list(members.values())


def _column(node: Node, rows: Sequence[Row]) -> list[object]:
    match node:
        case Name(name):
            return [_cell(name, item) for item in _raw(name, rows)]
        case Number(number) | Text(number):
            return [number] * len(rows)
        case Negative(operand):
            return [-item for item in _numbers(_column(operand, rows), "-")]
        case Arithmetic(symbol, left, right):
            pairs = zip(*(_numbers(_column(side, rows), symbol) for side in (left, right)), strict=True)
            return [_arithmetic(symbol, a, b) for a, b in pairs]
        case Comparison(symbol, left, right):
            return [_compare(symbol, a, b) for a, b in zip(_column(left, rows), _column(right, rows), strict=True)]
        case Logic(symbol, operands):
            columns = [_numbers(_column(operand, rows), symbol) for operand in operands]
            return [_logic(symbol, items) for items in zip(*columns, strict=True)]
        case Not(operand):
            return [_not(item) for item in _numbers(_column(operand, rows), "not")]
        case _:
            raise EvaluationError(f"{type(node).__name__.lower()} inside a column")


def _raw(name: str, rows: Sequence[Row]) -> list[object]:
    try:
        return [row[name] for row in rows]
    except KeyError:
        raise _not_measured(name, rows) from None


def _not_measured(name: str, rows: Sequence[Row]) -> EvaluationError:
    known = sorted(set().union(*rows))
    if name in known:
        missing = sum(name not in row for row in rows)
        return EvaluationError(f"`{name}` was not measured in {missing} of {len(rows)} cells")
    return EvaluationError(f"`{name}` was not measured; the names are {', '.join(known)}{did_you_mean(name, known)}")


def _cell(name: str, item: object) -> object:
    if type(item) is float:  # the usual case, and a sweep may have many cells
        return item
    if isinstance(item, bool | int | float):
        try:
            return float(item)
        except OverflowError:
            raise EvaluationError(f"`{name}` is an integer beyond all floats") from None
    if isinstance(item, str):
        return item
    kind = "a list" if isinstance(item, list) else f"a {type(item).__name__}"
    raise EvaluationError(f"`{name}` is {kind}, and a sentence compares numbers and strings")


def _numbers(items: Sequence[object], where: str) -> list[float]:
    for item in items:
        if not isinstance(item, float):
            raise EvaluationError(f"{item!r} is a string, and `{where}` needs a number")
    return list(items)  # type: ignore[arg-type]  # the loop above checked every item


def _arithmetic(symbol: str, left: float, right: float) -> float:
    if symbol == "+":
        return left + right
    if symbol == "-":
        return left - right
    if symbol == "*":
        return left * right
    # in IEEE 754, 1 / 0 and 1 / 1e-320 are infinite: a ratio to a baseline of zero would meet every `>=`
    ratio = math.nan if right == 0 else left / right
    return math.nan if math.isinf(ratio) and math.isfinite(left) else ratio


def _compare(symbol: str, left: object, right: object) -> float:
    if isinstance(left, float) and isinstance(right, float):
        if math.isnan(left) or math.isnan(right):
            return math.nan
    elif type(left) is not type(right):
        raise EvaluationError(f"`{left!r} {symbol} {right!r}` compares a number with a string")
    elif symbol not in ("==", "!="):
        raise EvaluationError(f"`{left!r} {symbol} {right!r}`: strings are compared with == and != alone")
    return float(_COMPARISONS[symbol](left, right))


def _logic(symbol: str, items: Sequence[float]) -> float:
    deciding = symbol == "or"
    if any(not math.isnan(item) and (item != 0) == deciding for item in items):
        return float(deciding)
    return math.nan if any(math.isnan(item) for item in items) else float(not deciding)


def _not(item: float) -> float:
    return math.nan if math.isnan(item) else float(item == 0)
