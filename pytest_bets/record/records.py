"""The records in a folder of results."""

from collections.abc import Callable
from pathlib import Path

from pytest_bets.bet.declaration import bet_order
from pytest_bets.diagnostics import RecordError
from pytest_bets.record.codec import MAX_RECORD, load, sha256
from pytest_bets.record.filenames import NO_RECORDS
from pytest_bets.record.folder import Folder
from pytest_bets.record.record import Record


class Records(Folder):
    """A folder with a record for each bet."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._headers: dict[str, tuple[str, Record]] = {}
        """What was read or written last of each bet, as a header, and the hash of its bytes."""

    def record_path(self, bet: str) -> Path:
        """Return where the record of the bet with this id lies."""
        return self.folder / f"{bet}.json"

    def record(self, bet: str) -> Record | None:
        """Return the record of a bet, None where there is none.

        Raises:
            RecordError: when the file is no record.

        """
        data = self._bytes(bet)
        return None if data is None else self._decoded(bet, data)

    def _bytes(self, bet: str) -> bytes | None:
        path = self.record_path(bet)
        try:
            if (size := path.stat().st_size) > MAX_RECORD:
                raise RecordError(f"{path}: the record has {size:,} bytes; expected at most {MAX_RECORD:,}")
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def _decoded(self, bet: str, data: bytes, *, header: bool = False) -> Record:
        path = self.record_path(bet)
        record = load(data, str(path), header=header)
        if record.id != bet:
            raise RecordError(f"{path}: this is the record of bet {record.id!r}, expected {bet!r}")
        return record

    def records(self) -> list[Record]:
        """Return every record, by number and id.

        Raises:
            RecordError: when a file is no record.

        """
        return self._each(self.record)

    def headers(self) -> list[Record]:
        """Return every record as a header, by number and id; an unchanged one is not decoded again.

        Raises:
            RecordError: when a file is no record.

        """
        return self._each(self.header)

    def header(self, bet: str) -> Record | None:
        """Return the record of a bet with the cells that a summary reads, None where there is none.

        Raises:
            RecordError: when the file is no record.

        """
        data = self._bytes(bet)
        if data is None:
            return None
        digest, known = sha256(data), self._headers.get(bet)
        if known is None or known[0] != digest:
            known = self._headers[bet] = digest, self._decoded(bet, data, header=True)
        return known[1]

    def _remember(self, bet: str, digest: str, header: Record) -> None:
        """Spare the next reader of a header what was written just now."""
        self._headers[bet] = digest, header

    def _each(self, reading: Callable[[str], Record | None]) -> list[Record]:
        paths = (path for path in sorted(self.folder.glob("*.json")) if path.name not in NO_RECORDS)
        found = [record for path in paths if (record := reading(path.stem)) is not None]
        return sorted(found, key=lambda record: bet_order(record.id, record.bet.number))
