"""One side of a comparison: runs of bets, from records or from lines of the journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pytest_bets.bet.declaration import number_in
from pytest_bets.diagnostics import SentenceError
from pytest_bets.record.line import RunLine, ValueRow
from pytest_bets.record.record import Code, DeclarationPart, Environment, Record
from pytest_bets.record.verdict import Cell, Judged, Outcome
from pytest_bets.sentence.evaluate import distance
from pytest_bets.sentence.parse import parse


@dataclass(frozen=True)
class Run:
    """One run of a bet.

    A line of the journal has no cells, and only the digests of the declaration and the code.
    """

    id: str
    number: int | None
    title: str
    verdict: Outcome | None
    catastrophic: bool
    noise_floor: bool | None
    void: str | None
    criteria: tuple[Judged, ...]
    declaration: DeclarationPart | str
    code: Code | str
    environment: Environment
    cells: tuple[Cell, ...] | None


@dataclass(frozen=True)
class Side:
    """Runs by the id of their bet; `name` says where they are from, `single` that one run was named."""

    name: str
    runs: Mapping[str, Run]
    single: bool = False


def of_records(name: str, records: Iterable[Record], *, single: bool = False) -> Side:
    """Return a side from records."""
    return Side(name, {record.id: _recorded(record) for record in records}, single)


def of_line(name: str, line: RunLine) -> Side:
    """Return a side from one line of the journal."""
    run = Run(
        id=line.bet,
        number=number_in(line.bet),
        title="",
        verdict=line.verdict,
        catastrophic=line.catastrophic,
        noise_floor=line.noise_floor,
        void=line.void,
        criteria=tuple(map(_judged, line.criteria)),
        declaration=line.declaration,
        code=line.code,
        environment=line.environment,
        cells=None,
    )
    return Side(name, {line.bet: run}, single=True)


def _recorded(record: Record) -> Run:
    return Run(
        id=record.id,
        number=record.bet.number,
        title=record.bet.title,
        verdict=record.verdict,
        catastrophic=record.catastrophic,
        noise_floor=record.noise_floor,
        void=record.void,
        criteria=record.criteria,
        declaration=record.declaration,
        code=record.code,
        environment=record.environment,
        cells=record.cells,
    )


def _judged(row: ValueRow) -> Judged:
    """Return a sentence of the journal with the threshold and the margin, which its text determines."""
    try:
        sentence = parse(row.sentence)
    except SentenceError:  # of another version of the language
        return Judged(row.tier, row.sentence, row.value, float("nan"), row.met, float("nan"))
    margin = distance(sentence, row.value) * (-1 if row.tier == "catastrophic" else 1)
    margin = 0.0 if margin == 0 else margin  # as in a record, which has no -0.0
    return Judged(row.tier, row.sentence, row.value, sentence.threshold, row.met, margin)
