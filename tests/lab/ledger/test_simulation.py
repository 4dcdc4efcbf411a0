"""The ledger in simulated time, against a slow reference with books of its own, and against the real coordinator."""

import asyncio
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.lab import seeding
from bets.lab.artifacts.identity import identity
from bets.lab.coordinator import coordinator
from bets.lab.coordinator.client import Node
from bets.lab.ledger import traffic
from bets.lab.ledger.drift import Run, drifts, measures
from bets.lab.ledger.ledger import ContradictionError, Ledger, LedgerError, LossyLedger, Transfer, imbalance
from bets.lab.ledger.simulation import Simulation, simulate
from bets.lab.ledger.traffic import HOUR, Outage, Traffic, Weather
from tests.lab.flawed import DebitsRetries, PaysTwice

T = TypeVar("T")
ROUGH = Weather(loss=0.1, duplicates=0.2, crashes=48.0, outage=300.0)
CALLS = {
    "offer": ("sender", "coordinator"),
    "notice": ("coordinator", "recipient"),
    "collect": ("recipient", "coordinator"),
    "receipt": ("recipient", "sender"),
    "claim": ("sender", "coordinator"),
}


class Reference:
    """The protocol as it reads: all that is to come in one list, of which the earliest is looked for at every step."""

    def __init__(self, delays: Iterator[float], doubles: Iterator[bool], acknowledged: bool) -> None:
        self.delays, self.doubles, self.acknowledged = delays, doubles, acknowledged
        self.agenda: list[tuple[float, int, str, tuple[Any, ...]]] = []
        self.number, self.calls, self.now = itertools.count(), itertools.count(), 0.0
        self.down: set[int | str] = set()
        self.crashes: Counter[int | str] = Counter()
        self.answered: set[int] = set()
        self.offered: set[int] = set()
        self.debited: set[int] = set()
        self.arrived: set[int] = set()
        self.credited: set[int] = set()
        self.refused = 0

    def play(self, planned: Traffic, outages: list[Outage], until: float) -> None:
        self.planned = planned
        for transfer, time in enumerate(planned.times):
            self.plan(time, "begin", transfer)
        for outage in outages:
            self.plan(outage.time, "crash", outage)
        while self.agenda and min(self.agenda)[0] <= until:
            event = min(self.agenda)
            self.agenda.remove(event)
            self.now = event[0]
            getattr(self, event[2])(*event[3])

    def plan(self, time: float, what: str, *about: Any) -> None:
        self.agenda.append((time, next(self.number), what, about))

    def who(self, role: str, transfer: int) -> int | str:
        people = {"sender": self.planned.senders[transfer], "recipient": self.planned.recipients[transfer]}
        return people.get(role, "coordinator")

    def begin(self, transfer: int) -> None:
        if self.who("sender", transfer) not in self.down:
            self.call("offer", transfer)

    def crash(self, outage: Outage) -> None:
        if outage.node not in self.down:
            self.down.add(outage.node)
            self.crashes[outage.node] += 1
            self.plan(self.now + outage.duration, "restart", outage.node)

    def restart(self, node: int) -> None:
        self.down.remove(node)

    def call(self, kind: str, transfer: int) -> None:
        caller = self.who(CALLS[kind][0], transfer)
        about = (kind, transfer, next(self.calls), self.crashes[caller])
        self.ask(1.0, *about)
        if kind == "claim" and next(self.doubles):
            self.message("request", *about)

    def message(self, what: str, *about: Any) -> None:
        delay = next(self.delays)
        if delay != math.inf:
            self.plan(self.now + delay, what, *about)

    def forgotten(self, kind: str, transfer: int, number: int, life: int) -> bool:
        return number in self.answered or self.crashes[self.who(CALLS[kind][0], transfer)] != life

    def ask(self, timeout: float, *about: Any) -> None:
        self.message("request", *about)
        if self.acknowledged:
            self.plan(self.now + timeout, "again", timeout, *about)

    def again(self, timeout: float, *about: Any) -> None:
        if not self.forgotten(*about):
            self.ask(min(60.0, 2 * timeout), *about)

    def request(self, kind: str, transfer: int, number: int, life: int) -> None:
        if self.who(CALLS[kind][1], transfer) in self.down:
            return
        payload = False
        if kind == "offer" and transfer not in self.offered:
            self.offered.add(transfer)
            self.call("notice", transfer)
        elif kind == "notice":
            self.call("collect", transfer)
        elif kind == "collect" and transfer not in self.credited:
            self.debited.add(transfer)
            payload = True
        elif kind == "receipt":
            self.call("claim", transfer)
        elif kind == "claim":
            self.refused += transfer in self.credited
            self.credited.add(transfer)
        if payload or self.acknowledged:
            self.message("reply", payload, transfer, number, life)

    def reply(self, payload: bool, transfer: int, number: int, life: int) -> None:
        lost = payload and self.crashes[self.who("recipient", transfer)] != life
        self.answered.add(number)
        if payload and not lost and transfer not in self.arrived:
            self.arrived.add(transfer)
            self.call("receipt", transfer)

    def total(self, transfers: set[int], people: list[int]) -> dict[str, int]:
        found = Counter({f"node-{node}": 0 for node in range(max(people, default=0) + 1)})
        for transfer in transfers:
            found[f"node-{people[transfer]}"] += self.planned.sizes[transfer]
        return found


