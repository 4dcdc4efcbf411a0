"""The folder of results as it is now. What cannot be read is reported, and hides nothing else."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import RecordError
from pytest_bets.record.codec import file_sha256, load_line, sha256
from pytest_bets.record.filenames import JOURNAL, NO_RECORDS
from pytest_bets.record.line import Line
from pytest_bets.record.record import Record
from pytest_bets.record.store import Results

_LARGEST: Final = 1 << 29
"""The maximum number of bytes of a file that is read."""


@dataclass(frozen=True)
class Present:
    """Records by bet with the hashes of their files, the journal's lines, and what is wrong with other files and lines.

    `unread` are the bets whose record cannot be read.
    """

    records: Mapping[str, Record]
    sha256: Mapping[str, str]
    lines: Sequence[bytes]
    journal: Sequence[tuple[str, Line]]
    unread: frozenset[str]
    faults: Sequence[str]


def present(results: Results, root: Path) -> Present:
    """Read the folder of results; `root` is the project's root, for messages."""
    return _Reader(results, root).present()


class _Reader:
    def __init__(self, results: Results, root: Path) -> None:
        self.results = results
        self.root = root
        self.faults: list[str] = []

    def present(self) -> Present:
        paths = [path for path in sorted(self.results.folder.glob("*.json")) if path.name not in NO_RECORDS]
        found = {path.stem: record for path in paths if (record := self._record(path))}
        lines = self._lines()
        return Present(
            {bet: record for bet, (record, _) in found.items()},
            {bet: digest for bet, (_, digest) in found.items()},
            lines,
            list(self._journal(lines)),
            frozenset(path.stem for path in paths) - found.keys(),
            self.faults,
        )

    def _record(self, path: Path) -> tuple[Record, str] | None:
        try:
            digest = file_sha256(contents(path))
            record = self.results.record(path.stem)
        except OSError as error:
            self.faults.append(f"{self._name(path)}: this record cannot be read: {error.strerror or error}")
        except RecordError as error:
            self.faults.append(self._shortened(error))
        else:
            return (record, digest) if record else None
        return None

    def _lines(self) -> list[bytes]:
        path = self.results.folder / JOURNAL
        try:
            contents(path)
            return self.results.lines()
        except FileNotFoundError:
            return []
        except OSError as error:
            self.faults.append(f"{self._name(path)}: the journal cannot be read: {error.strerror or error}")
            return []

    def _journal(self, lines: Sequence[bytes]) -> Iterator[tuple[str, Line]]:
        name = self._name(self.results.folder / JOURNAL)
        for number, line in enumerate(lines, start=1):
            try:
                yield sha256(line), load_line(line, f"{name}:{number}")
            except RecordError as error:
                self.faults.append(self._shortened(error))
                yield from self._parts(line) if b"\r" in line else ()

    def _parts(self, line: bytes) -> Iterator[tuple[str, Line]]:
        """Yield the lines that carriage returns join: they are reported, and not missing."""
        for part in line.split(b"\r"):
            with suppress(RecordError):
                yield sha256(part), load_line(part, "a line")

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)

    def _shortened(self, error: RecordError) -> str:
        return str(error).replace(f"{self.root}/", "")


def contents(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: where it cannot be read, is no file, or is too large.

    """
    size = path.stat().st_size
    if not path.is_file():
        raise OSError("it is not a file")
    if size > _LARGEST:
        raise OSError(f"it has {size:,} bytes, expected at most {_LARGEST:,}")
    return path.read_bytes()
