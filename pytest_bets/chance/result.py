"""What is recorded of luck, as values."""

from dataclasses import dataclass
from typing import Annotated, Literal

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
    """What the nulls of a bet say about its measured cells. Made from the declaration and the cells alone."""

    swaps: Annotated[tuple[SwapLuck, ...], "The nulls of exchanged columns, in source order."]
    absences: Annotated[tuple[FaultLimit, ...], "The nulls of absence, in source order."]

    def largest(self, tier: str) -> tuple[SwapLuck, TierChance, Alike | None] | None:
        """Return the null with the largest chance of a tier; None where no chance, or not every one, is known."""
        found = [(swap, swap.largest(tier)) for swap in self.swaps]
        known = [(swap, *chance) for swap, chance in found if chance is not None]
        if not known or len(known) < len(found):
            return None
        return max(known, key=lambda item: item[1].chance)
