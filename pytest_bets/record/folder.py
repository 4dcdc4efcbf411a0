"""A folder whose files are whole at every moment, and which one session at a time writes."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from pytest_bets.walk import ignored

if TYPE_CHECKING:
    from filelock import BaseFileLock

PRIVATE: Final = ".bets"
"""The subfolder for what is not of record."""

_WAITS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""The seconds between tries to replace a file on Windows."""
_IN_USE: Final = (5, 32)
"""What Windows says where another program has a file open: access denied, sharing violation."""


def put(draft: Path, target: Path) -> None:
    """Replace a file by another one; on Windows, wait a moment for a reader that has it open."""
    for wait in _WAITS:
        try:
            draft.replace(target)
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _IN_USE:
                raise
            time.sleep(wait)
        else:
            return
    draft.replace(target)


def sync(file: IO[bytes]) -> None:
    """Wait until what was written to a file is on the disk; on macOS, out of the cache of the disk as well."""
    try:
        import fcntl

        fcntl.fcntl(file.fileno(), fcntl.F_FULLFSYNC)  # type: ignore[attr-defined]  # macOS alone has it
    except (ImportError, AttributeError, OSError):  # another system, or a file system that does not know it
        os.fsync(file.fileno())


class Folder:
    """Writes files under a lock. Nothing is created before something is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _write(self, name: str, data: bytes) -> None:
        """Replace a file so that at every moment it holds its old bytes or its new ones, whole; the lock is held."""
        put(self._draft(name, data), self.folder / name)

    def _draft(self, name: str, data: bytes) -> Path:
        """Write the bytes of a file beside it, and wait until they are on the disk."""
        draft = self.private() / f"{name}.draft"
        try:
            with draft.open("wb") as file:
                file.write(data)
                file.flush()
                sync(file)
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
