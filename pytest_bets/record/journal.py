"""The runs of a journal, with the digests and records that upgrades gave them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pytest_bets.record.line import JOURNAL_SCHEMA, Line, RunLine, UpgradeLine, Was
from pytest_bets.record.record import FIRST_RECORD_SCHEMA, RECORD_SCHEMA, Code, CodeFiles, Record


@dataclass(frozen=True)
class Upgraded:
    """A record that an upgrade wrote, and the code part that the commit it names gives; why there is none instead."""

    record: Record
    code: Code | str


def upgrades(lines: Sequence[Line]) -> list[UpgradeLine]:
    """Return the lines of upgrades."""
    return [line for line in lines if isinstance(line, UpgradeLine)]


@dataclass
class Given:
    """What upgrades gave the runs of one bet: codes and records by the digests that they had before."""

    codes: dict[str, str] = field(default_factory=dict)
    records: dict[str, str] = field(default_factory=dict)

    def add(self, line: UpgradeLine) -> None:
        """Add the line of an upgrade."""
        self.codes[line.was.code.digest] = line.code
        self.records[line.was.record] = line.record

    def of(self, line: RunLine) -> RunLine:
        """Return the line of a run with the code and the record that upgrades gave it."""
        return replace(
            line,
            code=self.codes.get(line.code, line.code),
            record=self.records.get(line.record, line.record) if line.record else None,
        )

    def codes_of(self, code: str) -> set[str]:
        """Return the digests that this code has in the lines of runs."""
        before = {was for was, now in self.codes.items() if now == code}
        return before if code in self.codes else {*before, code}

    def records_of(self, record_sha256: str) -> list[str]:
        """Return the hashes that this record had before upgrades."""
        return [was for was, now in self.records.items() if now == record_sha256]


def runs(lines: Sequence[Line]) -> list[RunLine]:
    """Return the lines of runs. Where a record was upgraded, its code has the digest that it got then, in every run."""
    found = [line for line in lines if isinstance(line, RunLine)]
    if len(found) == len(lines):
        return found
    given: dict[str, Given] = {}
    for line in upgrades(lines):
        given.setdefault(line.bet, Given()).add(line)
    return [given[line.bet].of(line) if line.bet in given else line for line in found]


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
    """Return a record as it was before the upgrade that a line describes."""
    return replace(record, schema=line.was.schema, code=line.was.code)