def streams(seed: int, weather: Weather) -> tuple[Iterator[float], Iterator[bool]]:
    return (
        traffic.fates(weather.loss, seeding.numpy_generator(seed, "fates")),
        traffic.chances(weather.duplicates, seeding.numpy_generator(seed, "duplicates")),
    )


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize(
    "weather", [Weather(), Weather(loss=0.3, duplicates=0.5), ROUGH], ids=["calm", "lossy", "rough"]
)
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_the_fast_simulation_books_what_the_reference_books(seed: int, weather: Weather, acknowledged: bool) -> None:
    """Accounts, truth and refusals agree to the byte, cut off in the middle of what is under way."""
    planned = traffic.draw(6, 1.0, 12.0, seeding.numpy_generator(seed, "traffic"))
    outages = traffic.outages(6, 1.0, weather, seeding.numpy_generator(seed, "outages"))
    slow = Reference(*streams(seed, weather), acknowledged)
    slow.play(planned, outages, HOUR)
    fast = simulate(6, 1.0, 12.0, weather, seed, acknowledged=acknowledged)
    credit, debit = slow.total(slow.credited, planned.senders), slow.total(slow.debited, planned.recipients)
    for node, sent in fast.sent.items():
        assert fast.accounts.get(node, {"credit": 0, "debit": 0}) == {"credit": credit[node], "debit": debit[node]}
        assert sent == slow.total(slow.arrived, planned.senders)[node]
        assert fast.received[node] == slow.total(slow.arrived, planned.recipients)[node]
    assert fast.refused == fast.repeated == slow.refused
    assert fast.crashes == sum(slow.crashes.values())
    assert len(slow.arrived) > 10


plans = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(1, 2), st.integers(0, 9)), min_size=1, max_size=8
).map(sorted)
delays = st.lists(st.sampled_from([0.0, 0.5, 3.0, math.inf]), max_size=60)


def world(
    plan: list[tuple[int, int, int, int]],
    first: list[float],
    *,
    acknowledged: bool,
    doubled: bool = False,
    ledger: Ledger | None = None,
    outages: list[Outage] | None = None,
) -> Simulation:
    """Three nodes, transfers (time, sender, step to the recipient, size), and a network that is calm after `first`."""
    planned = Traffic(
        [float(time) for time, *_ in plan],
        [sender for _, sender, _, _ in plan],
        [(sender + step) % 3 for _, sender, step, _ in plan],
        [size for *_, size in plan],
    )
    fates = itertools.chain(first, itertools.repeat(0.1))
    books = Ledger() if ledger is None else ledger
    return Simulation(books, 3, planned, outages or [], fates, itertools.repeat(doubled), acknowledged=acknowledged)


