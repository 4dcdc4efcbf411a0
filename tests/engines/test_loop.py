"""The loop over an engine, driven by an engine whose events a script permutes, doubles, delays and drops."""
# ruff: noqa: ARG002  # the signatures of the protocols

import json
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_bets.bet.resources import Need
from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.event import ENDS, Event, Kind, Work
from pytest_bets.engines.loop import GRACE, Loop
from pytest_bets.engines.queue import Queue, Waiting
from pytest_bets.record.line import Attempt

PHASES: Final = ("setup", "call", "teardown")


def report(number: int, cell: str, when: str, outcome: str = "passed") -> str:
    return json.dumps(
        {"$report_type": "TestReport", "nodeid": cell, "when": when, "outcome": outcome, "number": number}
    )


def whole(number: int, cell: str) -> list[Event]:
    """Return the events of an attempt to which nothing happens."""
    own = [Event(number, "report", report(number, cell, when), index) for index, when in enumerate(PHASES)]
    return [Event(number, "at", "n1"), Event(number, "begun"), *own, Event(number, "done", count=3)]


class Fake:
    """An engine whose attempts are scripts; each script makes the events of one attempt out of the whole ones."""

    def __init__(self, scripts: Sequence[Any], slots: int = 2) -> None:
        self.scripts = list(scripts)
        self.slots = slots
        self.now = 0.0
        self.measured: defaultdict[str, int] = defaultdict(int)
        self.started: list[tuple[int, str]] = []
        self.pending: list[tuple[float, Event]] = []
        self.open: set[int] = set()

    def lacks(self, need: Need) -> str:
        return ""

    def short(self, need: Need) -> Collection[str]:
        return {"cpus"} if len(self.open) >= self.slots else ()

    def start(self, number: int, work: Work, need: Need) -> None:
        self.started.append((number, work.cell))
        self.open.add(number)
        script = self.scripts.pop(0) if self.scripts else list
        self.pending += [(self.now + late, event) for late, event in _timed(script(whole(number, work.cell)))]

    def events(self, timeout: float) -> Iterable[Event]:
        self.now += max(timeout, 0.1)
        ready = [event for when, event in self.pending if when <= self.now]
        self.pending = [(when, event) for when, event in self.pending if when > self.now]
        for event in ready:
            if event.kind in ENDS:
                self.open.discard(event.number)
            yield event
        left = {event.number for _, event in self.pending}
        self.open &= left  # it has no more to say of the others

    def running(self) -> Collection[int]:
        return set(self.open)

    def cancel(self, number: int) -> None:
        pass

    def close(self) -> Sequence[str]:
        return ()


def _timed(events: Iterable[Any]) -> list[tuple[float, Event]]:
    return [item if isinstance(item, tuple) else (0.0, item) for item in events]


