"""Ledgers with one fault each, which a check of the ledger must find."""

from bets.lab.ledger.ledger import Ledger


class PaysTwice(Ledger):
    """A ledger that has forgotten to remember claims."""

    def claim(self, transfer: str, sender: str, amount: int) -> None:
        super().claim(transfer, sender, amount)
        self.transfers[transfer].claimed = False


class DebitsRetries(Ledger):
    """A ledger without idempotency: a payload that goes out twice is debited twice."""

    def deliver(self, transfer: str, recipient: str, size: int) -> bool:
        if not super().deliver(transfer, recipient, size):
            self.debits[recipient] += size
        return True


class Trusting(Ledger):
    """A ledger that pays whatever is claimed."""

    def claim(self, transfer: str, sender: str, amount: int) -> None:
        self.transfers[transfer].delivered = amount
        super().claim(transfer, sender, amount)
