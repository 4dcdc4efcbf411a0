"""Who a node is: an Ed25519 key (RFC 8032), and the bytes that it signs for an operation."""

import hashlib
from dataclasses import dataclass
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


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
