"""The verdict: one pure function from sentences and cells to PASS, LENIENT, FAIL or void."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pytest_bets.bet.declaration import CRITERIA, PREMISE, Criterion
from pytest_bets.diagnostics import EvaluationError
from pytest_bets.record.field import SPELLED, Values, limits
from pytest_bets.sentence.ast import Node
from pytest_bets.sentence.evaluate import distance, satisfied, value

Outcome = Literal["PASS", "LENIENT", "FAIL"]
Met = bool | None
"""Whether a sentence is true; None where it is undefined."""

PREMISE_REASON: Final = "premise: "
"""The start of the reason of a run that is void because a premise is not met."""
RANK: Final = {"PASS": 3, "LENIENT": 2, "FAIL": 1, "CATASTROPHE": 0}


TierField = Annotated[str, limits(enum=[*CRITERIA]), "The tier that the sentence belongs to."]
SentenceField = Annotated[str, "The sentence's text, white space folded."]
ValueField = Annotated[float, SPELLED, 'The sentence\'s left side over all cells; "nan" where it is undefined.']
MetField = Annotated[
    Met,
    "The truth of the sentence itself, in every tier: a catastrophic sentence that is met has tripped. Null where it "
    "is undefined, which speaks for no claim.",
]
_Spelled = Annotated[float, SPELLED]


@dataclass(frozen=True, slots=True)
class Cell:
    """One parameter set of the sweep and what was measured there."""

    params: Annotated[
        Mapping[str, object],
        Values(_Spelled | bool | str | None),
        "The sweep's parameters by name; a value that JSON cannot hold by its name or place.",
    ]
    measured: Annotated[
        Mapping[str, object],
        Values(_Spelled | bool | str | tuple[_Spelled | bool, ...]),
        limits(minProperties=1),
        "What the experiment returned.",
    ]

    @property
    def row(self) -> dict[str, object]:
        """Parameters and measured values by name, as sentences read them."""
        return {**self.params, **self.measured}


@dataclass(frozen=True)
class Judged:
    """One sentence, judged."""

    tier: TierField
    sentence: SentenceField
    value: ValueField
    threshold: Annotated[float, "The number on the sentence's right side."]
    met: MetField
    margin: Annotated[
        float,
        SPELLED,
        "How far the value is from the threshold, positive on the claim's good side in every tier, whatever the "
        'operator: for a catastrophic sentence that is the side where it is not met. "nan" where undefined.',
    ]

    @property
    def good(self) -> bool:
        """Whether the sentence speaks for the claim: met, or for catastrophic clear; never where undefined."""
        return self.met is (self.tier != "catastrophic")

    @property
    def measured(self) -> str:
        """The value as people read it, with as many digits as show on which side of the threshold it lies."""
        side = _side(self.value, self.threshold)
        if side in (None, _side(float(f"{self.value:.4g}"), self.threshold)):
            return figure(self.value)
        texts = (f"{self.value:.{digits}g}" for digits in range(5, 18))
        return next((text for text in texts if _side(float(text), self.threshold) == side), repr(self.value))


@dataclass(frozen=True)
class Verdict:
    """What a run of a bet says.

    A void one has a reason and no verdict. Its criteria are the premises, where one is not met, and none otherwise.
    """

    verdict: Outcome | None
    catastrophic: bool = False
    noise_floor: bool | None = None
    void: str | None = None
    criteria: tuple[Judged, ...] = ()

    def good(self, tier: str) -> bool:
        """Return whether every sentence of the tier speaks for the claim."""
        return all(judged.good for judged in self.criteria if judged.tier == tier)

    @property
    def rank(self) -> int | None:
        """How good the verdict is, a catastrophe last; None where there is none."""
        if self.verdict is None:
            return None
        return RANK["CATASTROPHE" if self.catastrophic else self.verdict]


def outcome(
    strict: Sequence[Met], lenient: Sequence[Met], catastrophic: Sequence[Met], control: Sequence[Met]
) -> tuple[Outcome, bool, bool | None]:
    """Return verdict, `catastrophic` and `noise_floor` from the truth of every sentence: the first rule that holds."""
    tripped = any(met is not False for met in catastrophic)
    above_noise = all(met is True for met in control) if control else None
    if tripped or above_noise is False:
        return "FAIL", tripped, above_noise
    if all(met is True for met in strict):
        return "PASS", False, above_noise
    if all(met is True for met in lenient):
        return "LENIENT", False, above_noise
    return "FAIL", False, above_noise


def judge(criteria: Sequence[Criterion], cells: Sequence[Cell]) -> Verdict:
    """Judge every sentence over all cells; void where a sentence cannot be evaluated or a premise is not met."""
    rows = [cell.row for cell in cells]
    judged = []
    known: dict[Node, float] = {}  # the tiers mostly compare one value with three thresholds
    for criterion in criteria:
        sentence = criterion.sentence
        try:
            if sentence.value not in known:
                known[sentence.value] = value(sentence, rows)
        except EvaluationError as error:
            return void(f'{criterion.tier} "{sentence.text}": {error}')
        measured = known[sentence.value]
        margin = distance(sentence, measured)
        if criterion.tier == "catastrophic":
            margin = -margin
        # a zero without a sign: -0.0 would be a difference between two records that say the same
        margin = 0.0 if margin == 0 else margin
        met = satisfied(sentence, measured)
        judged.append(Judged(criterion.tier, sentence.text, measured, sentence.threshold, met, margin))
    premises = tuple(item for item in judged if item.tier == PREMISE)
    if not all(item.good for item in premises):
        unmet = "; ".join(f"{item.sentence} measured {item.measured}" for item in premises if not item.good)
        return Verdict(None, void=f"{PREMISE_REASON}{unmet}", criteria=premises)
    truth = {
        tier: [j.met for j in judged if j.tier == tier] for tier in ("strict", "lenient", "catastrophic", "control")
    }
    verdict, catastrophic, noise_floor = outcome(**truth)
    return Verdict(verdict, catastrophic, noise_floor, None, tuple(judged))


def void(reason: str) -> Verdict:
    """Return the verdict of a run that says nothing about the claim."""
    return Verdict(None, void=reason)


def _side(number: float, threshold: float) -> int | None:
    """Return whether a number is below (-1), at (0) or above (1) a threshold; None where it is undefined."""
    return None if math.isnan(number) else (number > threshold) - (number < threshold)


def figure(number: float) -> str:
    """Return a value as people read it: integers plain, others to four significant digits, undefined for NaN."""
    if math.isnan(number):
        return "undefined"
    if float(number).is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.4g}"
