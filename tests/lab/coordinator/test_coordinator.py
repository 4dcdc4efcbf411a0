"""The coordinator over HTTP, in process and under uvicorn."""

import asyncio
import copy
import hashlib
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.lab.artifacts.identity import Identity, Seal, identity, verify
from bets.lab.audit import audit_log
from bets.lab.coordinator import coordinator
from bets.lab.coordinator.client import Node
from bets.lab.coordinator.operations import WEAK
from bets.lab.coordinator.store import WINDOW, Coordinator, Window
from bets.lab.ledger.ledger import MAX_PAYLOAD

ROOT = Path(__file__).parents[3]
SIGNED = "/transfers/u?recipient=bob"
PAYLOAD = bytes(range(256)) * 80  # more than one chunk
TABLES = ("nodes", "entries", "transfers", "payloads", "rounds", "updates", "aggregates")


class Hall:
    """A coordinator in process, and two nodes in its directory."""

    def __init__(self, client: httpx.AsyncClient, state: Coordinator) -> None:
        self.client, self.state = client, state
        self.ada = Node(identity("ada", 1), client)
        self.bob = Node(identity("bob", 1), client)


@asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    """Open a coordinator, and let ada and bob enter."""
    app = coordinator.create_app(identity("coordinator", 1))
    async with coordinator.in_process(app) as client:
        opened = Hall(client, app.state.coordinator)
        for node in (opened.ada, opened.bob):
            assert (await node.register()).status_code == 201
        yield opened


def visit(scenario: Callable[[Hall], Awaitable[None]]) -> None:
    """Run a scenario in a hall of its own."""

    async def inside() -> None:
        async with hall() as opened:
            await scenario(opened)

    asyncio.run(inside())


def kept(state: Coordinator) -> tuple[object, ...]:
    """All that a coordinator stores but for used sequence numbers."""
    ledger = state.ledger
    tables = [state.read(f"SELECT * FROM {name}") for name in TABLES]
    return copy.deepcopy((state.directory, state.log.entries, ledger.transfers, ledger.accounts(), tables))


def detail(reply: httpx.Response) -> str:
    """The message of a refusal."""
    return str(reply.json()["detail"])


def test_a_payload_travels_byte_for_byte_and_both_sides_count_it() -> None:
    """Sent, listed, collected, claimed: the books and the nodes agree, and the payload is gone."""

    async def scenario(at: Hall) -> None:
        sent = await at.ada.send("t", "bob", PAYLOAD)
        assert (sent.status_code, sent.json()) == (201, {"transfer": "t", "bytes": len(PAYLOAD)})
        assert await at.bob.inbox() == ["t"]
        assert await at.ada.inbox() == []
        assert (await at.bob.collect("t")).content == PAYLOAD
        assert await at.bob.inbox() == []
        assert (await at.ada.claim("t", len(PAYLOAD))).status_code == 201
        assert (await at.client.get("/ledger")).json() == {
            "ada": {"credit": at.ada.sent, "debit": at.ada.received},
            "bob": {"credit": at.bob.sent, "debit": at.bob.received},
        }
        assert (at.ada.sent, at.bob.received) == (len(PAYLOAD), len(PAYLOAD))
        gone = await at.bob.collect("t")
        assert (gone.status_code, detail(gone)) == (410, "transfer t is delivered and claimed, its payload is gone")
        assert at.state.read("SELECT * FROM payloads") == []

    visit(scenario)


def test_retries_are_safe() -> None:
    """The same payload again is 200 and not 201, the same delivery again the same bytes, and each is counted once."""

    async def scenario(at: Hall) -> None:
        replies = await asyncio.gather(*(at.ada.send("t", "bob", PAYLOAD) for _ in range(3)))
        assert sorted(reply.status_code for reply in replies) == [200, 200, 201]
        collected = await asyncio.gather(*(at.bob.collect("t") for _ in range(3)))
        assert [reply.content for reply in collected] == [PAYLOAD] * 3
        assert at.state.ledger.debits["bob"] == at.bob.received == at.ada.sent == len(PAYLOAD)

    visit(scenario)


