"""What engines with a scheduler of their own share: events from other threads, and a few attempts that wait inside."""

import queue
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Final

from pytest_bets.bet.resources import Need
from pytest_bets.engines.event import ENDS, Event

INSIDE: Final = 4
"""How many attempts may wait inside an engine: more would be started in its order, and not in ours."""


class Inbox:
    """The events of an engine, and which of its attempts wait and run; any thread may put events."""

    def __init__(self, inside: int = INSIDE) -> None:
        self.inside = inside
        self.open: set[int] = set()
        self.waiting: set[int] = set()
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def started(self, number: int) -> None:
        """Note an attempt that was handed over."""
        self.open.add(number)
        self.waiting.add(number)

    def put(self, event: Event) -> None:
        """Take an event."""
        self.waiting.discard(event.number)
        if event.kind in ENDS:
            self.open.discard(event.number)
        self._events.put(event)

    def short(self, _: Need) -> Collection[str]:
        """Return `cpus` while enough attempts wait inside."""
        return ("cpus",) if len(self.waiting) >= self.inside else ()

    def take(self, timeout: float) -> Iterable[Event]:
        """Yield the events that have come."""
        with suppress(queue.Empty):
            yield self._events.get(timeout=timeout) if timeout else self._events.get_nowait()
            while True:
                yield self._events.get_nowait()
