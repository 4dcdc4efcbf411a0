"""The ledger of transfers: whom the bytes are owed to and by whom, and a meter of its imbalance.

Debit and credit of one transfer are booked at different times on different evidence: the recipient is debited the bytes
that were delivered to it, the sender is credited what it claims, once, if that is what was delivered. Nothing forces
the two sums to agree; that they do is what bet 11 measures.
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_PAYLOAD: Final = 65_536  # bytes of one transfer


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