def test_of_many_claims_at_once_one_is_paid() -> None:
    """Ten claims in flight together: one 201, nine 409, one credit."""

    async def scenario(at: Hall) -> None:
        await at.ada.send("t", "bob", PAYLOAD)
        await at.bob.collect("t")
        replies = await asyncio.gather(*(at.ada.claim("t", len(PAYLOAD)) for _ in range(10)))
        assert sorted(reply.status_code for reply in replies) == [201] + [409] * 9
        assert at.state.ledger.credits["ada"] == len(PAYLOAD)

    visit(scenario)


def test_requests_really_are_interleaved() -> None:
    """A small payload overtakes a large one that set out before it."""

    async def scenario(at: Hall) -> None:
        large, small = bytes(MAX_PAYLOAD), b"small"
        await asyncio.gather(at.ada.send("large", "bob", large), at.ada.send("small", "bob", small))
        assert await at.bob.inbox() == ["small", "large"]

    visit(scenario)


Act = Callable[[Hall], Awaitable[httpx.Response]]


async def as_mallory(at: Hall) -> httpx.Response:
    """An operation of a node that never registered."""
    return await Node(identity("mallory", 1), at.client).send("u", "bob", b"x")


def mallory_as(name: str) -> Identity:
    """Mallory's key under somebody else's name."""
    return Identity(name, identity("mallory", 1).key)


async def with_the_key_of_another(at: Hall) -> httpx.Response:
    """An operation in ada's name, signed by somebody else."""
    return await Node(mallory_as("ada"), at.client).send("u", "bob", b"x")


async def rewritten(
    at: Hall, target: str, body: bytes = b"", changed: Mapping[str, str] | None = None
) -> httpx.Response:
    """What ada signed as an empty payload for bob, with another path, body or header."""
    seal = Seal("POST", SIGNED, "ada", 77, hashlib.sha256().hexdigest())
    headers = {"x-node": "ada", "x-sequence": "77", "x-signature": at.ada.identity.sign(seal.message()).hex()}
    return await at.client.post(target, content=body, headers=headers | dict(changed or {}))


async def replay(at: Hall) -> httpx.Response:
    """An accepted operation, byte for byte again."""
    return await at.ada.repeat((await at.ada.send("t", "bob", PAYLOAD)).request)


