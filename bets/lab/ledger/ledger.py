"""The ledger of transfers: whom the bytes are owed to and by whom, and a meter of its imbalance.

Debit and credit of one transfer are booked at different times on different evidence: the recipient is debited the bytes
that were delivered to it, the sender is credited what it claims, once, if that is what was delivered. Nothing forces
the two sums to agree; that they do is what bet 11 measures.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import httpx

from bets.lab.artifacts.identity import Node

MAX_PAYLOAD: Final = 65_536  # bytes of one transfer

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


class LedgerError(Exception):
    """An operation that the ledger refuses; the text says what was asked and what the ledger knows."""


class UnknownTransferError(LedgerError):
    """No such transfer was ever offered."""


class ForeignTransferError(LedgerError):
    """The transfer exists, and the node has another part in it or none."""


class ContradictionError(LedgerError):
    """The operation contradicts what is booked."""


class SettledError(LedgerError):
    """The transfer is over: delivered and claimed."""


@dataclass
class Transfer:
    """One payload on its way; `delivered` is None until the recipient has it."""

    sender: str
    recipient: str
    size: int  # bytes
    sha256: str
    delivered: int | None = None  # bytes
    claimed: bool = False


class Ledger:
    """Transfers and what each node is credited and debited, in bytes."""

    def __init__(self) -> None:
        self.transfers: dict[str, Transfer] = {}
        self.credits: Counter[str] = Counter()
        self.debits: Counter[str] = Counter()

    def offer(self, transfer: str, offered: Transfer) -> bool:
        """Open a transfer; False when the very same one is open (a retry). ContradictionError if another is."""
        known = self.transfers.get(transfer)
        if known is None:
            self.transfers[transfer] = offered
            return True
        if (known.sender, known.recipient, known.size, known.sha256) != (
            offered.sender,
            offered.recipient,
            offered.size,
            offered.sha256,
        ):
            raise ContradictionError(
                f"transfer {transfer} was offered before with another sender, recipient or payload"
            )
        return False

    def waiting(self, recipient: str) -> list[str]:
        """The transfers for a node that were not delivered yet, oldest first."""
        return [
            name for name, known in self.transfers.items() if known.recipient == recipient and known.delivered is None
        ]

    def deliver(self, transfer: str, recipient: str, size: int) -> bool:
        """Debit the recipient the bytes that go out to it; False when they went out before (a retry)."""
        known = self._find(transfer)
        if known.recipient != recipient:
            raise ForeignTransferError(f"transfer {transfer} is for {known.recipient}, not for {recipient}")
        if known.claimed:
            raise SettledError(f"transfer {transfer} is delivered and claimed, its payload is gone")
        if known.delivered is not None:
            return False
        known.delivered = size
        self.debits[recipient] += size
        return True

    def claim(self, transfer: str, sender: str, amount: int) -> None:
        """Credit the sender the bytes of a delivered transfer, once."""
        known = self._find(transfer)
        if known.sender != sender:
            raise ForeignTransferError(f"transfer {transfer} was sent by {known.sender}, not by {sender}")
        if known.claimed:
            raise ContradictionError(f"transfer {transfer} is claimed already")
        if known.delivered is None:
            raise ContradictionError(f"transfer {transfer} is not delivered yet")
        if amount != known.delivered:
            raise ContradictionError(
                f"{amount} bytes claimed for transfer {transfer}, {known.delivered} were delivered"
            )
        known.claimed = True
        self.credit(sender, amount)

    def credit(self, sender: str, amount: int) -> None:
        """Book a credit, in bytes."""
        self.credits[sender] += amount

    def accounts(self) -> dict[str, dict[str, int]]:
        """Credit and debit of every node that has either."""
        names = sorted(self.credits.keys() | self.debits.keys())
        return {name: {"credit": self.credits[name], "debit": self.debits[name]} for name in names}

    def _find(self, transfer: str) -> Transfer:
        if transfer not in self.transfers:
            raise UnknownTransferError(f"there is no transfer {transfer}")
        return self.transfers[transfer]


class LossyLedger(Ledger):
    """A ledger that forgets a share of the credits while it says that it booked them: what a meter must see."""

    def __init__(self, share: float, rng: random.Random) -> None:
        super().__init__()
        self.share = share
        self.rng = rng
        self.lost = 0  # bytes

    def credit(self, sender: str, amount: int) -> None:
        """Book a credit, or lose it."""
        if self.rng.random() < self.share:
            self.lost += amount
        else:
            super().credit(sender, amount)


def imbalance(accounts: Mapping[str, Mapping[str, int]], sent: Mapping[str, int], received: Mapping[str, int]) -> int:
    """The bytes by which books do not balance: the larger of credits against debits and books against the nodes.

    `accounts` is what the ledger says of each node, `sent` and `received` what each node counted for itself. The first
    figure is the difference of the totals; the second sums the differences of every node's credit from its bytes
    sent and its debit from its bytes received, so that errors of two nodes do not cancel.
    """
    nodes = accounts.keys() | sent.keys() | received.keys()
    credit = {node: accounts.get(node, {}).get("credit", 0) for node in nodes}
    debit = {node: accounts.get(node, {}).get("debit", 0) for node in nodes}
    against_nodes = sum(abs(credit[n] - sent.get(n, 0)) + abs(debit[n] - received.get(n, 0)) for n in nodes)
    return max(abs(sum(credit.values()) - sum(debit.values())), against_nodes)


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
