"""The results folder: records, the journal, the summary. Whole at every moment, whatever is killed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import RecordError
from pytest_bets.record.build import journal_line
from pytest_bets.record.codec import MAX_RECORD, cell_of, dump, load_line, sha256
from pytest_bets.record.due import due
from pytest_bets.record.filenames import BADGE, JOURNAL, SUMMARY_JSON, SUMMARY_TEXT
from pytest_bets.record.folder import PRIVATE, put
from pytest_bets.record.journal import runs
from pytest_bets.record.journal_file import JournalFile, is_cut_off, unended
from pytest_bets.record.known_error import telling
from pytest_bets.record.line import Attempt, Line, Replicated, RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.records import Records
from pytest_bets.record.summary_model import RunCounts, Unrecorded
from pytest_bets.record.tally import Tally

INDEX: Final = "journal-index"
CUT_OFF: Final = "cut-off.jsonl"


@dataclass(frozen=True)
class Execution:
    """When and where a run ended, the seconds that its cells took together, how many it reused, the lost attempts."""

    time: str
    host: str
    seconds: float
    resumed: int = 0
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Stored:
    """What became of a run: whether its record was written, and how many runs of the same pair the journal has."""

    written: bool
    runs: int


class Results(Records):
    """A folder of results. Nothing is created before something is written."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._journal = JournalFile(folder / JOURNAL)

    def writes(self, path: Path) -> bool:
        """Return whether a run writes this resolved path: data may lie beside the results, as the folder may be `.`."""
        folder = self.folder.resolve()
        is_result = path.name in (JOURNAL, SUMMARY_TEXT) or path.suffix == ".json"
        return (path.parent == folder and is_result) or path.is_relative_to(folder / PRIVATE)

    def refresh(self) -> None:
        """Read what is new in the journal, and finish what a killed session left unfinished.

        Raises:
            RecordError: when a line is not valid.

        """
        self._journal.refresh(self._index)
        private = self.folder / PRIVATE
        is_unfinished = private.exists() and (self._journal.cut_off or any(private.glob("*.json.draft")))
        if is_unfinished or self._journal.is_behind:
            with suppress(OSError), self.locked():  # in a folder that cannot be written, all can still be read
                self._journal.refresh(self._index)  # another session may have been in the middle of a line
                self._finish_records()
                if self._journal.is_behind:
                    put(self._draft(INDEX, self._journal.indexed(private.stat().st_ino)), self._index)

    @property
    def _index(self) -> Path:
        return self.folder / PRIVATE / INDEX

    def _tally(self, bet: str) -> Tally:
        self._journal.refresh(self._index)
        return self._journal.tally(bet)

    def counts(self, records: Sequence[Record]) -> dict[str, RunCounts]:
        """Return how many runs each of these bets had, and how many agree with its record.

        Raises:
            RecordError: when a line of the journal is not valid.

        """
        self.refresh()
        return {record.id: self._journal.tally(record.id).counts(record) for record in records}

    def unrecorded(self, records: Sequence[Record]) -> list[Unrecorded]:
        """Return the bets beside these that came to a verdict.

        Raises:
            RecordError: when a line of the journal is not valid.

        """
        self.refresh()
        recorded = {record.id for record in records}
        found = {bet: self._journal.tally(bet).judged() for bet in self._journal.bets if bet not in recorded}
        return [Unrecorded(bet, runs, failed) for bet, (runs, failed) in found.items() if runs]

    def recent(self, bet: str) -> tuple[list[RunLine], int]:
        """Return the last runs of a bet and the one of its record, and how many there are beside them.

        Upgrades are applied to the lines.

        Raises:
            RecordError: when a line of the journal is not valid.

        """
        tally = self._tally(bet)
        wrote = tally.last_writer()
        starts = sorted({*tally.recent, *([wrote] if wrote is not None else [])})
        found = [tally.given.of(self._journal.run_at(start)) for start in starts]
        return found, tally.total - len(found)

    def last_runs(self, bet: str) -> Iterator[RunLine]:
        """Yield the last runs of a bet, the latest first, without what upgrades gave them.

        Raises:
            RecordError: when a line of the journal is not valid.

        """
        for start in reversed(self._tally(bet).recent):
            yield self._journal.run_at(start)

    def replications(self, bet: str) -> list[RunLine]:
        """Return the replications of a bet, with what upgrades gave them.

        Raises:
            RecordError: when a line of the journal is not valid.

        """
        tally = self._tally(bet)
        return [tally.given.of(self._journal.run_at(start)) for start in tally.replications]

    def writer(self, bet: str, record_sha256: str) -> tuple[RunLine | None, bool]:
        """Return the run that wrote a record, and whether the journal has it; else the last run that wrote one.

        Raises:
            RecordError: when a line of the journal is not valid.

        """
        tally = self._tally(bet)
        start = tally.writer(record_sha256)
        is_there = start is not None
        start = tally.last_writer() if start is None else start
        if start is None:
            return None, False
        line = self._journal.run_at(start)
        return (line if line.record == record_sha256 else tally.given.of(line)), is_there

    def notices(self) -> list[str]:
        """Return what is wrong with the end of the journal, and what was repaired here, a sentence each."""
        if not self._journal.ends_whole():
            with suppress(RecordError):  # reading the journal reports it
                self._journal.refresh(self._index)
        return self._journal.notices()

    def journal(self) -> list[RunLine]:
        """Return the lines of the journal that are of runs, with what upgrades gave them.

        Raises:
            RecordError: when a line is not valid.

        """
        return runs(self._loaded())

    def numbered(self) -> list[tuple[int, RunLine]]:
        """Return the lines of the journal that are of runs, each with its number in the file, from 1.

        Raises:
            RecordError: when a line is not valid.

        """
        lines = self._loaded()
        numbers = [number for number, line in enumerate(lines, start=1) if isinstance(line, RunLine)]
        return list(zip(numbers, runs(lines), strict=True))

    def _loaded(self) -> list[Line]:
        return [load_line(line, f"{self.folder / JOURNAL}:{index}") for index, line in enumerate(self.lines(), start=1)]

    def lines(self) -> list[bytes]:
        """Return the lines of the journal as they are in the file, without an end that was cut off."""
        try:
            with (self.folder / JOURNAL).open("rb") as file:
                lines = file.readlines()
        except FileNotFoundError:
            return []
        if lines and is_cut_off(lines[-1]):
            lines.pop()
        return [unended(line) for line in lines]

    def append_run(
        self,
        record: Record,
        rows: Sequence[str],
        execution: Execution,
        *,
        complete: bool,
        replication: Replicated | None = None,
    ) -> Stored:
        """Add a run to the journal and, where it is due, write its record with the rows given as its cells.

        A record stands for its pair of digests: a later run of the same pair leaves its bytes alone. A void run never
        replaces a record that has a verdict. An incomplete run and a replication write no record. The journal is
        written first: a line without its record shows a run that was cut off, a record without its line would look
        like a forgery. The record's bytes lie beside it by then, so that the next reader can put them in place.

        Raises:
            OSError: when the folder cannot be written.
            RecordError: when the file that lies there is no record.

        """
        bet = record.id
        with self.locked():
            self._journal.refresh(self._index)
            self._finish_records()
            is_due = complete and replication is None and due(self.header(bet), record)
            data = dump(record, rows)
            if len(data) > MAX_RECORD:
                raise RecordError(f"{self.record_path(bet)}: it would have {len(data):,} bytes; at most {MAX_RECORD:,}")
            tally = self._journal.tally(bet)
            entry = journal_line(
                record,
                rows,
                record_sha256=sha256(data) if is_due else None,
                time=execution.time,
                host=execution.host,
                seconds=execution.seconds,
                resumed=execution.resumed,
                replication=replication,
                attempts=execution.attempts,
                previous=tally.last,
            )
            self._add([entry], {bet: data} if is_due else {})
            if is_due:
                cells = telling(record.criteria, (cell_of(json.loads(row)) for row in rows))
                self._remember(bet, sha256(data), replace(record, cells=cells))
            return Stored(is_due, tally.repeats(entry.pair))

    def add(self, lines: Sequence[Line], records: Mapping[str, bytes]) -> None:
        """Add lines to the journal and write records by bet, under the lock that is held.

        Raises:
            OSError: when the folder cannot be written.

        """
        self._journal.refresh(self._index)
        self._add(lines, records)

    def _add(self, lines: Sequence[Line], records: Mapping[str, bytes]) -> None:
        drafts = [self._draft(self.record_path(bet).name, data) for bet, data in records.items()]
        try:
            if lines:
                self._journal.append(lines, self.private() / CUT_OFF)
        except (OSError, RecordError):
            for draft in drafts:
                draft.unlink()
            raise
        for bet, draft in zip(records, drafts, strict=True):
            put(draft, self.record_path(bet))

    def _finish_records(self) -> None:
        """Put records in place whose run has its line in the journal: their session was killed in between."""
        for draft in self.private().glob("*.json.draft"):
            bet = draft.name.removesuffix(".json.draft")
            if self._journal.tally(bet).is_last_written(sha256(draft.read_bytes())):
                put(draft, self.record_path(bet))
            else:
                draft.unlink()

    def write_summary(self, summary_json: str, summary_text: str) -> None:
        """Write both forms of the summary under the lock that is held; a file that says the same keeps its time."""
        for name, text in ((SUMMARY_JSON, summary_json), (SUMMARY_TEXT, summary_text)):
            self._renew(name, text)

    @property
    def has_badge(self) -> bool:
        """Whether a badge was asked for in this folder: from then on it is kept up to date."""
        return (self.folder / BADGE).exists()

    def write_badge(self, text: str) -> None:
        """Write the badge under the lock that is held."""
        self._renew(BADGE, text)

    def _renew(self, name: str, text: str) -> None:
        path = self.folder / name
        if not path.exists() or path.read_bytes() != text.encode():
            self._write(name, text.encode())

    def checkpoints(self) -> Path:
        """Return where the finished cells of unfinished runs are noted; nothing is made yet."""
        return self.folder / PRIVATE / "unfinished"
