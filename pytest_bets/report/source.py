"""What a site is made of, as one value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_bets.audit.finding import Report
from pytest_bets.bet.declaration import Declaration
from pytest_bets.claims.finding import Checked
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.summary_model import Summary


@dataclass(frozen=True)
class WriteUps:
    """What the check of the write-ups found, by file, and the files that were not read with the reason."""

    checked: Mapping[str, Checked]
    unread: Mapping[str, str]


@dataclass(frozen=True)
class Source:
    """Everything that the pages show.

    `files` has the bytes of each record, and `journal` those of the journal. `audit` is the report, or why there is
    none. `known` is what a file says after the run of what was known before it. `schemas` has the bytes of the JSON
    Schemas by the names of their files.
    """

    folder: str
    summary: Summary
    records: Mapping[str, Record]
    files: Mapping[str, bytes]
    journal: bytes
    runs: Mapping[str, Sequence[tuple[int, RunLine]]]
    declarations: Mapping[str, Declaration]
    audit: Report | str
    write_ups: WriteUps
    known: Mapping[str, str]
    schemas: Mapping[str, bytes]
    version: str