@given(plans, delays, st.booleans())
def test_acknowledged_everything_balances_in_the_end_whatever_was_lost(
    plan: list[tuple[int, int, int, int]], first: list[float], doubled: bool
) -> None:
    """Any finite number of messages lost, late or out of order: every transfer arrives, and all books are right."""
    done = world(plan, first, acknowledged=True, doubled=doubled).run(math.inf)
    assert sum(done.sent.values()) == sum(done.received.values()) == done.offered == sum(size for *_, size in plan)
    assert imbalance(done.accounts, done.sent, done.received) == 0
    assert done.repeated == done.refused


@given(plans, delays, st.booleans())
def test_no_weather_pays_twice_or_pays_without_a_payload_that_arrived(
    plan: list[tuple[int, int, int, int]], first: list[float], acknowledged: bool
) -> None:
    """At every moment no credit is above what was sent and arrived, and no debit is below what was received."""
    going = world(plan, first, acknowledged=acknowledged, doubled=True)
    for until in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, math.inf]:
        found = going.run(until)
        assert found.repeated == found.refused
        for node in found.sent:
            book = found.accounts.get(node, {"credit": 0, "debit": 0})
            assert book["credit"] <= found.sent[node]
            assert book["debit"] >= found.received[node]


@given(st.integers(0, 2**32), st.integers(2, 9), st.booleans(), st.sampled_from([0.0, 0.1, 1.0]))
def test_without_loss_every_book_is_right_however_many_claims_go_out_twice(
    seed: int, nodes: int, acknowledged: bool, duplicates: float
) -> None:
    """All that set out arrives and is paid for once; each second claim is refused."""
    weather = Weather(duplicates=duplicates)
    done = simulate(nodes, 0.5, 6.0, weather, seed, acknowledged=acknowledged, drained=True)
    assert not drifts(done).any()
    assert sum(done.sent.values()) == done.offered
    assert done.repeated == done.refused
    if duplicates == 1 and not acknowledged:  # an offer, a delivery, two claims
        assert 4 * done.refused == done.operations


@pytest.mark.parametrize("acknowledged", [False, True])
def test_two_runs_of_one_seed_are_equal_and_another_seed_is_another_run(acknowledged: bool) -> None:
    one, same, other = (simulate(20, 2.0, 6.0, ROUGH, seed, acknowledged=acknowledged) for seed in (5, 5, 6))
    assert one == same
    assert one.accounts != other.accounts


def test_weather_and_protocol_leave_the_traffic_alone() -> None:
    """What is compared within a seed differs in nothing else: without crashes the same bytes set out."""
    runs = [simulate(20, 2.0, 6.0, Weather(loss), 5, acknowledged=a) for loss in (0.0, 0.3) for a in (False, True)]
    assert len({run.offered for run in runs}) == 1


@pytest.mark.parametrize(("lost", "delay"), [(0, 0.0), (0, 0.125), (100, 0.0)])
def test_events_of_one_time_happen_in_the_order_in_which_they_were_planned(lost: int, delay: float) -> None:
    """A hundred transfers, messages or time-outs all at once: no error, and no shuffle."""
    books = Ledger()
    plan = [(0, 0, 1, size) for size in range(100)]
    done = world(plan, [math.inf] * lost + [delay] * 2000, acknowledged=True, ledger=books).run(1.0)
    assert list(books.transfers) == [f"t{number}" for number in range(100)]
    assert imbalance(done.accounts, done.sent, done.received) == 0
    assert done.offered == sum(done.sent.values()) == sum(range(100))


@pytest.mark.parametrize(
    ("acknowledged", "expected"), [(False, [0.0]), (True, [0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0, 123.0, 183.0])]
)
def test_an_unanswered_request_is_repeated_later_and_later_if_replies_are_waited_for(
    acknowledged: bool, expected: list[float]
) -> None:
    """After 1, 2, 4, ... seconds, and from 60 s on at that pace; unacknowledged, never."""
    times: list[float] = []

    def swallowed() -> Iterator[float]:
        while True:
            times.append(lone.now)
            yield math.inf

    lone = Simulation(
        Ledger(), 2, Traffic([0.0], [0], [1], [7]), [], swallowed(), itertools.repeat(False), acknowledged=acknowledged
    )
    lone.run(200.0)
    assert times == expected


