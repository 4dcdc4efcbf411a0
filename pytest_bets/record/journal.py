"""The runs of a journal, with the digests and records that upgrades gave them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_bets.record.model import (
    FIRST_RECORD_SCHEMA,
    JOURNAL_SCHEMA,
    RECORD_SCHEMA,
    Code,
    CodeFiles,
    Line,
    Record,
    RunLine,
    UpgradeLine,
    Was,
)


@dataclass(frozen=True)
class Upgraded:
    """A record that an upgrade wrote, and the code part that the commit it names gives; why there is none instead."""

    record: Record
    code: Code | str


def upgrades(lines: Sequence[Line]) -> list[UpgradeLine]:
    """Return the lines of upgrades."""
    return [line for line in lines if isinstance(line, UpgradeLine)]


def runs(lines: Sequence[Line]) -> list[RunLine]:
    """Return the lines of runs. Where a record was upgraded, its code has the digest that it got then, in every run."""
    found = [line for line in lines if isinstance(line, RunLine)]
    if len(found) == len(lines):
        return found
    digests = {(line.bet, line.was.code.digest): line.code for line in upgrades(lines)}
    records = {(line.bet, line.was.record): line.record for line in upgrades(lines)}
    return [
        replace(
            line,
            code=digests.get((line.bet, line.code), line.code),
            record=records.get((line.bet, line.record), line.record) if line.record else None,
        )
        for line in found
    ]


def written(lines: Sequence[Line]) -> dict[str, list[RunLine]]:
    """Return the lines of every run that wrote a record, by bet: as they are, and with what upgrades gave them."""
    found: dict[str, list[RunLine]] = {}
    for line in (*(line for line in lines if isinstance(line, RunLine)), *runs(lines)):
        if line.record:
            found.setdefault(line.bet, []).append(line)
    return found


def upgraded(record: Record, code: Code) -> Record:
    """Return a record with another code part, of the schema that has such a part."""
    return replace(record, schema=RECORD_SCHEMA, code=code)


def upgrade_line(
    record: Record, files: CodeFiles, *, was_sha256: str, record_sha256: str, time: str, host: str, previous: str | None
) -> UpgradeLine:
    """Return the journal's line for a record that was upgraded, with all of it that the upgrade replaced."""
    return UpgradeLine(
        schema=JOURNAL_SCHEMA,
        kind="upgrade",
        bet=record.id,
        time=time,
        host=host,
        declaration=record.declaration.digest,
        code=record.code.digest,
        record=record_sha256,
        was=Was(FIRST_RECORD_SCHEMA, was_sha256, files),
        previous=previous,
    )


def before(record: Record, line: UpgradeLine) -> Record:
    """Return a record as it was before the upgrade that a line tells of."""
    return replace(record, schema=line.was.schema, code=line.was.code)