REFUSED: dict[str, tuple[Act, int, str]] = {
    "unknown node": (as_mallory, 401, "there is no node mallory in the directory"),
    "wrong key": (with_the_key_of_another, 401, "not node ada's signature"),
    "wrong signature": (lambda at: at.ada.claim("t", 5, tampered=True), 401, "not node ada's signature"),
    "other body": (lambda at: rewritten(at, SIGNED, b"x"), 401, "not node ada's signature"),
    "other path": (lambda at: rewritten(at, "/transfers/v?recipient=bob"), 401, "not node ada's signature"),
    "other query": (lambda at: rewritten(at, "/transfers/u?recipient=ada"), 401, "not node ada's signature"),
    "other number": (lambda at: rewritten(at, SIGNED, changed={"x-sequence": "78"}), 401, "not node ada's signature"),
    "other node": (lambda at: rewritten(at, SIGNED, changed={"x-node": "bob"}), 401, "not node bob's signature"),
    "no signature": (lambda at: at.client.post("/inbox"), 422, "x-signature"),
    "short signature": (lambda at: rewritten(at, "/inbox", changed={"x-signature": "00"}), 422, "x-signature"),
    "negative sequence": (lambda at: rewritten(at, "/inbox", changed={"x-sequence": "-1"}), 422, "x-sequence"),
    "replay": (replay, 409, "node ada has used sequence number"),
    "oversize": (lambda at: at.ada.send("u", "bob", bytes(MAX_PAYLOAD + 1)), 413, "at most 65536 bytes"),
    "other payload": (lambda at: at.ada.send("t", "bob", b"other"), 409, "was offered before with another"),
    "no recipient": (lambda at: at.ada.send("u", "nobody", b"x"), 404, "there is no node nobody in the directory"),
    "to itself": (lambda at: at.ada.send("u", "ada", b"x"), 422, "node ada can't send to itself"),
    "bad name": (lambda at: at.ada.send("U!", "bob", b"x"), 422, "transfer"),
    "not the recipient": (lambda at: at.ada.collect("t"), 403, "transfer t is for bob, not for ada"),
    "not the sender": (lambda at: at.bob.claim("t", 5), 403, "transfer t was sent by ada, not by bob"),
    "unknown transfer": (lambda at: at.ada.claim("u", 5), 404, "there is no transfer u"),
    "early claim": (lambda at: at.ada.claim("t", len(PAYLOAD)), 409, "transfer t is not delivered yet"),
    "negative amount": (lambda at: at.ada.claim("t", -1), 422, "greater than or equal to 0"),
    "oversize amount": (lambda at: at.ada.claim("t", MAX_PAYLOAD + 1), 422, "less than or equal to 65536"),
    "no integer": (lambda at: at.ada.call("POST", "/transfers/t/claim", b'{"amount": 1.5}'), 422, "integer"),
    "text": (lambda at: at.ada.call("POST", "/transfers/t/claim", b'{"amount": "5"}'), 422, "integer"),
    "more fields": (lambda at: at.ada.call("POST", "/transfers/t/claim", b'{"amount": 5, "to": "eve"}'), 422, "Extra"),
    "no JSON": (lambda at: at.ada.call("POST", "/transfers/t/claim", b"\xff"), 422, "JSON"),
    "name taken": (lambda at: Node(mallory_as("ada"), at.client).register(), 401, "not node ada's signature"),
    "other name": (lambda at: at.ada.call("POST", "/nodes/eve", bytes(32)), 403, "node ada can't register as eve"),
    "other key": (lambda at: at.ada.call("POST", "/nodes/ada", bytes(32)), 409, "registered with another key"),
    "no key": (lambda at: Node(identity("eve", 1), at.client).call("POST", "/nodes/eve", b"short"), 401, "signature"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_explained_and_leaves_no_trace(what: str) -> None:
    """Every refusal has a fitting status and says why, and nothing that was stored has changed."""
    act, status, message = REFUSED[what]

    async def scenario(at: Hall) -> None:
        await at.ada.send("t", "bob", PAYLOAD)
        before = kept(at.state)
        reply = await act(at)
        assert (reply.status_code, message in detail(reply)) == (status, True), detail(reply)
        assert kept(at.state) == before

    visit(scenario)


def test_what_the_signature_tests_rewrite_is_taken_as_it_was_signed() -> None:
    """The refusals above are due to what was changed, not to how the request is built by hand."""

    async def scenario(at: Hall) -> None:
        assert (await rewritten(at, SIGNED)).status_code == 201

    visit(scenario)


def test_an_overclaim_is_refused_and_the_right_claim_still_paid() -> None:
    """A claim of one byte more than was delivered spoils nothing, and an empty payload can be claimed too."""

    async def scenario(at: Hall) -> None:
        for name, payload in (("t", PAYLOAD), ("empty", b"")):
            await at.ada.send(name, "bob", payload)
            await at.bob.collect(name)
            assert (await at.ada.claim(name, len(payload) + 1)).status_code == 409
            assert (await at.ada.claim(name, len(payload))).status_code == 201
        assert at.state.ledger.credits["ada"] == len(PAYLOAD)

    visit(scenario)


def test_to_register_again_is_harmless() -> None:
    """The same node with the same key is let in twice and listed once."""

    async def scenario(at: Hall) -> None:
        assert (await at.ada.register()).status_code == 200
        listed = (await at.client.get("/nodes")).json()
        assert listed == {node.identity.name: node.identity.public_key.hex() for node in (at.ada, at.bob)}

    visit(scenario)


@pytest.mark.parametrize("key", sorted(WEAK))
@pytest.mark.parametrize("sign", [0x00, 0x80])
def test_a_key_that_anybody_can_sign_with_can_not_enter(key: bytes, sign: int) -> None:
    """Who has no private key finds, by trying, a request that one same signature fits; it is refused all the same."""
    key, nothing = key[:31] + bytes([key[31] | sign]), bytes([1]) + bytes(63)  # R is the neutral element, S is 0
    seals = (Seal("POST", "/nodes/eve", "eve", number, hashlib.sha256(key).hexdigest()) for number in range(300))
    seal = next(seal for seal in seals if verify(key, nothing, seal.message()))

    async def scenario(at: Hall) -> None:
        headers = {"x-node": "eve", "x-sequence": str(seal.sequence), "x-signature": nothing.hex()}
        reply = await at.client.post("/nodes/eve", content=key, headers=headers)
        assert (reply.status_code, "is of small order" in detail(reply)) == (401, True)
        assert "eve" not in at.state.directory

    visit(scenario)


@given(st.lists(st.integers(0, 3 * WINDOW), max_size=50), st.integers(0, 2**63 - 1))
def test_a_sequence_number_is_good_once(numbers: list[int], offset: int) -> None:
    """Whatever the order, no number is accepted twice, and a number above all others always is."""
    window = Window()
    accepted = [number for number in numbers if window.use(number + offset)]
    assert len(accepted) == len(set(accepted))
    assert window.use(max(numbers, default=0) + offset + 1)


def test_the_window_forgets_only_what_it_refuses() -> None:
    """Memory stays bounded over many numbers, and what was forgotten is refused as too old."""
    window = Window()
    assert all(window.use(number) for number in range(10 * WINDOW))
    assert len(window.seen) <= 2 * WINDOW + 1
    assert not any(window.use(number) for number in range(10 * WINDOW))


def test_the_audit_log_holds_every_operation_with_its_signature() -> None:
    """From the log alone, over HTTP, anybody can verify who did what, and that each entry is in the signed tree."""

    async def scenario(at: Hall) -> None:
        await at.ada.send("t", "bob", PAYLOAD)
        await at.bob.collect("t")
        await at.ada.claim("t", len(PAYLOAD))
        entries = (await at.client.get("/log/entries?start=0&end=99")).json()["entries"]
        known = {number: bytes.fromhex(entry) for number, entry in enumerate(entries)}
        targets = []
        for entry in known.values():
            fields = json.loads(entry)
            signature = bytes.fromhex(fields.pop("signature"))
            assert verify(at.state.directory[fields["node"]], signature, Seal(**fields).message())
            targets.append(fields["target"])
        assert targets == [
            "/nodes/ada",
            "/nodes/bob",
            "/transfers/t?recipient=bob",
            "/transfers/t/delivery",
            "/transfers/t/claim",
        ]
        owner = identity("coordinator", 1).public_key
        held = await audit_log.fetch_head(at.client)
        assert held is not None
        await at.ada.send("u", "bob", b"")
        audit = await audit_log.audit(at.client, owner, held, known)
        assert (audit.proofs, audit.findings) == (6, ())

    visit(scenario)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/log/consistency?first=3&second=2", 404),
        ("/log/consistency?first=1&second=3", 404),
        ("/log/inclusion?index=2&size=2", 404),
        ("/log/inclusion?index=-1&size=2", 422),
        ("/log/inclusion?index=0", 422),
        ("/log/entries?start=x&end=1", 422),
        ("/log/consistency?first=1&second=2", 200),
        ("/log/entries?start=5&end=1", 200),
    ],
)
def test_the_log_answers_for_what_it_has(target: str, status: int) -> None:
    """Sizes that the log of two registrations does not have are 404, and malformed ones 422."""

    async def scenario(at: Hall) -> None:
        assert (await at.client.get(target)).status_code == status

    visit(scenario)


