"""The summary of a catalogue, from its records, its journal and its declarations alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pytest_bets.bet import docstring
from pytest_bets.bet.declaration import Declaration, bet_id, bet_order, number_in
from pytest_bets.diagnostics import DeclarationError
from pytest_bets.record.build import declared as declared_part
from pytest_bets.record.consistency import means_same
from pytest_bets.record.decided import decided
from pytest_bets.record.error_rates import error_rates
from pytest_bets.record.judgement import Judgement, in_the_noise, premise_unmet
from pytest_bets.record.known_error import error_of
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.repetition import counted
from pytest_bets.record.standing import Claim, Standing, standings
from pytest_bets.record.summary_model import (
    SUMMARY_SCHEMA,
    Challenged,
    Counts,
    RunCounts,
    StrictRow,
    Summary,
    SummaryRow,
    Unrecorded,
)


def overview(
    records: Sequence[Record],
    journal: Sequence[RunLine],
    declarations: Sequence[Declaration],
    unreadable: Sequence[DeclarationError] = (),
) -> Summary:
    """Return the summary of records, with all lines of the journal at hand."""
    runs: dict[str, list[RunLine]] = {}
    for line in journal:
        runs.setdefault(line.bet, []).append(line)
    counts = {}
    for record in records:
        own = runs.get(record.id, [])
        counts[record.id] = counted(own, record)
    return summarized(records, counts, declarations, unreadable, _unrecorded(runs, counts))


def _unrecorded(runs: Mapping[str, Sequence[RunLine]], recorded: Collection[str]) -> list[Unrecorded]:
    """Return the bets without a record whose runs came to a verdict."""
    verdicts = {bet: [line.verdict for line in own if line.verdict] for bet, own in runs.items() if bet not in recorded}
    return [Unrecorded(bet, len(own), own.count("FAIL")) for bet, own in verdicts.items() if own]


def summarized(
    records: Sequence[Record],
    counts: Mapping[str, RunCounts],
    declarations: Sequence[Declaration],
    unreadable: Sequence[DeclarationError] = (),
    unrecorded: Sequence[Unrecorded] = (),
) -> Summary:
    """Return the summary: counts, a row a bet, and the lists that a reviewer reads first.

    `counts` says about each bet that has a record how often it was run, `unrecorded` which others have a verdict.
    """
    lost = {item.bet: RunCounts(item.runs, 0, 0, 0, 0, 0, item.failed) for item in unrecorded}
    by_id = {record.id: record for record in records}
    declared = {declaration.id: declaration for declaration in declarations}
    ids = sorted({*by_id, *declared}, key=lambda bet: _order(bet, by_id, declared))
    broken = {bet_id(error.faults[0].file): error.faults[0].file for error in unreadable}
    renamed = _renamed(by_id, {*declared, *broken}, declarations)
    standing = settle(records, declarations, renamed)
    challenged: dict[str, list[Challenged]] = {}
    for bet in ids:
        for challenge in standing[bet].challenges:
            challenged.setdefault(challenge.by, []).append(Challenged(bet, challenge.end))
    rows = [
        _row(
            by_id.get(bet),
            declared.get(bet),
            counts.get(bet) or lost.get(bet),
            broken.get(bet),
            standing=standing[bet],
            challenged=tuple(challenged.get(bet, ())),
            renamed_to=renamed.get(bet),
        )
        for bet in ids
    ]
    return Summary(
        schema=SUMMARY_SCHEMA,
        counts=_counts(rows),
        bets=tuple(rows),
        falsified=tuple(row.id for row in rows if row.verdict == "FAIL" and not in_the_noise(row)),
        in_the_noise=tuple(row.id for row in rows if in_the_noise(row)),
        premise_unmet=tuple(row.id for row in rows if premise_unmet(row)),
        retracted=tuple(row.id for row in rows if row.standing.gone),
        unstable=tuple(row.id for row in rows if row.is_unstable),
        never_run=tuple(row.id for row in rows if row.is_never_run),
        unreadable=tuple(str(fault) for error in unreadable for fault in error.faults),
        error_rates=error_rates(records, rows),
        unrecorded=tuple(sorted(unrecorded, key=lambda item: bet_order(item.bet, number_in(item.bet)))),
    )


def lacks_control(verdict: Judgement) -> bool:
    """Return whether a verdict was reached without a control sentence."""
    return verdict.verdict is not None and verdict.noise_floor is None


def _renamed(
    by_id: Mapping[str, Record], there: Collection[str], declarations: Sequence[Declaration]
) -> dict[str, str]:
    """Return the new name of every bet whose file is gone and whose declaration another file has now.

    Of several such files the first that was run is meant, else the first.
    """
    ids: dict[str, str] = {}
    for bet in sorted(declarations, key=lambda bet: (bet.id not in by_id, bet_order(bet.id, bet.number))):
        ids.setdefault(bet.digest, bet.id)
    digests = {bet: record.declaration.digest for bet, record in by_id.items() if bet not in there}
    return {bet: ids[digest] for bet, digest in digests.items() if digest in ids}


def settle(
    records: Sequence[Record], declarations: Sequence[Declaration], renamed: Mapping[str, str] | None = None
) -> dict[str, Standing]:
    """Return the standing of every claim by id.

    `renamed` gives the present id of a bet by its former one; a challenge to the former id or number follows the claim.
    """
    if renamed is None:
        renamed = _renamed({record.id: record for record in records}, {bet.id for bet in declarations}, declarations)
    former: dict[int | str, str] = {}
    for was, now in renamed.items():
        number = number_in(was)
        former.update({was: now} if number is None else {was: now, number: now})
    return standings(claims(records, declarations), former)


def claims(records: Sequence[Record], declarations: Sequence[Declaration]) -> list[Claim]:
    """Return what standing is made from.

    The links of a bet that has a record are those that were recorded with it, since they are part of what ran; a
    withdrawal is read from the bet's file, since it comes after the run.
    """
    found = {
        record.id: Claim(
            record.id,
            record.bet.number,
            record.verdict,
            record.declaration.challenges,
            record.declaration.withdrawn,
            in_the_noise(record),
        )
        for record in records
    }
    for bet in declarations:
        ran = found.get(bet.id)
        found[bet.id] = (
            replace(ran, id=bet.id, number=bet.number, withdrawn=bet.withdrawn)
            if ran
            else Claim(bet.id, bet.number, None, bet.challenges, bet.withdrawn)
        )
    return list(found.values())


def _order(bet: str, by_id: Mapping[str, Record], declared: Mapping[str, Declaration]) -> tuple[bool, int, str]:
    number = declared[bet].number if bet in declared else by_id[bet].bet.number
    return bet_order(bet, number)


def _row(
    record: Record | None,
    declaration: Declaration | None,
    runs: RunCounts | None,
    broken: str | None,
    **both: Any,
) -> SummaryRow:
    runs = runs or _NEVER_RUN.runs
    row = _recorded(record, runs) if record else replace(_NEVER_RUN, runs=runs)
    if declaration is not None:
        return replace(
            row,
            id=declaration.id,
            number=declaration.number,
            title=declaration.title,
            file=declaration.file,
            declaration_changed=record is not None and not _declares(declaration, record),
            challenges=declaration.challenges,
            scope=declaration.docstring.section_text("Scope"),
            known=record.declaration.known if record else declaration.known,
            **both,
        )
    assert record is not None  # noqa: S101  # every id comes from one of the two
    return replace(
        row,
        file=broken,
        challenges=record.declaration.challenges,
        scope=docstring.read(record.declaration.docstring).section_text("Scope"),
        **both,
    )


_NEVER_RUN: Final = SummaryRow(
    id="",
    number=None,
    title="",
    file=None,
    recorded=False,
    verdict=None,
    catastrophic=False,
    noise_floor=None,
    void=None,
    strict=(),
    decided=(),
    registration=None,
    runs=RunCounts(0, 0, 0, 0, 0),
    declaration_changed=False,
    challenges=(),
    standing=Standing("open", (), None),
    challenged=(),
    scope="",
    known=None,
)


def _declares(declaration: Declaration, record: Record) -> bool:
    """Return whether a bet's file declares what its record does."""
    return means_same(record.declaration, declared_part(declaration), declaration.reading.rebound)


