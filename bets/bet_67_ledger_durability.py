"""Bet 67: the ledger stays true for two days among 1,000 nodes, though messages are lost and claims go out twice.

Hypothesis: the ledger of bet 11, with every message sent once, drifts little from what really happened: for 95 % of
    the nodes, |credit - sent| + |debit - received| is a small part of sent + received. The truth is a transfer's bytes,
    sent by one node and received by another, if its payload arrived.
Strict: in the worst of 5 seeds the 95th percentile of drift over the nodes is at most 0.5 % (0.005).
Lenient: in the worst of 5 seeds it is at most 1.5 % (0.015).
Catastrophic: in any seed it is more than 10 % (0.1), or a claim is paid again, even 1.
Control: the meter is right and not blind. In all 5 seeds every node's drift is exactly 0 where nothing is lost, claims
    that go out twice included; a ledger that forgets one credit in twenty is then off by exactly the bytes that it
    forgot; and at least 1000 second claims really reach the coordinator.
Scope: Offer, notice, collection, payload, receipt, claim: each message is lost with 1 %, and none is sent again; 2 % of
    the claims go out twice. The outcome is nearly arithmetic. A lost payload was debited: 0.01 / 0.99 of what arrived.
    Receipt and claim must both get through to be credited: 1 - 0.99 squared is not. That is a mean drift of 1.5 %, the
    lenient bound, and what lies above it is spread: payloads are log-uniform as in bet 11, and the few large ones of
    a node make its account. The percentile falls with more traffic a node, though never below that mean; two transfers
    an hour were chosen for the run time. Published: FAIL, 3.7 %. Nothing crashes, nobody cheats but for second claims,
    which the ledger refuses as bet 11 had it. What is open is how wide the spread is, and that no claim is paid twice.
    Rehearsed with other seeds, for 12 hours: a mean of 1.5 to 1.7 %, and percentiles of 11 to 12 %.
Run: pytest bets/bet_67_ledger_durability.py
"""

import random

import pytest

from bets.lab.ledger import drift, ledger, simulation, traffic

NODES = 1_000
HOURS = 48.0
CONTROL_HOURS = 6.0
RATE = 2.0  # transfers that a node sends, an hour
LOSS = 0.01
DUPLICATES = 0.02
FORGOTTEN = 0.05
PILOT = {"NODES": 50, "HOURS": 2.0, "CONTROL_HOURS": 1.0}


@pytest.mark.strict("max(p95) <= 0.005")
@pytest.mark.lenient("max(p95) <= 0.015")
@pytest.mark.catastrophic("max(p95) > 0.1", "sum(repeated - refused) >= 1")
@pytest.mark.control("count(calm_worst == 0 and lost > 0 and lossy_imbalance == lost) >= 5", "min(repeated) >= 1000")
@pytest.mark.replicate(5)
def experiment(seed):
    weather = traffic.Weather(loss=LOSS, duplicates=DUPLICATES)
    found = drift.measures(simulation.simulate(NODES, HOURS, RATE, weather, seed, acknowledged=False))
    calm = drift.measures(lossless(seed, ledger.Ledger()))
    forgetful = ledger.LossyLedger(FORGOTTEN, random.Random(f"loss/{seed}"))
    lossy = lossless(seed, forgetful)
    off = ledger.imbalance(lossy.accounts, lossy.sent, lossy.received)
    return found | {"calm_worst": calm["worst"], "lossy_imbalance": off, "lost": forgetful.lost}


def lossless(seed, kept):
    """Fewer hours in which nothing is lost, to the last claim, with this ledger."""
    weather = traffic.Weather(duplicates=DUPLICATES)
    return simulation.simulate(NODES, CONTROL_HOURS, RATE, weather, seed, acknowledged=False, ledger=kept, drained=True)
