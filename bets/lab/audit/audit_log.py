"""An append-only log as a Merkle tree (RFC 6962, section 2.1): its owner, and a witness that audits it.

Proofs are verified by the algorithms of RFC 9162 (2.1.3.2 and 2.1.4.2). Hashes are SHA-256, 32 bytes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import httpx
from pydantic import BaseModel, Field, ValidationError

from bets.lab.artifacts.identity import Identity, verify

MAX_SIZE: Final = 2**63 - 1
MAX_PROOF: Final = 64  # hashes: more than any tree of MAX_SIZE leaves needs
UNUSABLE: Final = (httpx.HTTPStatusError, httpx.DecodingError, ValidationError)  # replies, not a network that fails


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry; the prefix keeps a leaf from being taken for an inner node."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, MTH of RFC 6962; that of no leaves is the hash of the empty string."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of a leaf, PATH of RFC 6962, from the leaf upwards. IndexError when there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"no leaf {index} in a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), tree_hash(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), tree_hash(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """That the tree extends its own first `first` leaves, PROOF of RFC 6962. IndexError when it has fewer."""
    if not 0 <= first <= len(leaves):
        raise IndexError(f"no tree of {first} leaves inside one of {len(leaves)}")
    return _subproof(leaves, first, whole=True) if first else []


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that the leaf hash is number `index` of the tree of that size and root."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of size `second` begins with the whole tree of size `first`."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:  # RFC 9162 begins at 1: every tree extends the empty one
        return not proof and first_root == tree_hash([])
    if not proof:
        return False
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == first_root and sr == second_root


@dataclass(frozen=True)
class Head:
    """A tree head that its owner has signed: from now on it can't deny it."""

    size: int
    root: bytes
    signature: bytes

    @staticmethod
    def message(size: int, root: bytes) -> bytes:
        """The bytes under the signature."""
        return b"bets-log/1\n" + size.to_bytes(8, "big") + root

    def signed_by(self, public_key: bytes) -> bool:
        """Whether the owner of the key signed this head."""
        return verify(public_key, self.signature, self.message(self.size, self.root))


class AuditLog:
    """The owner's side: entries, and the heads and proofs that it serves. IndexError for sizes that it doesn't have."""

    def __init__(self, owner: Identity, entries: Sequence[bytes] = ()) -> None:
        self.owner = owner
        self.entries = list(entries)
        self.leaves = [leaf_hash(entry) for entry in entries]

    def append(self, entry: bytes) -> None:
        """Add an entry at the end."""
        self.entries.append(entry)
        self.leaves.append(leaf_hash(entry))

    def head(self) -> Head:
        """The signed head of the log as it is now."""
        size, root = len(self.leaves), tree_hash(self.leaves)
        return Head(size, root, self.owner.sign(Head.message(size, root)))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that entry `index` is in the first `size` entries."""
        return inclusion_proof(self._first(size), index)

    def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the first `second` entries begin with the first `first`."""
        return consistency_proof(self._first(second), first)

    def _first(self, size: int) -> list[bytes]:
        if not 0 <= size <= len(self.leaves):
            raise IndexError(f"no tree of {size} leaves, the log has {len(self.leaves)}")
        return self.leaves[:size]


class HeadReply(BaseModel):
    """A signed head as it travels."""

    size: Annotated[int, Field(ge=0, le=MAX_SIZE)]
    root: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    signature: Annotated[str, Field(pattern="^[0-9a-f]{128}$")]


class ProofReply(BaseModel):
    """A proof as it travels."""

    proof: Annotated[list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]], Field(max_length=MAX_PROOF)]


@dataclass(frozen=True)
class Audit:
    """What one audit saw: the head shown (None if unusable), how many proofs it asked for, and all that was wrong."""

    head: Head | None
    proofs: int
    findings: tuple[str, ...]


async def fetch_head(client: httpx.AsyncClient) -> Head | None:
    """The head that the log shows now; None when the reply is not one."""
    try:
        reply = await client.get("/log/head")
        head = HeadReply.model_validate_json(reply.raise_for_status().content)
    except UNUSABLE:
        return None
    return Head(head.size, bytes.fromhex(head.root), bytes.fromhex(head.signature))


async def audit(client: httpx.AsyncClient, owner: bytes, held: Head, known: Mapping[int, bytes]) -> Audit:
    """Hold the log to what a witness has: an earlier head, and entries under it by their index."""
    head = await fetch_head(client)
    if head is None:
        return Audit(None, 0, ("no usable head",))
    if not head.signed_by(owner):
        return Audit(head, 0, ("the head is not signed by the owner",))
    findings = await compare(client, owner, held, head)
    for index, entry in known.items():
        proof = await _proof(client, f"/log/inclusion?index={index}&size={head.size}") if index < head.size else None
        if proof is None or not verify_inclusion(leaf_hash(entry), index, head.size, proof, head.root):
            findings.append(f"entry {index} is not proved to be included")
    return Audit(head, 1 + len(known), tuple(findings))


async def compare(client: httpx.AsyncClient, owner: bytes, held: Head, shown: Head) -> list[str]:
    """What is wrong between a head held and a later one; in gossip, the one that a peer was shown."""
    if not (held.signed_by(owner) and shown.signed_by(owner)):
        return ["a head is not signed by the owner"]
    if shown.size < held.size:
        return [f"the log shrank from {held.size} to {shown.size} entries"]
    proof = (
        []
        if held.size == shown.size
        else await _proof(client, f"/log/consistency?first={held.size}&second={shown.size}")
    )
    if proof is None or not verify_consistency(held.size, held.root, shown.size, shown.root, proof):
        return [f"the log of {shown.size} entries is not proved to extend that of {held.size}"]
    return []


async def _proof(client: httpx.AsyncClient, target: str) -> list[bytes] | None:
    try:
        reply = await client.get(target)
        return [bytes.fromhex(p) for p in ProofReply.model_validate_json(reply.raise_for_status().content).proof]
    except UNUSABLE:
        return None


def _split(size: int) -> int:
    """The largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _subproof(leaves: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962; `whole` while the subtree is the first tree itself, whose root the verifier has."""
    if first == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    split = _split(len(leaves))
    if first <= split:
        return [*_subproof(leaves[:split], first, whole=whole), tree_hash(leaves[split:])]
    return [*_subproof(leaves[split:], first - split, whole=False), tree_hash(leaves[:split])]
