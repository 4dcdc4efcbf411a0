"""Files that are whole or not there, and made by one process alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from bets.lab.progress import terminal


def write(path: Path, data: bytes | memoryview) -> None:
    """Write a file so that a reader finds the old one or the new one, and never a part."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(error.errno, f"{error.strerror}; what lay there before is untouched", str(path)) from None


def make_once(path: Path, what: str, make: Callable[[], None]) -> None:
    """Have a file made where it is missing, by one process; others say what they wait for.

    The system frees the lock when its holder dies, and then the next one makes the file.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name("lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        with terminal() as file:
            print(f"bets: another process {what}: waiting for it", file=file, flush=True)
        lock.acquire()
    try:
        if not path.exists():
            make()
    finally:
        lock.release()
