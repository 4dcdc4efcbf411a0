"""The lines of the journal, as values."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pytest_bets.record.field import BetId, Count, Pilot, Sha256, State, limits
from pytest_bets.record.judgement import CatastrophicField, NoiseFloorField, VerdictField, VoidField
from pytest_bets.record.record import CodeFiles, Environment
from pytest_bets.record.verdict import MetField, SentenceField, TierField, ValueField

JOURNAL_SCHEMA: Final = "pytest-bets/journal/2"
FIRST_JOURNAL_SCHEMA: Final = "pytest-bets/journal/1"
JOURNAL_SCHEMAS: Final = (FIRST_JOURNAL_SCHEMA, JOURNAL_SCHEMA)
"""Those that can be read. Only the last is written."""
DeclarationDigest = Annotated[Sha256, "The declaration's digest."]
Host = Annotated[str, "The machine's name."]
Previous = Annotated[Sha256 | None, "The SHA-256 of this bet's previous line; null for its first."]
Time = Annotated[str, limits(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


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
