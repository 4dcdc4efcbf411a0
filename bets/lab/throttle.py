"""A pipeline of stages that can be throttled: threads for nodes, bytes for messages, sleep for a slow device.

Every stage is served by one or more workers, each a thread with a bounded inbox and the caches of its own requests. A
request keeps its route (one worker a stage), because its cache is there. Requests never share a matrix product: the
shapes that one is computed in do not depend on who else is in flight, which makes bit-exactness a fair claim.
"""

from __future__ import annotations

import io
import statistics
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Queue, SimpleQueue
from typing import Final

import numpy as np
import torch
from torch import Tensor

from bets.lab import seeding
from bets.lab.model import KVCache, Stage, decode, greedy, sampler

KINDS: Final = ("steady", "ramp", "jitter", "stall")
HEADER: Final = struct.Struct("<I")  # the request's index; the tensor follows in numpy's .npy format

Place = tuple[int, int]  # stage, and worker at that stage
Routes = Sequence[Sequence[int]]  # for each request, the worker of each stage
Choice = Callable[[Tensor], int]  # logits [V] to a token


@dataclass(frozen=True)
class Request:
    """A prompt to continue."""

    prompt: bytes  # at least one byte
    tokens: int  # how many to decode
    temperature: float = 0.0  # 0 decodes greedily
    seed: int = 0  # of the request's own generator, which nobody else draws from

    def choice(self) -> Choice:
        """A fresh choice of token: two runs of one request draw the same numbers."""
        if self.temperature == 0:
            return greedy
        return sampler(seeding.torch_generator(self.seed, "tokens"), self.temperature)


@dataclass(frozen=True)
class Served:
    """What came back, request by request, and in what order."""

    tokens: list[list[int]]
    logits: list[Tensor]  # [tokens, V] each
    arrivals: list[int]  # the request of each answer, in order of arrival
    overtakes: int  # answers that were not the oldest one outstanding


@dataclass(frozen=True)
class Fault:
    """A worker's exception, on its way to whoever waits for the answer."""

    place: Place
    request: int
    cause: Exception


class StageError(RuntimeError):
    """A stage raised: the message names the stage, the worker and the request, the cause is the exception itself."""


@dataclass(frozen=True)
class Worker:
    """One node: a stage's weights, an inbox, and the delays before its messages."""

    place: Place
    part: Stage
    delays: Sequence[float]  # seconds before its first, second, ... message; none after the last
    inbox: Queue[bytes | None]  # None ends it
    send: Callable[[int, bytes], None]  # hands a request's message on, and waits while the next inbox is full
    report: Callable[[Fault], None]
    closing: threading.Event  # set: what still waits is dropped


