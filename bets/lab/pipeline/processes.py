"""A pipeline of stages in processes of their own: worker to worker over pipes, orders and answers over sockets.

    crew ── stage 0 ══ stage 1 ══ stage 2 ══ stage 3 ── crew

    ──  a socket for each worker, both ways        ══  a pipe from each worker to each worker of the next stage

A crew is started once, since each worker imports torch (a second of processor time), and serves one run after the
other. Every message bears the number of its run, so that what an abandoned run left in the pipes is dropped. A worker
whose socket closes ends itself: it does not outlive the process that started it.
"""

from __future__ import annotations

import io
import itertools
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from queue import SimpleQueue
from typing import Final, cast

import torch

from bets.lab.model import Stage
from bets.lab.pipeline.pipeline import Delays, Fault, Place, Routes, Send, Worker, opened, used

ROOT: Final = Path(__file__).parents[3]
THREADS: Final = 1  # for one operation, in every worker; a reference that is to agree to the bit needs as many
COMMAND: Final = (
    sys.executable,
    "-c",
    "import sys; from bets.lab.pipeline import processes; processes.live(int(sys.argv[1]))",
)
READY: Final = b""  # a worker's answer to the order of a run

Report = tuple[int | None, bytes | Fault]  # its run, None of all runs, and an answer or what went wrong


@dataclass(frozen=True)
class Post:
    """The first order: where the worker stands, and its ends of the pipes, as file descriptors by worker."""

    place: Place
    inlets: Sequence[int]  # from the stage before
    outlets: Sequence[int]  # to the next stage; none at the last, which answers over its socket


@dataclass(frozen=True)
class Part:
    """An order: serve this stage from now on."""

    stage: bytes  # as torch.save writes it


@dataclass(frozen=True)
class Run:
    """An order: forget the last run, and serve this one."""

    number: int
    routes: Routes
    delays: Sequence[float]  # seconds before the first, second, ... message


@dataclass(frozen=True)
class Crew:
    """Worker processes that wait for orders, and what they report."""

    processes: Mapping[Place, subprocess.Popen[bytes]]
    sockets: Mapping[Place, Connection]
    reports: SimpleQueue[Report]
    numbers: Iterator[int]  # of the runs to come


@contextmanager
def crew(stages: int, workers: int) -> Iterator[Crew]:
    """Start so many workers for each stage; all of them are killed on the way out."""
    places = list(itertools.product(range(stages), range(workers)))
    processes, sockets, reports = {}, {}, SimpleQueue[Report]()
    with ExitStack() as staff:
        with ExitStack() as ends:  # the crew keeps no end: each worker is to hear when the one before it ends
            pipes = {(a, b): Pipe(duplex=False) for a in places for b in places if b[0] == a[0] + 1}
            for end in itertools.chain(*pipes.values()):
                ends.enter_context(end)
            for place in places:
                inlets = [inlet.fileno() for (_, taker), (inlet, _) in pipes.items() if taker == place]
                outlets = [outlet.fileno() for (giver, _), (_, outlet) in pipes.items() if giver == place]
                processes[place], sockets[place] = hire(Post(place, inlets, outlets), staff, reports.put)
        yield Crew(processes, sockets, reports, itertools.count(1))


def hire(post: Post, staff: ExitStack, put: Callable[[Report], None]) -> tuple[subprocess.Popen[bytes], Connection]:
    """Start a worker process and a thread that listens to it; the stack kills the one, which ends the other."""
    ours, theirs = Pipe()
    staff.enter_context(ours)
    with theirs:
        passed = [theirs.fileno(), *post.inlets, *post.outlets]
        command = [*COMMAND, str(theirs.fileno())]
        # A group of its own: an interrupt from the keyboard is for the one who started it.
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=passed, process_group=0)  # noqa: S603
    listener = threading.Thread(target=listen, args=(post.place, process, ours, put), daemon=True)
    listener.start()
    staff.callback(listener.join)
    staff.callback(process.kill)
    hand(ours, post)
    return process, ours


def listen(place: Place, process: subprocess.Popen[bytes], socket: Connection, put: Callable[[Report], None]) -> None:
    """Pass on what a worker reports, until it ends, and then that."""
    with suppress(EOFError, OSError):
        while True:
            put(socket.recv())
    put((None, ended(place, process)))


