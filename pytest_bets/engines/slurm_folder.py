"""The folder that a session shares with its jobs: the plan, the code, the jobs, their events, and a sign of life."""

import fcntl
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from pytest_bets.engines.archive import name_of
from pytest_bets.walk import ignored

ALIVE: Final = 10.0
"""Seconds between two signs of life of the session."""
ABANDONED: Final = 900.0
"""Seconds without a sign of life after which a job ends: nothing would take its results."""
_OLD: Final = 7 * 24 * 3600
"""Seconds after which the folder of a session on another machine is removed."""
_DRAFT: Final = "draft-"


class SessionFolder:
    """One folder of a session. A thread signs that the session is alive, also while it runs an ordinary test.

    The file `owner` names this machine and is locked by this process. So a later session here can tell whether this one
    was killed: the lock of a process ends with it.
    """

    def __init__(self, results: Path) -> None:
        base = base_of(results)
        key = uuid4().hex[:12]
        draft = base / f"{_DRAFT}{key}"  # nothing may take it for the folder of a dead session before it is locked
        for folder in (draft, draft / "jobs", draft / "events"):
            folder.mkdir(parents=True, mode=0o700)
        self._owner = (draft / "owner").open("w", encoding="utf-8")
        self._owner.write(_machine())
        self._owner.flush()
        with suppress(OSError):  # a file system without locks: its jobs end by themselves
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        (draft / "alive").touch()
        self.path = base / key
        draft.rename(self.path)
        self.name = name_for(key)
        self._closed = threading.Event()
        threading.Thread(target=self._sign, daemon=True).start()

    def fill(self, plan: str, archive: bytes) -> str:
        """Write the plan and the code, and return the name of the archive."""
        (self.path / "plan.json").write_text(plan, encoding="utf-8")
        name = name_of(archive)
        (self.path / name).write_bytes(archive)
        return name

    def write_job(self, name: str, items: Sequence[Any]) -> None:
        """Write the cells of a job."""
        (self.path / "jobs" / f"{name}.json").write_text(json.dumps(items), encoding="utf-8")

    def log(self, job: str) -> str:
        """Return the end of what a job has printed, without Slurm's lines: a node may lack the Python or a package."""
        try:
            text = (self.path / f"{job}.log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(line for line in text.splitlines()[-20:] if not line.startswith("slurmstepd:"))

    def _sign(self) -> None:
        while not self._closed.wait(ALIVE):
            with suppress(OSError):
                os.utime(self.path / "alive")

    def close(self) -> None:
        """Remove it: a job that still runs somewhere ends when it sees that."""
        self._closed.set()
        shutil.rmtree(self.path, ignore_errors=True)
        self._owner.close()


def base_of(results: Path) -> Path:
    """Return the folder with the folders of all sessions."""
    base = ignored(results) / "slurm"
    base.mkdir(mode=0o700, exist_ok=True)
    return base


def name_for(key: str) -> str:
    """Return the name of all jobs of a session."""
    return f"pytest-bets-{key}"


def remove_orphans(results: Path) -> list[str]:
    """Remove the folders of sessions on this machine that were killed, and return the names of their jobs."""
    names = []
    for folder in base_of(results).iterdir():
        with suppress(OSError):
            if folder.name.startswith(_DRAFT):
                continue
            if _is_orphan(folder):
                names.append(name_for(folder.name))
                shutil.rmtree(folder, ignore_errors=True)
            elif time.time() - (folder / "alive").stat().st_mtime > _OLD:
                shutil.rmtree(folder, ignore_errors=True)
    return names


def _is_orphan(folder: Path) -> bool:
    """Return whether the session of a folder ran on this machine, and its process is gone."""
    with (folder / "owner").open(encoding="utf-8") as owner:
        if owner.read() != _machine():
            return False
        try:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # it is locked, or nothing can be
            return False
    return True


def _machine() -> str:
    """Return a text that only this machine has, and only since it was started."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return socket.gethostname()