# With a delay of 0.1 s everywhere the transfer is offered at 0.1 s, noticed at 0.2, asked for at 0.3, and there at 0.4.
def outcome(lost: int | None, *, outages: list[Outage], until: float, acknowledged: bool = True) -> Run:
    """One transfer of 7 bytes from node 0 to node 1, of whose messages one is lost, by the order of their fates."""
    first = [0.1] * 30
    if lost is not None:
        first[lost] = math.inf
    return world([(0, 0, 1, 7)], first, acknowledged=acknowledged, outages=outages).run(until)


def test_a_node_that_crashes_forgets_the_receipt_that_it_was_repeating_and_the_sender_is_never_paid() -> None:
    """The receipt is lost at 0.4 s, and due again at 1.4 s: receipts cannot repair a crash between the two."""
    receipt = 6  # after offer, notice, the reply to the offer, collection, the reply to the notice, the payload
    repaired = outcome(receipt, outages=[], until=100.0)
    assert repaired.accounts == {"node-0": {"credit": 7, "debit": 0}, "node-1": {"credit": 0, "debit": 7}}
    forgot = outcome(receipt, outages=[Outage(1.0, 1, 5.0)], until=1000.0)
    assert forgot.accounts == {"node-1": {"credit": 0, "debit": 7}}
    assert (forgot.sent["node-0"], forgot.received["node-1"], forgot.crashes) == (7, 7, 1)
    assert drifts(forgot).tolist() == [1.0, 0.0, 0.0]


def test_a_payload_that_comes_to_a_node_that_crashed_since_it_asked_is_debited_and_never_arrives() -> None:
    """Back in time to hear it, it expects nothing any more, and the coordinator has had its answer to the notice."""
    found = outcome(None, outages=[Outage(0.35, 1, 0.01)], until=1000.0)
    assert found.accounts == {"node-1": {"credit": 0, "debit": 7}}
    assert sum(found.received.values()) == 0


def test_a_node_that_is_down_hears_nothing_and_is_asked_again_until_it_is_back() -> None:
    """The recipient is away when the notice comes: delivered after its return if acknowledged, and else never."""
    away = [Outage(0.15, 1, 10.0)]
    assert outcome(None, outages=away, until=10.0).received["node-1"] == 0
    assert outcome(None, outages=away, until=60.0).received["node-1"] == 7
    assert outcome(None, outages=away, until=1e6, acknowledged=False).received["node-1"] == 0


def test_a_node_that_is_down_sends_nothing() -> None:
    """What it would have sent is not offered, and not made up for later."""
    found = world([(2, 0, 1, 7)], [], acknowledged=True, outages=[Outage(1.0, 0, 10.0)]).run(100.0)
    assert (found.offered, found.operations, sum(found.sent.values())) == (0, 0, 0)


def test_a_payload_that_is_lost_on_its_way_was_debited_and_never_arrived() -> None:
    """The drift that unacknowledged delivery leaves on the recipient's side."""
    found = outcome(3, outages=[], until=100.0, acknowledged=False)  # after offer, notice, collection
    assert found.accounts == {"node-1": {"credit": 0, "debit": 7}}
    assert sum(found.received.values()) == 0
    assert drifts(found).tolist() == [0.0, math.inf, 0.0]


def test_without_acknowledgement_drift_is_what_the_arithmetic_of_loss_says() -> None:
    """Debited and lost: p / (1 - p) of what arrived. Receipt and claim pass, and are credited: (1 - p)^2 of it."""
    p = 0.1
    found = measures(simulate(100, 24.0, 12.0, Weather(loss=p), 3, acknowledged=False, drained=True))
    assert found["debit_off"] == pytest.approx(p / (1 - p), rel=0.1)
    assert found["credit_off"] == pytest.approx((1 - p) ** 2 - 1, rel=0.1)
    assert found["mean"] == pytest.approx((p / (1 - p) + 1 - (1 - p) ** 2) / 2, rel=0.1)


