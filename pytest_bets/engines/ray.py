"""Ray as an engine: a streaming task an attempt, on a cluster by its address or on one that is started here."""

import os
import queue
import socket
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import ray
from ray.exceptions import OutOfMemoryError, RayError, RayTaskError, RuntimeEnvSetupError, TaskCancelledError

from pytest_bets.bet.resources import Need, size
from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.archive import name_of
from pytest_bets.engines.event import ENDS, Event, Work
from pytest_bets.engines.node import Task, attempt
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site
from pytest_bets.engines.waiting import Inbox

_ANSWER: Final = 30.0
"""Seconds that a cluster has to answer."""
_LOOK: Final = 2.0
"""Seconds between two looks at the nodes."""
_NODE: Final = "node"
"""What a task says first: its node."""
_WAITS: Final = ""
"""The node of an attempt that has none yet."""
_GROW: Final = 45.0
"""Seconds that a cluster has to grow a node that fits, where it can."""


def open_engine(argument: str, plan: Plan, site: Site) -> "Ray":
    """Return the engine for `--bets-on ray[=ADDRESS]`.

    Raises:
        EngineError: if the cluster does not answer.

    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    options: dict[str, Any] = {"include_dashboard": False} if not argument else {}
    _knock(argument)
    try:
        ray.init(address=argument or "local", log_to_driver=False, logging_level="ERROR", **options)
    except Exception as error:  # Ray raises no class of its own where it does not start in time
        what = "no Ray cluster answers there" if argument else "Ray does not start on this machine"
        raise EngineError(f"{what}: {str(error).partition(chr(10))[0]}") from None
    return Ray(plan.text(), site.pack(), can_grow=bool(argument))


def _knock(address: str) -> None:
    """Connect to an address with a port once: Ray would wait for minutes where nothing answers.

    Raises:
        EngineError: if nothing answers.

    """
    host, colon, port = address.partition("://")[2 if "://" in address else 0].rpartition(":")
    if not (colon and port.isdigit()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER).close()
    except OSError as error:
        raise EngineError(f"no Ray cluster answers there: {error}") from None


class Ray:
    """Hands each attempt to Ray as one task, which Ray never repeats."""

    def __init__(self, plan: str, archive: bytes, *, can_grow: bool) -> None:
        self.plan = plan
        self.archive = name_of(archive)
        self.data = ray.put(archive)
        self.inbox = Inbox()
        self.can_grow = can_grow
        self._streams: dict[Any, int] = {}
        self._nodes: dict[int, str] = {}
        """Where each attempt runs, by the id of its node."""
        self._dead = _dead()
        """The nodes that are known to be gone."""
        self._looked = time.monotonic()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def lacks(self, need: Need) -> str:
        """Return why no node can run a cell, after the cluster had time to grow one."""
        deadline = time.monotonic() + _GROW
        wanted = {name: value for name, value in _resources(need).items() if value}
        asked = False
        while not any(_fits(node, wanted) for node in _alive()):
            if not self.can_grow or time.monotonic() > deadline:
                return f"it asks for {need}, and no node of the Ray cluster has that: {_listed()}"
            if not asked:
                asked = True
                with suppress(Exception):
                    from ray.autoscaler.sdk import request_resources

                    request_resources(bundles=[wanted])
            time.sleep(1)
        return ""

    def short(self, need: Need) -> Collection[str]:
        """Return `cpus` while enough attempts wait inside."""
        return self.inbox.short(need)

    def start(self, number: int, work: Work, need: Need) -> None:
        """Submit an attempt."""
        self.inbox.started(number)
        asked = _resources(need)
        task = run_task.options(num_cpus=asked["CPU"], num_gpus=asked["GPU"], memory=asked["memory"] or None)
        with self._lock:
            self._streams[task.remote(Task(self.plan, self.archive, number, work, need), [self.data])] = number

    def _read(self) -> None:
        """Take the events of all tasks as they come."""
        while not self._closed.is_set():
            with self._lock:
                streams = list(self._streams)
            if not streams:
                time.sleep(0.005)
                continue
            ready, _ = ray.wait(streams, num_returns=1, timeout=0.05, fetch_local=False)
            for stream in ready:
                self._next(stream)
            if not ready and time.monotonic() - self._looked > _LOOK:
                self._looked = time.monotonic()
                with suppress(RayError):
                    self._give_up_dead()

    def _give_up_dead(self) -> None:
        """Give up what ran on nodes that Ray has given up: where a network was cut, no task of theirs ever fails.

        What waits goes in again when a node dies: Ray may wait for minutes for that node to take it.
        """
        dead = _dead()
        lost = dead | ({_WAITS} if dead - self._dead else set())
        self._dead = dead
        with self._lock:
            found = {
                stream: number for stream, number in self._streams.items() if self._nodes.get(number, _WAITS) in lost
            }
        for stream, number in found.items():
            if ray.wait([stream], timeout=0, fetch_local=False)[0]:  # what it has said comes first
                continue
            with self._lock:
                self._streams.pop(stream, None)
            with suppress(Exception):
                ray.cancel(stream, force=True)
            node = self._nodes.pop(number, _WAITS)
            self.inbox.put(Event(number, "lost", "its Ray node died" if node else "a Ray node died while it waited"))

    def _next(self, stream: Any) -> None:
        with self._lock:
            number = self._streams.get(stream)
        if number is None:
            return
        try:
            _, kind, text, count = ray.get(next(stream))
            if kind == _NODE:
                self._nodes[number] = text
            else:
                self.inbox.put(Event(number, kind, text, count))
            return
        except StopIteration:
            pass
        except TaskCancelledError:
            self.inbox.put(Event(number, "lost", "its Ray task was cancelled"))
        except OutOfMemoryError:
            self.inbox.put(Event(number, "crashed", "its node ran out of memory, and Ray killed it"))
        except (RuntimeEnvSetupError, RayTaskError) as error:
            self.inbox.put(Event(number, "impossible", str(error).strip().splitlines()[-1]))
        except RayError as error:
            self.inbox.put(Event(number, "at"))  # a worker ran it, whatever was heard of it
            self.inbox.put(Event(number, "lost", f"{type(error).__name__}: its Ray worker or node died"))
        with self._lock:
            self._streams.pop(stream, None)
        self._nodes.pop(number, None)

    def events(self, timeout: float) -> Iterable[Event]:
        """Return what has happened."""
        return self.inbox.take(timeout)

    def running(self) -> Collection[int]:
        """Return the attempts whose task is not done."""
        with self._lock:
            return set(self._streams.values())

    def cancel(self, number: int) -> None:
        """Kill the worker of a task; its guard kills the child."""
        with self._lock:
            found = [stream for stream, own in self._streams.items() if own == number]
            for stream in found:
                del self._streams[stream]
        for stream in found:
            with suppress(Exception):
                ray.cancel(stream, force=True)

    def close(self) -> Sequence[str]:
        """Cancel all tasks, and leave the cluster, or end it where it was started here."""
        for number in list(self.running()):
            self.cancel(number)
        self._closed.set()
        self._reader.join(timeout=5)
        with suppress(Exception):
            ray.shutdown()  # the workers of this session end, and with them its children
        return ()


@ray.remote(max_retries=0, num_returns="streaming")  # type: ignore[untyped-decorator, unused-ignore]  # Ray is an extra
def run_task(task: Task, data: Sequence[Any]) -> Iterator[tuple[Any, ...]]:
    """Run an attempt on a worker, and yield its events; Ray fetches what is in the list `data` where it is used."""

    def fetch() -> bytes:
        archive: bytes = ray.get(data[0])
        return archive

    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    yield task.number, _NODE, ray.get_runtime_context().get_node_id(), 0
    threading.Thread(target=attempt, args=(task, fetch, events.put), daemon=True).start()
    while True:
        event = events.get()
        yield event.number, event.kind, event.text, event.count
        if event.kind in ENDS:
            return


def _resources(need: Need) -> dict[str, float]:
    return {"CPU": need.cpus, "GPU": need.gpus, "memory": need.memory or 0}


def _dead() -> set[str]:
    return {node["NodeID"] for node in ray.nodes() if not node["Alive"]}


def _alive() -> list[dict[str, float]]:
    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _fits(node: dict[str, float], wanted: dict[str, float]) -> bool:
    return all(node.get(name, 0) >= value for name, value in wanted.items())


def _listed() -> str:
    nodes = _alive()
    words = [
        f"cpus={node.get('CPU', 0):g} gpus={node.get('GPU', 0):g} memory={size(int(node.get('memory', 0)))}"
        for node in nodes
    ]
    return "; ".join(sorted(set(words))) or "it has none"
