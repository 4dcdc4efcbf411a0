"""The values that the folder of results holds: records, journal lines and the summary.

Each field is described here once; the JSON Schemas are made from these types.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, Protocol

from pytest_bets.chance.forecast import Calibration
from pytest_bets.chance.result import Luck
from pytest_bets.record.field import LATER, SPELLED, CommitId, Count, Sha256, limits
from pytest_bets.record.known_error import KnownError
from pytest_bets.record.verdict import (
    PREMISE_REASON,
    Cell,
    Judged,
    MetField,
    Outcome,
    SentenceField,
    TierField,
    ValueField,
)

RECORD_SCHEMA: Final = "pytest-bets/record/2"
JOURNAL_SCHEMA: Final = "pytest-bets/journal/2"
SUMMARY_SCHEMA: Final = "pytest-bets/summary/1"
FIRST_RECORD_SCHEMA: Final = "pytest-bets/record/1"
FIRST_JOURNAL_SCHEMA: Final = "pytest-bets/journal/1"
RECORD_SCHEMAS: Final = (FIRST_RECORD_SCHEMA, RECORD_SCHEMA)
JOURNAL_SCHEMAS: Final = (FIRST_JOURNAL_SCHEMA, JOURNAL_SCHEMA)
"""Those that can be read. Only the last of each is written."""

BetId = Annotated[str, "The bet's id: its file's stem without `bet_`, digits as written, as in 46_norm_replication."]
Number = Annotated[int | None, limits(minimum=0), "The number in the file's name; null where it has none."]
Title = Annotated[str, "The claim in one line."]
Links = Annotated[
    tuple[int | str, ...],
    "The bets whose claims a FAIL of this bet retracts, unless its control is not met; by number or id.",
]
State = Annotated[
    Literal["registered", "unregistered", "unknown"],
    "registered: the commit that the run began from holds this declaration. unregistered: it does not. unknown: there "
    "was no git to tell.",
]
Pilot = Annotated[bool, limits(const=True), "There for a rehearsal alone, which has no verdict."]
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
DeclarationDigest = Annotated[Sha256, "The declaration's digest."]
Host = Annotated[str, "The machine's name."]
Previous = Annotated[Sha256 | None, "The SHA-256 of this bet's previous line; null for its first."]
Time = Annotated[str, limits(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
Sentences = Annotated[tuple[str, ...], limits(minItems=1)]
Joint = str | int | Annotated[tuple[str | int, ...], limits(minItems=2, uniqueItems=True)] | None
"""One value, or all that there are where the cells ran on unlike workers."""


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
    """Tell whether a verdict is a FAIL with a control that is not met, which retracts and falsifies nothing."""
    return judgement.verdict == "FAIL" and judgement.noise_floor is False


def premise_unmet(judgement: Judgement) -> bool:
    """Tell whether there is no verdict because a premise is not met: the experiment cannot speak."""
    return judgement.verdict is None and (judgement.void or "").startswith(PREMISE_REASON)


@dataclass(frozen=True, slots=True)
class BetRef:
    """Which bet this is."""

    id: BetId
    number: Number
    name: Annotated[str, "The id without its number."]
    title: Title
    file: Annotated[str, "The bet's file, from the root."]


@dataclass(frozen=True, slots=True)
class DeclarationPart:
    """What was said before the run."""

    digest: Annotated[
        Sha256,
        "Of all that must not change after the run: hypothesis, sentences, constants, sweep, replicate, challenges.",
    ]
    hypothesis: Annotated[str, "The section of that name, white space folded."]
    strict: Annotated[Sentences, "Sentences that must all be met for a PASS."]
    lenient: Annotated[Sentences, "Sentences that must all be met for a LENIENT."]
    catastrophic: Annotated[Sentences, "Sentences of which any that is met or undefined is a catastrophe."]
    control: Annotated[tuple[str, ...], "Sentences that must all be met, or the claim is within the noise."]
    constants: Annotated[
        Mapping[str, object],
        'The module-level CAPITAL names: a literal by its value, anything else as {"source": its text}.',
    ]
    sweep: Annotated[
        Mapping[str, object],
        'What spans the cells, by argument: literal values, or {"source": their text}; `replicate` is the number of '
        "seeds.",
    ]
    challenges: Links
    docstring: Annotated[str, "The whole docstring."]
    withdrawn: Annotated[str | None, "Why its author withdrew the claim, as it stood when this was written."]
    premise: Annotated[
        Sentences,
        "Sentences that must all be met for the experiment to mean anything; left out where there are none.",
    ] = ()
    known: Annotated[
        str | None,
        limits(type="string"),
        "The section `Known`: what was known of the outcome at the declaration; left out where there is none.",
    ] = None
    null: Annotated[
        tuple[Mapping[str, object], ...],
        "The nulls, in source order: `swap` and `unit`, or `none` and `tries`. Left out where there is none.",
    ] = ()
    odds: Annotated[
        Mapping[str, float] | None,
        limits(type="object"),
        "The forecast in percent, by outcome. Left out where there is none.",
    ] = None
    world: Annotated[
        str | None,
        limits(type="string"),
        "The source of the function that simulates a run. Left out where there is none.",
    ] = None

    def sentences(self, tier: str) -> tuple[str, ...]:
        """Return the sentences of a tier."""
        return {
            "strict": self.strict,
            "lenient": self.lenient,
            "catastrophic": self.catastrophic,
            "control": self.control,
            "premise": self.premise,
        }[tier]


@dataclass(frozen=True, slots=True)
class Registration:
    """Whether the declaration was committed before the run."""

    state: State
    commit: Annotated[CommitId, "The commit that holds it; null unless registered."]


@dataclass(frozen=True, slots=True)
class CodeFiles:
    """The files that ran, and their digest."""

    digest: Annotated[Sha256, "Of the names and contents of these files."]
    files: Annotated[
        Mapping[str, Sha256],
        limits(minProperties=1),
        "The SHA-256 of the bet's file and of every file under the root that it imports, by path.",
    ]


@dataclass(frozen=True, slots=True)
class CodeDefinitions:
    """What ran: every definition that the bet's experiment, fixtures and conftests reach by name, by its meaning."""

    digest: Annotated[
        Sha256,
        "Of what these definitions mean and which of them use which. Comments, docstrings, layout, the names of local "
        "variables, annotations that nothing reads and the files that definitions stand in are not in it.",
    ]
    definitions: Annotated[
        Mapping[
            str,
            Annotated[
                Mapping[str, Annotated[str, limits(pattern="^[0-9a-f]{16}$")]],
                limits(minProperties=1),
            ],
        ],
        limits(minProperties=1),
        "The first 16 digits of the SHA-256 of each definition's meaning, by file and name. `<module>` is the rest of "
        "a module's statements, `<main>` what runs where it is the program, `<whole>` a module that is used in a way "
        "that cannot be followed.",
    ]


