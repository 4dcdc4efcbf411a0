"""Trade that tries the books: deals between random pairs of nodes, some of them awkward, some dishonest."""

import asyncio
import random
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

import httpx

from bets.lab.coordinator.client import Node
from bets.lab.ledger.ledger import MAX_PAYLOAD

# what a deal may have that goes beyond sending, collecting, claiming; with a status where an operation must be refused
BENIGN: Final = ("plain", "empty", "full", "retry", "recollect")
HOSTILE: Final = {
    "oversize": 413,  # a payload of one byte too many
    "altered": 409,  # another payload under a name that is taken
    "early": 409,  # a claim before delivery
    "overclaim": 409,  # a claim of more than was delivered
    "negative": 422,  # a claim of less than nothing
    "stranger": 403,  # a claim by a node that did not send it
    "forged": 401,  # a claim with a wrong signature
    "double": 409,  # two claims at once, of which one is paid
    "replay": 409,  # an accepted claim, byte for byte once more
}


@dataclass(frozen=True)
class Deal:
    """One transfer from offer to claim, and the way in which it is awkward."""

    transfer: str
    sender: Node
    recipient: Node
    payload: bytes
    kind: str


@dataclass
class Tally:
    """What became of the deals."""

    settled: int = 0  # deals whose claim was paid
    hostile: int = 0  # operations that had to be refused
    refused: int = 0  # those of them that were, with the status that fits


async def trade(nodes: Sequence[Node], operations: int, rng: random.Random, batch: int = 20) -> Tally:
    """Carry out deals between random pairs of registered nodes, a batch at a time and all of a batch concurrently."""
    tally = Tally()
    for start in range(0, operations, batch):
        deals = [_deal(f"t{number}", nodes, rng) for number in range(start, min(start + batch, operations))]
        offered = await asyncio.gather(*map(_offer, deals))
        again = {deal.transfer for deal in deals if deal.kind == "recollect"}
        await asyncio.gather(*(_collect(node, again) for node in nodes))
        claimed = await asyncio.gather(*map(_claim, deals))
        for deal, early, (paid, late) in zip(deals, offered, claimed, strict=True):
            tally.settled += paid.is_success
            if deal.kind in HOSTILE:
                probe = early or late
                tally.hostile += 1
                tally.refused += probe is not None and probe.status_code == HOSTILE[deal.kind]
    return tally


def _deal(transfer: str, nodes: Sequence[Node], rng: random.Random) -> Deal:
    sender, recipient = rng.sample(nodes, 2)
    kind = rng.choice([*BENIGN, *HOSTILE])
    sizes = {"empty": 0, "full": MAX_PAYLOAD}
    size = sizes.get(kind, int(MAX_PAYLOAD ** rng.random()))  # log-uniform
    return Deal(transfer, sender, recipient, rng.randbytes(size), kind)


async def _offer(deal: Deal) -> httpx.Response | None:
    """Send the payload; the reply to the hostile operation, if there is one in this phase."""

    async def send(payload: bytes) -> httpx.Response:
        return await deal.sender.send(deal.transfer, deal.recipient.identity.name, payload)

    probe = await send(bytes(MAX_PAYLOAD + 1)) if deal.kind == "oversize" else None
    await asyncio.gather(*(send(deal.payload) for _ in range(2 if deal.kind == "retry" else 1)))
    if deal.kind == "altered":
        probe = await send(deal.payload[1:])
    if deal.kind == "early":
        probe = await deal.sender.claim(deal.transfer, len(deal.payload))
    return probe


async def _collect(node: Node, again: Set[str]) -> None:
    """Fetch all that waits for a node, some of it twice at once."""
    waiting = await node.inbox()
    await asyncio.gather(*(node.collect(t) for t in waiting for _ in range(2 if t in again else 1)))


async def _claim(deal: Deal) -> tuple[httpx.Response, httpx.Response | None]:
    """Claim the credit; the reply to the honest claim, and to the hostile operation if there is one in this phase."""
    amount, claim = len(deal.payload), deal.sender.claim
    probe = None
    match deal.kind:
        case "overclaim":
            probe = await claim(deal.transfer, amount + 1)
        case "negative":
            probe = await claim(deal.transfer, -amount - 1)
        case "stranger":
            probe = await deal.recipient.claim(deal.transfer, amount)
        case "forged":
            probe = await claim(deal.transfer, amount, tampered=True)
        case "double":
            both = await asyncio.gather(*(claim(deal.transfer, amount) for _ in range(2)))
            paid, probe = sorted(both, key=lambda reply: reply.status_code)
            return paid, probe
    paid = await claim(deal.transfer, amount)
    if deal.kind == "replay":
        probe = await deal.sender.repeat(paid.request)
    return paid, probe
