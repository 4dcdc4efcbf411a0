"""The ledger in simulated time: many nodes, days of traffic, a network that loses and delays, nodes that crash.

A transfer is five calls, each a request and a reply: the sender *offers* a payload to the coordinator, the coordinator
gives the recipient *notice*, the recipient *collects* (the reply is the payload, and as it goes out the ledger debits),
the recipient sends the sender a *receipt* once it has it, and the sender *claims* (the ledger credits). Unacknowledged,
each request is sent once. Acknowledged, the caller repeats it until a reply comes: after 1 s, then twice as long each
time, up to 60 s (RFC 6298, 2.1, 2.5 and 5.5; no estimate of the round trip). A node that is asked twice acts twice: the
books are right only because the ledger books an operation once.

What is counted as sent and received is in `drift`.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import inf
from typing import Any, Final, TypeAlias

from bets.lab import seeding
from bets.lab.ledger import traffic
from bets.lab.ledger.drift import Run
from bets.lab.ledger.ledger import ContradictionError, Ledger, SettledError, Transfer
from bets.lab.ledger.traffic import HOUR, Outage, Traffic, Weather

FIRST_TIMEOUT: Final = 1.0  # seconds
LAST_TIMEOUT: Final = 60.0  # seconds
COORDINATOR: Final = -1  # its place in a list that has one entry a node, and the coordinator's at its end

Event: TypeAlias = tuple[float, int, Callable[[Any], None], Any]  # time, number, what happens, to what


@dataclass(slots=True)
class Errand:
    """A transfer as the world sees it."""

    name: str
    sender: int
    recipient: int
    size: int  # bytes
    arrived: bool = False
    paid: bool = False


@dataclass(slots=True)
class Call:
    """A request under way, until its caller has the reply or has crashed."""

    serve: Callable[[Errand], bool]  # what the one who is called does; whether the reply is the payload
    errand: Errand
    caller: int
    callee: int
    life: int  # of the caller: how often it had crashed before
    timeout: float = FIRST_TIMEOUT  # seconds
    over: bool = False


def simulate(
    nodes: int,
    hours: float,
    rate: float,  # transfers that a node sends, an hour
    weather: Weather,
    seed: int,
    *,
    acknowledged: bool,
    ledger: Ledger | None = None,
    drained: bool = False,
) -> Run:
    """Run the ledger through hours of traffic and weather; calls under way at the end are cut off, or `drained`.

    Traffic, crashes and messages have streams of their own: runs of one seed that differ in weather or protocol have
    the same traffic.
    """
    world = Simulation(
        Ledger() if ledger is None else ledger,
        nodes,
        traffic.draw(nodes, hours, rate, seeding.numpy_generator(seed, "traffic")),
        traffic.outages(nodes, hours, weather, seeding.numpy_generator(seed, "outages")),
        traffic.fates(weather.loss, seeding.numpy_generator(seed, "fates")),
        traffic.chances(weather.duplicates, seeding.numpy_generator(seed, "duplicates")),
        acknowledged=acknowledged,
    )
    return world.run(inf if drained else hours * HOUR)


class Simulation:
    """The heap of events, and all that the nodes and the coordinator know."""

    def __init__(
        self,
        ledger: Ledger,
        nodes: int,
        planned: Traffic,
        outages: Sequence[Outage],  # in the order of time
        delays: Iterator[float],  # of a message, in seconds; infinite: lost
        doubles: Iterator[bool],  # whether a claim goes out twice
        *,
        acknowledged: bool,
    ) -> None:
        self.ledger, self.traffic, self.outages = ledger, planned, outages
        self.delays, self.doubles, self.acknowledged = delays, doubles, acknowledged
        self.names = [f"node-{number}" for number in range(nodes)]
        self.up = [True] * (nodes + 1)  # the last is the coordinator, which never crashes
        self.lives = [0] * (nodes + 1)
        self.sent, self.received = [0] * nodes, [0] * nodes  # bytes
        self.offered = self.operations = self.events = self.repeated = self.refused = 0
        self.now = 0.0  # seconds
        self.heap: list[Event] = []
        self.numbers = itertools.count()  # of events: equal times happen in the order in which they were planned
        if planned.times:
            self._plan(planned.times[0], self._begin, 0)
        if outages:
            self._plan(outages[0].time, self._crash, 0)

    def run(self, until: float) -> Run:
        """Let happen what happens up to and including this time, in seconds."""
        heap = self.heap
        while heap and heap[0][0] <= until:
            self.now, _, act, subject = heappop(heap)
            act(subject)
            self.events += 1
        return Run(
            self.ledger.accounts(),
            dict(zip(self.names, self.sent, strict=True)),
            dict(zip(self.names, self.received, strict=True)),
            self.offered,
            self.operations,
            self.events,
            self.repeated,
            self.refused,
            sum(self.lives),
        )

    def _plan(self, time: float, act: Callable[[Any], None], subject: object) -> None:
        heappush(self.heap, (time, next(self.numbers), act, subject))

    def _post(self, act: Callable[[Call], None], call: Call) -> None:
        delay = next(self.delays)
        if delay < inf:
            heappush(self.heap, (self.now + delay, next(self.numbers), act, call))

    # what comes from outside

    def _begin(self, index: int) -> None:
        planned = self.traffic
        if index + 1 < len(planned.times):  # one at a time: the heap holds what is under way, and not two days
            self._plan(planned.times[index + 1], self._begin, index + 1)
        errand = Errand(f"t{index}", planned.senders[index], planned.recipients[index], planned.sizes[index])
        if self.up[errand.sender]:
            self.offered += errand.size
            self._call(self._offer, errand, errand.sender, COORDINATOR)

    def _crash(self, index: int) -> None:
        if index + 1 < len(self.outages):
            self._plan(self.outages[index + 1].time, self._crash, index + 1)
        outage = self.outages[index]
        if self.up[outage.node]:
            self.up[outage.node] = False
            self.lives[outage.node] += 1
            self._plan(self.now + outage.duration, self._restart, outage.node)

    def _restart(self, node: int) -> None:
        self.up[node] = True

    # what a call is, whatever it asks for

    def _call(self, serve: Callable[[Errand], bool], errand: Errand, caller: int, callee: int) -> Call:
        call = Call(serve, errand, caller, callee, self.lives[caller])
        self._send(call)
        return call

    def _send(self, call: Call) -> None:
        self._post(self._arrive, call)
        if self.acknowledged:
            self._plan(self.now + call.timeout, self._expire, call)

    def _arrive(self, call: Call) -> None:
        if not self.up[call.callee]:
            return
        if call.serve(call.errand):
            self._post(self._deliver, call)
        elif self.acknowledged:  # otherwise no node waits for the reply
            self._post(self._answer, call)

    def _answer(self, call: Call) -> None:
        call.over = True

    def _expire(self, call: Call) -> None:
        if not call.over and call.life == self.lives[call.caller]:
            call.timeout = min(2 * call.timeout, LAST_TIMEOUT)
            self._send(call)

    def _deliver(self, call: Call) -> None:
        errand = call.errand
        if call.life != self.lives[call.caller]:  # it has crashed since, and expects no payload
            return
        call.over = True
        if not errand.arrived:
            errand.arrived = True
            self.sent[errand.sender] += errand.size
            self.received[errand.recipient] += errand.size
            self._call(self._receipt, errand, errand.recipient, errand.sender)

    # what is asked of the coordinator, or of a node; True if the reply is the payload

    def _offer(self, errand: Errand) -> bool:
        self.operations += 1
        sender, recipient = self.names[errand.sender], self.names[errand.recipient]
        if self.ledger.offer(errand.name, Transfer(sender, recipient, errand.size, "")):
            self._call(self._notice, errand, COORDINATOR, errand.recipient)
        return False

    def _notice(self, errand: Errand) -> bool:
        self._call(self._collect, errand, errand.recipient, COORDINATOR)
        return False

    def _collect(self, errand: Errand) -> bool:
        self.operations += 1
        try:
            self.ledger.deliver(errand.name, self.names[errand.recipient], errand.size)
        except SettledError:  # a late repetition: the sender was paid, and so the payload has arrived
            return False
        return True

    def _receipt(self, errand: Errand) -> bool:
        call = self._call(self._claim, errand, errand.sender, COORDINATOR)
        if next(self.doubles):
            self._post(self._arrive, call)
        return False

    def _claim(self, errand: Errand) -> bool:
        self.operations += 1
        self.repeated += errand.paid
        try:
            self.ledger.claim(errand.name, self.names[errand.sender], errand.size)
        except ContradictionError:
            if not errand.paid:
                raise
            self.refused += 1
        errand.paid = True
        return False
