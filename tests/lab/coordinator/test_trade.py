"""Trade over a coordinator: what is owed, what is refused, and what a meter sees."""

import asyncio
import random
import statistics
from collections import Counter

import pytest

from bets.lab.artifacts.identity import identity
from bets.lab.coordinator import coordinator, trade
from bets.lab.coordinator.client import Node
from bets.lab.ledger.ledger import MAX_PAYLOAD, Ledger, LossyLedger, Transfer, imbalance
from tests.lab.flawed import DebitsRetries, PaysTwice, Trusting

NAMES = ("ada", "bob", "eve")


async def trading(books: Ledger, operations: int, seed: int) -> tuple[trade.Tally, int, int, bytes]:
    """Trade between five nodes; the tally, the imbalance, the traffic and the root of the audit log."""
    app = coordinator.create_app(identity("coordinator", seed), ledger=books)
    async with coordinator.in_process(app) as client:
        nodes = [Node(identity(f"node-{number}", seed), client) for number in range(5)]
        for node in nodes:
            assert (await node.register()).status_code == 201
        tally = await trade.trade(nodes, operations, random.Random(seed))
        accounts = (await client.get("/ledger")).json()
    sent = {node.identity.name: node.sent for node in nodes}
    received = {node.identity.name: node.received for node in nodes}
    state = app.state.coordinator
    assert state.read("SELECT * FROM payloads") == []
    return tally, imbalance(accounts, sent, received), sum(sent.values()), state.log.head().root


def test_trade_balances_and_all_that_is_hostile_is_refused() -> None:
    """Through the coordinator every deal of every kind is settled, to the byte, and two runs are bitwise the same."""
    tally, off, traffic, root = asyncio.run(trading(Ledger(), 120, 3))
    assert tally.settled == 120
    assert tally.refused == tally.hostile > 0
    assert off == 0
    assert traffic > 100_000
    assert asyncio.run(trading(Ledger(), 120, 3))[3] == root


def test_every_kind_of_deal_is_drawn() -> None:
    """A rehearsal's number of deals already holds each awkward kind, and payloads from nothing to the limit."""
    rng, nodes = random.Random(5), [Node(identity(name, 1), None) for name in NAMES]  # type: ignore[arg-type]
    deals = [trade._deal(f"t{number}", nodes, rng) for number in range(300)]
    assert {deal.kind for deal in deals} == {*trade.BENIGN, *trade.HOSTILE}
    assert {len(deal.payload) for deal in deals if deal.kind == "empty"} == {0}
    assert max(len(deal.payload) for deal in deals) == MAX_PAYLOAD
    assert 128 < statistics.median(len(deal.payload) for deal in deals if deal.kind == "plain") < 512  # log-uniform
    assert all(deal.sender is not deal.recipient for deal in deals)


def test_what_a_lossy_ledger_loses_is_measured_to_the_byte() -> None:
    """The meter finds exactly the bytes of the credits that were forgotten."""
    books = LossyLedger(0.2, random.Random(4))
    tally, off, _, _ = asyncio.run(trading(books, 50, 4))  # two batches and a half
    assert tally.settled == 50
    assert off == books.lost > 0


class Counting(Ledger):
    """A ledger that counts the offers and deliveries that it was asked for again."""

    def __init__(self) -> None:
        super().__init__()
        self.again: Counter[str] = Counter()

    def offer(self, transfer: str, offered: Transfer) -> bool:
        new = super().offer(transfer, offered)
        self.again["offer"] += not new
        return new

    def deliver(self, transfer: str, recipient: str, size: int) -> bool:
        new = super().deliver(transfer, recipient, size)
        self.again["deliver"] += not new
        return new


def test_trade_really_repeats_offers_and_collections() -> None:
    """The benign kinds that a ledger must take twice do reach it twice, and are settled all the same."""
    books = Counting()
    assert asyncio.run(trading(books, 60, 3))[0].settled == 60
    assert books.again["offer"] > 0 < books.again["deliver"]


@pytest.mark.parametrize("flawed", [PaysTwice, DebitsRetries, Trusting])
def test_trade_brings_a_flawed_ledger_to_light(flawed: type[Ledger]) -> None:
    """A ledger without one of its checks goes out of balance, and a lack of refusals is not counted as refusals."""
    tally, off, _, _ = asyncio.run(trading(flawed(), 120, 6))
    assert off > 0
    assert (tally.refused < tally.hostile) == (flawed is not DebitsRetries)
