"""The ledger of transfers, and the meter of its imbalance."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.lab.ledger.ledger import (
    ContradictionError,
    ForeignTransferError,
    Ledger,
    LedgerError,
    LossyLedger,
    SettledError,
    Transfer,
    UnknownTransferError,
    imbalance,
)

NAMES = ("ada", "bob", "eve")


def opened(size: int = 10) -> Ledger:
    """A ledger with one transfer t from ada to bob."""
    books = Ledger()
    assert books.offer("t", Transfer("ada", "bob", size, "digest"))
    return books


def test_a_transfer_is_debited_at_delivery_and_credited_at_its_claim() -> None:
    """The two sides are booked at their own times, on the node that each is about."""
    books = opened()
    assert books.accounts() == {}
    assert books.waiting("bob") == ["t"]
    assert books.deliver("t", "bob", 10)
    assert books.accounts() == {"bob": {"credit": 0, "debit": 10}}
    assert books.waiting("bob") == []
    books.claim("t", "ada", 10)
    assert books.accounts() == {"ada": {"credit": 10, "debit": 0}, "bob": {"credit": 0, "debit": 10}}


def test_retries_are_booked_once() -> None:
    """The same offer and the same delivery again change nothing."""
    books = opened()
    assert not books.offer("t", Transfer("ada", "bob", 10, "digest"))
    assert books.deliver("t", "bob", 10)
    assert not books.deliver("t", "bob", 10)
    assert books.accounts() == {"bob": {"credit": 0, "debit": 10}}


@pytest.mark.parametrize(
    "other",
    [
        Transfer("eve", "bob", 10, "digest"),
        Transfer("ada", "eve", 10, "digest"),
        Transfer("ada", "bob", 9, "digest"),
        Transfer("ada", "bob", 10, "another"),
    ],
)
def test_a_name_that_is_taken_stands_for_one_transfer(other: Transfer) -> None:
    """A second offer under the same name is refused when anything in it differs."""
    with pytest.raises(ContradictionError, match="t was offered before with another sender, recipient or payload"):
        opened().offer("t", other)


def test_what_the_ledger_refuses_it_explains_and_does_not_book() -> None:
    """Unknown, foreign, early, wrong and repeated operations are distinguished, and leave the accounts unchanged."""
    books = opened()
    with pytest.raises(UnknownTransferError, match="there is no transfer u"):
        books.claim("u", "ada", 10)
    with pytest.raises(ForeignTransferError, match="t is for bob, not for eve"):
        books.deliver("t", "eve", 10)
    with pytest.raises(ContradictionError, match="t is not delivered yet"):
        books.claim("t", "ada", 10)
    assert books.accounts() == {}
    books.deliver("t", "bob", 10)
    with pytest.raises(ForeignTransferError, match="t was sent by ada, not by bob"):
        books.claim("t", "bob", 10)
    with pytest.raises(ContradictionError, match="11 bytes claimed for transfer t, 10 were delivered"):
        books.claim("t", "ada", 11)
    books.claim("t", "ada", 10)
    settled = books.accounts()
    with pytest.raises(ContradictionError, match="t is claimed already"):
        books.claim("t", "ada", 10)
    with pytest.raises(SettledError, match="t is delivered and claimed, its payload is gone"):
        books.deliver("t", "bob", 10)
    assert books.accounts() == settled


operations = st.tuples(
    st.sampled_from(("offer", "deliver", "claim")),
    st.sampled_from(("t", "u", "v")),
    st.sampled_from(NAMES),
    st.sampled_from(NAMES),
    st.integers(0, 3),
)


@given(st.lists(operations, max_size=60))
def test_credits_never_exceed_debits_and_are_equal_once_all_is_claimed(
    steps: list[tuple[str, str, str, str, int]],
) -> None:
    """Whatever is tried in whatever order, the books can be settled, and then every node's account is its own bytes."""
    books = Ledger()
    for action, name, one, other, size in steps:
        try:
            if action == "offer":
                books.offer(name, Transfer(one, other, size, "digest"))
            elif action == "deliver":
                books.deliver(name, one, books.transfers[name].size if name in books.transfers else size)
            else:
                books.claim(name, one, size)
        except LedgerError:
            pass
        assert sum(books.credits.values()) <= sum(books.debits.values())
    for name, transfer in books.transfers.items():
        if not transfer.claimed:
            books.deliver(name, transfer.recipient, transfer.size)
            books.claim(name, transfer.sender, transfer.size)
    sent = {n: sum(t.size for t in books.transfers.values() if t.sender == n) for n in NAMES}
    received = {n: sum(t.size for t in books.transfers.values() if t.recipient == n) for n in NAMES}
    assert imbalance(books.accounts(), sent, received) == 0