def _recorded(record: Record, runs: RunCounts) -> SummaryRow:
    return replace(
        _NEVER_RUN,
        id=record.id,
        number=record.bet.number,
        title=record.bet.title,
        recorded=True,
        verdict=record.verdict,
        catastrophic=record.catastrophic,
        noise_floor=record.noise_floor,
        void=record.void,
        strict=tuple(
            StrictRow(item.sentence, item.value, item.threshold, item.met, item.margin)
            for item in record.criteria
            if item.tier == "strict"
        ),
        decided=tuple(decided(record, record.criteria)),
        registration=record.registration.state,
        runs=runs,
        known=record.declaration.known,
        known_error=error_of(record),
    )


def _counts(rows: Sequence[SummaryRow]) -> Counts:
    verdict_of = {row.id: row.verdict for row in rows}

    def is_repeated(row: SummaryRow) -> bool:
        """Return whether another row counts for this one: but a FAIL stays, unless its new name is a FAIL as well."""
        return bool(row.renamed_to) and (row.verdict != "FAIL" or verdict_of[row.renamed_to or ""] == "FAIL")

    counted = [row for row in rows if not is_repeated(row)]
    states = [row.standing.state for row in counted]
    verdicts = [row.verdict for row in counted]
    return Counts(
        bets=len(counted),
        PASS=verdicts.count("PASS"),
        LENIENT=verdicts.count("LENIENT"),
        FAIL=verdicts.count("FAIL"),
        catastrophic=sum(row.catastrophic for row in counted),
        in_the_noise=sum(map(in_the_noise, counted)),
        known=sum(row.known is not None for row in counted),
        premise=sum(map(premise_unmet, counted)),
        void=sum(row.void is not None for row in counted),
        never_run=sum(row.is_never_run for row in counted),
        retracted=states.count("retracted"),
        withdrawn=states.count("withdrawn"),
        registered=sum(row.registration == "registered" for row in counted),
        renamed=len(rows) - len(counted),
        unrecorded=sum(not row.recorded and not row.is_never_run for row in counted),
    )
