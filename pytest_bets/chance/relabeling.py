"""Relabelings: the measured cells with their columns exchanged, unit by unit, as the evaluator reads them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import permutations
from typing import Final

from pytest_bets.sentence.ast import (
    Arithmetic,
    Comparison,
    Groups,
    Logic,
    Negative,
    Node,
    Not,
    Reducer,
    Sentence,
    bare_names,
    subnodes,
)
from pytest_bets.sentence.ast import Name as Named
from pytest_bets.sentence.evaluate import Row, column_of, satisfied, value_of

Labels = Sequence[int]
"""The labeling of each unit, by its place in `orders`; 0 is the one that was measured."""


_ROUNDING: Final = 1e-12
"""How far rounding moves a value, as a part of the size of the numbers that it is made of."""


class Relabelings:
    """Sentences over all relabelings of cells.

    What a reducer reduces depends in each cell on the labeling of that cell's unit alone. So each column is computed
    once a labeling, and a relabeling only picks from these columns. The reducers are those of the evaluator.

    Raises:
        EvaluationError: where a sentence cannot be evaluated under some labeling.

    """

    def __init__(
        self, sentences: Iterable[Sentence], rows: Sequence[Row], columns: Sequence[str], units: Sequence[int]
    ) -> None:
        self.units = tuple(units)
        self.count = max(self.units, default=-1) + 1
        self.orders = list(permutations(range(len(columns))))
        self._variants = [[_exchanged(row, columns, order) for row in rows] for order in self.orders]
        sizes = sorted(
            abs(number) for row in rows for name in columns if math.isfinite(number := _number(row.get(name)))
        )
        self._typical = sizes[len(sizes) // 2] if sizes else 0.0
        self._lifted: dict[Node, Node] = {}
        self._names: dict[Node, str] = {}
        self._cells: list[list[dict[str, object]]] = [[dict(row) for row in rows] for rows in self._variants]
        for sentence in sentences:
            self._lift(sentence.value, reading=bool(bare_names(sentence.value)))

    @property
    def labelings(self) -> int:
        """The number of labelings of one unit."""
        return len(self.orders)

    @property
    def total(self) -> int:
        """The number of relabelings of all cells."""
        return int(self.labelings**self.count)

    def rows(self, labels: Labels) -> list[Mapping[str, object]]:
        """Return the cells under a relabeling, with one entry for each reducer instead of the measured columns."""
        return [self._cells[labels[unit]][place] for place, unit in enumerate(self.units)]

    def values(self, sentences: Sequence[Sentence], rows: Sequence[Row]) -> list[float]:
        """Return the left side of each sentence over the cells of a relabeling."""
        known: dict[Node, float] = {}
        for sentence in sentences:
            if sentence.value not in known:
                known[sentence.value] = value_of(self._lifted[sentence.value], rows)
        return [known[sentence.value] for sentence in sentences]

    def is_met(self, sentence: Sentence, value: float) -> bool:
        """Return whether a sentence is met by the value of its left side under a relabeling.

        A value that differs from the threshold only by how it was rounded is equal to it: an exchange of equal
        differences, as 0.93 - 0.92 and 0.15 - 0.14, must not make luck look smaller.
        """
        if is_met(sentence, value):
            return True
        scale = max(self._typical, abs(sentence.threshold))
        near = math.isfinite(value) and math.isfinite(scale) and abs(value - sentence.threshold) <= _ROUNDING * scale
        return near and sentence.operator in (">=", "<=", "==")

    def column(self, reducer: Reducer) -> list[list[float]]:
        """Return what a reducer reduces: by labeling, a number for each cell."""
        return [[float(cell[self._names[reducer]]) for cell in cells] for cells in self._cells]  # type: ignore[arg-type]

    def groups(self, node: Groups) -> tuple[list[int], list[list[float]]] | None:
        """Return the unit of each group, and by labeling whether it meets the condition: 1, 0 or undefined.

        None where a group has cells of several units.
        """
        places: dict[str, list[int]] = {}
        for place, row in enumerate(self._variants[0]):
            places.setdefault(repr(row.get(node.parameter)), []).append(place)
        if any(len({self.units[place] for place in own}) > 1 for own in places.values()):
            return None
        owners = [self.units[own[0]] for own in places.values()]
        met = [[value_of(node, [rows[place] for place in own]) for own in places.values()] for rows in self._variants]
        return owners, met

    def reduced(self, reducer: Reducer) -> list[list[float]]:
        """Return the same for a reducer of no sentence."""
        return [column_of(reducer, rows) for rows in self._variants]

    def _lift(self, value: Node, *, reading: bool) -> None:
        for node in subnodes(value):
            if isinstance(node, Reducer) and node not in self._names:
                name = self._names[node] = f"#{len(self._names)}"
                for cells, variant in zip(self._cells, self._variants, strict=True):
                    for cell, number in zip(cells, column_of(node, variant), strict=True):
                        cell[name] = number
        self._lifted[value] = value if reading else self._replaced(value)

    def _replaced(self, node: Node) -> Node:
        match node:
            case Reducer():
                return replace(node, column=Named(self._names[node]))
            case Groups(parameter, condition):
                return Groups(parameter, self._replaced(condition))
            case Negative(operand):
                return Negative(self._replaced(operand))
            case Not(operand):
                return Not(self._replaced(operand))
            case Arithmetic(operator, left, right):
                return Arithmetic(operator, self._replaced(left), self._replaced(right))
            case Comparison(operator, left, right):
                return Comparison(operator, self._replaced(left), self._replaced(right))
            case Logic(operator, operands):
                return Logic(operator, tuple(map(self._replaced, operands)))
        return node


def are_met(sentences: Sequence[Sentence], values: Sequence[float]) -> bool:
    """Return whether every sentence is met."""
    return all(map(is_met, sentences, values))


def is_met(sentence: Sentence, value: float) -> bool:
    """Return whether a sentence is met by the value of its left side; an undefined one is not."""
    return satisfied(sentence, value) is True


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _exchanged(row: Row, columns: Sequence[str], order: Sequence[int]) -> dict[str, object]:
    return {
        **row,
        **{name: row[columns[place]] for name, place in zip(columns, order, strict=True) if columns[place] in row},
    }
