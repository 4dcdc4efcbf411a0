"""What a coordinator must not forget: a database that is opened again, locked, of another owner, full."""

import asyncio
import copy
import itertools
import random
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from bets.lab.artifacts.identity import Identity, identity
from bets.lab.audit import audit_log
from bets.lab.coordinator import coordinator, trade
from bets.lab.coordinator.store import WINDOW, Coordinator
from bets.lab.coordinator.worker import Worker
from bets.lab.ledger import ledger

NAMES = ("ada", "bob", "cyd")
UPDATE = b"\x00\x00\x80\x3f" * 5  # five ones


@asynccontextmanager
async def opened(path: Path, owner: Identity | None = None) -> AsyncIterator[tuple[httpx.AsyncClient, Coordinator]]:
    """Serve the database; in the end it is left as a killed process leaves it, without a last commit."""
    app = coordinator.create_app(owner, database=str(path))
    state: Coordinator = app.state.coordinator
    try:
        async with coordinator.in_process(app) as client:
            yield client, state
    finally:
        state.database.close()


def nodes(client: httpx.AsyncClient, first: int = 1) -> list[Worker]:
    """Three nodes, whose sequence numbers begin here."""
    return [Worker(identity(name, 1), client, sequence=itertools.count(first)) for name in NAMES]


def known(state: Coordinator) -> object:
    """All that a coordinator holds in memory."""
    windows = {name: (w.highest, {n for n in w.seen if n > w.highest - WINDOW}) for name, w in state.windows.items()}
    books = (state.ledger.transfers, state.ledger.credits, state.ledger.debits)
    return copy.deepcopy((state.directory, list(state.directory), windows, *books, state.log.entries, state.log.head()))


def run(scenario: Callable[[Path], Awaitable[None]], path: Path) -> None:
    async def inside() -> None:
        await scenario(path / "coordinator.db")

    asyncio.run(inside())


def test_all_of_a_trade_is_there_again(tmp_path: Path) -> None:
    """Nodes, books, log, signed head and sequence numbers, after deals of every kind, refused ones among them."""

    async def scenario(path: Path) -> None:
        async with opened(path) as (client, state):
            assert [(await node.register()).status_code for node in nodes(client)] == [201] * 3
            traders = nodes(client, 100)
            tally = await trade.trade(traders, 60, random.Random(3))
            assert (tally.settled, tally.refused) == (60, tally.hostile)
            before = known(state)
        async with opened(path) as (client, state):
            assert known(state) == before
            assert state.ledger.accounts() == {
                n.identity.name: {"credit": n.sent, "debit": n.received} for n in traders
            }
            assert state.read("SELECT * FROM payloads") == []

    run(scenario, tmp_path)


def test_what_was_begun_before_is_finished_after(tmp_path: Path) -> None:
    """A payload that waited, one that was delivered, a round that missed an update; a witness's head still holds."""

    async def scenario(path: Path) -> None:
        async with opened(path) as (client, state):
            ada, bob, cyd = nodes(client)
            for node in (ada, bob, cyd):
                await node.register()
            await ada.send("waits", "bob", b"one")
            await ada.send("delivered", "cyd", b"two")
            await cyd.collect("delivered")
            await ada.open_round("r", ["ada", "bob"], 5)
            await ada.submit("r", UPDATE)
            held, owner = await audit_log.fetch_head(client), state.log.owner.public_key
            assert held is not None
        async with opened(path) as (client, state):
            ada, bob, cyd = nodes(client, 50)
            assert await bob.inbox() == ["waits"]
            assert (await bob.collect("waits")).content == b"one"
            assert (await ada.send("waits", "bob", b"one")).status_code == 200
            assert [(await ada.claim(name, 3)).status_code for name in ("waits", "delivered")] == [201, 201]
            assert (await ada.submit("r", UPDATE)).status_code == 200
            assert (await client.get("/rounds/r")).json()["missing"] == ["bob"]
            assert (await bob.submit("r", UPDATE)).status_code == 201
            assert (await bob.aggregate("r")).content == UPDATE
            audit = await audit_log.audit(client, owner, held, {0: state.log.entries[0]})
            assert (audit.proofs, audit.findings) == (2, ())
        async with opened(path) as (client, state):
            assert (await client.get("/rounds/r/aggregate")).content == UPDATE
            assert state.ledger.accounts()["ada"] == {"credit": 6, "debit": 0}

    run(scenario, tmp_path)


