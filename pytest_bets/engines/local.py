"""The engine on the machine of the session: a thread and a child process a slot."""

import os
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Final

from pytest_bets.bet.resources import Need, size
from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.children import Children
from pytest_bets.engines.event import ENDS, Event, Work
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_PART: Final = re.compile(r"\bMIG .*\(UUID: (MIG-[^)]+)\)")


def open_engine(argument: str, plan: Plan, _: Site) -> "Local":
    """Return the engine for `--bets-on local[=N]`.

    Raises:
        EngineError: if the argument is no number of slots.

    """
    if argument and not (argument.isascii() and argument.isdigit() and int(argument)):
        raise EngineError("expected a number of slots of 1 or more, as in local=4")
    return Local(plan, int(argument or cpus()), devices(), physical())


_ROUNDING: Final = 1e-6  # parts of a slot are floats


class Local:
    """Runs one cell at a time in each of its slots; a cell with `cpus=2` takes two, two with `cpus=0.5` share one."""

    def __init__(self, plan: Plan, slots: int, devices: Sequence[str], memory: int | None) -> None:
        self.children = Children(plan, plan.path)
        self.slots = slots
        self.devices = tuple(devices)
        self.memory = memory
        self._free = list(devices)
        self._taken: dict[int, tuple[Need, Sequence[str]]] = {}
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._threads: dict[int, threading.Thread] = {}
        self._lock = threading.Lock()

    def lacks(self, need: Need) -> str:
        """Return why this machine can never run a cell."""
        if need.cpus > self.slots:
            return f"it asks for cpus={need.cpus:g}, and there are {self.slots} slots: --bets-on local={need.cpus:g}"
        if need.gpus > len(self.devices):
            found = f"{len(self.devices)} ({', '.join(self.devices)})" if self.devices else "none"
            return f"it asks for gpus={need.gpus}, and this machine has {found}"
        if need.memory and self.memory and need.memory > self.memory:
            return f"it asks for memory={size(need.memory)}, and this machine has {size(self.memory)}"
        return ""

    def short(self, need: Need) -> Collection[str]:
        """Return what is taken at present."""
        with self._lock:
            taken = [one for one, _ in self._taken.values()]
            free = len(self._free)
        lacking = set()
        if sum(one.cpus for one in taken) + need.cpus > self.slots + _ROUNDING:
            lacking.add("cpus")
        if need.gpus > free:
            lacking.add("gpus")
        if need.memory and self.memory and sum(one.memory or 0 for one in taken) + need.memory > self.memory:
            lacking.add("memory")
        return lacking

    def start(self, number: int, work: Work, need: Need) -> None:
        """Start an attempt in a thread of its own."""
        with self._lock:
            own, self._free = self._free[: need.gpus], self._free[need.gpus :]
            self._taken[number] = need, own
        visible = ",".join(own) if need.gpus else None
        # a daemon: a thread that is joined at exit would keep an interrupted session waiting
        thread = threading.Thread(target=self._run, args=(number, work, need, visible), daemon=True)
        self._threads[number] = thread
        thread.start()

    def _run(self, number: int, work: Work, need: Need, visible: str | None) -> None:
        try:
            self.children.run(number, work, need, self._emit, visible)
        except Exception as error:  # whatever it is, the cell must not be waited for
            self._emit(Event(number, "lost", f"its supervisor failed: {error!r}"))

    def _emit(self, event: Event) -> None:
        if event.kind in ENDS:
            with self._lock:
                _, own = self._taken.pop(event.number)
                self._free += own
                self._threads.pop(event.number, None)
        self._events.put(event)

    def events(self, timeout: float) -> Iterable[Event]:
        """Yield what has happened."""
        with suppress(queue.Empty):
            yield self._events.get(timeout=timeout) if timeout else self._events.get_nowait()
            while True:
                yield self._events.get_nowait()

    def running(self) -> Collection[int]:
        """Return the attempts whose thread goes on."""
        with self._lock:
            return set(self._taken)

    def cancel(self, number: int) -> None:
        """Kill the child of an attempt."""
        self.children.cancel(number)

    def close(self) -> Sequence[str]:
        """Kill all children, and wait for their threads."""
        with self._lock:
            threads = list(self._threads.values())
        errors = self.children.close()
        for thread in threads:
            thread.join(timeout=5)
        return errors


def cpus() -> int:
    """Return how many CPUs this process may use: a container or a batch job has fewer than the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def devices() -> list[str]:
    """Return the GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.

    A GPU that is divided (MIG) is none; each of its parts is one, by its UUID.
    """
    given = os.environ.get(VISIBLE)
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip() not in ("", "-1", "NoDevFiles")]
    tool = shutil.which("nvidia-smi")
    if not tool:
        return []
    listed = subprocess.run([tool, "-L"], capture_output=True, encoding="utf-8", errors="replace", check=False)  # noqa: S603  # fixed arguments
    parts: list[list[str]] = []
    for line in listed.stdout.splitlines():
        if line.startswith("GPU "):
            parts.append([])
        elif parts and (found := _PART.search(line)):
            parts[-1].append(found[1])
    return [name for index, own in enumerate(parts) for name in own or [str(index)]]


def physical() -> int | None:
    """Return the bytes of memory of this machine, None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None
