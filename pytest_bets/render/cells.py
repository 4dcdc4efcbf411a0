"""What the cells of a bet measured: a line a column, or a table with a row a cell."""

import math
from collections.abc import Sequence
from typing import Final

from pytest_bets.record.columns import MISSING, Column, Spread, measurements, parameters, spread
from pytest_bets.record.verdict import Cell, figure
from pytest_bets.render.visible import cut, padded, visible, width
from pytest_bets.render.words import cells_words

_GAP: Final = "  "
_WIDEST: Final = 32
"""Columns of the terminal that a value in the table takes at most."""
_LONGEST: Final = 48
"""Columns of the terminal that a value in a line about its column takes at most."""
_DIGITS: Final = 6
"""Significant digits in the table, where cells are compared with each other."""


def value_words(value: object, digits: int = 4) -> str:
    """Return a measured value as people read it; a list by its length, its first and its last number."""
    match value:
        case None:
            return "None"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return "nan" if math.isnan(value) else figure(value) if value.is_integer() else f"{value:.{digits}g}"
        case str():
            return visible(value)
        case list():
            return _curve_words(value, digits)
        case _:
            return "-"


def _curve_words(curve: Sequence[object], digits: int) -> str:
    if not curve:
        return "0 values"
    first, last = value_words(curve[0], digits), value_words(curve[-1], digits)
    return f"{len(curve)} values: {first} -> {last}" if len(curve) > 1 else f"1 value: {first}"


def column_words(column: Column) -> str:
    """Return what a measured name came to over the cells: its value, or the mean, the least and the most."""
    known = column.measured
    lacking = len(column.values) - len(known)
    same = Column(column.name, known).constant
    words = cut(value_words(known[0]), _LONGEST) if same else _words(known)
    if lacking:
        return f"{words}; not measured in {cells_words(lacking)}"
    return f"{words} in every cell" if same and len(known) > 1 else words


def _words(values: Sequence[object]) -> str:
    if all(isinstance(value, bool) for value in values):
        return f"true in {values.count(True)} of {len(values)} cells"
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if len(numbers) == len(values):
        return _spread_words(spread(numbers))
    curves = [value for value in values if isinstance(value, list)]
    if len(curves) == len(values):
        return _curves_words(curves)
    return f"{len({repr(value) for value in values})} different values"


def _spread_words(found: Spread) -> str:
    words = f"mean {figure(found.mean)}, min {figure(found.least)}, max {figure(found.most)}"
    return f"{words}; nan in {cells_words(found.undefined)}" if found.undefined else words


def _curves_words(curves: Sequence[Sequence[float]]) -> str:
    lengths = spread([len(curve) for curve in curves])
    count = figure(lengths.least) + ("" if lengths.least == lengths.most else f" to {figure(lengths.most)}")
    full = [curve for curve in curves if curve]
    first, last = spread([curve[0] for curve in full]), spread([curve[-1] for curve in full])
    return f"lists of {count}; mean of the first {figure(first.mean)}, of the last {figure(last.mean)}"


def measured_lines(cells: Sequence[Cell]) -> list[str]:
    """Return a line for every measured name."""
    return [f"{column.name}: {column_words(column)}" for column in measurements(cells)]


def cells_table(cells: Sequence[Cell], room: int) -> list[str]:
    """Return the cells as a table: parameters, then measured values; where it is too wide, in parts that fit.

    What is the same in all cells is given once, above the table.
    """
    columns = [*parameters(cells), *measurements(cells)]
    same = [column for column in columns if len(cells) > 1 and column.constant]
    lines = [f"  {visible(column.name)} = {value_words(column.values[0], _DIGITS)}" for column in same]
    if same:
        lines = ["The same in every cell:", *(cut(line, max(room, _LONGEST)) for line in lines), ""]
    index = _Aligned("cell", [str(place) for place in range(1, len(cells) + 1)], right=True)
    parts: list[list[_Aligned]] = [[index]]
    for column in (column for column in columns if column not in same):
        made = _aligned(column)
        if len(parts[-1]) > 1 and sum(each.size + len(_GAP) for each in (*parts[-1], made)) - len(_GAP) > room:
            parts.append([index])
        parts[-1].append(made)
    for place, part in enumerate(parts):
        lines += [*([""] if place else []), *_rows(part, len(cells))]
    return lines


class _Aligned:
    """A column as text: numbers stand to the right."""

    def __init__(self, name: str, texts: Sequence[str], *, right: bool) -> None:
        self.name = name
        self.texts = texts
        self.right = right
        self.size = max(width(text) for text in (name, *texts))

    def line(self, text: str) -> str:
        return " " * (self.size - width(text)) + text if self.right else padded(text, self.size)


def _aligned(column: Column) -> _Aligned:
    numeric = all(isinstance(value, int | float) or value is MISSING for value in column.values)
    texts = [cut(value_words(value, _DIGITS), _WIDEST) for value in column.values]
    return _Aligned(cut(visible(column.name), _WIDEST), texts, right=numeric)


def _rows(part: Sequence[_Aligned], count: int) -> list[str]:
    lines = [_GAP.join(column.line(column.name) for column in part), _GAP.join("-" * column.size for column in part)]
    lines += [_GAP.join(column.line(column.texts[row]) for column in part) for row in range(count)]
    return [line.rstrip() for line in lines]
