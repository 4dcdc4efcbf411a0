"""A pipeline of stages: bytes for messages, and a loop that serves many requests, whatever carries the messages.

Every stage is served by one or more workers, each with the caches of its own requests. A request keeps its route (one
worker a stage), because its cache is there. Requests never share a matrix product: the shapes that one is computed in
do not depend on who else is in flight, which makes bit-exactness a fair claim. Here a worker is a thread with a
bounded inbox; in `processes` it is a process.
"""

from __future__ import annotations

import io
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from queue import Queue, SimpleQueue
from typing import Final

import numpy as np
import torch
from torch import Tensor

from bets.lab import seeding
from bets.lab.model import KVCache, Stage, decode, greedy, sampler

HEADER: Final = struct.Struct("<I")  # the request's index; the tensor follows in numpy's .npy format

Place = tuple[int, int]  # stage, and worker at that stage
Routes = Sequence[Sequence[int]]  # for each request, the worker of each stage
Delays = Mapping[Place, Sequence[float]]  # seconds before the first, second, ... message; none after the last
Choice = Callable[[Tensor], int]  # logits [V] to a token
Send = Callable[[int, bytes], None]  # hands a request's message on, and waits while there is no room for it
Pipeline = AbstractContextManager[tuple[Send, Callable[[], bytes]]]  # runs the workers: the way in, and the next answer


@dataclass(frozen=True)
class Request:
    """A prompt to continue."""

    prompt: bytes  # at least one byte
    tokens: int  # how many to decode
    temperature: float = 0.0  # 0 decodes greedily
    seed: int = 0  # of the request's own generator

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
    """A worker's exception, or its end, in the place of an answer."""

    place: Place
    request: int | None  # None where it is about the worker itself
    cause: Exception


class StageError(RuntimeError):
    """A stage failed: the message names stage, worker and, where it raised, the request; its cause is the exception."""


@dataclass
class Worker:
    """One node in one run: a stage's weights, what is left of its delays, and the caches of its own requests."""

    place: Place
    part: Stage
    delays: Iterator[float]  # seconds
    send: Send
    report: Callable[[Fault], None]
    caches: dict[int, list[KVCache]] = field(default_factory=dict)

    def handle(self, message: bytes) -> None:
        """Sleep, compute, hand on. A fault is reported, and the worker is ready for the next message."""
        time.sleep(next(self.delays, 0.0))
        request, x = unpack(message, next(self.part.parameters()).device)
        try:
            if request not in self.caches:
                self.caches[request] = self.part.caches()
            with torch.no_grad():
                y = self.part(x, self.caches[request])
            self.send(request, pack(request, y))
        except Exception as cause:  # whatever it is, the one who waits for the answer must hear of it
            self.report(Fault(self.place, request, cause))


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
    pipeline: Pipeline, requests: Sequence[Request], attribute: Callable[[Sequence[int], int], int] = by_name
) -> Served:
    """Serve all requests at once, one token of each in flight.

    attribute: whose answer it is, from the requests outstanding (oldest first) and the one that the message names.
    StageError as soon as a worker reports a fault.
    """
    choices = [request.choice() for request in requests]
    tokens: list[list[int]] = [[] for _ in requests]
    logits: list[list[Tensor]] = [[] for _ in requests]
    outstanding: list[int] = []
    arrivals: list[int] = []
    overtakes = 0
    with pipeline as (send, receive):
        for i, request in enumerate(requests):
            outstanding.append(i)
            send(i, pack(i, torch.tensor([list(request.prompt)])))  # [1, T]
        while outstanding:
            named, answer = unpack(receive())
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


def opened(answer: bytes | Fault) -> bytes:
    """The answer; StageError where it is a fault."""
    if isinstance(answer, Fault):
        stage, worker = answer.place
        request = "" if answer.request is None else f", request {answer.request}"
        raise StageError(f"stage {stage}, worker {worker}{request}: {answer.cause!r}") from answer.cause
    return answer


def used(routes: Routes, throttled: Delays) -> list[Place]:
    """The workers that the routes name; ValueError where one that they do not name is throttled."""
    places = sorted({(stage, worker) for route in routes for stage, worker in enumerate(route)})
    if strangers := sorted(set(throttled) - set(places)):
        raise ValueError(f"throttled workers {strangers} are on no route: the routes use {places}")
    return places


@contextmanager
def threads(
    parts: Sequence[Stage], routes: Routes, throttled: Delays, capacity: int = 1
) -> Iterator[tuple[Send, Callable[[], bytes]]]:
    """A pipeline of threads, one for each worker that the routes name; none is left behind, whatever happens.

    capacity: messages that an inbox holds. The answers are unbounded (requests bound them), so the last stage never
    waits and the ring cannot lock.
    """
    places = used(routes, throttled)
    inboxes: dict[Place, Queue[bytes | None]] = {place: Queue(capacity) for place in places}
    answers: SimpleQueue[bytes | Fault] = SimpleQueue()
    closing = threading.Event()

    def sender(stage: int) -> Send:
        if stage == len(parts):
            return lambda _, message: answers.put(message)
        return lambda request, message: inboxes[stage, routes[request][stage]].put(message)

    at_work = {}
    for place, inbox in inboxes.items():
        delays = iter(throttled.get(place, ()))
        worker = Worker(place, parts[place[0]], delays, sender(place[0] + 1), answers.put)
        life = (worker, inbox, closing, torch.get_num_threads())
        at_work[place] = threading.Thread(target=work, args=life, name=f"stage {place[0]}, worker {place[1]}")
    for thread in at_work.values():
        thread.start()
    try:
        yield sender(0), lambda: opened(answers.get())
    finally:
        closing.set()
        for place in places:  # stage by stage: a worker must not end while one before it may still send to it
            inboxes[place].put(None)
            at_work[place].join()


def work(worker: Worker, inbox: Queue[bytes | None], closing: threading.Event, computing: int) -> None:
    """A thread's life: handle what the inbox gives until that is None; once closing is set, drop what still waits.

    computing: threads for one operation; OpenMP keeps this number by thread, and a new thread starts with all cores.
    """
    torch.set_num_threads(computing)
    while (message := inbox.get()) is not None:
        if not closing.is_set():
            worker.handle(message)


def alone(model: Stage, requests: Sequence[Request]) -> Served:
    """The reference: the whole model in this thread, one request after the other, with no pipeline and no message."""
    results = [decode(model, request.prompt, request.tokens, request.choice()) for request in requests]
    arrivals = [i for i, request in enumerate(requests) for _ in range(request.tokens)]
    return Served([tokens for tokens, _ in results], [logits for _, logits in results], arrivals, 0)


def exact(a: Served, b: Served) -> bool:
    """Whether all logits are the same to the bit."""
    return all(torch.equal(x, y) for x, y in zip(a.logits, b.logits, strict=True))
