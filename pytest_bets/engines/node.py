"""A node: a process of an engine on another machine, which runs attempts in children of its own."""

import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from pytest_bets.bet.resources import Need
from pytest_bets.diagnostics import BetsError
from pytest_bets.engines.archive import private_folder, unpack
from pytest_bets.engines.children import Children
from pytest_bets.engines.event import Event, Work
from pytest_bets.engines.plan import read_plan

IDLE: Final = 300.0
"""Seconds after which children that have nothing to do end: their session may be gone."""


class Node:
    """The children of one session on this machine."""

    def __init__(self, plan: str, top: str) -> None:
        here = read_plan(plan).moved(top)
        own = [path for path in sys.path if path not in here.path]
        self.children = Children(here, (*here.path, *own))
        self._used = time.monotonic()
        self._running = 0
        threading.Thread(target=self._end_idle, daemon=True).start()

    def run(self, number: int, work: Work, need: Need, emit: Callable[[Event], None]) -> None:
        """Run an attempt and emit what happens."""
        self._running += 1
        try:
            self.children.run(number, work, need, emit)
        finally:
            self._running -= 1
            self._used = time.monotonic()

    def _end_idle(self) -> None:
        while True:
            time.sleep(IDLE / 10)
            if not self._running and time.monotonic() - self._used > IDLE:
                self.children.end_idle()


@cache  # an engine's worker outlives its tasks, and with it the children
def node_of(plan: str, top: str) -> Node:
    """Return the node of a session in this process; `top` is the copy of the project on this machine."""
    return Node(plan, top)


@dataclass(frozen=True)
class Task:
    """An attempt as it is sent to a node: the plan, the name of the archive, and what is run."""

    plan: str
    archive: str
    number: int
    work: Work
    need: Need


def attempt(task: Task, fetch: Callable[[], bytes], emit: Callable[[Event], None]) -> None:
    """Run an attempt on this machine; `fetch` returns the archive where this machine has not unpacked it."""
    try:
        node = node_of(task.plan, str(unpack(task.archive, fetch)))
    except (BetsError, OSError) as error:
        emit(Event(task.number, "impossible", f"{socket.gethostname()} cannot unpack the code: {error}"))
        return
    node.run(task.number, task.work, task.need, emit)


def give_up(task: Task) -> None:
    """Kill the child that runs an attempt on this machine."""
    node_of(task.plan, str(private_folder() / task.archive)).children.cancel(task.number)


def leave(plan: str, archive: str) -> list[str]:
    """End all children of a session in this process, and return the errors of their session fixtures."""
    return node_of(plan, str(private_folder() / archive)).children.close()
