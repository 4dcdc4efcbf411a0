"""The children of one supervisor: taken for a cell, kept for the next one, and ended."""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from pytest_bets.bet.resources import Need
from pytest_bets.engines.child import Child
from pytest_bets.engines.event import Event, Work
from pytest_bets.engines.plan import Plan

Emit = Callable[[Event], None]


class Children:
    """Child processes of one plan; `path` is Python's path in them."""

    def __init__(self, plan: Plan, path: tuple[str, ...]) -> None:
        self.plan = plan
        self.path = path
        self._idle: list[Child] = []
        self._busy: dict[int, Child] = {}
        self._errors: list[str] = []
        """Of session fixtures in their teardown."""
        self._lock = threading.Lock()
        self._closed = False

    def run(self, number: int, work: Work, need: Need, emit: Emit, devices: str | None = None) -> None:
        """Run a cell in a child, and emit what happens; the end comes when the child is free again.

        With GPUs the child ends with its cell: it would hold memory of devices that the next cell of another one uses.
        """
        emit(Event(number, "at", os.environ.get("SLURMD_NODENAME") or socket.gethostname()))
        child = self._child(number, work, need, devices)
        try:
            end = child.run(number, work, need, emit)
        except OSError as error:
            end = Event(number, "lost", f"its supervisor failed: {error}")
        with self._lock:
            self._busy.pop(number)
            keep = end.kind == "done" and not need.gpus and not self._closed
            if keep:
                self._idle.append(child)
        if not keep:
            error_text = _end(child, gently=end.kind == "done" and not self._closed)
            self._errors += [error_text] if error_text else []
        emit(end)

    def _child(self, number: int, work: Work, need: Need, devices: str | None) -> Child:
        with self._lock:
            while self._idle and not need.gpus:
                child = self._idle.pop()
                if child.process.poll() is None:
                    self._busy[number] = child
                    return child
                _end(child, gently=False)  # a cell left something behind that has ended it since
        alone = replace(self.plan, files=(f"{self.plan.top}/{work.file}",))
        child_plan = alone if need.gpus else self.plan
        child = Child(child_plan, self.path, {} if devices is None else {"CUDA_VISIBLE_DEVICES": devices})
        with self._lock:
            self._busy[number] = child
            closed = self._closed
        if closed:
            child.kill()
        return child

    def cancel(self, number: int) -> None:
        """Kill the child that runs an attempt."""
        with self._lock:
            child = self._busy.get(number)
        if child is not None:
            child.kill()

    def close(self) -> list[str]:
        """Kill what runs, let the others tear down, and return the errors of session fixtures in their teardown."""
        with self._lock:
            self._closed = True
            busy, idle = list(self._busy.values()), self._idle
            self._idle = []
        for child in busy:
            child.kill()
        return [*self._errors, *_end_all(idle)]

    def end_idle(self) -> None:
        """End the children that run nothing; the next cell starts another one."""
        with self._lock:
            idle, self._idle = self._idle, []
        self._errors += _end_all(idle)


def _end_all(children: Sequence[Child]) -> list[str]:
    errors: list[str] = []
    enders = [threading.Thread(target=lambda one=child: errors.append(_end(one, gently=True))) for child in children]
    for ender in enders:
        ender.start()
    for ender in enders:
        ender.join()
    return [error for error in errors if error]


def _end(child: Child, *, gently: bool) -> str:
    error = child.quit() if gently else ""
    child.kill()
    child.close()
    return error