def ended(place: Place, process: subprocess.Popen[bytes]) -> Fault:
    """The fault that a worker is no more; waits until its process is gone."""
    code = process.wait()
    name = f" ({signal.Signals(-code).name})" if code < 0 else ""
    return Fault(place, None, ChildProcessError(f"process {process.pid} ended with exit code {code}{name}"))


def order(crew: Crew, place: Place, what: Part | Run | tuple[int, bytes]) -> None:
    """Tell a worker something; StageError where it has ended."""
    process = crew.processes[place]
    try:
        crew.sockets[place].send(what)
    except OSError:
        opened(ended(place, process))
    except BaseException:
        process.kill()  # it may have half an order, and would take the next one for the rest
        raise


def load(crew: Crew, parts: Sequence[Stage]) -> None:
    """Send each worker its stage; ValueError where there are more or fewer stages, StageError where a worker ended."""
    stages = 1 + max(stage for stage, _ in crew.sockets)
    if len(parts) != stages:
        raise ValueError(f"found {len(parts)} parts, expected one for each of {stages} stages")
    for stage, part in enumerate(parts):
        data = io.BytesIO()
        torch.save(part, data)
        message = Part(data.getvalue())
        for place in crew.sockets:
            if place[0] == stage:
                order(crew, place, message)


@contextmanager
def run(crew: Crew, routes: Routes, throttled: Delays) -> Iterator[tuple[Send, Callable[[], bytes]]]:
    """A run over the crew's processes, as a pipeline for serve; the crew is there for another one after it.

    A pipe holds what the kernel lets it, 64 KiB on Linux. The answers are read as they come, so the ring cannot lock.
    """
    if strangers := sorted(set(used(routes, throttled)) - crew.sockets.keys()):
        raise ValueError(f"the routes use workers {strangers}: there are {sorted(crew.sockets)}")
    number = next(crew.numbers)

    def receive() -> bytes:
        while True:
            of, report = crew.reports.get()
            if of in (number, None):
                return opened(report)

    for place in crew.sockets:
        order(crew, place, Run(number, routes, throttled.get(place, ())))
    for _ in crew.sockets:  # no worker may get a message of this run before it knows of the run
        receive()
    yield lambda request, message: order(crew, (0, routes[request][0]), (number, message)), receive


def live(descriptor: int) -> None:
    """A process's life as a worker, at this end of a socket: follow orders and handle messages until that closes."""
    torch.set_num_threads(THREADS)
    socket = Connection(descriptor)
    post: Post = socket.recv()
    part: Stage | None = None
    number = 0
    outlets = [Connection(outlet, readable=False) for outlet in post.outlets]
    sources = [socket, *(Connection(inlet, writable=False) for inlet in post.inlets)]
    while socket in sources:
        for source in cast(list[Connection], wait(sources)):
            try:
                given = source.recv()
            except (EOFError, OSError):
                sources.remove(source)
                continue
            match given:
                case Part():
                    part = torch.load(io.BytesIO(given.stage), weights_only=False)
                case Run() if part is not None:
                    number, worker = given.number, employed(post.place, part, given, socket, outlets)
                    hand(socket, (number, READY))
                case Run():
                    missing = LookupError("it has no weights yet: load comes before run")
                    hand(socket, (given.number, Fault(post.place, None, missing)))
                case of, message if of == number:
                    worker.handle(message)


def employed(place: Place, part: Stage, run: Run, socket: Connection, outlets: Sequence[Connection]) -> Worker:
    """The worker for a run: it sends to the next stage's pipes, or its answers and faults over the socket."""

    def send(request: int, message: bytes) -> None:
        hand(outlets[run.routes[request][place[0] + 1]] if outlets else socket, (run.number, message))

    return Worker(place, part, iter(run.delays), send, lambda fault: hand(socket, (run.number, portable(fault))))


def hand(end: Connection, what: object) -> None:
    """Send it; where the other end has ended, the thread that listens to that process reports it."""
    with suppress(BrokenPipeError, ConnectionResetError):
        end.send(what)


def portable(fault: Fault) -> Fault:
    """The fault, with its traceback for a note, as it can be pickled: its cause by name alone where that one cannot."""
    fault.cause.add_note("".join(traceback.format_exception(fault.cause)))
    try:
        pickle.loads(pickle.dumps(fault))  # noqa: S301 - its own
    except Exception:
        return replace(fault, cause=RuntimeError(repr(fault.cause)))
    return fault
