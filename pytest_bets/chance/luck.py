"""Luck: how often the measured cells would meet a tier if the labels of their columns did not matter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.null import CELL, Absence, Swap
from pytest_bets.chance import absence, convolution, draws, enumeration, unit
from pytest_bets.chance.relabeling import Relabelings, are_met
from pytest_bets.chance.similarity import ALIKE, of_columns
from pytest_bets.diagnostics import EvaluationError
from pytest_bets.sentence.ast import Sentence
from pytest_bets.sentence.evaluate import Row, distance, value_of
from pytest_bets.sentence.parse import parse_value

TIERS: Final = ("strict", "lenient")
Params = Mapping[str, object]
Method = Annotated[
    Literal["counted", "enumerated", "drawn"],
    "counted: exact, by convolution. enumerated: exact, every relabeling was judged. drawn: 9,999 relabelings were "
    "judged, and the chance is the upper end of a one-sided 95 % interval.",
]


@dataclass(frozen=True, slots=True)
class TierChance:
    """How often a tier is met over the relabelings of the measured cells."""

    chance: Annotated[float, "The share of relabelings in which every sentence of the tier is met; if drawn, at most."]
    method: Method
    hits: Annotated[int | None, "In how many of the judged relabelings the tier is met; null if counted."]
    judged: Annotated[int | None, "How many relabelings were judged; null if counted."]


@dataclass(frozen=True, slots=True)
class Alike:
    """Cells that are alike within a coarser unit than the declared one."""

    by: Annotated[str, "The sweep parameter that alike cells share."]
    icc: Annotated[float, "The intraclass correlation of the compared difference, to three decimals."]
    worth: Annotated[float, "How many independent cells the cells are worth, to one decimal."]
    units: Annotated[int, "The number of units by that parameter."]
    strict: Annotated[TierChance, "The chance of strict by that unit."]
    lenient: Annotated[TierChance, "The chance of lenient by that unit."]


@dataclass(frozen=True, slots=True)
class SwapLuck:
    """One null of exchanged columns, over the measured cells."""

    swap: Annotated[tuple[str, ...], "The columns that are exchanged."]
    unit: Annotated[tuple[str, ...], "The parameters of the sweep that cells of a unit share, or `cell`."]
    units: Annotated[int, "The number of units."]
    joined: Annotated[int, "How many units fewer these are because some share a number to the bit."]
    strict: Annotated[TierChance | None, "The chance of strict; null where it cannot be computed."]
    lenient: Annotated[TierChance | None, "The chance of lenient; null where it cannot be computed."]
    alike: Annotated[tuple[Alike, ...], "Coarser units within which cells are alike."]
    unknown: Annotated[str | None, "Why there is no chance; null where there is one."]

    def largest(self, tier: str) -> tuple[TierChance, Alike | None] | None:
        """Return the largest chance of a tier, and the coarser unit that it is by, if it is."""
        own = self.strict if tier == "strict" else self.lenient
        if own is None:
            return None
        found: list[tuple[TierChance, Alike | None]] = [(own, None)]
        found += [(item.strict if tier == "strict" else item.lenient, item) for item in self.alike]
        return max(found, key=lambda item: item[0].chance)


@dataclass(frozen=True, slots=True)
class FaultLimit:
    """One null of absence, over the measured cells."""

    none: Annotated[str, "What must never happen."]
    tries: Annotated[int | None, "In how many tries it did not; null where strict is not met or the count is unknown."]
    limit: Annotated[float | None, "The upper 95 % limit of its rate, if tries are independent; null where unknown."]
    unknown: Annotated[str | None, "Why there is no limit; null where there is one."]


@dataclass(frozen=True, slots=True)
class Luck:
    """What the nulls of a bet say of its measured cells. Made from the declaration and the cells alone."""

    swaps: Annotated[tuple[SwapLuck, ...], "The nulls of exchanged columns, in source order."]
    absences: Annotated[tuple[FaultLimit, ...], "The nulls of absence, in source order."]

    def largest(self, tier: str) -> tuple[SwapLuck, TierChance, Alike | None] | None:
        """Return the null with the largest chance of a tier; None where no chance, or not every one, is known."""
        found = [(swap, swap.largest(tier)) for swap in self.swaps]
        known = [(swap, *chance) for swap, chance in found if chance is not None]
        if not known or len(known) < len(found):
            return None
        return max(known, key=lambda item: item[1].chance)


def luck(declaration: Declaration, params: Sequence[Params], rows: Sequence[Row]) -> Luck | None:
    """Return the luck of a bet whose cells are given by their parameters, and by all their values; None without a null.

    The rows are those of a judged bet: every sentence can be evaluated over them.
    """
    if not declaration.nulls or not rows:
        return None
    swaps = [null for null in declaration.nulls if isinstance(null, Swap)]
    absences = [null for null in declaration.nulls if isinstance(null, Absence)]
    return Luck(
        tuple(swap_luck(null, declaration, params, rows) for null in swaps),
        tuple(_fault_limit(null, declaration, rows) for null in absences),
    )


def swap_luck(null: Swap, declaration: Declaration, params: Sequence[Params], rows: Sequence[Row]) -> SwapLuck:
    """Return the luck of one null of exchanged columns."""
    declared = unit.groups(params, null.unit)
    units = unit.joined(declared, rows, null.columns)
    count = max(units) + 1
    found = SwapLuck(
        swap=null.columns,
        unit=null.unit or (CELL,),
        units=count,
        joined=max(declared) + 1 - count,
        strict=None,
        lenient=None,
        alike=(),
        unknown=None,
    )
    try:
        strict, lenient = chances(declaration, rows, null.columns, units)
        alike = tuple(_alike(null, declaration, params, rows, units))
    except EvaluationError as error:
        return replace(found, unknown=f"the columns cannot be exchanged: {error}")
    return replace(found, strict=strict, lenient=lenient, alike=alike)


def _alike(
    null: Swap, declaration: Declaration, params: Sequence[Params], rows: Sequence[Row], units: Sequence[int]
) -> list[Alike]:
    found = []
    for name in sorted(set().union(*params)):
        coarse = unit.joined(unit.groups(params, (name,)), rows, null.columns)
        if max(coarse) >= max(units):
            continue
        correlation = of_columns(rows, null.columns, coarse)
        if correlation is not None and correlation.icc > ALIKE:
            strict, lenient = chances(declaration, rows, null.columns, coarse)
            icc, worth = round(correlation.icc, 3), round(correlation.worth, 1)
            found.append(Alike(name, icc, worth, max(coarse) + 1, strict, lenient))
    return found


def chances(
    declaration: Declaration, rows: Sequence[Row], columns: Sequence[str], units: Sequence[int]
) -> tuple[TierChance, TierChance]:
    """Return the chances of strict and lenient.

    Raises:
        EvaluationError: where the columns cannot be exchanged.

    """
    tiers = [declaration.sentences(tier) for tier in TIERS]
    cells = Relabelings([sentence for tier in tiers for sentence in tier], rows, columns, units)
    found: dict[int, TierChance] = {}
    for place, sentences in enumerate(tiers):
        reducer = convolution.counted(sentences)
        if reducer is not None:
            found[place] = TierChance(convolution.chance(sentences, reducer, cells), "counted", None, None)
    left = [place for place in range(len(tiers)) if place not in found]
    if left:
        hits, judged, whole = _hits([tiers[place] for place in left], cells, declaration.digest)
        for place, count in zip(left, hits, strict=True):
            share = count / judged if whole else draws.at_most(count, judged)
            found[place] = TierChance(share, "enumerated" if whole else "drawn", count, judged)
    return found[0], found[1]


def _hits(tiers: Sequence[Sequence[Sentence]], cells: Relabelings, digest: str) -> tuple[list[int], int, bool]:
    """Return in how many relabelings each tier is met, how many were judged, and whether these are all."""
    whole = enumeration.is_feasible(cells)
    hits, judged = [0] * len(tiers), 0
    for labels in enumeration.every(cells) if whole else draws.drawn(cells, digest):
        rows = cells.rows(labels)
        judged += 1
        for place, sentences in enumerate(tiers):
            hits[place] += are_met(sentences, cells.values(sentences, rows))
    return hits, judged, whole


@dataclass(frozen=True)
class Surprise:
    """The p-value of a measured value: how many relabelings give one that is at least as good for the claim."""

    sentence: str
    p: float
    exact: bool


def surprises(null: Swap, declaration: Declaration, params: Sequence[Params], rows: Sequence[Row]) -> list[Surprise]:
    """Return the p-value of each strict sentence's measured value; none where it cannot be computed."""
    units = unit.joined(unit.groups(params, null.unit), rows, null.columns)
    sentences = [item for item in declaration.sentences("strict") if item.operator != "=="]
    try:
        cells = Relabelings(sentences, rows, null.columns, units)
    except EvaluationError:
        return []
    measured = [
        distance(item, number)
        for item, number in zip(sentences, cells.values(sentences, rows=cells.rows([0] * cells.count)), strict=True)
    ]
    whole = enumeration.is_feasible(cells)
    hits, judged = [0] * len(sentences), 0
    for labels in enumeration.every(cells) if whole else draws.drawn(cells, declaration.digest):
        judged += 1
        for place, number in enumerate(cells.values(sentences, cells.rows(labels))):
            hits[place] += distance(sentences[place], number) >= measured[place]
    return [
        Surprise(item.text, count / judged if whole else (1 + count) / (1 + judged), whole)
        for item, count, own in zip(sentences, hits, measured, strict=True)
        if own == own  # an undefined value has no p
    ]


def _fault_limit(null: Absence, declaration: Declaration, rows: Sequence[Row]) -> FaultLimit:
    def unknown(reason: str) -> FaultLimit:
        return FaultLimit(null.none, None, None, reason)

    strict = declaration.sentences("strict")
    try:
        if not are_met(strict, [value_of(sentence.value, rows) for sentence in strict]):
            return unknown("strict is not met")
        number = value_of(parse_value(null.tries), rows)
    except EvaluationError as error:
        return unknown(f"`{null.tries}`: {error}")
    if not number >= 1 or not number.is_integer():
        return unknown(f"`{null.tries}` is {number:g}, which is no number of tries")
    return FaultLimit(null.none, int(number), float(f"{absence.limit(int(number)):.12g}"), None)
