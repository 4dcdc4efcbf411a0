"""The journal's file: appended to, never rewritten, and read through an index that can be thrown away."""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pytest_bets.diagnostics import RecordError, count_noun
from pytest_bets.record import journal_index
from pytest_bets.record.codec import MAX_LINE, dump_line, load_line, sha256
from pytest_bets.record.folder import sync
from pytest_bets.record.journal_index import EMPTY, Covered, Index
from pytest_bets.record.line import Line, RunLine
from pytest_bets.record.tally import Tally
from pytest_bets.walk import relative

BEHIND: Final = 65_536
"""How many bytes of the journal an index may lack before it is written again."""
_CHUNK: Final = 1 << 20
_END: Final = 4096


@dataclass(frozen=True)
class CutOff:
    """The end of a journal that is no whole line: a power cut, a full disk or a kill came while it was written."""

    line: int
    start: int
    data: bytes


class JournalFile:
    """A journal and its index. `refresh` reads what is new; all else is of the journal as it was then.

    Only `append` writes, while the lock of the folder is held.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cut_off: CutOff | None = None
        self.repairs: list[str] = []
        self._identity: tuple[int, ...] | None = None
        self._index = EMPTY
        self._tallies: dict[str, Tally] = {}
        self._size = self._lines = 0
        self._hash = hashlib.sha256()
        self._is_ended = True

    def tally(self, bet: str) -> Tally:
        """Return what the journal says about a bet."""
        return self._tallies.get(bet) or self._index.tally(bet) or Tally()

    @property
    def bets(self) -> set[str]:
        """The bets that have a line."""
        return {*self._index.bets, *self._tallies}

    def run_at(self, start: int) -> RunLine:
        """Return the line of the run that begins at this byte."""
        with self.path.open("rb") as file:
            file.seek(start)
            found = load_line(unended(file.readline(MAX_LINE + 2)), str(self.path))
        if not isinstance(found, RunLine):
            raise RecordError(f"{self.path}: it changed while it was read; try again")
        return found

    def refresh(self, index: Path) -> None:
        """Read what the journal has and this object does not know, with the help of its index where that is there.

        Raises:
            RecordError: where a line cannot be read.

        """
        try:
            with self.path.open("rb") as file:
                if _identity(file) != self._identity:
                    self._read(file, index)
        except FileNotFoundError:
            self._begin(EMPTY)

    def _read(self, file: BinaryIO, index: Path) -> None:
        identity = _identity(file)
        if not (self._size and self._is_ended and self._begins(file, self._size, self._hash.hexdigest())):
            stored = _stored(index)
            holds = self._begins(file, stored.covered.size, stored.covered.sha256)
            self._begin(stored if holds else EMPTY)
        file.seek(self._size)
        self._identity, self.cut_off, self._is_ended = None, None, True
        while raw := file.readline(MAX_LINE + 2):
            self._take(raw, file)
        self._identity = identity

    def _take(self, raw: bytes, file: BinaryIO) -> None:
        line, name = unended(raw), f"{self.path}:{self._lines + 1}"
        if (found := len(line)) > MAX_LINE:
            while not raw.endswith(b"\n") and (more := file.readline(_CHUNK)):
                raw, found = more, found + len(more)
            raise RecordError(f"{name}: the line has {found:,} bytes; expected at most {MAX_LINE:,}")
        try:
            entry = load_line(line, name)
        except RecordError:
            if not is_cut_off(raw) or file.read(1):
                raise
            self.cut_off = CutOff(self._lines + 1, self._size, raw)
            return
        self._is_ended = raw.endswith(b"\n")
        self._add(entry, line, raw)

    def _begin(self, index: Index) -> None:
        """Begin again with what an index knows; the hash is that of the bytes that it covers."""
        self._index, self._tallies = index, {}
        self._size, self._lines = index.covered.size, index.covered.lines
        if not self._size:
            self._hash = hashlib.sha256()
        self._identity, self.cut_off, self._is_ended = None, None, True

    def _begins(self, file: BinaryIO, size: int, expected: str) -> bool:
        """Return whether the first bytes of the file have this SHA-256; if so, the hash goes on from there."""
        found = hashlib.sha256()
        file.seek(0)
        while size > 0 and (chunk := file.read(min(size, _CHUNK))):
            found.update(chunk)
            size -= len(chunk)
        if size or found.hexdigest() != expected:
            return False
        self._hash = found
        return True

    def _add(self, entry: Line, line: bytes, raw: bytes) -> None:
        if entry.bet not in self._tallies:
            self._tallies[entry.bet] = self.tally(entry.bet)
        self._tallies[entry.bet].add(entry, sha256(line), self._size)
        self._hash.update(raw)
        self._size += len(raw)
        self._lines += 1

    def append(self, entries: Sequence[Line], kept: Path) -> None:
        """Add lines to the end of the file as it was last read, and wait until they are on the disk.

        An end that was cut off is moved to the file `kept` before. If not all lines can be written, none of them is.

        Raises:
            RecordError: where a line is longer than any that can be read.
            OSError: where the file cannot be written.

        """
        lines = [(entry, dump_line(entry)) for entry in entries]
        for entry, line in lines:
            if len(line) > MAX_LINE:
                found = f"the journal line of {entry.bet} has {len(line):,} bytes"
                raise RecordError(f"{self.path}: {found}; expected at most {MAX_LINE:,}")
        self._repair(kept)
        _append(self.path, b"".join(line + b"\n" for _, line in lines))
        for entry, line in lines:
            self._add(entry, line, line + b"\n")
        self._identity = _identity(self.path)

    def _repair(self, kept: Path) -> None:
        if self.cut_off:
            _append(kept, self.cut_off.data + b"\n")
            os.truncate(self.path, self.cut_off.start)
            self.repairs.append(f"{self._cut_off_words(self.cut_off)}; it was moved to {relative(kept)}")
            self.cut_off = None
        if not self._is_ended:
            _append(self.path, b"\n")
            self._hash.update(b"\n")
            self._size, self._is_ended = self._size + 1, True
            self.repairs.append(f"{self._unended_words()}; it was added")

    def ends_whole(self) -> bool:
        """Return whether the last line is whole; only the last bytes are read."""
        try:
            with self.path.open("rb") as file:
                file.seek(-min(_END, file.seek(0, os.SEEK_END)), os.SEEK_END)
                end = file.read()
        except FileNotFoundError:
            return True
        return not end or (end.endswith(b"\n") and b"\0" not in end)

    def notices(self) -> list[str]:
        """Return what is wrong with the end of the journal, and what was repaired here, a sentence each."""
        found = list(self.repairs)
        if self.cut_off:
            found.append(f"{self._cut_off_words(self.cut_off)}; the next run moves it away")
        if not self._is_ended:
            found.append(f"{self._unended_words()}; the next run adds it")
        return found

    def _cut_off_words(self, cut_off: CutOff) -> str:
        where, size = f"{relative(self.path)}:{cut_off.line}", count_noun(len(cut_off.data), "byte")
        return f"{where}: the last line is incomplete ({size}), as after a kill or on a full disk"

    def _unended_words(self) -> str:
        return f"{relative(self.path)}:{self._lines}: the last line had no line feed at its end"

    @property
    def is_behind(self) -> bool:
        """Whether the index lacks so much of the journal that it should be written again."""
        return self._size - self._index.covered.size >= BEHIND and self._is_ended

    def indexed(self, folder: int) -> bytes:
        """Return the bytes of an index of all that is known, for the folder with this inode.

        From now on this is the index that was read.
        """
        covered = Covered(self._size, self._lines, self._hash.hexdigest())
        data = self._index.dump(covered, self._tallies, folder)
        self._index = journal_index.load(data, folder) or EMPTY
        return data


def unended(raw: bytes) -> bytes:
    """Return a line without its end, which a checkout may have changed."""
    return raw.removesuffix(b"\n").removesuffix(b"\r")


def is_cut_off(raw: bytes) -> bool:
    """Return whether the last line of a journal is only a part of one, without its end or with empty bytes in it."""
    if raw.endswith(b"\n") and b"\0" not in raw:
        return False
    try:
        json.loads(raw)
    except ValueError:
        return raw.startswith(b"{") or b"\0" in raw
    except RecursionError:
        return False
    return False


def _append(path: Path, data: bytes) -> None:
    """Add bytes to the end of a file and wait until they are on the disk; where not all fit, none of them stays."""
    with path.open("ab", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        try:
            left = memoryview(data)
            while left:
                left = left[file.write(left) :]
            sync(file)
        except OSError:
            file.truncate(size)
            raise


def _identity(file: Path | BinaryIO) -> tuple[int, ...]:
    found = file.stat() if isinstance(file, Path) else os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _stored(path: Path) -> Index:
    try:
        return journal_index.load(path.read_bytes(), path.parent.stat().st_ino) or EMPTY
    except OSError:
        return EMPTY
