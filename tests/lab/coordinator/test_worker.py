"""A node's client: what it does when replies do not arrive."""

import asyncio
import random
import socket

import httpx
import pytest

from bets.lab.artifacts.identity import identity
from bets.lab.coordinator import coordinator
from bets.lab.coordinator.worker import Worker
from tests.lab.lossy import Lossy


def test_a_node_gives_up_with_a_word_on_what_it_tried() -> None:
    """A bounded number of tries, then an error that says what was asked, how often, and what happened."""

    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            node = Worker(identity("ada", 1), client, tries=3)
            with pytest.raises(ConnectionError, match=r"POST /inbox: no reply in 3 tries, at last ConnectError"):
                await node.inbox()
            with pytest.raises(ConnectionError, match=r"GET /rounds/r/aggregate: no reply in 3 tries"):
                await node.aggregate("r")

    asyncio.run(scenario())


def test_a_patient_node_gets_everything_done_just_once() -> None:
    """Over a network that loses a third of all exchanges; each operation is in the log once, each byte counted once."""

    async def scenario() -> None:
        app = coordinator.create_app()
        lossy = Lossy(httpx.ASGITransport(app), 1 / 3, random.Random(2))
        async with httpx.AsyncClient(transport=lossy, base_url="http://coordinator") as client:
            ada, bob = (Worker(identity(name, 1), client, tries=20) for name in ("ada", "bob"))
            for node in (ada, bob):
                assert (await node.register()).is_success
            for transfer in ("t", "u", "v"):
                assert (await ada.send(transfer, "bob", b"four")).is_success
                assert (await bob.collect(transfer)).content == b"four"
                assert (await ada.claim(transfer, 4)).status_code in (201, 409)
                assert (await ada.read(f"/transfers/{transfer}")).json()["claimed"]
            assert (await ada.read("/ledger")).json() == {
                "ada": {"credit": ada.sent, "debit": ada.received},
                "bob": {"credit": bob.sent, "debit": bob.received},
            }
        assert (ada.sent, bob.received) == (12, 12)
        assert min(lossy.requests, lossy.replies) > 0
        assert len(app.state.coordinator.log.entries) == 2 + 3 * 3

    asyncio.run(scenario())
