"""Records and journal lines, built from a declaration, a verdict and cells."""

from collections.abc import Sequence

from pytest_bets.bet.declaration import Declaration
from pytest_bets.chance.result import Luck
from pytest_bets.record.codec import cells_sha256
from pytest_bets.record.line import JOURNAL_SCHEMA, Attempt, CellsDigest, Replicated, RunLine, ValueRow
from pytest_bets.record.record import RECORD_SCHEMA, BetRef, Code, DeclarationPart, Environment, Record, Registration
from pytest_bets.record.verdict import Cell, Verdict


def build(
    declaration: Declaration,
    verdict: Verdict,
    cells: Sequence[Cell],
    *,
    registration: Registration,
    code: Code,
    environment: Environment,
    luck: Luck | None = None,
    pilot: bool = False,
) -> Record:
    """Return the record of a complete run."""
    bet = declaration
    return Record(
        schema=RECORD_SCHEMA,
        pilot=pilot,
        bet=BetRef(bet.id, bet.number, bet.name, bet.title, bet.file),
        declaration=declared(bet),
        registration=registration,
        code=code,
        verdict=verdict.verdict,
        catastrophic=verdict.catastrophic,
        noise_floor=verdict.noise_floor,
        void=verdict.void,
        criteria=verdict.criteria,
        cells=tuple(cells),
        environment=environment,
        luck=luck,
    )


def declared(declaration: Declaration) -> DeclarationPart:
    """Return what a record holds of a declaration."""
    texts = {tier: tuple(sentences) for tier, sentences in declaration.texts().items()}
    return DeclarationPart(
        digest=declaration.digest,
        hypothesis=declaration.docstring.section_text("Hypothesis"),
        **texts,
        constants=dict(declaration.constants),
        sweep={**declaration.sweep, **({"replicate": declaration.replicate} if declaration.replicate else {})},
        challenges=declaration.challenges,
        docstring=declaration.docstring.text,
        withdrawn=declaration.withdrawn,
        known=declaration.known,
        null=tuple(null.plain for null in declaration.nulls),
        odds=declaration.odds,
        world=declaration.world.source if declaration.world else None,
    )


def journal_line(
    record: Record,
    rows: Sequence[str],
    *,
    record_sha256: str | None,
    time: str,
    host: str,
    seconds: float,
    previous: str | None,
    resumed: int = 0,
    replication: Replicated | None = None,
    attempts: tuple[Attempt, ...] = (),
) -> RunLine:
    """Return the journal's line for a run whose record, written or not, is given with the rows of its cells."""
    return RunLine(
        schema=JOURNAL_SCHEMA,
        kind="run",
        pilot=record.pilot,
        bet=record.id,
        time=time,
        host=host,
        seconds=round(seconds, 3),
        declaration=record.declaration.digest,
        code=record.code.digest,
        registration=record.registration.state,
        environment=record.environment,
        verdict=record.verdict,
        catastrophic=record.catastrophic,
        noise_floor=record.noise_floor,
        void=record.void,
        criteria=tuple(ValueRow(item.tier, item.sentence, item.value, item.met) for item in record.criteria),
        cells=CellsDigest(len(rows), cells_sha256(rows)),
        record=record_sha256,
        previous=previous,
        resumed=resumed,
        replication=replication,
        attempts=attempts,
    )
