"""Rounds of updates over HTTP: what is taken, what is refused and leaves nothing, and what the rules make of it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bets.lab.artifacts.identity import identity
from bets.lab.coordinator import coordinator, rounds
from bets.lab.coordinator.operations import MAX_UPDATE
from bets.lab.coordinator.store import Coordinator
from bets.lab.coordinator.worker import Worker
from bets.lab.robust import aggregation

ROOT = Path(__file__).parents[3]
WORKERS = ("ada", "bob", "cyd", "dov", "eve")
VALUES = 6
TABLES = ("rounds", "updates", "aggregates", "entries")


class Hall:
    """A coordinator in process, five nodes in its directory, and an update of each."""

    def __init__(self, client: httpx.AsyncClient, state: Coordinator) -> None:
        self.client, self.state = client, state
        self.nodes = {name: Worker(identity(name, 1), client) for name in WORKERS}
        self.ada = self.nodes["ada"]
        rng = np.random.default_rng(7)
        self.updates = {name: rng.standard_normal(VALUES).astype("<f4") for name in WORKERS}

    async def submit(self, name: str, worker: str) -> httpx.Response:
        """Hand in the worker's update."""
        return await self.nodes[worker].submit(name, self.updates[worker].tobytes())

    def kept(self) -> list[object]:
        """All that is stored of rounds."""
        return [self.state.read(f"SELECT * FROM {table}") for table in TABLES]


@asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    app = coordinator.create_app(identity("coordinator", 1))
    async with coordinator.in_process(app) as client:
        opened = Hall(client, app.state.coordinator)
        for node in opened.nodes.values():
            assert (await node.register()).status_code == 201
        yield opened


def visit(scenario: Callable[[Hall], Awaitable[None]]) -> None:
    async def inside() -> None:
        async with hall() as opened:
            await scenario(opened)

    asyncio.run(inside())


def detail(reply: httpx.Response) -> str:
    return str(reply.json()["detail"])


