"""The thread that looks at the progress now and then; and what it sends from a process that only runs cells."""

import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pytest_bets.live.progress import Progress
from pytest_bets.live.sample import dump

PAUSE: Final = 0.5
"""Seconds between two looks."""
_SLOWEST: Final = 5.0
"""Seconds between two samples of a cell that has run for long."""


class Ticker:
    """A thread that calls a function now and then, which returns the seconds to the next call; None ends it."""

    def __init__(self, tick: Callable[[], float | None]) -> None:
        self._tick = tick
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, if it does not run."""
        if self._thread is None or not self._thread.is_alive():
            self._stopped = threading.Event()
            # a daemon: an interrupted session must not wait for it
            self._thread = threading.Thread(target=self._run, args=(self._stopped,), daemon=True, name="bets-progress")
            self._thread.start()

    def _run(self, stopped: threading.Event) -> None:
        pause: float | None = PAUSE
        while pause is not None and not stopped.wait(pause):
            pause = self._tick()

    def stop(self) -> bool:
        """Stop the thread, and return whether it ran."""
        thread, self._thread = self._thread, None
        self._stopped.set()
        if thread is None or not thread.is_alive() or thread is threading.current_thread():
            return False
        thread.join(timeout=1)  # it may wait for a terminal that was stopped
        return True


class Sampler:
    """In a process that only runs cells: sends samples to the process that judges."""

    def __init__(self, progress: Progress, link: Callable[[str], object]) -> None:
        self._progress = progress
        self._link = link
        self._sent: object = None
        self._ticker = Ticker(self._tick)

    def start(self) -> None:
        """Begin to look at the progress."""
        self._progress.watched = True
        self._ticker.start()

    def stop(self) -> None:
        """End."""
        self._progress.watched = False
        self._ticker.stop()

    def _tick(self) -> float | None:
        sample = self._progress.sample()
        if sample is None or sample.seconds < PAUSE:
            return PAUSE
        if sample.steps != self._sent:
            self._sent = sample.steps
            try:
                self._link(dump(replace(sample, host=socket.gethostname())))
            except Exception:  # the other process is gone, which ends this one, too
                return None
        return min(_SLOWEST, max(PAUSE, sample.seconds / 60))
