"""A participant's client of the coordinator: it signs every operation, and counts the bytes that crossed."""

import asyncio
import hashlib
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx

from bets.lab.identity import Identity, Seal

CHUNK: Final = 16_384  # bytes of a body that leave at once; between two chunks other requests get their turn
TURNS: Final = 128  # of a body of 2 MiB or more, whose chunks are larger
PAUSE: Final = 0.02  # seconds after the first try, then twice as long after each, up to the longest
LONGEST: Final = 1.0


@dataclass
class Node:
    """A participant: it speaks to the coordinator over HTTP and counts its own bytes, once per transfer or round."""

    identity: Identity
    client: httpx.AsyncClient
    sent: int = 0  # bytes of the payloads that the coordinator took
    received: int = 0  # bytes of the payloads that arrived here
    updates_sent: int = 0  # bytes of the updates that the coordinator took
    updates_received: int = 0  # bytes of the aggregates that arrived here
    sequence: Iterator[int] = field(default_factory=lambda: itertools.count(1))  # of a second process: above all before
    tries: int = 1  # of a request whose reply does not arrive
    _counted: set[tuple[str, str]] = field(default_factory=set)

    async def call(self, method: str, target: str, body: bytes = b"", *, tampered: bool = False) -> httpx.Response:
        """One signed operation, signed anew for each try; of a tampered one the signature is altered.

        ConnectionError if no try gets a reply. The operation may have been booked even so: repeat it or ask.
        """
        return await self._patiently(f"{method} {target}", lambda: self._signed(method, target, body, tampered))

    async def _signed(self, method: str, target: str, body: bytes, tampered: bool) -> httpx.Response:
        number = next(self.sequence)
        seal = Seal(method, target, self.identity.name, number, hashlib.sha256(body).hexdigest())
        signature = bytearray(self.identity.sign(seal.message()))
        signature[0] ^= tampered
        headers = {"x-node": seal.node, "x-sequence": str(number), "x-signature": signature.hex()}
        headers["content-length"] = str(len(body))  # so that what is too long can be refused unread
        extensions = {"body": body}  # not sent: what repeat() needs, for a stream can be read only once
        return await self.client.request(method, target, content=_chunks(body), headers=headers, extensions=extensions)

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

    async def read(self, target: str) -> httpx.Response:
        """What anybody may read. ConnectionError if no try gets a reply."""
        return await self._patiently(f"GET {target}", lambda: self.client.get(target))

    async def repeat(self, request: httpx.Request) -> httpx.Response:
        """Send an operation of `call` byte for byte once more."""
        return await self.client.request(
            request.method, request.url, content=request.extensions["body"], headers=request.headers
        )

    async def register(self) -> httpx.Response:
        """Enter the directory: the body is the public key, and the signature proves that the private one is held."""
        return await self.call("POST", f"/nodes/{self.identity.name}", self.identity.public_key)

    async def send(self, transfer: str, recipient: str, payload: bytes) -> httpx.Response:
        """Hand a payload to the coordinator; a repetition of the same transfer is safe."""
        reply = await self.call("POST", f"/transfers/{transfer}?recipient={recipient}", payload)
        if self._first(reply, "sent", transfer):
            self.sent += len(payload)
        return reply

    async def inbox(self) -> list[str]:
        """The transfers that wait for this node."""
        reply = (await self.call("POST", "/inbox")).raise_for_status()
        return [str(transfer) for transfer in reply.json()["transfers"]]

    async def collect(self, transfer: str) -> httpx.Response:
        """Fetch a payload: the content of the reply."""
        reply = await self.call("POST", f"/transfers/{transfer}/delivery")
        if self._first(reply, "received", transfer):
            self.received += len(reply.content)
        return reply

    async def claim(self, transfer: str, amount: int, *, tampered: bool = False) -> httpx.Response:
        """Ask for the credit of a transfer that its recipient has."""
        body = f'{{"amount": {amount}}}'.encode()
        return await self.call("POST", f"/transfers/{transfer}/claim", body, tampered=tampered)

    async def open_round(
        self, name: str, workers: Sequence[str], values: int, rule: str = "mean", faulty: int = 0
    ) -> httpx.Response:
        """Open a round of updates of that many values from each of the workers (`rounds.Opening`)."""
        opening = {"workers": list(workers), "values": values, "rule": rule, "faulty": faulty}
        return await self.call("POST", f"/rounds/{name}", json.dumps(opening).encode())

    async def submit(self, name: str, update: bytes) -> httpx.Response:
        """Hand in an update, little-endian float32; a repetition of the same one is safe."""
        reply = await self.call("POST", f"/rounds/{name}/update", update)
        if self._first(reply, "submitted", name):
            self.updates_sent += len(update)
        return reply

    async def aggregate(self, name: str) -> httpx.Response:
        """Fetch what a round came to: the content of the reply, little-endian float32."""
        reply = await self.read(f"/rounds/{name}/aggregate")
        if self._first(reply, "aggregated", name):
            self.updates_received += len(reply.content)
        return reply

    def _first(self, reply: httpx.Response, what: str, name: str) -> bool:
        """Whether this is the first success of its kind."""
        first = reply.is_success and (what, name) not in self._counted
        if first:
            self._counted.add((what, name))
        return first


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    size = max(CHUNK, len(body) // TURNS)
    for start in range(0, len(body), size):
        await asyncio.sleep(0)
        yield body[start : start + size]