RULES: dict[str, tuple[int, Callable[[torch.Tensor], torch.Tensor]]] = {
    "mean": (0, aggregation.mean),
    "median": (0, aggregation.median),
    "trimmed_mean": (2, lambda updates: aggregation.trimmed_mean(updates, 2)),
    "geometric_median": (0, aggregation.geometric_median),
    "krum": (1, lambda updates: aggregation.krum(updates, 1)),
    "multi_krum": (1, lambda updates: aggregation.multi_krum(updates, 1, 4)),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_round_gives_every_worker_what_the_rule_makes_of_all_updates(rule: str) -> None:
    """The same bits in any order of updates; an open round names missing nodes; nodes count bytes."""
    faulty, function = RULES[rule]

    async def scenario(at: Hall) -> None:
        opened = await at.ada.open_round("r", WORKERS, VALUES, rule, faulty)
        assert (opened.status_code, opened.json()) == (201, {"round": "r"})
        for worker in reversed(WORKERS[1:]):
            taken = await at.submit("r", worker)
            assert (taken.status_code, taken.json()) == (201, {"round": "r", "bytes": 4 * VALUES})
        early = await at.ada.aggregate("r")
        assert (early.status_code, detail(early)) == (409, "round r misses the updates of ada")
        shown = {"workers": list(WORKERS), "values": VALUES, "rule": rule, "faulty": faulty, "missing": ["ada"]}
        assert (await at.client.get("/rounds/r")).json() == shown
        assert (await at.submit("r", "ada")).status_code == 201
        expected = function(torch.from_numpy(np.stack([at.updates[name] for name in WORKERS]))).numpy().tobytes()
        replies = await asyncio.gather(*(node.aggregate("r") for node in at.nodes.values()))
        assert {reply.content for reply in replies} == {expected}
        assert (at.ada.updates_sent, at.ada.updates_received, at.ada.sent, at.ada.received) == (24, 24, 0, 0)
        assert (await at.client.get("/rounds/r")).json() == shown | {"missing": []}

    visit(scenario)


def test_retries_are_safe_before_and_after_the_aggregate() -> None:
    """The same opening and the same update again are 200, another one 409, and each byte is counted once."""

    async def scenario(at: Hall) -> None:
        openings = [await at.nodes[name].open_round("r", ["ada"], VALUES) for name in ("ada", "ada", "bob")]
        assert [reply.status_code for reply in openings] == [201, 200, 200]
        replies = await asyncio.gather(*(at.submit("r", "ada") for _ in range(3)))
        assert sorted(reply.status_code for reply in replies) == [200, 200, 201]
        first = await at.ada.aggregate("r")
        assert at.state.read("SELECT round, worker, body FROM updates") == [("r", "ada", None)]
        assert (await at.submit("r", "ada")).status_code == 200
        assert (await at.ada.submit("r", bytes(4 * VALUES))).status_code == 409
        assert (await at.ada.aggregate("r")).content == first.content
        assert (at.ada.updates_sent, at.ada.updates_received) == (24, 24)
        targets = [entry for (entry,) in at.state.read("SELECT entry FROM entries") if b"/rounds/" in entry]
        assert len(targets) == 2

    visit(scenario)


def test_only_the_newest_aggregates_are_kept() -> None:
    """After four later rounds an aggregate is gone, and the reply says so."""

    async def scenario(at: Hall) -> None:
        for number in range(rounds.KEPT + 1):
            await at.ada.open_round(f"r{number}", ["ada"], VALUES)
            await at.submit(f"r{number}", "ada")
            assert (await at.ada.aggregate(f"r{number}")).content == at.updates["ada"].tobytes()
        assert (await at.ada.aggregate("r1")).status_code == 200
        gone = await at.ada.aggregate("r0")
        assert gone.status_code == 410
        assert detail(gone) == "the aggregate of round r0 is gone, those of the newest 4 are kept"

    visit(scenario)


Act = Callable[[Hall], Awaitable[httpx.Response]]


def opening(*workers: str, rule: str = "mean", faulty: int = 0, values: int = 1) -> Act:
    """Ada opens a new round."""
    return lambda at: at.ada.open_round("new", workers, values, rule, faulty)


def update(*values: float) -> Act:
    """Ada hands in these values."""
    return lambda at: at.ada.submit("r", np.array(values, "<f4").tobytes())


async def oversize(at: Hall, declared: str) -> httpx.Response:
    """A body of one byte too many, of which the sender sees how much is read: with a declared length, nothing."""
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(2 * MAX_UPDATE // 2**24):
            read += 2**24
            yield bytes(2**24)

    headers = {"x-node": "ada", "x-sequence": "9", "x-signature": "00" * 64}
    if declared:
        headers["content-length"] = declared
    reply = await at.client.post("/rounds/r/update", content=body(), headers=headers)
    assert read <= (0 if declared else MAX_UPDATE + 2**25)
    return reply


def raw(body: bytes) -> Act:
    return lambda at: at.ada.call("POST", "/rounds/new", body)


REFUSED: dict[str, tuple[Act, int, str]] = {
    "unknown worker": (opening("ada", "zoe"), 404, "there is no node zoe in the directory"),
    "no worker": (opening(), 422, "at least 1"),
    "repeated worker": (opening("ada", "bob", "ada"), 422, "ada is named more than once"),
    "all trimmed": (opening(*WORKERS, rule="trimmed_mean", faulty=3), 422, "at least 7 workers, there are 5"),
    "too few for Krum": (opening(*WORKERS[:4], rule="krum", faulty=1), 422, "at least 5 workers, there are 4"),
    "too few for multi-Krum": (opening(*WORKERS, rule="multi_krum", faulty=2), 422, "at least 7 workers, there are 5"),
    "negative faulty": (opening("ada", faulty=-1), 422, "faulty"),
    "unknown rule": (opening("ada", rule="mode"), 422, "rule"),
    "no values": (opening("ada", values=0), 422, "values"),
    "too many values": (opening("ada", values=MAX_UPDATE // 4 + 1), 422, "values"),
    "a number for a name": (raw(b'{"workers": [1], "values": 1}'), 422, "workers"),
    "more fields": (raw(b'{"workers": ["ada"], "values": 1, "trim": 1}'), 422, "trim"),
    "no JSON": (raw(b"\xff"), 422, "JSON"),
    "other content": (lambda at: at.ada.open_round("r", ["ada"], VALUES), 409, "round r was opened before with other"),
    "unknown round": (lambda at: at.submit("s", "ada"), 404, "there is no round s"),
    "not a worker": (lambda at: at.submit("r", "eve"), 403, "node eve is not a worker of round r"),
    "too short": (update(1, 2, 3, 4, 5), 422, "has 6 values in 24 bytes, this one has 20 bytes"),
    "too long": (update(1, 2, 3, 4, 5, 6, 7), 422, "this one has 28 bytes"),
    "half a value": (lambda at: at.ada.submit("r", bytes(23)), 422, "this one has 23 bytes"),
    "NaN": (update(1, 2, 3, float("nan"), 5, 6), 422, "1 values of this one are not, the first at 3"),
    "infinity": (update(1, -float("inf"), 3, 4, 5, float("inf")), 422, "2 values of this one are not, the first at 1"),
    "another update": (lambda at: at.nodes["bob"].submit("r", bytes(24)), 409, "node bob has sent another update"),
    "declared oversize": (lambda at: oversize(at, str(MAX_UPDATE + 1)), 413, f"at most {MAX_UPDATE} bytes"),
    "oversize": (lambda at: oversize(at, ""), 413, f"at most {MAX_UPDATE} bytes"),
    "nothing shown": (lambda at: at.client.get("/rounds/s"), 404, "there is no round s"),
    "nothing made": (lambda at: at.ada.aggregate("s"), 404, "there is no round s"),
    "still missing": (lambda at: at.ada.aggregate("r"), 409, "round r misses the updates of ada, cyd"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_is_explained_and_leaves_no_trace(what: str) -> None:
    """Every refusal has a fitting status and says why, and nothing of it is stored or counted."""
    act, status, message = REFUSED[what]

    async def scenario(at: Hall) -> None:
        await at.ada.open_round("r", ("ada", "bob", "cyd"), VALUES)
        await at.submit("r", "bob")
        before = at.kept()
        reply = await act(at)
        assert (reply.status_code, message in detail(reply)) == (status, True), detail(reply)
        assert at.kept() == before
        assert (at.ada.updates_sent, at.ada.updates_received) == (0, 0)

    visit(scenario)


UPDATES = hnp.arrays("<f4", (3, 4), elements=st.floats(width=32, allow_nan=True, allow_infinity=True))


@given(UPDATES)
@settings(max_examples=25, deadline=None)
def test_an_update_is_taken_just_when_it_is_finite(updates: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    """Whatever is sent; and the median of what was taken is that of the definition, to the bit."""

    async def scenario(at: Hall) -> None:
        finite = np.isfinite(updates).all(axis=1)
        await at.ada.open_round("r", WORKERS[:3], 4, "median")
        taken = [
            (await at.nodes[n].submit("r", u.tobytes())).is_success for n, u in zip(WORKERS, updates, strict=False)
        ]
        assert taken == finite.tolist()
        reply = await at.ada.aggregate("r")
        assert reply.is_success == finite.all()
        if finite.all():
            assert np.array_equal(np.frombuffer(reply.content, "<f4"), np.sort(updates, axis=0)[1])

    visit(scenario)


def test_large_updates_cross_in_chunks_between_which_others_get_their_turn() -> None:
    """An update of 4 MiB and a payload that sets out after it: the payload arrives first."""

    async def scenario(at: Hall) -> None:
        values = 2**20
        await at.ada.open_round("r", ["ada"], values)
        arrived: list[str] = []

        async def note(what: str, reply: Awaitable[httpx.Response]) -> None:
            assert (await reply).status_code == 201
            arrived.append(what)

        update = np.arange(values, dtype="<f4").tobytes()
        await asyncio.gather(note("large", at.ada.submit("r", update)), note("small", at.ada.send("t", "bob", b"x")))
        assert arrived == ["small", "large"]
        assert (await at.ada.aggregate("r")).content == update

    visit(scenario)


def test_a_coordinator_without_rounds_does_not_wait_for_torch() -> None:
    """Torch takes seconds to import and is needed for an aggregate alone."""
    command = "import sys, bets.lab.coordinator.coordinator as c; c.create_app(); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
