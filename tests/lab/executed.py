"""Notes every function under a folder that a process executes, in any thread, and for which bet: a line each, once.

A process does so from its first import where `EXECUTED` names a folder for the notes and `EXECUTED_UNDER` the folder
of the code, and where it has a `sitecustomize` that imports this module; its own child processes inherit all of that.
`executing` tells it which bet it is that runs.
"""

from __future__ import annotations

import gc
import inspect
import os
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType

FOLDER = "EXECUTED"
UNDER = "EXECUTED_UNDER"
BET = "EXECUTED_BET"


class Notes:
    """The notes of this process."""

    def __init__(self, folder: Path, under: str) -> None:
        self.under = under
        self.file = (folder / f"{os.getpid()}.txt").open("a", encoding="utf-8")
        self.seen: set[CodeType] = set()
        self.lock = threading.Lock()

    def take(self, code: CodeType) -> None:
        """Note a function; the body of a class is none."""
        self.seen.add(code)
        if code.co_filename.startswith(self.under) and code.co_flags & inspect.CO_OPTIMIZED:
            line = f"{os.environ.get(BET, '')}\t{code.co_filename}\t{code.co_firstlineno}\t{code.co_qualname}\n"
            with self.lock:
                self.file.write(line)
                self.file.flush()

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Take what Python calls, once each."""
        if event == "call" and frame.f_code not in self.seen:
            self.take(frame.f_code)

    def turn(self, bet: str) -> None:
        """Note for another bet from now on; generators that the last one has left are closed before."""
        gc.collect()
        os.environ[BET] = bet
        self.seen.clear()
        if sys.version_info >= (3, 12):
            sys.monitoring.restart_events()

    def start(self) -> None:
        """Begin, in every thread of this process that starts from now on and in this one."""
        if sys.version_info >= (3, 12):
            events, tool = sys.monitoring.events, sys.monitoring.PROFILER_ID
            sys.monitoring.use_tool_id(tool, "executed")

            def started(code: CodeType, _: int) -> object:
                self.take(code)
                return sys.monitoring.DISABLE

            sys.monitoring.register_callback(tool, events.PY_START, started)
            sys.monitoring.set_events(tool, events.PY_START)
        else:
            threading.setprofile(self.profile)
            sys.setprofile(self.profile)


NOTES = Notes(Path(os.environ[FOLDER]), os.environ[UNDER]) if FOLDER in os.environ else None
if NOTES:
    NOTES.start()
