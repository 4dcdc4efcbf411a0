"""How workers exchange their updates: as bytes, in rounds, of which each gives all of them the same aggregate."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import numpy as np
import torch
from torch import Tensor

from bets.lab.artifacts.identity import identity
from bets.lab.coordinator import coordinator
from bets.lab.coordinator.worker import Worker

Exchange = Callable[[str, Sequence[bytes]], bytes]
"""From a round's name and the update of each worker that is here, in order, to the aggregate of all; see `packed`."""


class ExchangeError(RuntimeError):
    """A round that did not come about: the message says what was sent and what was answered."""


def packed(values: Tensor) -> bytes:
    """Values [d] as raw little-endian float32: 4 d bytes."""
    return values.cpu().numpy().astype("<f4", copy=False).tobytes()


def unpacked(data: bytes, like: Tensor) -> Tensor:
    """What `packed` made of as many values as `like` [d] has; ExchangeError where it is another number of bytes."""
    if len(data) != 4 * like.numel():
        raise ExchangeError(f"found an aggregate of {len(data)} bytes, expected {4 * like.numel()}: 4 for each value")
    return torch.from_numpy(np.frombuffer(data, "<f4").astype(np.float32)).to(like)


@dataclass(frozen=True)
class Coordinated:
    """The workers' nodes at a coordinator, and the rule by which it aggregates: called, it is an `Exchange`."""

    nodes: Sequence[Worker]
    loop: asyncio.AbstractEventLoop
    rule: str
    faulty: int

    def __call__(self, name: str, updates: Sequence[bytes]) -> bytes:
        """Every node sends its update and fetches the aggregate; ExchangeError where one is refused."""
        return self.loop.run_until_complete(self._round(name, updates))

    async def _round(self, name: str, updates: Sequence[bytes]) -> bytes:
        names = [node.identity.name for node in self.nodes]
        if len(updates) != len(names):
            raise ExchangeError(f"{name}: found {len(updates)} updates, expected one of each of {len(names)} workers")
        values = len(updates[0]) // 4
        _accepted(await self.nodes[0].open_round(name, names, values, rule=self.rule, faulty=self.faulty))
        for node, update in zip(self.nodes, updates, strict=True):
            _accepted(await node.submit(name, update))
        aggregate = _accepted(await self.nodes[0].aggregate(name)).content
        for node in self.nodes[1:]:
            if _accepted(await node.aggregate(name)).content != aggregate:
                raise ExchangeError(f"{name}: {node.identity.name} was given another aggregate than {names[0]}")
        return aggregate

    @property
    def sent(self) -> int:
        """Bytes of the updates that the coordinator took, as the nodes counted them."""
        return sum(node.updates_sent for node in self.nodes)

    @property
    def received(self) -> int:
        """Bytes of the aggregates that came back, one to each node."""
        return sum(node.updates_received for node in self.nodes)


@contextmanager
def through_coordinator(workers: int, seed: int, rule: str = "mean", faulty: int = 0) -> Iterator[Coordinated]:
    """A coordinator in this process, and so many nodes that speak HTTP with it."""
    app = coordinator.create_app(identity("coordinator", seed))
    with asyncio.Runner() as runner:
        loop = runner.get_loop()  # Runner.run would format the whole result for a handler of SIGINT
        client = coordinator.in_process(app)
        nodes = [Worker(identity(f"worker-{number}", seed), client) for number in range(workers)]
        for node in nodes:
            _accepted(loop.run_until_complete(node.register()))
        try:
            yield Coordinated(nodes, loop, rule, faulty)
        finally:
            loop.run_until_complete(client.aclose())


def _accepted(reply: httpx.Response) -> httpx.Response:
    if reply.is_error:
        raise ExchangeError(f"{reply.request.method} {reply.request.url.path}: {reply.status_code} {reply.text}")
    return reply
