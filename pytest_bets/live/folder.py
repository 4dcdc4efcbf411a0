"""The files in `results/.live/`: each session writes one, and anybody may read them."""

import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from pytest_bets.live.lines import SCHEMA, LiveLine, SessionLine, dump, load
from pytest_bets.live.state import Found, Log, State, state_of
from pytest_bets.walk import ignored, relative

LIVE: Final = ".live"
"""The folder in a folder of results."""
LOGS: Final = "logs"
"""The folder in it for the end of what failed attempts have printed."""
LARGEST: Final = 1 << 20
"""Bytes after which a file is written again in short."""
SILENT: Final = 60.0
"""Seconds without a sign after which a session on another machine counts as dead."""
SIGN: Final = 10.0
"""Seconds between two signs of a session that has nothing to write."""
_KEPT: Final = 5
"""How many sessions that have ended are kept."""
_LOGS: Final = 20
"""How many logs of a session are shown, the last ones."""
_END: Final = 4096
"""Bytes at the end of a log that are read."""
_LINES: Final = 5
"""Lines at the end of a log that are shown."""


class Writer:
    """Writes the file of one session. The first lines create it, and the files of sessions long over go."""

    def __init__(self, results: Path, since: float, command: str) -> None:
        self._folder = results / LIVE
        host, process = socket.gethostname(), os.getpid()
        self.session = SessionLine("session", SCHEMA, host, process, born(process), since, command)
        self._path = self._folder / f"{host}-{process}-{os.urandom(4).hex()}.jsonl"
        self._size = 0
        self._limit = LARGEST
        self._signed = 0.0

    def write(self, lines: Sequence[LiveLine], state: State) -> None:
        """Append lines, of which `state` is the outcome; without lines, show now and then that this process lives.

        Raises:
            OSError: if the folder cannot be written.

        """
        now = time.monotonic()
        if not self._size or not self._path.exists():  # the folder may be deleted at any time
            if not self._size:
                _clean(ignored(self._folder))
            ignored(self._folder)
            lines, self._size = list(state.lines()), 0
        if lines:
            data = b"".join(map(dump, lines))
            with self._path.open("ab", buffering=0) as file:  # other machines see what is in a closed file
                file.write(data)
            self._size += len(data)
            if self._size > self._limit:
                self._shorten(state)
        elif now - self._signed >= SIGN:
            os.utime(self._path)
        else:
            return
        self._signed = now

    def _shorten(self, state: State) -> None:
        """Replace the file by the lines of the state, whole at every moment."""
        data = b"".join(map(dump, state.lines()))
        draft = self._path.with_suffix(".draft")
        draft.write_bytes(data)
        draft.replace(self._path)
        self._size = len(data)
        self._limit = max(LARGEST, 2 * len(data))


def sessions(results: Path) -> list[Found]:
    """Return the sessions of a folder of results: those that run first, then the others, the latest first."""
    folder = results / LIVE
    found = [
        replace(one, logs=tuple(_logs(folder / LOGS, one.state)))
        for path in folder.glob("*.jsonl")
        if (one := _read(path)) is not None
    ]
    return sorted(found, key=lambda one: (not one.runs, -(one.state.session.since if one.state.session else 0)))


def _read(path: Path) -> Found | None:
    try:
        with path.open("rb") as file:
            state = state_of(map(load, file.read().split(b"\n")[:-1]))  # the last line may not be whole
            silent = time.time() - os.fstat(file.fileno()).st_mtime
    except OSError:
        return None
    if state.session is None:
        return None
    return Found(state, state.closed is None and _runs(state.session, silent), silent)


def _runs(session: SessionLine, silent: float) -> bool:
    """Return whether the process of a session runs; on another machine, whether it has shown so lately."""
    if session.host != socket.gethostname():
        return silent < SILENT
    return bool(session.born) and born(session.process) == session.born


def _clean(folder: Path) -> None:
    """Delete the files of sessions that have ended, but for the last ones."""
    over = [path for path in folder.glob("*.jsonl") if (one := _read(path)) is None or not one.runs]
    with suppress(OSError):
        over.sort(key=lambda path: path.stat().st_mtime)
    for path in [*over[:-_KEPT], *folder.glob("*.draft")]:
        if path.suffix != ".draft" or _is_old(path):
            with suppress(OSError):
                path.unlink()


def _is_old(draft: Path) -> bool:
    try:
        return time.time() - draft.stat().st_mtime > SILENT
    except OSError:
        return False


def born(process: int) -> str:
    """Return a text that later processes with this number do not have; empty where none runs.

    Linux counts the ticks from the start of the system. Elsewhere only the number is known.
    """
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            state, *others = file.read().rpartition(")")[2].split()
        return "" if state in ("Z", "X") else others[18]  # one that has ended waits for its parent
    except (OSError, IndexError):
        if os.path.isdir("/proc/self"):  # noqa: PTH112  # it is there, and this process is not
            return ""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        pass
    return "runs"


def _logs(folder: Path, state: State) -> Iterator[Log]:
    """Yield what failed attempts of a session have printed, the last first: logs of earlier sessions may lie there."""
    found = []
    for bet in state.bets:
        for path in (folder / bet).glob("*.log"):
            with suppress(OSError):
                found.append((path.stat().st_mtime, path))
    for written, path in sorted(found, reverse=True)[:_LOGS]:
        if state.session and written >= state.session.since:
            with suppress(OSError), path.open("rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _END))
                yield Log(relative(path), tuple(file.read().decode(errors="replace").splitlines()[-_LINES:]))
