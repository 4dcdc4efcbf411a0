"""A record: one complete run of a bet, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pytest_bets.chance.result import Luck
from pytest_bets.record.field import BetId, CommitId, Links, Number, Pilot, Sha256, State, Title, limits
from pytest_bets.record.judgement import CatastrophicField, NoiseFloorField, VerdictField, VoidField
from pytest_bets.record.verdict import Cell, Judged

RECORD_SCHEMA: Final = "pytest-bets/record/2"
FIRST_RECORD_SCHEMA: Final = "pytest-bets/record/1"
RECORD_SCHEMAS: Final = (FIRST_RECORD_SCHEMA, RECORD_SCHEMA)
"""Those that can be read. Only the last is written."""
Sentences = Annotated[tuple[str, ...], limits(minItems=1)]
Joint = str | int | Annotated[tuple[str | int, ...], limits(minItems=2, uniqueItems=True)] | None
"""One value, or all that there are where the cells ran on unlike workers."""


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
        "Of all that must not change after the run: hypothesis, sentences, constants, sweep, replications, challenges; "
        "also known, nulls, odds and world, where there are any.",
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
        "Whether a tracked file differed from that commit, other than those that runs write, or a file of the bet's "
        "code was untracked; null outside git.",
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