@pytest.mark.parametrize(("flawed", "sides"), [(PaysTwice, "credit"), (DebitsRetries, "debit")])
def test_a_flawed_ledger_comes_to_light(flawed: Callable[[], Ledger], sides: str) -> None:
    """Repetitions are frequent enough that a ledger without idempotency drifts, on the side where it lacks it."""
    done = simulate(20, 4.0, 6.0, Weather(0.05, 0.1), 2, acknowledged=True, ledger=flawed(), drained=True)
    assert measures(done)[f"{sides}_off"] > 0.01
    assert (done.refused < done.repeated) == (flawed is PaysTwice)


def test_what_a_lossy_ledger_forgets_is_measured_to_the_byte() -> None:
    books = LossyLedger(0.05, random.Random(4))
    done = simulate(20, 4.0, 6.0, Weather(), 2, acknowledged=False, ledger=books, drained=True)
    assert imbalance(done.accounts, done.sent, done.received) == books.lost > 0


class Unwilling(Ledger):
    """A ledger that refuses what it should pay."""

    def claim(self, transfer: str, sender: str, amount: int) -> None:
        raise ContradictionError(f"{amount} bytes of {transfer} are not paid to {sender} today")


def test_a_refusal_that_is_not_of_a_repetition_is_an_error_and_not_a_statistic() -> None:
    with pytest.raises(ContradictionError, match=r"bytes of t[0-9]+ are not paid to node-[0-9] today"):
        simulate(5, 1.0, 6.0, Weather(), 2, acknowledged=False, ledger=Unwilling())


class Recorder(Ledger):
    """A ledger that writes down what it was asked, and whether it refused."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str, str, Any, bool]] = []

    def offer(self, transfer: str, offered: Transfer) -> bool:
        self.asked.append(("offer", transfer, offered.sender, offered, True))
        return super().offer(transfer, offered)

    def deliver(self, transfer: str, recipient: str, size: int) -> bool:
        return self._noted("deliver", transfer, recipient, size, super().deliver)

    def claim(self, transfer: str, sender: str, amount: int) -> None:
        self._noted("claim", transfer, sender, amount, super().claim)

    def _noted(self, kind: str, transfer: str, node: str, size: int, act: Callable[[str, str, int], T]) -> T:
        try:
            done = act(transfer, node, size)
        except LedgerError:
            self.asked.append((kind, transfer, node, size, False))
            raise
        self.asked.append((kind, transfer, node, size, True))
        return done


def test_the_real_coordinator_answers_the_same_operations_with_the_same_accounts() -> None:
    """All that the simulated ledger was asked, repetitions included, over HTTP: the same refusals, the same books."""
    books = Recorder()
    weather = Weather(loss=0.2, duplicates=0.3)
    done = simulate(4, 1.0, 8.0, weather, 7, acknowledged=True, ledger=books)

    async def over_http() -> dict[str, dict[str, int]]:
        app = coordinator.create_app(identity("coordinator", 1))
        async with coordinator.in_process(app) as client:
            nodes = {name: Node(identity(name, 1), client) for name in done.sent}
            for node in nodes.values():
                assert (await node.register()).status_code == 201
            for kind, transfer, name, about, accepted in books.asked:
                if kind == "offer":
                    reply = await nodes[name].send(transfer, about.recipient, bytes(about.size))
                elif kind == "deliver":
                    reply = await nodes[name].collect(transfer)
                else:
                    reply = await nodes[name].claim(transfer, about)
                assert reply.is_success == accepted, (kind, transfer, reply.status_code)
            accounts: dict[str, dict[str, int]] = (await client.get("/ledger")).json()
            return accounts

    assert asyncio.run(over_http()) == done.accounts
    assert {(kind, accepted) for kind, *_, accepted in books.asked} >= {("claim", False), ("deliver", True)}
    assert len(books.asked) == done.operations > 80