def test_no_sequence_number_is_good_again_after_a_restart(tmp_path: Path) -> None:
    """Neither that of an operation that was taken nor that of one that was refused then and would be taken now."""

    async def scenario(path: Path) -> None:
        async with opened(path) as (client, _):
            ada, bob, _ = nodes(client)
            for node in (ada, bob):
                await node.register()
            sent = (await ada.send("t", "bob", b"x")).request
            early = await ada.claim("t", 1)
            await bob.collect("t")
            assert early.status_code == 409
        async with opened(path) as (client, state):
            replayed = Worker(identity("ada", 1), client)
            for request in (sent, early.request):
                assert "used sequence number" in (await replayed.repeat(request)).json()["detail"]
            assert state.ledger.credits["ada"] == 0

    run(scenario, tmp_path)


def test_only_the_numbers_of_the_window_are_kept(tmp_path: Path) -> None:
    """A node's rows stay as many as its window has numbers."""

    async def scenario(path: Path) -> None:
        async with opened(path) as (_, state):
            assert all(state.use("ada", number) for number in range(2 * WINDOW))
            assert state.read("SELECT min(number), count(*) FROM sequences") == [(WINDOW, WINDOW)]
            state.database.commit()
        async with opened(path) as (_, state):
            assert not any(state.use("ada", number) for number in range(2 * WINDOW))
            assert state.use("ada", 2 * WINDOW)

    run(scenario, tmp_path)


def test_the_owner_stays_the_owner(tmp_path: Path) -> None:
    """Its key is made once and kept where only the user reads it; another one is refused by name and key."""

    async def scenario(path: Path) -> None:
        async with opened(path) as (_, state):
            made = state.log.owner
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with opened(path, made) as (_, state):
            assert state.log.owner.public_key == made.public_key
        other = identity("other", 1)
        with pytest.raises(
            ValueError, match=f"belongs to coordinator, key {made.public_key.hex()}, not {other.public_key.hex()}"
        ):
            coordinator.create_app(other, database=str(path))

    run(scenario, tmp_path)


def test_a_database_has_one_coordinator(tmp_path: Path) -> None:
    """A second process gets an error that says so, as does a path that is not a database."""

    async def scenario(path: Path) -> None:
        async with opened(path):
            with pytest.raises(OSError, match="another one serves it: database is locked"):
                coordinator.create_app(database=str(path))
        text = path.with_name("notes.txt")
        text.write_text("no database " * 100)
        with pytest.raises(OSError, match=r"notes\.txt can't be used .* file is not a database"):
            coordinator.create_app(database=str(text))

    run(scenario, tmp_path)


def test_a_coordinator_that_can_not_write_says_nothing_more(tmp_path: Path) -> None:
    """On a full disk nothing is acknowledged, nothing of what may be lost is shown, and a restart has what was said."""

    async def scenario(path: Path) -> None:
        async with opened(path) as (client, state):
            ada, bob, _ = nodes(client)
            for node in (ada, bob):
                await node.register()
            before = known(state)
            [(pages,)] = state.read("PRAGMA page_count")
            state.read(f"PRAGMA max_page_count = {pages + 2}")
            failed = await ada.send("t", "bob", bytes(ledger.MAX_PAYLOAD))
            assert (failed.status_code, ada.sent) == (503, 0)
            assert failed.json()["detail"].endswith("it must be restarted: database or disk is full")
            for target in ("/log/head", "/ledger", "/nodes", "/transfers/t", "/rounds/r"):
                assert (await client.get(target)).status_code == 503
            assert (await bob.send("u", "ada", b"x")).status_code == 503
        async with opened(path) as (client, state):
            assert known(state) == before
            ada, _, _ = nodes(client, 50)
            assert (await ada.send("t", "bob", bytes(ledger.MAX_PAYLOAD))).status_code == 201

    run(scenario, tmp_path)
