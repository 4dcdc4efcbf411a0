"""Bet 11: a thousand operations over five nodes balance to the byte.

Hypothesis: when five nodes send each other payloads through the coordinator, the bytes credited to senders, the bytes
    debited to recipients and what every node counted for itself agree to the byte, whatever goes wrong on the way.
Strict: in all 5 seeds the imbalance is 0 bytes, all 1,000 transfers are settled, and 0 hostile operations get through.
Lenient: in all 5 seeds the imbalance is at most 0.000001 (1e-6) of the traffic, and 990 transfers or more are settled.
Catastrophic: in any seed the imbalance is more than 0.1 % of the traffic.
Control: the meter is not blind: of a ledger that forgets one credit in twenty it finds in all 5 seeds an imbalance
    of exactly the bytes that were lost.
Scope: payload bytes of distinct transfers (goodput), up to 64 KiB each: some empty, full, retried, fetched twice, or
    with one of nine operations that must be refused; not headers, not repeated bytes. One process, concurrent requests,
    no lost reply, no crash: loss is the subject of bets 67 and 68. The nodes count truthfully. With some 10 MB of
    traffic the lenient bound is about 10 bytes, so that the outcome is in practice all or nothing.
    Run three times on 2026-11-22 and 2026-11-23, with this declaration and each time a PASS, before the history of
    this repository began: the outcome was known when it was declared here, and the run on record is a replication.
Run: pytest bets/bet_11_bandwidth_ledger.py
"""

import asyncio
import random

import pytest

from bets.lab.artifacts import identity
from bets.lab.coordinator import coordinator, trade
from bets.lab.coordinator.client import Node
from bets.lab.ledger import ledger

NODES = 5
OPERATIONS = 1_000
CONTROL_OPERATIONS = 200
LOSS = 0.05
PILOT = {"OPERATIONS": 60, "CONTROL_OPERATIONS": 60}


@pytest.mark.strict("max(imbalance) == 0", "min(settled) >= 1000", "sum(hostile - refused) == 0")
@pytest.mark.lenient("max(imbalance / traffic) <= 1e-6", "min(settled) >= 990")
@pytest.mark.catastrophic("max(imbalance / traffic) > 0.001")
@pytest.mark.control("count(lost > 0 and lossy_imbalance == lost) >= 5")
@pytest.mark.replicate(5)
def experiment(seed):
    honest = asyncio.run(books(seed, OPERATIONS, ledger.Ledger()))
    lossy_ledger = ledger.LossyLedger(LOSS, random.Random(f"loss/{seed}"))
    lossy = asyncio.run(books(seed, CONTROL_OPERATIONS, lossy_ledger))
    return honest | {"lossy_imbalance": lossy["imbalance"], "lost": lossy_ledger.lost}


async def books(seed, operations, kept):
    """Trade over a coordinator that keeps this ledger, then compare its accounts with what the nodes counted."""
    app = coordinator.create_app(identity.identity("coordinator", seed), ledger=kept)
    async with coordinator.in_process(app) as client:
        nodes = [Node(identity.identity(f"node-{number}", seed), client) for number in range(NODES)]
        for node in nodes:
            (await node.register()).raise_for_status()
        tally = await trade.trade(nodes, operations, random.Random(seed))
        accounts = (await client.get("/ledger")).raise_for_status().json()
    sent = {node.identity.name: node.sent for node in nodes}
    received = {node.identity.name: node.received for node in nodes}
    return {
        "imbalance": ledger.imbalance(accounts, sent, received),
        "traffic": sum(sent.values()),
        "settled": tally.settled,
        "hostile": tally.hostile,
        "refused": tally.refused,
    }
