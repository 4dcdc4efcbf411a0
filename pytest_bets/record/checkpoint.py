"""The finished cells of runs that have not ended, so that an interrupted one can be resumed."""

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from pytest_bets.record.cell import sweep_of
from pytest_bets.values import digest
from pytest_bets.walk import ignored


class Checkpoint:
    """One file a bet and session; a line a finished cell: JSON, tab, node id.

    The digest of `what`, all that must be the same where a cell is reused, is in the name. A file is private to the
    process that writes it; resuming reads those of every earlier one.
    """

    def __init__(self, folder: Path, bet: str, what: object) -> None:
        self.folder = folder
        self.bet = bet
        self.prefix = f"{bet}.{digest(what)[:16]}."
        self.path = folder / f"{self.prefix}{os.getpid()}.cells"
        self._file: BinaryIO | None = None

    def add(self, nodeid: str, data: str) -> None:
        """Note a finished cell; it survives the death of this process."""
        if self._file is None:
            ignored(self.folder.parent)  # before there is anything to ignore: `git add results` may come at any moment
            self.folder.mkdir(exist_ok=True)
            self._file = self.path.open("ab", buffering=0)
        self._file.write(f"{data}\t{nodeid}\n".encode(errors="surrogateescape"))

    def stale(self) -> bool:
        """Return whether earlier sessions noted cells of this bet, and none that can be reused."""
        return not any(self.folder.glob(f"{self.prefix}*.cells")) and any(self.folder.glob(f"{self.bet}.*.cells"))

    def finished(self) -> dict[str, str]:
        """Return what earlier sessions noted, by the cell's node id; a line that was cut off is left out.

        All cells are of one sweep, that of the last session: one name may stand for other values in another sweep.
        """
        cells: dict[str, dict[str, str]] = {}
        sweep = ""
        for path in sorted(self.folder.glob(f"{self.prefix}*.cells"), key=_age):
            for line in path.read_bytes().split(b"\n")[:-1]:
                data, _, nodeid = line.decode(errors="surrogateescape").partition("\t")
                try:
                    sweep = sweep_of(data)
                except ValueError:
                    continue
                cells.setdefault(sweep, {})[nodeid] = data
        return cells.get(sweep, {})

    def close(self) -> None:
        """Stop writing, and keep what was noted."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def clear(self) -> None:
        """Forget the bet's finished cells: its run is complete."""
        self.close()
        for path in self.folder.glob(f"{self.bet}.*.cells"):
            with suppress(PermissionError):  # Windows keeps a file that another session still writes
                path.unlink(missing_ok=True)


def _age(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, path.name