def delays(kind: str, seconds: float, messages: int, generator: np.random.Generator) -> list[float]:
    """Seconds to sleep before each message; every kind sleeps `seconds * messages` in all, so that kinds compare.

    steady: the same each time; ramp: growing by a constant; jitter: exponential; stall: all at once, halfway.
    """
    match kind:
        case "steady":
            shape = np.ones(messages)
        case "ramp":
            shape = np.arange(1.0, messages + 1)
        case "jitter":
            shape = generator.exponential(size=messages)
        case "stall":
            shape = np.eye(messages)[messages // 2]
        case _:
            raise ValueError(f"no throttle {kind!r}: there are {', '.join(KINDS)}")
    return [float(x) for x in seconds * messages * shape / shape.sum()]


def schedule(
    kind: str, seconds: float, places: Sequence[Place], routes: Routes, tokens: int, generator: np.random.Generator
) -> dict[Place, list[float]]:
    """The delays of each throttled worker: as many as the messages it will get, `tokens` for each request it serves."""
    served = {place: sum(route[place[0]] == place[1] for route in routes) for place in places}
    return {place: delays(kind, seconds, tokens * served[place], generator) for place in places}


def crossing(request: int, stages: int) -> tuple[int, ...]:
    """A route over two workers a stage: bit 0 of the request's index at even stages, bit 1 at odd ones."""
    return tuple((request >> stage % 2) & 1 for stage in range(stages))


def by_name(_outstanding: Sequence[int], named: int) -> int:
    """The right way to tell whose answer this is: the message says so."""
    return named


def by_arrival(outstanding: Sequence[int], _named: int) -> int:
    """The broken way: answers are taken to come in the order of the questions, as they do until one overtakes."""
    return outstanding[0]


def pack(request: int, x: Tensor) -> bytes:
    """A message as it crosses the network."""
    body = io.BytesIO()
    np.save(body, x.detach().cpu().numpy(), allow_pickle=False)
    return HEADER.pack(request) + body.getvalue()


def unpack(message: bytes, device: torch.device | str = "cpu") -> tuple[int, Tensor]:
    """The request and the tensor of a message, in memory that torch aligned: kernels may round by alignment."""
    (request,) = HEADER.unpack_from(message)
    return request, torch.tensor(np.load(io.BytesIO(message[HEADER.size :]), allow_pickle=False), device=device)


def serve(
    parts: Sequence[Stage],
    requests: Sequence[Request],
    routes: Routes,
    throttled: Mapping[Place, Sequence[float]],
    attribute: Callable[[Sequence[int], int], int] = by_name,
    capacity: int = 1,
) -> Served:
    """Serve all requests at once, one token of each in flight.

    throttled: seconds before each message of a worker; attribute: whose answer it is, from the requests outstanding
    (oldest first) and the one that the message names; capacity: messages that an inbox holds. StageError as soon as a
    worker reports one. No thread is left behind either way.
    """
    choices = [request.choice() for request in requests]
    tokens: list[list[int]] = [[] for _ in requests]
    logits: list[list[Tensor]] = [[] for _ in requests]
    outstanding: list[int] = []
    arrivals: list[int] = []
    overtakes = 0
    with pipeline(parts, routes, throttled, capacity) as (send, answers):
        for i, request in enumerate(requests):
            outstanding.append(i)
            send(i, pack(i, torch.tensor([list(request.prompt)])))  # [1, T]
        while outstanding:
            named, answer = unpack(received(answers))
            i = attribute(outstanding, named)
            overtakes += named != outstanding[0]
            outstanding.remove(i)
            arrivals.append(named)
            logits[i].append(answer[0, -1])  # [V]
            tokens[i].append(choices[i](logits[i][-1]))
            if len(tokens[i]) < requests[i].tokens:
                outstanding.append(i)
                send(i, pack(i, torch.tensor([[tokens[i][-1]]])))  # [1, 1]
    return Served(tokens, [torch.stack(rows) for rows in logits], arrivals, overtakes)


def received(answers: SimpleQueue[bytes | Fault]) -> bytes:
    """The next answer; StageError where it is a fault."""
    answer = answers.get()
    if isinstance(answer, Fault):
        stage, worker = answer.place
        raise StageError(
            f"stage {stage}, worker {worker}, request {answer.request}: {answer.cause!r}"
        ) from answer.cause
    return answer


@contextmanager
def pipeline(
    parts: Sequence[Stage], routes: Routes, throttled: Mapping[Place, Sequence[float]], capacity: int
) -> Iterator[tuple[Callable[[int, bytes], None], SimpleQueue[bytes | Fault]]]:
    """Start the workers that the routes name; gives the way in and the answers; ends every thread on the way out.

    The answers are unbounded (requests bound them), so the last stage never waits and the ring cannot lock.
    """
    places = sorted({(stage, worker) for route in routes for stage, worker in enumerate(route)})
    if strangers := sorted(set(throttled) - set(places)):
        raise ValueError(f"throttled workers {strangers} are on no route: the routes use {places}")
    inboxes: dict[Place, Queue[bytes | None]] = {place: Queue(capacity) for place in places}
    answers: SimpleQueue[bytes | Fault] = SimpleQueue()
    closing = threading.Event()

    def sender(stage: int) -> Callable[[int, bytes], None]:
        if stage == len(parts):
            return lambda _, message: answers.put(message)
        return lambda request, message: inboxes[stage, routes[request][stage]].put(message)

    threads = {}
    for place, inbox in inboxes.items():
        send = sender(place[0] + 1)
        worker = Worker(place, parts[place[0]], throttled.get(place, ()), inbox, send, answers.put, closing)
        name = f"stage {place[0]}, worker {place[1]}"
        threads[place] = threading.Thread(target=work, args=(worker, torch.get_num_threads()), name=name)
    for thread in threads.values():
        thread.start()
    try:
        yield sender(0), answers
    finally:
        closing.set()
        for place in places:  # stage by stage: a worker must not end while one before it may still send to it
            inboxes[place].put(None)
            threads[place].join()


def work(worker: Worker, computing: int) -> None:
    """A worker's life: take a message, sleep, compute, hand on. A fault is reported, and the next message taken.

    computing: threads for one operation; OpenMP keeps this number by thread, and a new thread starts with all cores.
    """
    torch.set_num_threads(computing)
    caches: dict[int, list[KVCache]] = {}
    device = next(worker.part.parameters()).device
    pauses = iter(worker.delays)
    while (message := worker.inbox.get()) is not None:
        if worker.closing.is_set():
            continue
        time.sleep(next(pauses, 0.0))
        request, x = unpack(message, device)
        try:
            if request not in caches:
                caches[request] = worker.part.caches()
            with torch.no_grad():
                y = worker.part(x, caches[request])
            worker.send(request, pack(request, y))
        except Exception as cause:  # whatever it is, the one who waits for the answer must hear of it
            worker.report(Fault(worker.place, request, cause))


def alone(model: Stage, requests: Sequence[Request]) -> Served:
    """The reference: the whole model in this thread, one request after the other, with no pipeline and no message."""
    results = [decode(model, request.prompt, request.tokens, request.choice()) for request in requests]
    arrivals = [i for i, request in enumerate(requests) for _ in range(request.tokens)]
    return Served([tokens for tokens, _ in results], [logits for _, logits in results], arrivals, 0)


def exact(a: Served, b: Served) -> bool:
    """Whether all logits are the same to the bit."""
    return all(torch.equal(x, y) for x, y in zip(a.logits, b.logits, strict=True))


def lag(arrivals: Sequence[int], routes: Routes, places: Sequence[Place]) -> float:
    """By how many answers the requests that pass most of these workers finish after those that pass fewest (means)."""
    last = {request: position for position, request in enumerate(arrivals)}
    passes = [sum(route[stage] == worker for stage, worker in places) for route in routes]

    def finish(count: int) -> float:
        return statistics.mean(last[request] for request, n in enumerate(passes) if n == count)

    return finish(max(passes)) - finish(min(passes))