Code = CodeDefinitions | CodeFiles
"""The code of a record: by definition since schema 2, by file before."""


@dataclass(frozen=True, slots=True)
class NodeEnvironment:
    """What some cells of a run were measured with."""

    python: Annotated[str, "The interpreter's version."]
    platform: Annotated[str, "System and machine, as in Linux-x86_64."]
    packages: Annotated[Mapping[str, str], "The version of every package, as in the environment around it."]


@dataclass(frozen=True, slots=True)
class Environment:
    """What the run was measured on."""

    python: Annotated[str, "The interpreter's version."]
    platform: Annotated[str, "System and machine, as in Linux-x86_64."]
    packages: Annotated[
        Mapping[str, str], "The version of every installed package that the bet's code imports, and of pytest."
    ]
    device: Annotated[
        Joint, "What the cells computed on; a list where they ran on unlike workers, null where none ran."
    ]
    threads: Annotated[Joint, "With how many threads; a list where they ran on unlike workers, null where none ran."]
    commit: Annotated[CommitId, "The commit that was checked out; null outside git."]
    dirty: Annotated[
        bool | None,
        "Whether a tracked file outside the results differed from that commit, or a file of the bet's code was "
        "untracked; null outside git.",
    ]
    nodes: Annotated[
        tuple[NodeEnvironment, ...],
        limits(minItems=2),
        "Every environment that cells ran in, where an option allowed them to differ and they did; else left out.",
    ] = ()
    unseen: Annotated[
        Mapping[str, Sha256] | None,
        limits(type="object"),
        "The SHA-256 of every file of the project that was loaded and that the code's digest does not cover: no import "
        "leads to it. Left out where there is none.",
    ] = None