class Taken:
    """Keeps what the loop gives away."""

    def __init__(self) -> None:
        self.outcomes: dict[str, tuple[str, list[Mapping[str, Any]]]] = {}
        self.attempts: list[Attempt] = []
        self.starts: list[str] = []
        self.progress: list[tuple[str, str]] = []

    def begun(self, cell: str, host: str) -> None:
        self.starts.append(cell)

    def reported(self, cell: str, host: str, reports: list[Mapping[str, Any]]) -> None:
        assert cell not in self.outcomes
        self.outcomes[cell] = "reported", reports

    def broken(self, cell: str, host: str, reports: list[Mapping[str, Any]], words: str) -> None:
        assert cell not in self.outcomes
        self.outcomes[cell] = words, reports

    def progressed(self, host: str, text: str) -> None:
        self.progress.append((host, text))

    def noted(self, cell: str, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def warned(self, text: str) -> None:
        pass

    def printed(self, text: str) -> None:
        pass

    def logged(self, cell: str, number: int, text: str) -> None:
        pass


def drive(scripts: Sequence[Any], cells: int = 1, allowed: int = 3) -> tuple[Fake, Taken]:
    """Run cells on the fake engine until all have ended."""
    engine, taken, queue = Fake(scripts), Taken(), Queue()
    queue.fill(Waiting(Work(f"bet_1_x.py::experiment[{index}]", "bet_1_x.py"), Need()) for index in range(cells))
    loop = Loop(engine, queue, taken, allowed=allowed, clock=lambda: engine.now)
    for _ in range(2000):
        if loop.is_done:
            return engine, taken
        loop.step(0.5)
    raise AssertionError("the loop does not end")


def ending(kind: Kind, after: int, words: str = "gone") -> Any:
    """Return a script that ends an attempt after some of its events."""

    def script(events: list[Event]) -> list[Event]:
        kept = events[:after]
        count = sum(event.kind == "report" for event in kept) if kind == "crashed" else 0
        return [*kept, Event(events[0].number, kind, words, count)]

    return script


CELL: Final = "bet_1_x.py::experiment[0]"


def test_a_cell_whose_reports_all_come_is_reported() -> None:
    """Once, in order."""
    _, taken = drive([])
    kind, reports = taken.outcomes[CELL]
    assert kind == "reported"
    assert [one["when"] for one in reports] == [*PHASES]
    assert taken.attempts == []


@pytest.mark.parametrize("after", [2, 3], ids=["begun", "set up"])
def test_a_lost_cell_runs_again_and_the_loss_is_noted(after: int) -> None:
    """No report of the lost attempt is passed on."""
    engine, taken = drive([ending("lost", after)])
    assert len(engine.started) == 2
    assert {one["number"] for one in taken.outcomes[CELL][1]} == {2}
    assert taken.attempts == [Attempt("experiment[0]", "n1", "gone", measured=False)]


@pytest.mark.parametrize("after", [0, 1], ids=["waiting", "placed"])
def test_a_cell_that_is_lost_before_it_begins_has_lost_no_attempt(after: int) -> None:
    """However often it happens, within reason. One that was placed is noted: it may have begun unseen."""
    engine, taken = drive([ending("lost", after)] * 9)
    assert len(engine.started) == 10
    assert taken.outcomes[CELL][0] == "reported"
    end = "gone, before it was seen to begin"
    assert taken.attempts == [Attempt("experiment[0]", "n1", end, measured=False)] * 9 * after
    with pytest.raises(
        EngineError, match=r"experiment\[0\]: it was lost 20 times before it began, the last time: gone"
    ):
        drive([ending("lost", after)] * 20)


@pytest.mark.parametrize("after", [4, 5], ids=["measured", "torn down"])
def test_measurements_that_have_arrived_stand(after: int) -> None:
    """A second measurement would be a choice."""
    engine, taken = drive([ending("lost", after)])
    assert len(engine.started) == 1
    assert [one["when"] for one in taken.outcomes[CELL][1]] == [*PHASES][: after - 2]
    assert [attempt.measured for attempt in taken.attempts] == [True]


def test_a_failure_that_has_arrived_stands_too() -> None:
    """Otherwise a node could be killed until the experiment passes."""

    def script(events: list[Event]) -> list[Event]:
        failed = Event(1, "report", report(1, CELL, "setup", "failed"), 0)
        return [*events[:2], failed, Event(1, "lost", "gone")]

    engine, taken = drive([script])
    assert len(engine.started) == 1
    assert taken.outcomes[CELL][0] == "reported"


def test_a_cell_is_void_when_its_attempts_are_spent() -> None:
    """The words have the number, the host and the last loss."""
    engine, taken = drive([ending("lost", 2)] * 5, allowed=3)
    assert len(engine.started) == 3
    assert taken.outcomes[CELL] == ("3 attempts were lost, the last one on n1: gone", [])
    assert len(taken.attempts) == 3


@pytest.mark.parametrize("after", [0, 2, 4])
def test_a_crash_is_void_at_once(after: int) -> None:
    """It is not run until it passes."""
    engine, taken = drive([ending("crashed", after, "its process was killed by SIGSEGV")])
    assert len(engine.started) == 1
    assert taken.outcomes[CELL][0] == "its process was killed by SIGSEGV"
    assert taken.attempts == []


def test_a_cancelled_cell_did_not_run() -> None:
    """It has no outcome, so that --bets-resume runs it; where it had begun, that is noted."""
    _, taken = drive([ending("cancelled", 2)])
    assert taken.outcomes == {}
    assert [attempt.end for attempt in taken.attempts] == ["cancelled"]


def test_a_cell_that_can_never_run_is_an_error() -> None:
    """With the words of the engine."""
    with pytest.raises(EngineError, match=r"experiment\[0\]: there is no partition x"):
        drive([ending("impossible", 0, "there is no partition x")])


def test_events_of_an_attempt_that_was_given_up_are_dropped() -> None:
    """Its measurements would be a second choice."""

    def zombie(events: list[Event]) -> list[Any]:
        return [*events[:2], Event(1, "lost", "gone"), *((3.0, event) for event in events[2:])]

    engine, taken = drive([zombie, lambda events: [(6.0, event) for event in events]])
    assert len(engine.started) == 2
    assert {one["number"] for one in taken.outcomes[CELL][1]} == {2}


def test_reports_that_come_after_the_end_are_waited_for() -> None:
    """A shared file system is slow."""
    engine, taken = drive([lambda events: [*events[:2], events[-1], *((GRACE - 2, one) for one in events[2:-1])]])
    assert len(engine.started) == 1
    assert len(taken.outcomes[CELL][1]) == 3


def test_reports_that_never_come_are_a_loss() -> None:
    """The cell runs again."""
    engine, taken = drive([lambda events: [*events[:2], events[-1]]])
    assert len(engine.started) == 2
    assert [attempt.end for attempt in taken.attempts] == ["its reports did not arrive"]


def test_an_attempt_that_the_engine_loses_sight_of_is_a_loss() -> None:
    """Even if it never says so."""
    engine, taken = drive([lambda events: events[:3]])
    assert len(engine.started) == 2
    assert [attempt.end for attempt in taken.attempts] == ["the engine lost sight of it"]


def test_a_subtest_is_no_outcome() -> None:
    """It has its cell's node id, and the phase of a call."""

    def script(events: list[Event]) -> list[Event]:
        text = json.dumps({**json.loads(events[3].text), "$report_type": "SubtestReport", "context": {}})
        return [*events[:3], Event(1, "report", text, 1), Event(1, "lost", "gone")]

    engine, _ = drive([script])
    assert len(engine.started) == 2


def test_the_next_cell_starts_before_others_that_ended_with_its_predecessor() -> None:
    """Reporting takes time, and a free slot costs more."""
    seen = []

    class Noting(Fake):
        def start(self, number: int, work: Work, need: Need) -> None:
            seen.append(f"start {number}")
            super().start(number, work, need)

        def events(self, timeout: float) -> Iterable[Event]:
            for event in super().events(timeout):
                yield event
                seen.extend([f"ended {event.number}"] if event.kind == "done" else [])

    engine, queue = Noting([]), Queue()
    queue.fill(Waiting(Work(f"bet_1_x.py::experiment[{index}]", "bet_1_x.py"), Need()) for index in range(4))
    loop = Loop(engine, queue, Taken(), allowed=1, clock=lambda: engine.now)
    while not loop.is_done:
        loop.step(0.5)
    assert seen == ["start 1", "start 2", "start 3", "ended 1", "start 4", "ended 2", "ended 3", "ended 4"]


def mischief(seed: int) -> Any:
    """Return a script that permutes, doubles, delays and drops the events of an attempt, and may end it early."""
    chance = random.Random(seed)

    def script(events: list[Event]) -> list[Any]:
        own = list(events)
        if chance.random() < 0.4:
            cut = chance.randrange(len(own))
            kind: Kind = chance.choice(["lost", "lost", "crashed", "cancelled"])
            sent = sum(event.kind == "report" for event in own[:cut])
            own = [*own[:cut], Event(events[0].number, kind, "gone", sent if kind == "crashed" else 0)]
        own = [event for event in own if chance.random() > 0.1]
        own += [event for event in own if chance.random() < 0.2]
        if chance.random() < 0.5:
            chance.shuffle(own)
        return [(chance.choice([0, 0, 0, 1, 5, GRACE + 5]), event) for event in own]

    return script


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 10**6), max_size=12), st.integers(1, 5), st.integers(1, 3))
def test_whatever_happens_every_cell_has_one_outcome(seeds: list[int], cells: int, allowed: int) -> None:
    """Its reports are all of one attempt, each phase once, and no cell begins more often than it is allowed to."""
    engine, taken = drive([mischief(seed) for seed in seeds], cells, allowed)
    begun: defaultdict[str, int] = defaultdict(int)
    for name in taken.starts:
        begun[name] += 1
    for number, name in engine.started:
        assert number
        assert begun[name] <= allowed + 1
    for _, reports in taken.outcomes.values():
        assert len({one["number"] for one in reports}) <= 1
        phases = [one["when"] for one in reports]
        assert phases == [when for when in PHASES if when in phases]
    missing = {name for _, name in engine.started} - taken.outcomes.keys()
    assert len(missing) <= sum(attempt.end == "cancelled" for attempt in taken.attempts) + len(seeds)


def test_progress_arrives_with_the_host_of_its_attempt() -> None:
    """Once for each event, while the attempt is open; it is no report and ends nothing."""

    def script(events: list[Event]) -> list[Event]:
        said = [Event(events[0].number, "progress", text) for text in ("first", "second", "late")]
        return [*events[:2], *said[:2], *events[2:], *said[2:]]

    _, taken = drive([script])
    assert taken.progress == [("n1", "first"), ("n1", "second")]
    assert [outcome for outcome, _ in taken.outcomes.values()] == ["reported"]
