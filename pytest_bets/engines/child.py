"""A child process that runs cells: started, fed, watched and ended by the process that supervises it."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Final

from pytest_bets.bet.resources import Need, size
from pytest_bets.engines.event import Event, Work
from pytest_bets.engines.plan import Plan

CODE: Final = (
    "import os, sys; sys.path[:] = sys.argv[1].split(os.pathsep); "
    "from pytest_bets.hooks.child import main; main(int(sys.argv[2]), int(sys.argv[3]))"
)
LOG: Final = 60_000
"""Bytes of what an attempt has printed that are kept."""
PATIENCE: Final = 30.0
"""Seconds that a child has to tear down its session fixtures."""
_LOOK: Final = 0.25
"""Seconds between two looks at the time and the memory of a cell."""
_SILENT: Final = 2.0
"""Seconds of silence after which a child is asked whether it lives."""


class Child:
    """One child process: it collects once, and runs one cell after another."""

    def __init__(self, plan: Plan, path: tuple[str, ...], variables: Mapping[str, str | None]) -> None:
        self._plan = plan
        self._events, event = os.pipe()
        alive, self._life = os.pipe()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as the child
        changed = {**plan.environment, **variables}
        kept = {name: value for name, value in os.environ.items() if name not in changed}
        self.process = subprocess.Popen(  # noqa: S603  # fixed arguments
            [sys.executable, "-c", CODE, os.pathsep.join(path), str(event), str(alive)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=plan.here,
            env={**kept, **{name: value for name, value in changed.items() if value is not None}},
            pass_fds=(event, alive),
            start_new_session=True,
        )
        os.close(event)
        os.close(alive)
        self._begun: list[bytes] = []
        """The parts of a message that is not whole."""
        self._passed = 0
        """How much of the log was passed on."""
        self._begun_at = 0
        """How much of the log was there when the cell began; it is known where a session shows what cells print."""
        self._pid = 0
        self._ready = False
        self._send(plan.text())

    def _send(self, text: str) -> None:
        assert self.process.stdin is not None  # noqa: S101  # it is a pipe
        with suppress(OSError, ValueError):  # it has died: reading will say so
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()

    def run(self, number: int, work: Work, need: Need, emit: Callable[[Event], None]) -> Event:
        """Run a cell, emit what happens, and return how it ended."""
        self._send(json.dumps(asdict(work)))
        sent, began, failed = 0, 0.0, False
        for kind, text in self._messages(_LOOK if need.memory or need.hours else _SILENT):
            if kind == "report":
                failed = failed or '"outcome": "failed"' in text
                emit(Event(number, "report", text, sent))
                sent += 1
            elif kind == "begun":
                began, self._begun_at = time.monotonic(), int(text or 0)
                emit(Event(number, "begun"))
            elif kind in ("progress", "warning"):
                emit(Event(number, "progress" if kind == "progress" else "warning", text))
            elif kind == "done":
                self._pass_log(number, emit, failed=failed)
                return Event(number, "done", count=sent)
            elif kind == "impossible":
                return Event(number, "impossible", text)
            exceeded = self._exceeded(need, began)
            if exceeded:
                self.kill()
                self._pass_log(number, emit)
                return Event(number, "crashed", exceeded, sent)
        status = self.process.wait()
        if status >= 0 and not self._ready:
            what = f"a child process on {socket.gethostname()} could not start (exit status {status}):"
            return Event(number, "impossible", f"{what}\n{self._log_end()}")
        self._pass_log(number, emit)
        return Event(number, "crashed", ended_words(status, begun=bool(began)), sent)

    def _messages(self, often: float, deadline: float = float("inf")) -> Iterator[tuple[str, str]]:
        """Yield the child's messages until it has ended, and an empty one now and then."""
        with selectors.PollSelector() as selector:
            selector.register(self._events, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                if selector.select(often):
                    chunk = os.read(self._events, 1 << 16)
                    if not chunk:
                        return
                    if b"\n" not in chunk:  # a report may be long
                        self._begun.append(chunk)
                        continue
                    *lines, rest = b"".join([*self._begun, chunk]).split(b"\n")
                    self._begun = [rest]
                    for line in lines:
                        kind, text = json.loads(self._translated(line))
                        if kind == "pid":
                            self._pid = int(text)
                        self._ready = self._ready or kind == "ready"
                        yield kind, text
                elif self.process.poll() is not None:
                    return
                else:
                    yield "", ""

    def _translated(self, line: bytes) -> bytes:
        """Return a message with the paths of the controller: a copy of the project lies elsewhere."""
        here, there = self._plan.top, self._plan.origin
        is_plain = there and not {'"', "\\"} & set(there)  # JSON would spell it in another way
        return line.replace(here.encode(), there.encode()) if is_plain else line

    def _exceeded(self, need: Need, began: float) -> str:
        """Return which limit of a cell is exceeded, empty where none is."""
        if need.hours and began and time.monotonic() - began > need.hours * 3600:
            return f"it ran longer than {need.hours:g} hours"
        if need.memory and self._pid and memory(self._pid) > need.memory:
            return f"it used more memory than {size(need.memory)}"
        return ""

    def _pass_log(self, number: int, emit: Callable[[Event], None], *, failed: bool = True) -> None:
        """Emit what the child has printed, where somebody wants to read it."""
        if self._plan.options.get("capture") == "no" and (text := self._log_end(self._begun_at)):
            emit(Event(number, "printed", text))
        if failed and (text := self._log_end(self._passed)):
            self._passed = os.fstat(self._log.fileno()).st_size
            emit(Event(number, "log", text))

    def _log_end(self, since: int = 0) -> str:
        """Return the end of the log, and nothing before a place in it."""
        end = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), LOG, max(since, end - LOG)).decode(errors="replace").strip()

    def quit(self) -> str:
        """Let the child tear down its session fixtures and end; return the error of a teardown that failed."""
        self._send("")
        messages = self._messages(_SILENT, time.monotonic() + PATIENCE)
        errors = [text for kind, text in messages if kind == "teardown"]
        return "\n".join(errors)

    def kill(self) -> None:
        """Kill the child, and all that it has started."""
        with suppress(OSError, ValueError):
            if self.process.stdin:
                self.process.stdin.close()
        life, self._life = self._life, -1
        if life >= 0:
            os.close(life)  # its guard kills it
        if self._pid and self.process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Release what is left of a child that has ended."""
        os.close(self._events)
        self._log.close()


def ended_words(status: int, *, begun: bool) -> str:
    """Return how a process ended, in words that are the same on every machine."""
    when = "" if begun else " before the experiment began"
    if status >= 0:
        return f"its process exited with status {status}{when}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    more = "; the system does that when memory runs out" if -status == signal.SIGKILL else ""
    return f"its process was killed by {name}{when}{more}"


def memory(process: int) -> int:
    """Return the bytes of memory that a process and its children hold; 0 where the system does not say."""
    total, pending = 0, [process]
    while pending:
        found = pending.pop()
        with suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{found}/statm", encoding="ascii") as file:  # noqa: PTH123
                total += int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            with open(f"/proc/{found}/task/{found}/children", encoding="ascii") as file:  # noqa: PTH123
                pending += map(int, file.read().split())
    return total
