"""A folder whose files are whole at every moment, and which one session at a time writes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_bets.walk import ignored

if TYPE_CHECKING:
    from filelock import BaseFileLock

PRIVATE: Final = ".bets"
"""The subfolder for what is not of record."""


class Folder:
    """Writes files under a lock. Nothing is created before something is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _write(self, name: str, data: bytes) -> None:
        """Replace a file so that at every moment it holds its old bytes or its new ones, whole; the lock is held."""
        self._draft(name, data).replace(self.folder / name)

    def _draft(self, name: str, data: bytes) -> Path:
        """Write the bytes of a file beside it, and wait until they are on the disk."""
        draft = self.private() / f"{name}.draft"
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            draft.unlink(missing_ok=True)  # a full disk needs the space
            raise
        return draft

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder against every other session, on this machine, until the block ends."""
        self.private()
        with self._lock:
            yield

    @cached_property
    def _lock(self) -> "BaseFileLock":
        from filelock import FileLock

        return FileLock(self.folder / PRIVATE / "lock")

    def private(self) -> Path:
        """Return the subfolder for what is not of record, made on first use and ignored by git."""
        return ignored(self.folder / PRIVATE)