def test_two_apps_share_nothing() -> None:
    """State belongs to the app that `create_app` made, and each has a key of its own when none is given."""
    one, other = coordinator.create_app().state.coordinator, coordinator.create_app().state.coordinator
    assert one.ledger is not other.ledger
    assert one.log.owner.public_key != other.log.owner.public_key


@contextmanager
def under_uvicorn() -> Iterator[str]:
    """Serve a coordinator by uvicorn in a process of its own; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        command = [sys.executable, "-m", "uvicorn", "--factory", "bets.lab.coordinator.coordinator:create_app"]
        options = ["--fd", str(listening.fileno()), "--log-level", "error"]
        server = subprocess.Popen([*command, *options], cwd=ROOT, pass_fds=[listening.fileno()])
    try:
        yield address
    finally:
        server.terminate()
        server.wait(10)


SENDER = """
import asyncio, sys, httpx
from bets.lab.artifacts.identity import identity
from bets.lab.coordinator.client import Node

async def main():
    async with httpx.AsyncClient(base_url=sys.argv[1], timeout=20) as client:
        node = Node(identity("ada", 1), client)
        (await node.register()).raise_for_status()
        payloads = {f"t{n}": bytes([n]) * (n * 997) for n in range(1, 9)}
        sends = [node.send(name, "bob", payload) for name, payload in payloads.items() for _ in range(2)]
        replies = await asyncio.gather(*sends)
        assert sorted(reply.status_code for reply in replies) == [200] * 8 + [201] * 8, replies
        sys.stdin.readline()
        for name, payload in payloads.items():
            claims = await asyncio.gather(*(node.claim(name, len(payload)) for _ in range(3)))
            assert sorted(reply.status_code for reply in claims) == [201, 409, 409], claims
        oversize = await node.send("large", "bob", bytes(70_000))
        assert oversize.status_code == 413, oversize
    print(node.sent)

