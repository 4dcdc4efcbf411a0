"""A node that takes part in rounds of updates, over a network that loses requests and replies."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from bets.lab.coordinator.client import Node

PAUSE: Final = 0.02  # seconds after the first try, then twice as long after each, up to the longest
LONGEST: Final = 1.0


@dataclass
class Worker(Node):
    """A node that asks again where no reply arrives, and counts the bytes of its updates, once per round."""

    tries: int = 1  # of a request whose reply does not arrive
    updates_sent: int = 0  # bytes of the updates that the coordinator took
    updates_received: int = 0  # bytes of the aggregates that arrived here
    _submitted: set[str] = field(default_factory=set)
    _aggregated: set[str] = field(default_factory=set)

    async def call(self, method: str, target: str, body: bytes = b"", *, tampered: bool = False) -> httpx.Response:
        """One signed operation, with a new signature for each try; `tampered` alters the signature.

        ConnectionError if no try gets a reply. The operation may have been booked even so: repeat it or ask.
        """
        signed = super().call
        return await self._patiently(f"{method} {target}", lambda: signed(method, target, body, tampered=tampered))

    async def read(self, target: str) -> httpx.Response:
        """What anybody may read. ConnectionError if no try gets a reply."""
        return await self._patiently(f"GET {target}", lambda: self.client.get(target))

    async def _patiently(self, what: str, send: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        tried = 0
        while True:
            try:
                return await send()
            except httpx.TransportError as error:
                tried += 1
                if tried >= self.tries:
                    raise ConnectionError(f"{what}: no reply in {tried} tries, at last {error!r}") from error
            await asyncio.sleep(min(PAUSE * 2**tried, LONGEST))

    async def open_round(
        self, name: str, workers: Sequence[str], values: int, rule: str = "mean", faulty: int = 0
    ) -> httpx.Response:
        """Open a round of updates of that many values from each of the workers (`rounds.Opening`)."""
        opening = {"workers": list(workers), "values": values, "rule": rule, "faulty": faulty}
        return await self.call("POST", f"/rounds/{name}", json.dumps(opening).encode())

    async def submit(self, name: str, update: bytes) -> httpx.Response:
        """Hand in an update, little-endian float32; a repetition of the same one is safe."""
        reply = await self.call("POST", f"/rounds/{name}/update", update)
        if reply.is_success and name not in self._submitted:
            self._submitted.add(name)
            self.updates_sent += len(update)
        return reply

    async def aggregate(self, name: str) -> httpx.Response:
        """Fetch what a round came to: the content of the reply, little-endian float32."""
        reply = await self.read(f"/rounds/{name}/aggregate")
        if reply.is_success and name not in self._aggregated:
            self._aggregated.add(name)
            self.updates_received += len(reply.content)
        return reply
