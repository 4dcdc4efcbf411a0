"""How a run of a bet ended, the same in a record, a journal line and a row of the summary."""

from typing import Annotated, Protocol

from pytest_bets.record.verdict import PREMISE_REASON, Outcome

VerdictField = Annotated[
    Outcome | None,
    "PASS where every strict sentence is met, LENIENT where every lenient one is, else FAIL; a catastrophe or a "
    "control that does not hold is a FAIL whatever else is met. Null: no verdict.",
]
CatastrophicField = Annotated[bool, "Whether a catastrophic sentence is true or undefined."]
NoiseFloorField = Annotated[
    bool | None, "Whether every control sentence is met; null where the bet has no control, or no verdict."
]
VoidField = Annotated[
    str | None,
    "Why there is no verdict: a cell crashed, a name was not measured, a premise is not met, it is a rehearsal. Null "
    "where there is one.",
]


class Judgement(Protocol):
    """Anything that says how a run of a bet ended: a verdict, a record, a line of the journal, a row of the summary."""

    @property
    def verdict(self) -> Outcome | None: ...  # noqa: D102
    @property
    def catastrophic(self) -> bool: ...  # noqa: D102
    @property
    def noise_floor(self) -> bool | None: ...  # noqa: D102
    @property
    def void(self) -> str | None: ...  # noqa: D102


def in_the_noise(judgement: Judgement) -> bool:
    """Return whether a verdict is a FAIL with a control that is not met, which retracts and falsifies nothing."""
    return judgement.verdict == "FAIL" and judgement.noise_floor is False


def premise_unmet(judgement: Judgement) -> bool:
    """Return whether there is no verdict because a premise is not met: the experiment cannot speak."""
    return judgement.verdict is None and (judgement.void or "").startswith(PREMISE_REASON)
