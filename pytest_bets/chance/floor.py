"""The chance of strict before the run: what the declaration and the sweep alone say about it."""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, permutations, product
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.null import Swap
from pytest_bets.chance import convolution, unit
from pytest_bets.chance.luck import Params, chances
from pytest_bets.chance.relabeling import Relabelings
from pytest_bets.diagnostics import EvaluationError
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
    Text,
)
from pytest_bets.sentence.evaluate import satisfied

_RANKED: Final = frozenset({"mean", "median", "min", "max", "quantile", "iqm"})
"""Reducers that keep the order of columns of which one is larger in every cell."""
_MOST_LAWS: Final = 5_000
"""More combinations of laws than this are not searched for the worst."""
_MOST_CELLS: Final = 2_000


@dataclass(frozen=True)
class Prior:
    """The chance of strict before the run.

    `floor` is the least that a tier can be met by, where it can be met at all. `together` is the chance if the cells
    of a unit agree, `worst` the most under any dependence within a unit. Both are None unless strict compares the
    exchanged columns with each other alone; they assume that no two values are equal.
    """

    units: int
    floor: float
    together: float | None = None
    worst: float | None = None
    bound: bool = False
    """Whether `together` is an upper limit, from relabelings that were drawn."""

    @property
    def chance(self) -> float:
        """The chance that the limit of a project is compared with."""
        return self.floor if self.together is None else self.together


def prior(declaration: Declaration, null: Swap, params: Sequence[Params]) -> Prior:
    """Return the chance of strict before the run, for cells with these parameters."""
    units = unit.groups(params, null.unit)
    count = max(units) + 1
    floor = max(float(math.factorial(len(null.columns))) ** -count, sys.float_info.min)  # never 0, however many units
    if not _is_ranked_only(declaration, null, params, units):
        return Prior(count, floor)
    rows = [{**cell, **{name: float(place) for place, name in enumerate(null.columns)}} for cell in params]
    try:
        together = chances(declaration, rows, null.columns, units)[0]
    except EvaluationError:  # a condition reads something else after all
        return Prior(count, floor)
    worst = _worst(declaration, null, params, units)
    return Prior(count, floor, together.chance, worst, together.method == "drawn")


def _is_ranked_only(declaration: Declaration, null: Swap, params: Sequence[Params], units: Sequence[int]) -> bool:
    """Return whether every tier's value depends on the order of the exchanged columns alone."""
    known = set().union(*params)
    columns = set(null.columns)
    sentences = [item for tier in ("strict", "lenient") for item in declaration.sentences(tier)]
    grouped = {node.parameter for item in sentences for node in _groups(item.value)}
    whole = all(_is_within(unit.groups(params, (name,)), units) for name in grouped)
    return whole and all(_scalar(item.value, columns, known) for item in sentences)


def _groups(node: Node) -> Iterator[Groups]:
    match node:
        case Groups():
            yield node
        case Negative(operand) | Not(operand):
            yield from _groups(operand)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            yield from _groups(left)
            yield from _groups(right)
        case Logic(_, operands):
            for operand in operands:
                yield from _groups(operand)


def _is_within(groups: Sequence[int], units: Sequence[int]) -> bool:
    """Return whether each group lies within one unit, so that its cells change labels together."""
    return len(set(zip(groups, units, strict=True))) == len(set(groups))


def _scalar(node: Node, columns: set[str], known: set[str]) -> bool:
    match node:
        case Number():
            return True
        case Reducer("count" | "share" | "sum", column, _):
            return getattr(node, "unit", None) is None and _truth(column, columns, known)
        case Groups(_, condition):
            return _grouped(condition, columns)
        case Negative(operand):
            return _scalar(operand, columns, known)
        case Arithmetic(_, left, right):
            return _scalar(left, columns, known) and _scalar(right, columns, known)
    return False


def _truth(node: Node, columns: set[str], known: set[str]) -> bool:
    """Return whether a condition on a cell compares exchanged columns with each other, or parameters with anything."""
    match node:
        case Comparison(_, Name(left), Name(right)) if {left, right} <= columns:
            return True
        case Comparison(_, left, right):
            return all(
                isinstance(side, Number | Text) or (isinstance(side, Name) and side.id in known)
                for side in (left, right)
            )
        case Logic(_, operands):
            return all(_truth(operand, columns, known) for operand in operands)
        case Not(operand):
            return _truth(operand, columns, known)
    return False


def _grouped(node: Node, columns: set[str]) -> bool:
    match node:
        case Comparison(_, Reducer(name, Name(left), level), Reducer(other, Name(right), also)):
            return name == other and level == also and name in _RANKED and {left, right} <= columns
        case Logic(_, operands):
            return all(_grouped(operand, columns) for operand in operands)
        case Not(operand):
            return _grouped(operand, columns)
    return False


def _worst(declaration: Declaration, null: Swap, params: Sequence[Params], units: Sequence[int]) -> float | None:
    """Return the largest chance under any dependence within units; None where it is too much to search.

    The chance is linear in the law of each unit, so it is largest where every unit has one order of values a cell.
    """
    sentences = declaration.sentences("strict")
    reducer = convolution.counted(sentences)
    if not isinstance(reducer, Reducer) or len(params) > _MOST_CELLS:
        return None
    laws = [
        _laws(reducer, null, [cell for cell, own in zip(params, units, strict=True) if own == place])
        for place in range(max(units) + 1)
    ]
    kinds: dict[tuple[tuple[int, ...], ...], int] = {}
    for law in laws:
        if law is None:
            return None
        kinds[law] = kinds.get(law, 0) + 1
    ways = math.prod(math.comb(times + len(law) - 1, times) for law, times in kinds.items())
    if ways > _MOST_LAWS:
        return None
    total = len(params)

    def met(count: int) -> bool:
        value = count / total if reducer.name == "share" else float(count)
        return all(satisfied(sentence, value) is True for sentence in sentences)

    choices = [combinations_with_replacement(law, times) for law, times in kinds.items()]
    return max(convolution.tail([law for part in parts for law in part], met) for parts in product(*choices))


def _laws(reducer: Reducer, null: Swap, params: Sequence[Params]) -> tuple[tuple[int, ...], ...] | None:
    """Return what a unit can count under its labelings: one law for each way to order the values of its cells."""
    orders = list(permutations(range(len(null.columns))))
    found: set[tuple[int, ...]] = {(0,) * len(orders)}
    for cell in params:
        counts = set()
        for order in orders:
            row = {**cell, **{name: float(place) for name, place in zip(null.columns, order, strict=True)}}
            column = Relabelings([], [row], null.columns, [0]).reduced(reducer)
            counts.add(tuple(int(number != 0) for (number,) in column))
        found = {tuple(a + b for a, b in zip(law, count, strict=True)) for law in found for count in counts}
        if len(found) > _MOST_LAWS:
            return None
    return tuple(sorted({tuple(sorted(law)) for law in found}))
