"""The summary, as values: its rows, counts and lists."""

from dataclasses import dataclass
from typing import Annotated, Final

from pytest_bets.chance.forecast import Calibration
from pytest_bets.record.field import LATER, SPELLED, BetId, Count, Links, Number, State, Title, limits
from pytest_bets.record.judgement import CatastrophicField, NoiseFloorField, VerdictField
from pytest_bets.record.known_error import KnownError
from pytest_bets.record.standing import ChallengeEnd, Standing
from pytest_bets.record.verdict import Judged, MetField, SentenceField, ValueField

SUMMARY_SCHEMA: Final = "pytest-bets/summary/1"


@dataclass(frozen=True, slots=True)
class StrictRow:
    """One strict sentence, judged."""

    sentence: SentenceField
    value: ValueField
    threshold: Annotated[float, "The number on the sentence's right side."]
    met: MetField
    margin: Annotated[float, SPELLED, "How far the value is from the threshold, positive where the sentence is met."]


@dataclass(frozen=True, slots=True)
class Challenged:
    """One claim that a bet challenges."""

    bet: Annotated[str, "The challenged bet's id."]
    end: ChallengeEnd


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What the journal shows of repetition."""

    total: Annotated[Count, "Runs of this bet."]
    same: Annotated[Count, "Of them, those of the record's declaration and code that came to a verdict."]
    agreed: Annotated[Count, "Of those, the ones that came to the record's verdict."]
    reproduced: Annotated[
        Count,
        LATER,
        "Of the same, those that had the seeds of the record's run, or of an earlier one, and measured the same to the "
        "bit: no new evidence on the claim.",
    ]
    replicated: Annotated[Count, LATER, "Of the same, those that drew seeds of their own: each replication once."]
    attempts: Annotated[
        int,
        limits(minimum=1),
        "The attempts at cells in all runs that engines lost or a person stopped; left out where there were none.",
    ] = 0
    failed: Annotated[
        int,
        limits(minimum=1),
        "Of the runs with other code or another declaration than the record, those that came to FAIL; left out where "
        "there were none.",
    ] = 0


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """A bet that came to a verdict and has no record."""

    bet: BetId
    runs: Annotated[Count, "Its runs that came to a verdict."]
    failed: Annotated[Count, "Of them, those that came to FAIL."]


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One bet."""

    id: BetId
    number: Number
    title: Title
    file: Annotated[str | None, "The bet's file, from the root; null where it is gone."]
    recorded: Annotated[bool, "Whether there is a record; without one there is no verdict and no registration."]
    verdict: VerdictField
    catastrophic: CatastrophicField
    noise_floor: NoiseFloorField
    void: Annotated[str | None, "Why the record has no verdict; null where it has one, or where there is no record."]
    strict: Annotated[tuple[StrictRow, ...], "The strict sentences as they were judged."]
    decided: Annotated[
        tuple[Judged, ...],
        LATER,
        "The sentences that decided the verdict, those against the claim first: of a catastrophe what tripped, of a "
        "FAIL in the noise the controls that are not met, else every strict sentence, and of a FAIL the lenient ones "
        "that are not met. Summaries of older versions lack it.",
    ]
    registration: Annotated[State | None, "As in the record; null where there is none."]
    runs: RunCounts
    declaration_changed: Annotated[bool, "Whether the file now declares something else than what was run."]
    challenges: Links
    standing: Standing
    challenged: Annotated[
        tuple[Challenged, ...],
        "The claims that this bet challenges, and how each challenge ended, in the words of `standing`.",
    ]
    scope: Annotated[str, "The section of that name: what the claim does not say."]
    known: Annotated[
        str | None,
        LATER,
        "The section of that name: what of the outcome was known at the declaration, as recorded; null where nothing "
        "is said, so that the bet counts as at risk.",
    ]
    renamed_to: Annotated[
        str | None,
        limits(type="string"),
        "The id of the bet that has this declaration now, where the file of this one is gone; left out elsewhere.",
    ] = None
    known_error: Annotated[
        KnownError | None,
        limits(type="object"),
        "The known error of a PASS or a LENIENT; left out where none is known.",
    ] = None

    @property
    def is_never_run(self) -> bool:
        """Whether there is neither a record nor a run that came to a verdict."""
        return not self.recorded and not self.runs.total

    @property
    def is_unstable(self) -> bool:
        """Whether runs of the record's declaration and code came to another verdict than the record's."""
        return self.verdict is not None and self.runs.agreed < self.runs.same


