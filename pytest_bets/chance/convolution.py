"""The exact chance of a single count: the distribution of a sum of independent units."""

import math
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from pytest_bets.chance.relabeling import Relabelings
from pytest_bets.sentence.ast import Comparison, Groups, Logic, Not, Reducer, Sentence
from pytest_bets.sentence.evaluate import satisfied

Law = Sequence[int | None]
"""What a unit counts under each labeling; None where it is undefined."""
_Weights = dict[int | None, float]

_EXACT: Final = 400
"""With more units than this, weights are floats and no longer whole numbers."""


def counted(sentences: Sequence[Sentence]) -> Reducer | Groups | None:
    """Return the one count that all these sentences compare with a number: of cells or of groups that meet a condition.

    A share or a sum of conditions is a count as well.
    """
    values = {sentence.value for sentence in sentences}
    value = next(iter(values), None)
    if len(values) == 1 and isinstance(value, Groups):
        return value
    if len(values) != 1 or not isinstance(value, Reducer) or getattr(value, "unit", None) is not None:
        return None
    truth = isinstance(value.column, Comparison | Logic | Not)
    return value if value.name in ("count", "share") or (value.name == "sum" and truth) else None


def chance(sentences: Sequence[Sentence], count_of: Reducer | Groups, cells: Relabelings) -> float | None:
    """Return the share of relabelings in which all sentences are met; all compare the same count.

    None for groups of which one has cells of several units: then the units do not add up.
    """
    if isinstance(count_of, Groups):
        found = cells.groups(count_of)
        if found is None:
            return None
        owners, columns = found
    else:
        owners, columns = list(cells.units), cells.column(count_of)
    laws: list[list[int | None]] = [[0] * cells.labelings for _ in range(cells.count)]
    for labeling, column in enumerate(columns):
        for unit, number in zip(owners, column, strict=True):
            before = laws[unit][labeling]
            laws[unit][labeling] = None if before is None or math.isnan(number) else before + (number != 0)
    total = len(cells.units)
    is_share = isinstance(count_of, Reducer) and count_of.name == "share"

    def met(count: int) -> bool:
        value = count / total if is_share else float(count)
        return all(satisfied(sentence, value) is True for sentence in sentences)

    return tail(laws, met)


def tail(laws: Sequence[Law], met: Callable[[int], bool]) -> float:
    """Return the probability that the sum of independent units is one that `met` accepts."""
    exact = len(laws) <= _EXACT
    weights: _Weights = {0: 1}
    for law, times in Counter(tuple(sorted(law, key=repr)) for law in laws).items():
        weights = _product(weights, _power(law, times, exact=exact))
    accepted = [weight for count, weight in weights.items() if count is not None and met(count)]
    whole = math.prod(len(law) for law in laws) if exact else 1
    if not accepted:
        return 0.0
    share = sum(map(int, accepted)) / whole if exact else float(f"{min(1.0, math.fsum(accepted)):.12g}")
    return max(share, sys.float_info.min)  # what can happen has a chance, however small


def _power(law: Law, times: int, *, exact: bool) -> _Weights:
    """Return the distribution of the sum of so many units with the same law."""
    atoms = Counter(law)
    if not exact and len(atoms) <= 2 and None not in atoms:
        return _two_atoms(atoms, len(law), times)
    one: _Weights = {count: weight if exact else weight / len(law) for count, weight in atoms.items()}
    found: _Weights = {0: 1}
    while times:
        if times % 2:
            found = _product(found, one)
        times //= 2
        one = _product(one, one) if times else one
    return found


def _two_atoms(atoms: Counter[int | None], of: int, times: int) -> _Weights:
    """Return a binomial distribution; its terms are computed as whole numbers and rounded once."""
    (first, weight), *rest = [(count or 0, weight) for count, weight in atoms.items()]
    second, other = rest[0] if rest else (first, 0)
    found: _Weights = {}
    term, whole = weight**times, of**times
    for k in range(times + 1):
        place = first * (times - k) + second * k
        found[place] = found.get(place, 0) + term / whole
        term = term * (times - k) * other // ((k + 1) * weight)
    return found


def _product(one: _Weights, other: _Weights) -> _Weights:
    found: _Weights = {}
    for a, weight in one.items():
        for b, factor in other.items():
            count = None if a is None or b is None else a + b
            found[count] = found.get(count, 0) + weight * factor
    return found
