"""Who a node is: an Ed25519 key (RFC 8032), the bytes it signs for an operation, its client of the coordinator."""

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Final, Self

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

CHUNK: Final = 16_384  # bytes of a body that leave at once; between two chunks other requests get their turn


@dataclass(frozen=True)
class Identity:
    """A node's name and its private key."""

    name: str
    key: Ed25519PrivateKey

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new random identity."""
        return cls(name, Ed25519PrivateKey.generate())

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes that others know the node by."""
        return self.key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature of a message."""
        return self.key.sign(message)


def identity(name: str, seed: int | str) -> Identity:
    """The identity that a name and a seed determine: reproducible, so it is for experiments and not for secrets."""
    return Identity(name, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{name}/{seed}".encode()).digest()))


def verify(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature of the message is by the owner of the 32-byte key; False for bytes that are no key."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@dataclass(frozen=True)
class Seal:
    """All that a node signs of one operation; the target is path and query as they are sent."""

    method: str
    target: str
    node: str
    sequence: int
    sha256: str  # of the body, hexadecimal

    def message(self) -> bytes:
        """The bytes under the signature: no field can hold a line feed, so two operations never share them."""
        fields = ("bets-coordinator/1", self.method, self.target, self.node, str(self.sequence), self.sha256)
        return "\n".join(fields).encode()


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
