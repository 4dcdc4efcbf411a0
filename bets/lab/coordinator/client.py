"""A node's client of the coordinator: signed operations over HTTP, and how many bytes of payloads went each way."""

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Final

import httpx

from bets.lab.artifacts.identity import Identity, Seal

CHUNK: Final = 16_384  # bytes of a body that leave at once; between two chunks other requests get their turn


@dataclass
class Node:
    """A participant: it speaks to the coordinator over HTTP and counts its own payload bytes, once per transfer."""

    identity: Identity
    client: httpx.AsyncClient
    sent: int = 0  # bytes of the payloads that the coordinator took
    received: int = 0  # bytes of the payloads that arrived here
    sequence: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _sent: set[str] = field(default_factory=set)
    _received: set[str] = field(default_factory=set)

    async def call(self, method: str, target: str, body: bytes = b"", *, tampered: bool = False) -> httpx.Response:
        """One signed operation; of a tampered one the signature is altered."""
        number = next(self.sequence)
        seal = Seal(method, target, self.identity.name, number, hashlib.sha256(body).hexdigest())
        signature = bytearray(self.identity.sign(seal.message()))
        signature[0] ^= tampered
        headers = {"x-node": seal.node, "x-sequence": str(number), "x-signature": signature.hex()}
        extensions = {"body": body}  # not sent: what repeat() needs, for a stream can be read only once
        return await self.client.request(method, target, content=_chunks(body), headers=headers, extensions=extensions)

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
        if reply.is_success and transfer not in self._sent:
            self._sent.add(transfer)
            self.sent += len(payload)
        return reply

    async def inbox(self) -> list[str]:
        """The transfers that wait for this node."""
        reply = (await self.call("POST", "/inbox")).raise_for_status()
        return [str(transfer) for transfer in reply.json()["transfers"]]

    async def collect(self, transfer: str) -> httpx.Response:
        """Fetch a payload: the content of the reply."""
        reply = await self.call("POST", f"/transfers/{transfer}/delivery")
        if reply.is_success and transfer not in self._received:
            self._received.add(transfer)
            self.received += len(reply.content)
        return reply

    async def claim(self, transfer: str, amount: int, *, tampered: bool = False) -> httpx.Response:
        """Ask for the credit of a transfer that its recipient has."""
        body = f'{{"amount": {amount}}}'.encode()
        return await self.call("POST", f"/transfers/{transfer}/claim", body, tampered=tampered)


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), CHUNK):
        await asyncio.sleep(0)
        yield body[start : start + CHUNK]