@dataclass(frozen=True, slots=True)
class Counts:
    """How many bets there are of each kind."""

    bets: Annotated[Count, "Bets with a record, a declaration or both."]
    PASS: Annotated[Count, "Records with this verdict."]
    LENIENT: Annotated[Count, "Records with this verdict."]
    FAIL: Annotated[Count, "Records with this verdict, catastrophes among them."]
    catastrophic: Annotated[Count, "FAILs by a catastrophic sentence."]
    void: Annotated[Count, "Records without a verdict."]
    never_run: Annotated[Count, "Declarations without a record, and without a verdict in the journal."]
    retracted: Annotated[Count, "Claims that a challenge retracted."]
    withdrawn: Annotated[Count, "Claims that their author withdrew."]
    registered: Annotated[Count, "Records of a declaration that was committed before its run."]
    known: Annotated[
        int,
        limits(minimum=1),
        "Bets that say in a section `Known` what of the outcome was known at the declaration. All others count as at "
        "risk. Left out where there are none.",
    ] = 0
    premise: Annotated[
        int, limits(minimum=1), "Of the void, those with a premise that is not met; left out where there are none."
    ] = 0
    in_the_noise: Annotated[
        int, limits(minimum=1), "FAILs with a control that is not met; left out where there are none."
    ] = 0
    renamed: Annotated[
        int,
        limits(minimum=1),
        "Records under a former name, which no other count includes; left out where there are none. A FAIL that the "
        "new name has not repeated is not among them: it counts as any other.",
    ] = 0
    unrecorded: Annotated[
        int,
        limits(minimum=1),
        "Declarations without a record, of which the journal has a verdict; left out where there are none.",
    ] = 0


Ids = Annotated[tuple[str, ...], limits(uniqueItems=True)]


@dataclass(frozen=True, slots=True)
class StandsAt:
    """Which PASSes stand at a false discovery rate."""

    rate: Annotated[float, "The false discovery rate."]
    bets: Annotated[Ids, "The bets that stand, by Benjamini and Hochberg."]


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """What is known of the verdicts of a catalogue together."""

    compared: Annotated[Count, "Bets with a verdict and a null of exchanged columns."]
    expected: Annotated[
        float, "The sum of their chances: so many would meet strict by luck if there is nothing to find."
    ]
    passes: Annotated[Count, "How many of them PASSed."]
    stands: Annotated[tuple[StandsAt, ...], "The PASSes among them that stand, by rate."]
    unknown: Annotated[Ids, "Bets with a PASS or a LENIENT of which no error is known."]
    calibration: Annotated[Calibration | None, "How good the forecasts are; null with fewer than ten."]


@dataclass(frozen=True, slots=True)
class Summary:
    """Every bet with its verdict and standing, made from the records, the journal and the declarations alone."""

    schema: Annotated[str, limits(const=SUMMARY_SCHEMA)]
    counts: Counts
    bets: Annotated[tuple[SummaryRow, ...], "A row a bet, by number and id; bets without a number come last."]
    falsified: Annotated[Ids, "Bets whose verdict is FAIL, without those in the noise."]
    in_the_noise: Annotated[
        Ids,
        LATER,
        "Bets whose verdict is FAIL with a control that is not met: the experiment cannot tell the claim from noise. "
        "Summaries of older versions count them as falsified.",
    ]
    premise_unmet: Annotated[
        Ids, LATER, "Bets whose record has no verdict because a premise is not met: the experiment cannot speak."
    ]
    retracted: Annotated[Ids, "Bets whose claim was retracted or withdrawn."]
    unstable: Annotated[Ids, "Bets of which runs of the record's declaration and code came to another verdict."]
    never_run: Annotated[Ids, "Bets that are declared, and have neither a record nor a verdict in the journal."]
    unreadable: Annotated[tuple[str, ...], "What is wrong with declarations that cannot be read, a fault an entry."]
    error_rates: Annotated[
        ErrorRates | None, limits(type="object"), "Left out where no bet has a null, a known error or enough forecasts."
    ] = None
    unrecorded: Annotated[
        tuple[Unrecorded, ...],
        "Bets, declared or not, of which the journal has a verdict and there is no record: it was deleted, or never "
        "came here. Left out where there are none.",
    ] = ()
