"""How alike cells are: the intraclass correlation of a difference, and what it leaves of the cells."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

ALIKE: Final = 0.2
"""Above this correlation, cells of one group are counted as a group."""


@dataclass(frozen=True)
class Correlation:
    """The intraclass correlation of cells by group, and how many independent cells they are worth."""

    icc: float
    worth: float


def correlation(values: Sequence[float], groups: Sequence[int]) -> Correlation | None:
    """Return the correlation by one-way analysis of variance, ICC(1); None where it is not defined."""
    members: dict[int, list[float]] = {}
    for value, group in zip(values, groups, strict=True):
        members.setdefault(group, []).append(value)
    total, count = len(values), len(members)
    if count < 2 or total == count or not all(map(math.isfinite, values)):
        return None
    # by a power of two, which changes no bit of the result: squares of values that have diverged overflow
    exponent = math.frexp(max(map(abs, values)))[1]
    members = {group: [math.ldexp(value, -exponent) for value in items] for group, items in members.items()}
    grand = math.fsum(value for items in members.values() for value in items) / total
    means = {group: math.fsum(items) / len(items) for group, items in members.items()}
    between = math.fsum(len(items) * (means[group] - grand) ** 2 for group, items in members.items()) / (count - 1)
    within = math.fsum((value - means[group]) ** 2 for group, items in members.items() for value in items)
    within /= total - count
    size = (total - sum(len(items) ** 2 for items in members.values()) / total) / (count - 1)
    spread = between + (size - 1) * within
    if spread == 0:
        return None
    icc = (between - within) / spread
    return Correlation(icc, total / (1 + (size - 1) * max(icc, 0.0)))


def of_columns(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str], groups: Sequence[int]
) -> Correlation | None:
    """Return the largest correlation of a difference of two of the columns."""
    numbers = [
        [float(value) if isinstance(value := row.get(name), int | float) else math.nan for name in columns]
        for row in rows
    ]
    pairs = combinations(range(len(columns)), 2)
    found = [correlation([row[a] - row[b] for row in numbers], groups) for a, b in pairs]
    return max((item for item in found if item), key=lambda item: item.icc, default=None)
