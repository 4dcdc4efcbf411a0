"""The results folder: records, the journal, the summary. Whole at every moment, whatever is killed."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pytest_bets.bet.declaration import bet_order
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.codec import dump, dump_line, journal_line, load, load_line, sha256
from pytest_bets.record.journal import runs, written
from pytest_bets.record.model import Attempt, Line, Record, RunLine
from pytest_bets.walk import ignored

JOURNAL: Final = "journal.jsonl"
SUMMARY_JSON: Final = "SUMMARY.json"
SUMMARY_TEXT: Final = "SUMMARY.md"
PRIVATE: Final = ".bets"
_NO_RECORDS: Final = frozenset({SUMMARY_JSON})


@dataclass(frozen=True)
class Clocked:
    """When and where a run ended, the seconds that its cells took together, and the attempts that were lost."""

    time: str
    host: str
    seconds: float
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What became of a run: whether its record was written, and how many runs of the same pair the journal has."""

    written: bool
    runs: int


class Results:
    """A folder of results. Nothing is created before something is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[str, tuple[str, Record]] = {}

    def record_path(self, bet: str) -> Path:
        """Return where the record of the bet with this id lies."""
        return self.folder / f"{bet}.json"

    def record(self, bet: str) -> Record | None:
        """Return the record of a bet, None where there is none.

        Raises:
            RecordError: when the file is no record.

        """
        path = self.record_path(bet)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        record = load(data, str(path))
        if record.id != bet:
            raise RecordError(f"{path}: this is the record of bet {record.id!r}, expected {bet!r}")
        return record

    def records(self) -> list[Record]:
        """Return every record, by number and id.

        Raises:
            RecordError: when a file is no record.

        """
        return self._each(self.record)

    def outlines(self) -> list[Record]:
        """Return every record with no cell in it, by number and id; one that was written from here is not read again.

        Raises:
            RecordError: when a file is no record.

        """
        return self._each(self._outline)

    def _outline(self, bet: str) -> Record | None:
        digest, outline = self._written.get(bet, (None, None))
        path = self.record_path(bet)
        if outline and path.exists() and sha256(path.read_bytes()) == digest:
            return outline
        record = self.record(bet)
        return replace(record, cells=()) if record else None

    def _each(self, reading: Callable[[str], Record | None]) -> list[Record]:
        paths = (path for path in sorted(self.folder.glob("*.json")) if path.name not in _NO_RECORDS)
        found = [record for path in paths if (record := reading(path.stem)) is not None]
        return sorted(found, key=lambda record: bet_order(record.id, record.bet.number))

    def journal(self) -> list[RunLine]:
        """Return the lines of the journal that are of runs, with what upgrades gave them.

        Raises:
            RecordError: when a line is none of ours.

        """
        return runs(self._loaded())

    def _loaded(self) -> list[Line]:
        return [load_line(line, f"{self.folder / JOURNAL}:{index}") for index, line in enumerate(self.lines(), start=1)]

    def written(self) -> dict[str, list[RunLine]]:
        """Return the lines of every run that wrote a record, by bet.

        Raises:
            RecordError: when a line is none of ours.

        """
        return written(self._loaded())

    def lines(self) -> list[bytes]:
        """Return the lines of the journal as they stand there."""
        try:
            return (self.folder / JOURNAL).read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def keep(self, record: Record, rows: Sequence[str], clocked: Clocked, *, complete: bool) -> Kept:
        """Add a run to the journal and, where it is due, write its record with the rows given as its cells.

        A record stands for its pair of digests: a later run of the same pair leaves its bytes alone. A void run never
        replaces a record that has a verdict. An incomplete run writes no record. The journal is written first: a line
        without its record tells of a run that was cut off, a record without its line would look like a forgery.

        Raises:
            OSError: when the folder cannot be written.
            RecordError: when the file that lies there is no record.

        """
        bet = record.id
        with self.locked():
            standing = self.record(bet)
            is_due = complete and _due(standing, record)
            data = dump(record, rows)
            lines = self.lines()
            own = _lines_of(bet, lines)
            entry = journal_line(
                record,
                rows,
                record_sha256=sha256(data) if is_due else None,
                time=clocked.time,
                host=clocked.host,
                seconds=clocked.seconds,
                previous=sha256(own[-1]) if own else None,
                attempts=clocked.attempts,
            )
            self._write(JOURNAL, b"".join(line + b"\n" for line in [*lines, dump_line(entry)]))
            if is_due:
                self._write(self.record_path(bet).name, data)
                self._written[bet] = sha256(data), replace(record, cells=())
            earlier = runs([load_line(line, JOURNAL) for line in own])
        return Kept(is_due, sum(line.pair == entry.pair for line in earlier) + 1)

    def rewrite(self, lines: Sequence[bytes] | None, records: Mapping[str, bytes]) -> None:
        """Replace the journal, where lines are given, and then records by bet; the lock is held."""
        if lines is not None:
            self._write(JOURNAL, b"".join(line + b"\n" for line in lines))
        for bet, data in records.items():
            self._write(self.record_path(bet).name, data)

    def write_summary(self, summary_json: str, summary_text: str) -> None:
        """Write both forms of the summary under the lock that is held; a file that says the same keeps its time."""
        for name, text in ((SUMMARY_JSON, summary_json), (SUMMARY_TEXT, summary_text)):
            path = self.folder / name
            if not path.exists() or path.read_bytes() != text.encode():
                self._write(name, text.encode())

    def _write(self, name: str, data: bytes) -> None:
        """Replace a file so that at every moment it holds its old bytes or its new ones, whole; the lock is held."""
        draft = self.private() / f"{name}.draft"
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / name)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against every other session, on this machine, until the block ends."""
        from filelock import FileLock

        with FileLock(self.private() / "lock"):
            yield

    def unfinished(self) -> Path:
        """Return where the finished cells of unfinished runs are noted; nothing is made yet."""
        return self.folder / PRIVATE / "unfinished"

    def private(self) -> Path:
        """Return the subfolder for what is not of record, made on first use and ignored by git."""
        return ignored(self.folder / PRIVATE)


def _lines_of(bet: str, lines: Sequence[bytes]) -> list[bytes]:
    mention = f'"bet":{json.dumps(bet, ensure_ascii=False)}'.encode()
    return [line for line in lines if mention in line and load_line(line, JOURNAL).bet == bet]


def _due(standing: Record | None, record: Record) -> bool:
    if standing is None:
        return True
    if record.verdict is None:
        return standing.verdict is None and standing.pair != record.pair
    return standing.verdict is None or standing.pair != record.pair
