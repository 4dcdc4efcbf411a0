"""Whether a bet's claim still stands: which challenges were made, and how they ended."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

ChallengeEnd = Annotated[
    Literal["retracts", "survived", "open", "overturned", "noise"],
    "retracts: it is a FAIL. overturned: it is one, but its own claim is gone. noise: it is one, but a control of its "
    "own is not met, so it retracts nothing. survived: it is none. open: it has no verdict.",
]
StandingState = Annotated[
    Literal["stands", "retracted", "withdrawn", "falsified", "noise", "open"],
    "retracted: a challenge that still stands ended in a FAIL. withdrawn: its author took it back. falsified: its own "
    "verdict is FAIL. noise: it is FAIL with a control that is not met, so that it is neither shown nor falsified. "
    "open: it has no verdict. stands: none of these.",
]


@dataclass(frozen=True)
class Challenge:
    """One challenge to a claim. A FAIL of a bet that itself no longer stands is overturned."""

    by: Annotated[str, "The challenging bet's id."]
    end: ChallengeEnd


@dataclass(frozen=True)
class Standing:
    """Whether the claim still stands, which is apart from its verdict."""

    state: StandingState
    challenges: Annotated[tuple[Challenge, ...], "The bets that challenge this claim."]
    withdrawn: Annotated[str | None, "The author's reason; null where the claim is not withdrawn."]

    @property
    def gone(self) -> bool:
        """Whether the claim was retracted or withdrawn, so that it never gates."""
        return self.state in ("retracted", "withdrawn")


@dataclass(frozen=True)
class Claim:
    """What standing is made from: a bet's links as declared, and its verdict of record, None where there is none."""

    id: str
    number: int | None
    verdict: str | None
    challenges: Sequence[int | str]
    withdrawn: str | None
    in_the_noise: bool = False
    """Whether the verdict is a FAIL with a control that is not met: it cannot tell the claim from noise."""


def standings(claims: Sequence[Claim], former: Mapping[int | str, str] | None = None) -> dict[str, Standing]:
    """Return the standing of every claim by id; challenges form no circle.

    A number names every claim that has it: the one that is declared, and those whose files are gone. `former` gives the
    present id of renamed claims by their former numbers and ids: a retracted claim that gets another number stays
    retracted.
    """
    challengers: dict[str, list[Claim]] = {claim.id: [] for claim in claims}
    ids: dict[int | str, list[str]] = {claim.id: [claim.id] for claim in claims}
    for claim in claims:
        if claim.number is not None:
            ids.setdefault(claim.number, []).append(claim.id)
    for link, now in (former or {}).items():
        ids.setdefault(link, []).append(now)
    for claim in claims:
        linked = (bet for link in claim.challenges for bet in ids.get(link, ()))
        for challenged in dict.fromkeys(bet for bet in linked if bet in challengers):
            if challenged != claim.id:
                challengers[challenged].append(claim)
    settled: dict[str, Standing] = {}

    def settle(claim: Claim, walked: tuple[str, ...]) -> Standing:
        if claim.id not in settled:
            ends = []
            for challenger in sorted(challengers[claim.id], key=lambda other: (other.number or 0, other.id)):
                if challenger.id in walked:  # a circle, which a record from elsewhere may still hold
                    continue
                gone = settle(challenger, (*walked, claim.id)).gone
                ends.append(Challenge(challenger.id, _end(challenger, gone)))
            settled[claim.id] = Standing(_state(claim, ends), tuple(ends), claim.withdrawn)
        return settled[claim.id]

    for claim in claims:
        settle(claim, ())
    return settled


def _end(challenger: Claim, gone: bool) -> ChallengeEnd:
    if challenger.verdict is None:
        return "open"
    if challenger.verdict != "FAIL":
        return "survived"
    if challenger.in_the_noise:
        return "noise"
    return "overturned" if gone else "retracts"


def _state(claim: Claim, ends: Sequence[Challenge]) -> StandingState:
    if claim.withdrawn:
        return "withdrawn"
    if any(challenge.end == "retracts" for challenge in ends):
        return "retracted"
    if claim.verdict == "FAIL":
        return "noise" if claim.in_the_noise else "falsified"
    return "open" if claim.verdict is None else "stands"