@dataclass(frozen=True, slots=True)
class Record:
    """One complete run of a bet: what was declared, what was measured, and what follows.

    It holds no clock and no duration, so that a difference between two records is a change in what is known.
    """

    schema: str
    bet: BetRef
    declaration: DeclarationPart
    registration: Registration
    code: Code
    verdict: VerdictField
    catastrophic: CatastrophicField
    noise_floor: NoiseFloorField
    void: VoidField
    criteria: Annotated[
        tuple[Judged, ...],
        "Every sentence judged over the cells, in source order. Where there is no verdict: the premises if one is not "
        "met, else none.",
    ]
    cells: Annotated[tuple[Cell, ...], "One entry a parameter set, in the order of the sweep."]
    environment: Environment
    luck: Annotated[
        Luck | None, "How often chance alone would meet the tiers. Left out where there is no null, or no verdict."
    ] = None
    pilot: Pilot = False

    @property
    def id(self) -> str:
        """The bet's id."""
        return self.bet.id

    @property
    def pair(self) -> tuple[str, str]:
        """The digests of declaration and code: runs of one pair are replications."""
        return self.declaration.digest, self.code.digest


@dataclass(frozen=True, slots=True)
class ValueRow:
    """One sentence, judged, as a journal line holds it."""

    tier: TierField
    sentence: SentenceField
    value: ValueField
    met: MetField


@dataclass(frozen=True, slots=True)
class CellsDigest:
    """What was measured, without its numbers."""

    count: Annotated[Count, "How many cells arrived."]
    sha256: Annotated[Sha256, "Of the cells as they stand in a record's file, a line each, joined by line feeds."]


@dataclass(frozen=True, slots=True)
class Replicated:
    """A replication: a run with fresh seeds."""

    number: Annotated[int, limits(minimum=1), "Its number among the replications of this declaration, in order."]
    strict: Annotated[float | None, "The chance that luck alone meets strict in this run; null where it is not known."]
    lenient: Annotated[float | None, "The same of lenient."]
    fresh: Annotated[bool, "Whether its units were measured for the first time: each contains the seed."]


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt at a cell that began and did not end with its reports: the node was lost, or a person stopped it."""

    cell: Annotated[str, "The cell's name in its file."]
    host: Annotated[str, "The machine that it ran on."]
    end: Annotated[str, "How it ended."]
    measured: Annotated[bool, "Whether its measurements had arrived: they stand, and the cell did not run again."]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run of a bet, with or without a verdict. The journal is append-only; each bet's lines form a hash chain."""

    schema: str
    kind: Annotated[Literal["run"], "A run; a line of another kind is described in upgrade.json."]
    bet: BetId
    time: Annotated[Time, "When the run ended, in UTC."]
    host: Host
    seconds: Annotated[float, limits(minimum=0), "How long the cells took together."]
    declaration: DeclarationDigest
    code: Annotated[Sha256, "The code's digest."]
    registration: State
    environment: Environment
    verdict: VerdictField
    catastrophic: CatastrophicField
    noise_floor: NoiseFloorField
    void: VoidField
    criteria: Annotated[tuple[ValueRow, ...], "What each sentence gave; where there is no verdict, as in a record."]
    cells: CellsDigest
    record: Annotated[Sha256 | None, "The SHA-256 of the record that the run wrote; null where it wrote none."]
    previous: Previous
    pilot: Pilot = False
    resumed: Annotated[
        int,
        limits(minimum=1),
        "How many of the cells an interrupted run had measured: `--bets-resume` reused them. Left out where all cells "
        "ran.",
    ] = 0
    replication: Annotated[
        Replicated | None, limits(type="object"), "There for a replication alone, which writes no record."
    ] = None
    attempts: Annotated[
        tuple[Attempt, ...],
        limits(minItems=1),
        "The attempts that engines lost or a person stopped, in their order; left out where there were none.",
    ] = ()

    @property
    def pair(self) -> tuple[str, str]:
        """The digests of declaration and code."""
        return self.declaration, self.code