asyncio.run(main())
"""


def test_the_same_app_serves_nodes_of_other_processes_under_uvicorn() -> None:
    """Server, sender and recipient are three processes on real sockets, and the books balance to the byte."""

    async def scenario(address: str) -> None:
        async with httpx.AsyncClient(base_url=address, timeout=20) as client:
            bob = Node(identity("bob", 1), client)
            assert (await bob.register()).status_code == 201
            command = [sys.executable, "-c", SENDER, address]
            pipe = asyncio.subprocess.PIPE
            ada = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
            collected: set[str] = set()
            async with asyncio.timeout(20):
                while len(collected) < 8:
                    collected |= {name for name in await bob.inbox() if (await bob.collect(name)).is_success}
                    await asyncio.sleep(0.05)
                printed, _ = await ada.communicate(b"all is here\n")
            assert ada.returncode == 0
            sent, expected = int(printed), sum(n * 997 for n in range(1, 9))
            assert (sent, bob.received) == (expected, expected)
            assert (await client.get("/ledger")).json() == {
                "ada": {"credit": expected, "debit": 0},
                "bob": {"credit": 0, "debit": expected},
            }
            head = await audit_log.fetch_head(client)
            assert head is not None
            assert head.size == 2 + 3 * 8

    with under_uvicorn() as address:
        asyncio.run(scenario(address))


def test_the_command_says_how_it_is_used(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Its help names the options, what the database is for and an example; what it can't use it names as well."""
    with pytest.raises(SystemExit, match="0"):
        coordinator.main(["--help"])
    message = " ".join(capsys.readouterr().out.split())
    for part in ("--database FILE", "--port N", "--host", "keep the file to yourself", "Example: python -m", "/docs"):
        assert part in message
    with pytest.raises(SystemExit, match="2"):
        coordinator.main(["--database", str(tmp_path / "nowhere" / "x.db"), "--port", "1"])
    assert "No such file or directory" in capsys.readouterr().err


def test_another_method_is_referred_to_all_that_there_are() -> None:
    """405 names every method of the path, of the documentation's too, and a path that is none is 404."""

    async def scenario(at: Hall) -> None:
        reply = await at.client.delete("/transfers/t")
        assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST")
        assert detail(reply) == "expected GET, POST here, not DELETE"
        assert (await at.client.delete("/docs")).status_code == 405
        assert (await at.client.get("/nowhere")).status_code == 404

    visit(scenario)


def test_what_is_booked_of_a_transfer_can_be_asked() -> None:
    """A node that lost a reply learns how the operation ended."""

    async def scenario(at: Hall) -> None:
        await at.ada.send("t", "bob", b"four")
        booked = {"sender": "ada", "recipient": "bob", "size": 4, "sha256": hashlib.sha256(b"four").hexdigest()}
        assert (await at.client.get("/transfers/t")).json() == booked | {"delivered": None, "claimed": False}
        await at.bob.collect("t")
        await at.ada.claim("t", 4)
        assert (await at.client.get("/transfers/t")).json() == booked | {"delivered": 4, "claimed": True}
        unknown = await at.client.get("/transfers/u")
        assert (unknown.status_code, detail(unknown)) == (404, "there is no transfer u")

    visit(scenario)
