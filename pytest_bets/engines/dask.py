"""Dask as an engine: a task an attempt, on a cluster by its address or on one that is started here."""

import threading
import time
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

import dask
from distributed import Client, LocalCluster, WorkerPlugin, get_worker
from distributed import Event as Flag

from pytest_bets.bet.resources import Need, size
from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.archive import name_of
from pytest_bets.engines.event import Event, Kind, Work
from pytest_bets.engines.local import cpus
from pytest_bets.engines.node import Task, attempt, give_up, leave
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site
from pytest_bets.engines.waiting import Inbox

_LOOK: Final = 5.0
"""Seconds between two looks at the workers."""
_GROW: Final = 45.0
"""Seconds that a cluster has to start a worker that fits, where it starts workers on demand."""
_WATCH: Final = 1.0
"""Seconds between two looks of a worker at its task."""
_UNMANNED: Final = 50
"""Seconds without any worker after which nothing is waited for."""
_CONNECT: Final = 30
"""Seconds that a scheduler has to answer."""


def open_engine(argument: str, plan: Plan, site: Site) -> "Dask":
    """Return the engine for `--bets-on dask[=ADDRESS]`.

    Raises:
        EngineError: if its scheduler does not answer.

    """
    cluster = None
    if not argument:
        dask.config.set({"distributed.scheduler.allowed-failures": 0})
        cluster = LocalCluster(n_workers=cpus(), threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50)
    try:
        client = Client(cluster or argument, timeout=_CONNECT)
    except (OSError, ValueError) as error:
        raise EngineError(f"the scheduler {argument} does not answer within {_CONNECT} seconds: {error}") from None
    return Dask(client, cluster, plan.text(), site.pack())


class Dask:
    """Hands each attempt to a Dask scheduler as one task, which is never repeated."""

    def __init__(self, client: Any, cluster: Any, plan: str, archive: bytes) -> None:
        self.client = client
        self.cluster = cluster
        self.plan = plan
        self.archive = name_of(archive)
        self.name = f"pytest-bets-{uuid4().hex[:12]}"
        self.inbox = Inbox()
        self.workers = len(cluster.workers) if cluster is not None else 0
        self._looked = self._manned = time.monotonic()
        self._futures: dict[int, Any] = {}
        self._lock = threading.Lock()
        client.register_plugin(Archive(archive), name=self.name)  # on workers to come, too
        client.subscribe_topic(self.name, self._received)

    def _received(self, logged: tuple[Any, Any]) -> None:
        for number, kind, text, count in logged[1]:
            self.inbox.put(Event(number, kind, text, count))

    def lacks(self, need: Need) -> str:
        """Return why no worker can run a cell, after a cluster that is not ours had time to grow one."""
        deadline = time.monotonic() + (0 if self.cluster is not None else _GROW)
        while True:
            workers = self._workers()
            if any(_fits(worker, need) for worker in workers):
                return ""
            if time.monotonic() >= deadline:
                return _lacking(need, workers)
            time.sleep(0.5)

    def _workers(self) -> list[Any]:
        try:
            return list(self.client.scheduler_info(n_workers=-1)["workers"].values())
        except (OSError, KeyError):  # the client keeps an empty answer once its connection is lost
            raise EngineError("the scheduler does not answer any more") from None

    def short(self, need: Need) -> Collection[str]:
        """Return `cpus` while enough attempts wait inside."""
        return self.inbox.short(need)

    def start(self, number: int, work: Work, need: Need) -> None:
        """Submit an attempt."""
        self.inbox.started(number)
        future = self.client.submit(
            run_task,
            self.name,
            Task(self.plan, self.archive, number, work, need),
            key=f"{self.name}-{number}",
            pure=False,
            retries=0,
            resources={"GPU": need.gpus} if need.gpus else None,
        )
        with self._lock:
            self._futures[number] = future
        future.add_done_callback(lambda done: self._ended(number, done))

    def _ended(self, number: int, future: Any) -> None:
        """Release a future that is done: while it is held, Dask runs its task again when the worker dies."""
        with self._lock:
            self._futures.pop(number, None)
        if future.status == "error":
            error = future.exception()
            words = f"{type(error).__name__}: {error}".splitlines()[0]
            if type(error).__name__ == "KilledWorker":
                words = "its Dask worker died"
            kind: Kind = "impossible" if isinstance(error, ImportError) else "lost"
            self.inbox.put(Event(number, "at"))  # a worker ran it, whatever was heard of it
            self.inbox.put(Event(number, kind, words))
        elif future.status in ("cancelled", "lost"):
            self.inbox.put(Event(number, "lost", f"Dask says that it is {future.status}"))
        elif future.result() == AGAIN:
            self.inbox.put(Event(number, "at"))
            self.inbox.put(Event(number, "lost", "its Dask worker died, and Dask ran it again, which was refused"))
        future.release()

    def events(self, timeout: float) -> Iterable[Event]:
        """Return what has happened."""
        return self.inbox.take(timeout)

    def running(self) -> Collection[int]:
        """Return the attempts whose task is not done."""
        if time.monotonic() - self._looked > _LOOK:
            self._looked = time.monotonic()
            self._look()
        with self._lock:
            return set(self._futures)

    def _look(self) -> None:
        """Start workers again that our own cluster has given up, and give up a cluster that has no worker."""
        workers = len(self._workers())
        if self.cluster is not None and workers < self.workers:
            self.cluster.scale(self.workers)
        if workers:
            self._manned = time.monotonic()
        elif time.monotonic() - self._manned > _UNMANNED:
            with self._lock:
                waiting = list(self._futures)
            for number in waiting[:1]:
                self.inbox.put(Event(number, "impossible", f"the scheduler has had no worker for {_UNMANNED} seconds"))

    def cancel(self, number: int) -> None:
        """Cancel a task; what runs on a worker that is still there is killed."""
        with self._lock:
            future = self._futures.pop(number, None)
        if future is not None:
            with suppress(Exception):
                future.cancel()

    def close(self) -> Sequence[str]:
        """End all children on all workers, and the cluster that was started here."""
        with self._lock:
            futures = list(self._futures.values())
            self._futures.clear()
        errors: list[str] = []
        with suppress(Exception):
            self.client.cancel(futures)
            found = self.client.run(leave_session, self.name, self.plan, self.archive, on_error="return")
            errors = [text for texts in found.values() if isinstance(texts, list) for text in texts]
        with suppress(Exception):
            self.client.unregister_worker_plugin(self.name)
        with suppress(Exception):
            self.client.close(timeout=5)
            if self.cluster is not None:
                self.cluster.close(timeout=10)
        return errors


