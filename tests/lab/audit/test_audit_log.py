"""The audit log against RFC 6962: published vectors, naive definitions, and forgeries over the coordinator."""

import asyncio
import hashlib
import json
import random
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bets.lab.artifacts.identity import identity
from bets.lab.audit import audit_log, forgery
from bets.lab.audit.audit_log import AuditLog, Head, leaf_hash, tree_hash, verify_consistency, verify_inclusion
from bets.lab.audit.forgery import ForgedLog
from bets.lab.coordinator import coordinator

OWNER = identity("owner", "tests")
KEY = OWNER.public_key
ATTACKS = ("edit", "delete", "insert", "reorder", "truncate", "fork")

# the vectors of the Certificate Transparency reference implementation
ENTRIES = [
    bytes.fromhex(entry)
    for entry in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
E = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
F = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
PATHS = {
    (0, 1): [],
    (0, 8): [A, B, C],
    (5, 8): [D, E, ROOTS[3]],
    (2, 3): [ROOTS[1]],
    (1, 5): [ROOTS[0], B, D],
}
PROOFS = {(1, 1): [], (1, 8): [A, B, C], (6, 8): [F, E, ROOTS[3]], (2, 5): [B, D]}

entries_of = st.lists(st.binary(max_size=12), min_size=1, max_size=40, unique=True)


def naive_root(entries: Sequence[bytes]) -> bytes:
    """MTH as RFC 6962 prints it, over entries."""
    if len(entries) == 0:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = max(2**i for i in range(10) if 2**i < len(entries))
    return hashlib.sha256(b"\x01" + naive_root(entries[:k]) + naive_root(entries[k:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int) -> None:
    """The tree over the first entries has the root that the reference implementation publishes."""
    assert tree_hash(LEAVES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size"), PATHS)
def test_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    """An audit path is the published one, and it verifies."""
    proof = audit_log.inclusion_proof(LEAVES[:size], index)
    assert [node.hex() for node in proof] == PATHS[index, size]
    assert verify_inclusion(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("first", "second"), PROOFS)
def test_consistency_proofs_are_the_published_ones(first: int, second: int) -> None:
    """A consistency proof is the published one, and it verifies."""
    proof = audit_log.consistency_proof(LEAVES[:second], first)
    roots = bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[second - 1])
    assert [node.hex() for node in proof] == PROOFS[first, second]
    assert verify_consistency(first, roots[0], second, roots[1], proof)


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """The root of no leaves is SHA-256 of the empty string, and every tree extends it without proof."""
    assert tree_hash([]) == hashlib.sha256(b"").digest()
    assert verify_consistency(0, tree_hash([]), 8, tree_hash(LEAVES), audit_log.consistency_proof(LEAVES, 0))
    assert not verify_consistency(0, LEAVES[0], 8, tree_hash(LEAVES), [])


@given(entries_of)
def test_the_root_is_that_of_the_naive_definition(entries: list[bytes]) -> None:
    """The root over leaf hashes equals the definition written down naively over entries."""
    assert tree_hash([leaf_hash(entry) for entry in entries]) == naive_root(entries)


@given(entries_of)
def test_every_proof_of_an_honest_log_verifies(entries: list[bytes]) -> None:
    """For every leaf inclusion verifies, and for every earlier size consistency."""
    log, size, root = AuditLog(OWNER, entries), len(entries), naive_root(entries)
    for number, entry in enumerate(entries):
        assert verify_inclusion(leaf_hash(entry), number, size, log.inclusion(number, size), root)
        first = naive_root(entries[:number])
        assert verify_consistency(number, first, size, root, log.consistency(number, size))


def alterations(proof: list[bytes], place: int, bit: int) -> list[list[bytes]]:
    """The proof with a bit flipped, a hash dropped, one repeated, and one added at either end."""
    other = bytes([bit]) * 32
    altered = [[*proof, other], [other, *proof]]
    if proof:
        at = place % len(proof)
        flipped = flip(proof[at], bit)
        altered += [
            [*proof[:at], flipped, *proof[at + 1 :]],
            proof[:at] + proof[at + 1 :],
            [*proof[: at + 1], *proof[at:]],
        ]
    return altered


def flip(value: bytes, bit: int) -> bytes:
    """The hash with one of its 256 bits flipped."""
    return bytes(byte ^ (1 << bit % 8 if number == bit // 8 else 0) for number, byte in enumerate(value))


@given(entries_of, st.integers(0, 39), st.integers(0, 39), st.integers(0, 255))
def test_no_altered_inclusion_verifies(entries: list[bytes], index: int, place: int, bit: int) -> None:
    """A different leaf, index, root or proof is refused."""
    size, index = len(entries), index % len(entries)
    log, root, leaf = AuditLog(OWNER, entries), naive_root(entries), leaf_hash(entries[index])
    proof = log.inclusion(index, size)
    assert not verify_inclusion(flip(leaf, bit), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, flip(root, bit))
    assert not any(verify_inclusion(leaf, other, size, proof, root) for other in range(-1, size + 1) if other != index)
    assert not any(verify_inclusion(leaf, index, size, altered, root) for altered in alterations(proof, place, bit))


@given(entries_of, st.integers(0, 39), st.integers(0, 39), st.integers(0, 255))
def test_no_altered_consistency_verifies(entries: list[bytes], first: int, place: int, bit: int) -> None:
    """A different old root, new root or proof is refused, and so is a log that shrank."""
    size, first = len(entries), 1 + first % len(entries)
    log, old, new = AuditLog(OWNER, entries), naive_root(entries[:first]), naive_root(entries)
    proof = log.consistency(first, size)
    assert not verify_consistency(first, flip(old, bit), size, new, proof)
    assert not verify_consistency(first, old, size, flip(new, bit), proof)
    assert not any(verify_consistency(first, old, size, new, altered) for altered in alterations(proof, place, bit))
    if first < size:
        assert not verify_consistency(size, new, first, old, proof)
        assert not verify_consistency(first, old, size, new, [])


def test_a_head_is_signed_over_size_and_root() -> None:
    """A head verifies with its owner's key, and no longer when size, root or key is another."""
    head = AuditLog(OWNER, ENTRIES).head()
    assert head.signed_by(KEY)
    assert not Head(7, head.root, head.signature).signed_by(KEY)
    assert not Head(8, flip(head.root, 0), head.signature).signed_by(KEY)
    assert not head.signed_by(identity("somebody", "else").public_key)
    assert not head.signed_by(b"no key")


def test_a_log_has_no_proofs_for_what_it_has_not() -> None:
    """Sizes and indices beyond the log are errors that name them."""
    log = AuditLog(OWNER, ENTRIES)
    with pytest.raises(IndexError, match="no tree of 9 leaves, the log has 8"):
        log.consistency(1, 9)
    with pytest.raises(IndexError, match="no leaf 8 in a tree of 8"):
        log.inclusion(8, 8)
    with pytest.raises(IndexError, match="no tree of 5 leaves inside one of 4"):
        log.consistency(5, 4)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("seed", range(20))
def test_a_forgery_is_not_an_extension(attack: str, seed: int) -> None:
    """What is forged never begins with the log that it replaces, else there would be nothing to catch."""
    rng = random.Random(seed)
    entries = forgery.noise(rng, rng.randint(2, 20))
    shared = rng.randrange(len(entries))
    forged = forgery.forge(entries, attack, rng, shared)
    assert forged[: len(entries)] != entries
    assert attack == "truncate" or len(forged) >= len(entries)
    assert attack != "fork" or forged[:shared] == entries[:shared]


def test_forging_says_what_it_can_do() -> None:
    """An unknown attack is named, with those that are known."""
    with pytest.raises(ValueError, match="no attack 'erase': edit, delete, insert, reorder, truncate or fork"):
        forgery.forge(ENTRIES, "erase", random.Random(1))


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_witness_catches_every_forgery_over_http(attack: str) -> None:
    """Honest growth is accepted without findings, and the forgery with the best proofs is not."""

    async def scenario() -> None:
        app = coordinator.create_app(OWNER)
        rng = random.Random(f"tests/{attack}")
        async with coordinator.in_process(app) as client:
            for _ in range(5):
                log = app.state.coordinator.log = AuditLog(OWNER, forgery.noise(rng, 12))
                known = {index: log.entries[index] for index in (0, 5, 11)}
                first = await audit_log.fetch_head(client)
                assert first is not None
                for entry in forgery.noise(rng, 9):
                    log.append(entry)
                honest = await audit_log.audit(client, KEY, first, known)
                assert (honest.proofs, honest.findings) == (4, ())
                assert honest.head is not None
                forged = forgery.forge(log.entries, attack, rng, first.size)
                app.state.coordinator.log = ForgedLog(OWNER, forged, log, rng)
                assert (await audit_log.audit(client, KEY, honest.head, known)).findings
                if attack == "fork":
                    other = await audit_log.audit(client, KEY, first, known)
                    assert other.head is not None
                    assert other.findings == ()
                    assert await audit_log.compare(client, KEY, honest.head, other.head)

    asyncio.run(scenario())


def test_each_check_of_a_witness_finds_something_of_its_own() -> None:
    """Inclusion alone catches the edit of a known entry, consistency that of an unknown one, size a shorter log."""

    async def findings(forged: Sequence[bytes], held: Head, known: dict[int, bytes]) -> tuple[str, ...]:
        app = coordinator.create_app(OWNER, log=ForgedLog(OWNER, forged, AuditLog(OWNER, ENTRIES), random.Random(2)))
        async with coordinator.in_process(app) as client:
            return (await audit_log.audit(client, KEY, held, known)).findings

    honest, empty = AuditLog(OWNER, ENTRIES).head(), AuditLog(OWNER).head()
    edited = [*ENTRIES[:3], b"edited", *ENTRIES[4:], b"more"]
    assert asyncio.run(findings(edited, empty, {3: ENTRIES[3]})) == ("entry 3 is not proved to be included",)
    assert asyncio.run(findings(edited, honest, {5: ENTRIES[5]})) == (
        "the log of 9 entries is not proved to extend that of 8",
    )
    assert asyncio.run(findings(ENTRIES[:6], honest, {1: ENTRIES[1], 7: ENTRIES[7]})) == (
        "the log shrank from 8 to 6 entries",
        "entry 7 is not proved to be included",
    )
    assert asyncio.run(findings([*ENTRIES, b"more"], honest, {3: ENTRIES[3]})) == ()


def test_a_head_of_somebody_else_is_not_audited() -> None:
    """A log that is signed with another key is found out before any proof is asked for."""

    async def scenario() -> audit_log.Audit:
        app = coordinator.create_app(identity("impostor", 1))
        async with coordinator.in_process(app) as client:
            return await audit_log.audit(client, KEY, AuditLog(OWNER).head(), {})

    audit = asyncio.run(scenario())
    assert (audit.proofs, audit.findings) == (0, ("the head is not signed by the owner",))


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"", {}),
        (302, b"", {"location": "/log/entries"}),
        (200, b"no compressed bytes", {"content-encoding": "gzip"}),
        (200, b"\xff", {}),
        (200, b"[" * 9_999, {}),
        (200, b'{"size": 1, "root": "00", "signature": "00"}', {}),
        (200, b'{"proof": ["00"]}', {}),
    ],
)
def test_a_reply_that_is_none_is_a_finding_and_not_a_crash(status: int, body: bytes, headers: dict[str, str]) -> None:
    """An owner can't escape an audit by what it answers: neither for the head, nor for a proof under a good head."""
    held, shown = AuditLog(OWNER, ENTRIES[:3]).head(), AuditLog(OWNER, ENTRIES).head()
    head = {"size": shown.size, "root": shown.root.hex(), "signature": shown.signature.hex()}

    async def findings(honest_head: bool) -> tuple[str, ...]:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            honest = honest_head and scope["path"] == "/log/head"
            reply = Response(json.dumps(head)) if honest else Response(body, status, headers)
            await reply(scope, receive, send)

        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://log") as client:
            return (await audit_log.audit(client, KEY, held, {2: ENTRIES[2]})).findings

    assert asyncio.run(findings(honest_head=False)) == ("no usable head",)
    assert asyncio.run(findings(honest_head=True)) == (
        "the log of 8 entries is not proved to extend that of 3",
        "entry 2 is not proved to be included",
    )


@given(st.binary(max_size=40), st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.lists(st.binary(max_size=33)))
def test_no_proof_whatever_raises_or_verifies_what_it_was_not_made_for(
    entry: bytes, first: int, second: int, proof: list[bytes]
) -> None:
    """Sizes up to the largest and hashes of any length are judged, and nothing found by chance is a proof."""
    leaf, root = leaf_hash(entry), tree_hash(LEAVES)
    assert not verify_inclusion(leaf, first, second, proof, root)
    assert not verify_consistency(first, leaf, second, root, proof)


def test_the_forger_finds_a_proof_where_there_is_one() -> None:
    """The search is not a straw man: for entries that the forgery left alone, and for an extension, it finds proofs."""
    past = AuditLog(OWNER, ENTRIES)
    honest = ForgedLog(OWNER, [*ENTRIES, b"more"], past, random.Random(3))
    assert verify_consistency(8, past.head().root, 9, honest.head().root, honest.consistency(8, 9))
    forged = ForgedLog(OWNER, [*ENTRIES[:7], b"edited"], past, random.Random(3))
    for index in range(7):
        assert verify_inclusion(LEAVES[index], index, 8, forged.inclusion(index, 8), forged.head().root)
    assert not verify_inclusion(LEAVES[7], 7, 8, forged.inclusion(7, 8), forged.head().root)