class History:
    """What a ledger must answer, read each time from the list of all that it accepted before."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, str, str, str, int]] = []  # action, name, node, other node, bytes

    def find(self, action: str, name: str) -> list[tuple[str, str, str, str, int]]:
        return [entry for entry in self.accepted if entry[:2] == (action, name)]

    def answer(self, action: str, name: str, one: str, other: str, size: int) -> object:
        offers, deliveries, claims = (self.find(kind, name) for kind in ("offer", "deliver", "claim"))
        entry = (action, name, one, other, size)
        if action == "offer" and offers:
            return False if offers == [entry] else ContradictionError
        if action != "offer" and not offers:
            return UnknownTransferError
        if (action == "deliver" and offers[0][3] != one) or (action == "claim" and offers[0][2] != one):
            return ForeignTransferError
        if action == "deliver" and deliveries:
            return SettledError if claims else False
        if action == "claim" and (claims or not deliveries or deliveries[0][4] != size):
            return ContradictionError
        self.accepted.append(entry)
        return None if action == "claim" else True

    def waiting(self, node: str) -> list[str]:
        offers = [entry for entry in self.accepted if entry[0] == "offer"]
        return [name for _, name, _, recipient, _ in offers if recipient == node and not self.find("deliver", name)]

    def accounts(self) -> dict[str, dict[str, int]]:
        def booked(action: str, node: str) -> list[int]:
            return [entry[4] for entry in self.accepted if entry[0] == action and entry[2] == node]

        sides = {node: (booked("claim", node), booked("deliver", node)) for node in NAMES}
        return {node: {"credit": sum(c), "debit": sum(d)} for node, (c, d) in sides.items() if c or d}


def test_accounts_are_in_the_order_of_the_names() -> None:
    """In any order, and on any side: two coordinators with the same books say the same bytes."""
    books, names = Ledger(), [f"node-{number}" for number in range(40)]
    for name in reversed(names):
        books.credit(name, 1)
    assert list(books.accounts()) == sorted(names)


few = st.sampled_from(NAMES[:2])
dense = st.tuples(st.sampled_from(("offer", "deliver", "claim")), st.sampled_from("tu"), few, few, st.integers(0, 2))


@given(st.lists(dense, min_size=30, max_size=60))  # so few names that most operations are about something
def test_the_ledger_answers_as_its_history_says(steps: list[tuple[str, str, str, str, int]]) -> None:
    """Each operation is accepted, known already or refused for the reason that all before it give; so are the books."""
    books, history = Ledger(), History()
    for action, name, one, other, size in steps:
        answer: object
        try:
            if action == "offer":
                answer = books.offer(name, Transfer(one, other, size, "digest"))
            elif action == "deliver":
                answer = books.deliver(name, one, size)
            else:
                answer = books.claim(name, one, size)  # type: ignore[func-returns-value]
        except LedgerError as error:
            answer = type(error)
        assert answer == history.answer(action, name, one, other, size)
        assert books.accounts() == history.accounts()
        assert list(books.accounts()) == sorted(books.accounts())
        assert [books.waiting(node) for node in NAMES] == [history.waiting(node) for node in NAMES]


BALANCED = {"ada": {"credit": 10, "debit": 3}, "bob": {"credit": 3, "debit": 10}}
SENT, RECEIVED = {"ada": 10, "bob": 3}, {"ada": 3, "bob": 10}


@pytest.mark.parametrize(
    ("accounts", "sent", "received", "bytes_off"),
    [
        (BALANCED, SENT, RECEIVED, 0),
        ({}, {}, {}, 0),
        (BALANCED | {"ada": {"credit": 9, "debit": 3}}, SENT, RECEIVED, 1),  # a credit lost
        (BALANCED | {"bob": {"credit": 3, "debit": 12}}, SENT, RECEIVED, 2),  # a debit too many
        ({"ada": {"credit": 9, "debit": 3}, "bob": {"credit": 4, "debit": 10}}, SENT, RECEIVED, 2),  # to the wrong node
        (BALANCED, SENT | {"eve": 5}, RECEIVED, 5),  # a node that says it sent what is in no book
        (BALANCED, SENT, RECEIVED | {"eve": 5}, 5),  # or that it received
        ({"ada": {"credit": 10, "debit": 0}}, {"ada": 10}, {}, 10),  # books and nodes agree that bytes have vanished
        (BALANCED, SENT, RECEIVED | {"bob": 4}, 6),  # a node that did not get what it was debited
        ({"ada": {"credit": 11, "debit": 3}, "bob": {"credit": 3, "debit": 11}}, SENT, RECEIVED, 2),  # both sides wrong
    ],
)
def test_the_meter_sees_every_sort_of_imbalance(
    accounts: dict[str, dict[str, int]], sent: dict[str, int], received: dict[str, int], bytes_off: int
) -> None:
    """Errors within the books and against the nodes' own counts are measured in bytes, and do not cancel."""
    assert imbalance(accounts, sent, received) == bytes_off


def test_a_lossy_ledger_forgets_the_share_of_credits_that_it_should() -> None:
    """Of 2,000 credits of one byte a fifth, within five standard errors; the others are booked."""
    books = LossyLedger(0.2, random.Random(4))
    for _ in range(2_000):
        books.credit("ada", 1)
    assert abs(books.lost - 400) < 5 * (2_000 * 0.2 * 0.8) ** 0.5
    assert books.credits["ada"] == 2_000 - books.lost
