"""Interval arithmetic on sentences: which values are possible, and whether tiers nest."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, Literal, NamedTuple

from pytest_bets.sentence.ast import (
    Arithmetic,
    Comparison,
    Groups,
    Logic,
    Negative,
    Node,
    Not,
    Number,
    Reducer,
    Sentence,
)

Certainty = Literal["always", "never", "sometimes"]


class Interval(NamedTuple):
    """The reals from `low` to `high`; `open_low` and `open_high` exclude an end; `whole` keeps only integers."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    whole: bool = False

    def meet(self, other: "Interval") -> "Interval":
        """Return the intersection."""
        low = max((self.low, self.open_low), (other.low, other.open_low))
        high = min((self.high, not self.open_high), (other.high, not other.open_high))
        return Interval(low[0], high[0], low[1], not high[1], self.whole or other.whole)

    @property
    def empty(self) -> bool:
        """Whether the interval has no value."""
        if self.whole and math.isfinite(self.low) and math.isfinite(self.high):
            least = math.ceil(self.low) + (self.open_low and self.low == math.ceil(self.low))
            most = math.floor(self.high) - (self.open_high and self.high == math.floor(self.high))
            return least > most
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))

    def within(self, other: "Interval") -> bool:
        """Return whether every value of this interval is also in `other`."""
        below, above = other.complement()
        return self.meet(below).empty and self.meet(above).empty

    def complement(self) -> tuple["Interval", "Interval"]:
        """Return the complement: what is below the interval and what is above it."""
        return (
            Interval(high=self.low, open_high=not self.open_low),
            Interval(low=self.high, open_low=not self.open_high),
        )


REAL: Final = Interval()
TRUTH: Final = Interval(0, 1)


def solution_set(sentence: Sentence) -> Interval:
    """Return the values that meet the sentence: integers if the left side is a count."""
    threshold, whole = sentence.threshold, _counts(sentence.value)
    match sentence.operator:
        case ">=" | ">":
            return Interval(low=threshold, open_low=sentence.operator == ">", whole=whole)
        case "<=" | "<":
            return Interval(high=threshold, open_high=sentence.operator == "<", whole=whole)
        case _:
            return Interval(threshold, threshold, whole=whole)


def _counts(value: Node) -> bool:
    match value:
        case Number(number):
            return number.is_integer()
        case Groups() | Reducer("count", _, _) | Reducer("sum", Comparison() | Logic() | Not(), _):
            return True
        case Negative(operand):
            return _counts(operand)
        case Arithmetic("+" | "-" | "*", left, right):
            return _counts(left) and _counts(right)
        case _:
            return False


def value_range(value: Node, cells: int, groups: Callable[[str], int]) -> Interval | None:
    """Return the values that a sentence's left side can take over `cells` cells; None if it is never defined.

    `groups(parameter)` is the number of different values of a sweep parameter.
    """
    match value:
        case Number(number):
            return Interval(number, number)
        case Groups(parameter, _):
            return Interval(0, groups(parameter), whole=True)
        case Reducer("std" | "low" | "high", _, _, unit) if (cells if unit is None else groups(unit)) < 2:
            return None
        case Reducer(name, column, _):
            return _reduced(name, isinstance(column, Comparison | Logic | Not), cells)
        case Negative(operand):
            inner = value_range(operand, cells, groups)
            return None if inner is None else Interval(-inner.high, -inner.low, whole=inner.whole)
        case Arithmetic(symbol, left, right):
            sides = value_range(left, cells, groups), value_range(right, cells, groups)
            return None if sides[0] is None or sides[1] is None else _combined(symbol, sides[0], sides[1])
        case _:
            return REAL


def _reduced(name: str, truth: bool, cells: int) -> Interval:
    if name == "count" or (name == "sum" and truth):
        return Interval(0, cells, whole=True)
    if name == "share":
        return TRUTH
    if name == "std":
        return Interval(low=0)
    if not truth:
        return REAL
    return {"low": Interval(high=1), "high": Interval(low=0)}.get(name, TRUTH)


def _combined(symbol: str, left: Interval, right: Interval) -> Interval:
    ends = [left.low, left.high, right.low, right.high]
    if not all(map(math.isfinite, ends)) or (symbol == "/" and right.low <= 0 <= right.high):
        return REAL
    results = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}
    corners = [results[symbol](a, b) for a in ends[:2] for b in ends[2:]]
    return Interval(min(corners), max(corners))


def certainty(sentence: Sentence, cells: int, groups: Callable[[str], int]) -> Certainty:
    """Return whether the number of cells alone makes the sentence always or never true."""
    values = value_range(sentence.value, cells, groups)
    if values is REAL:  # the usual case: any threshold has reals on both sides
        return "sometimes"
    wanted = solution_set(sentence)
    if values is None or values.meet(wanted).empty:
        return "never"
    return "always" if values.within(wanted) else "sometimes"


@dataclass(frozen=True)
class NestingFault:
    """Two sentences with the same left side whose tiers do not nest."""

    outer: Sentence
    inner: Sentence
    problem: str
    expected: str = "strict inside lenient, catastrophic outside both"


def nesting_faults(tiers: Mapping[str, Sequence[Sentence]]) -> list[NestingFault]:
    """Return the sentences with equal left sides that are not strict inside lenient and catastrophic outside both."""
    found: list[NestingFault] = []
    for lenient in tiers["lenient"]:
        inside = [sentence for sentence in tiers["strict"] if sentence.value == lenient.value]
        if inside and not _all(inside).within(solution_set(lenient)):
            found.append(NestingFault(lenient, inside[0], "strict is met where lenient is not"))
    for catastrophic in tiers["catastrophic"]:
        bad = solution_set(catastrophic)
        for tier in ("strict", "lenient"):
            good = [sentence for sentence in tiers[tier] if sentence.value == catastrophic.value]
            if good and not _all(good).meet(bad).empty:
                found.append(NestingFault(catastrophic, good[0], f"{tier} and catastrophic can be met together"))
    found += _premise_faults(tiers)
    for tier in ("strict", "lenient", "control", "premise"):
        for sentence in tiers.get(tier, ()):
            rivals = [other for other in tiers[tier] if other.value == sentence.value]
            if len(rivals) > 1 and rivals[0] is sentence and _all(rivals).empty:  # a single sentence can always be met
                found.append(NestingFault(sentence, rivals[-1], f"the {tier} sentences cannot be met together"))
    return found


def _premise_faults(tiers: Mapping[str, Sequence[Sentence]]) -> Iterator[NestingFault]:
    """Yield the sentences that a premise with an equal left side decides: there the bet cannot win, or cannot lose."""
    expected = "a premise on something else than what the tier measures"
    for tier in ("strict", "lenient", "catastrophic", "control"):
        for sentence in tiers[tier]:
            premises = [premise for premise in tiers.get("premise", ()) if premise.value == sentence.value]
            given = _all(premises) if premises else REAL
            if not premises or given.empty:
                continue
            if given.meet(solution_set(sentence)).empty:
                yield NestingFault(premises[0], sentence, f"premise and {tier} cannot be met together", expected)
            elif given.within(solution_set(sentence)):
                yield NestingFault(premises[0], sentence, f"{tier} is met wherever the premise is", expected)


def _all(sentences: Sequence[Sentence]) -> Interval:
    return reduce(Interval.meet, map(solution_set, sentences))
