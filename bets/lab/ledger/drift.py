"""How far a ledger drifts from what really happened.

Truth: a transfer's bytes were sent by its sender and received by its recipient if its payload arrived, from when it
first did; who asked, noticed, forgot or was informed does not count.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Run:
    """What the ledger says at the end, what really happened, and what it took."""

    accounts: dict[str, dict[str, int]]
    sent: dict[str, int]  # bytes that arrived, by sender
    received: dict[str, int]  # bytes that arrived, by recipient
    offered: int  # bytes that senders set out to send
    operations: int  # of the ledger: offers, deliveries, claims, repeated and refused ones included
    events: int
    repeated: int  # claims that reached the coordinator for a transfer that was paid already
    refused: int  # those of them that the ledger refused
    crashes: int


def drifts(run: Run) -> NDArray[np.float64]:
    """By how much the ledger is wrong about each node, relative to the bytes that it truly sent and received. [nodes].

    That is |credit - sent| + |debit - received| over sent + received: no error makes up for another one. Infinite for a
    node without traffic that has an account.
    """
    none = {"credit": 0, "debit": 0}
    books = [run.accounts.get(node, none) for node in run.sent]
    sent, received = np.array([*run.sent.values()]), np.array([*run.received.values()])
    credit, debit = np.array([book["credit"] for book in books]), np.array([book["debit"] for book in books])
    off, moved = np.abs(credit - sent) + np.abs(debit - received), sent + received
    drift: NDArray[np.float64] = np.divide(off, moved, out=np.where(off > 0, np.inf, 0.0), where=moved > 0)
    return drift


def measures(run: Run) -> dict[str, float]:
    """What a bet records of a run: drift over the nodes, and its sources relative to the bytes that arrived."""
    off, arrived = drifts(run), sum(run.sent.values())
    credit, debit = (sum(book[side] for book in run.accounts.values()) for side in ("credit", "debit"))
    return {
        "p95": float(np.quantile(off, 0.95)),
        "mean": float(off.mean()),
        "worst": float(off.max()),
        "credit_off": credit / arrived - 1,
        "debit_off": debit / arrived - 1,
        "settled": credit / run.offered,
        "operations": run.operations,
        "repeated": run.repeated,
        "refused": run.refused,
    }