@dataclass(frozen=True, slots=True)
class Was:
    """What an upgrade replaced: with it, the record that the run wrote can be made again to the byte."""

    schema: Literal["pytest-bets/record/1"]
    record: Annotated[Sha256, "The SHA-256 of the record before the upgrade."]
    code: CodeFiles


@dataclass(frozen=True, slots=True)
class UpgradeLine:
    """A record that was written again with its code part in the form of today; the rest of it is as it was."""

    schema: Annotated[str, limits(const=JOURNAL_SCHEMA)]
    kind: Annotated[Literal["upgrade"], "An upgrade of a record, and no run."]
    bet: BetId
    time: Annotated[Time, "When the record was upgraded, in UTC."]
    host: Host
    declaration: DeclarationDigest
    code: Annotated[Sha256, "The digest of the code in the form of today."]
    record: Annotated[Sha256, "The SHA-256 of the record as it is now."]
    was: Was
    previous: Previous


Line = RunLine | UpgradeLine
"""A line of the journal."""


@dataclass(frozen=True, slots=True)
class StrictRow:
    """One strict sentence, judged."""

    sentence: SentenceField
    value: ValueField
    threshold: Annotated[float, "The number on the sentence's right side."]
    met: MetField
    margin: Annotated[float, SPELLED, "How far the value is from the threshold, positive where the sentence is met."]


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
        """Tell whether the claim was retracted or withdrawn, so that it never gates."""
        return self.state in ("retracted", "withdrawn")


@dataclass(frozen=True, slots=True)
class Challenged:
    """One claim that a bet challenges."""

    bet: Annotated[str, "The challenged bet's id."]
    end: ChallengeEnd


@dataclass(frozen=True, slots=True)
class RunCounts:
    """What the journal tells of repetition."""

    total: Annotated[Count, "Runs of this bet."]
    same: Annotated[Count, "Of them, those of the record's declaration and code that came to a verdict."]
    agreed: Annotated[Count, "Of those, the ones that came to the record's verdict."]
    reproduced: Annotated[
        Count,
        LATER,
        "Of the same, those beside the record's own run that had its seeds and measured the same to the bit: no new "
        "evidence on the claim.",
    ]
    replicated: Annotated[Count, LATER, "Of the same, those that drew seeds of their own."]
    attempts: Annotated[
        int,
        limits(minimum=1),
        "The attempts at cells in all runs that engines lost or a person stopped; left out where there were none.",
    ] = 0


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
        tuple[Challenged, ...], "The claims that this bet challenges, and what came of it, in the words of `standing`."
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
    def is_unstable(self) -> bool:
        """Tell whether runs of the record's declaration and code came to another verdict than the record's."""
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
    never_run: Annotated[Count, "Declarations without a record."]
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
    never_run: Annotated[Ids, "Bets that are declared and have no record."]
    unreadable: Annotated[tuple[str, ...], "What is wrong with declarations that cannot be read, a fault an entry."]
    error_rates: Annotated[
        ErrorRates | None, limits(type="object"), "Left out where no bet has a null, a known error or enough forecasts."
    ] = None
