"""Luck: how often the measured cells would meet a tier if the labels of their columns did not matter."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.null import Absence, Swap
from pytest_bets.chance import absence, convolution, draws, enumeration, unit
from pytest_bets.chance.relabeling import Relabelings, are_met
from pytest_bets.chance.result import Alike, FaultLimit, Luck, SwapLuck, TierChance
from pytest_bets.chance.similarity import ALIKE, of_columns
from pytest_bets.diagnostics import EvaluationError
from pytest_bets.sentence.ast import Sentence
from pytest_bets.sentence.evaluate import Row, value_of
from pytest_bets.sentence.parse import parse_value

TIERS: Final = ("strict", "lenient")
Params = Mapping[str, object]


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
        unit=unit.named(null.unit, params),
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
        count_of = convolution.counted(sentences)
        share = None if count_of is None else convolution.chance(sentences, count_of, cells)
        if share is not None:
            found[place] = TierChance(share, "counted", None, None)
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
    sentences = [sentence for tier in tiers for sentence in tier]  # together: tiers mostly share a value
    for labels in enumeration.every(cells) if whole else draws.drawn(cells, digest):
        judged += 1
        met = iter(map(cells.is_met, sentences, cells.values(sentences, cells.rows(labels))))
        for place, tier in enumerate(tiers):
            hits[place] += all(list(islice(met, len(tier))))
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
    measured = cells.values(sentences, cells.rows([0] * cells.count))
    found = []
    for sentence, number in zip(sentences, measured, strict=True):
        if not math.isnan(number):
            bar = replace(sentence, operator=f"{sentence.operator[0]}=", threshold=number)
            found.append(Surprise(sentence.text, *_p(bar, cells, declaration.digest)))
    return found


def _p(bar: Sentence, cells: Relabelings, digest: str) -> tuple[float, bool]:
    """Return how often a value is as good as the measured one, which is the threshold, and whether that is exact."""
    count_of = convolution.counted([bar])
    share = None if count_of is None else convolution.chance([bar], count_of, cells)
    if share is not None:
        return share, True
    (hits,), judged, whole = _hits([[bar]], cells, digest)
    return (hits / judged, True) if whole else ((1 + hits) / (1 + judged), False)


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