AGAIN: Final = "refused"
"""What a task returns that Dask has started a second time."""


def _fits(worker: Any, need: Need) -> bool:
    return (
        worker["nthreads"] >= need.cpus
        and worker["resources"].get("GPU", 0) >= need.gpus
        and (not need.memory or not worker["memory_limit"] or worker["memory_limit"] >= need.memory)
    )


def _lacking(need: Need, workers: Sequence[Any]) -> str:
    if not workers:
        return f"it asks for {need}, and the scheduler has no worker"
    gpus = max(worker["resources"].get("GPU", 0) for worker in workers)
    limit = size(max(worker["memory_limit"] for worker in workers))
    hint = "; workers say what they have with `dask worker --resources GPU=1`" if need.gpus > gpus else ""
    threads = max(worker["nthreads"] for worker in workers)
    return (
        f"it asks for {need}, and no worker has that: the largest of {len(workers)} has cpus={threads} "
        f"gpus={gpus:g} memory={limit}{hint}"
    )


class Archive(WorkerPlugin):  # type: ignore[misc]  # Dask has no types
    """A plugin of workers: it holds the code of a session."""

    def __init__(self, data: bytes) -> None:
        self.data = data


def run_task(name: str, task: Task) -> str:
    """Run an attempt on a worker, and send its events through the scheduler."""
    worker = get_worker()
    started = Flag(f"{name}-{task.number}")
    if started.is_set():
        return AGAIN
    started.set()

    def emit(event: Event) -> None:
        worker.log_event(name, [[event.number, event.kind, event.text, event.count]])

    done = threading.Event()
    threading.Thread(target=_watch, args=(worker, worker.get_current_task(), task, done), daemon=True).start()
    try:
        attempt(task, lambda: worker.plugins[name].data, emit)
    finally:
        done.set()
    return ""


def _watch(worker: Any, key: str, task: Task, done: threading.Event) -> None:
    """Kill the child of a task that the scheduler has forgotten: its session has given it up, or is gone."""
    while not done.wait(_WATCH):
        state = worker.state.tasks.get(key)
        if state is None or state.state in ("cancelled", "forgotten", "released"):
            give_up(task)


def leave_session(name: str, plan: str, archive: str, dask_worker: Any) -> list[str]:
    """End the children of a session on a worker, and return the errors of their session fixtures."""
    return leave(plan, archive) if name in dask_worker.plugins else []
