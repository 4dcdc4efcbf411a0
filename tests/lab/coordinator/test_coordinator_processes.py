"""The coordinator as a process that is killed, between node processes over a network that loses 1 % of exchanges."""

import asyncio
import json
import random
import signal
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bets.lab.artifacts.identity import identity
from bets.lab.audit import audit_log
from bets.lab.coordinator import coordinator
from bets.lab.ledger import ledger
from tests.lab import trader

ROOT = Path(__file__).parents[3]
OWNER = identity("owner", 1)
DEALS = 40  # of each node
LOSS = 0.01
LINES = len(trader.NAMES) * (2 + 3 * DEALS)  # a registration, an update, and of each deal an offer, a delivery, a claim
KILLS = 6  # without a warning
STOPS = 2  # by a signal that it may act on


class Served:
    """A coordinator in a process of its own that can be killed and started again on the same port and database."""

    def __init__(self, database: Path) -> None:
        coordinator.create_app(OWNER, database=str(database)).state.coordinator.database.close()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.command = [
            sys.executable,
            "-m",
            "bets.lab.coordinator",
            "--database",
            str(database),
            "--port",
            str(self.port),
        ]
        self.address = f"http://127.0.0.1:{self.port}"
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, client: httpx.AsyncClient) -> None:
        """Start it, and return once it answers."""
        self.process = await asyncio.create_subprocess_exec(*self.command, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL)
        async with asyncio.timeout(40):
            while True:
                assert self.process.returncode is None, "the coordinator did not start"
                try:
                    (await client.get("/log/head")).raise_for_status()
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def end(self, by: signal.Signals) -> None:
        """End it, unless it has ended."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(by)
            await self.process.wait()


class Traders:
    """Node processes, and the lines that they have written."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.processes: list[asyncio.subprocess.Process] = []
        self.readers: list[asyncio.Task[None]] = []

    async def start(self, address: str) -> None:
        """Start one for each name."""
        pipe = asyncio.subprocess.PIPE
        for name in trader.NAMES:
            command = [sys.executable, "-m", "tests.lab.trader", address, name, str(DEALS), str(LOSS)]
            process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
            self.processes.append(process)
            self.readers.append(asyncio.create_task(self._read(process, name)))

    async def _read(self, process: asyncio.subprocess.Process, name: str) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.lines.append({"node": name} | json.loads(line))

    def done(self, *kinds: str) -> list[dict[str, Any]]:
        """What was acknowledged, of these kinds or any."""
        return [line for line in self.lines if "done" in line and (not kinds or line["done"] in kinds)]

    async def until(self, count: int, *kinds: str) -> None:
        """Wait until so many operations are acknowledged."""
        while len(self.done(*kinds)) < count:
            assert all(process.returncode in (None, 0) for process in self.processes), "a node has failed"
            await asyncio.sleep(0.005)

    async def tell(self, line: bytes) -> None:
        """Write a line to each."""
        for process in self.processes:
            assert process.stdin is not None
            process.stdin.write(line)
            await process.stdin.drain()

    async def end(self) -> None:
        """End those that still run."""
        for process in self.processes:
            if process.returncode is None:
                process.kill()
            await process.wait()
        await asyncio.gather(*self.readers)


@asynccontextmanager
async def market(database: Path) -> AsyncIterator[tuple[Served, Traders, httpx.AsyncClient]]:
    """A served coordinator, traders, and a client for the witness; all processes end with it."""
    served, traders = Served(database), Traders()
    async with httpx.AsyncClient(base_url=served.address, timeout=20) as client:
        try:
            await served.start(client)
            await traders.start(served.address)
            yield served, traders, client
        finally:
            await traders.end()
            await served.end(signal.SIGKILL)


async def witness(client: httpx.AsyncClient, held: list[audit_log.Head]) -> None:
    """Hold the log to every head that it has shown before, and keep the one that it shows now."""
    shown = await audit_log.fetch_head(client)
    assert shown is not None
    for head in held:
        assert await audit_log.compare(client, OWNER.public_key, head, shown) == []
    held.append(shown)


async def disturb(served: Served, traders: Traders, client: httpx.AsyncClient, held: list[audit_log.Head]) -> None:
    """End the coordinator again and again while the traders trade, and look at its log before and after."""
    rng = random.Random(11)
    signals = [signal.SIGKILL] * KILLS + [signal.SIGTERM] * STOPS
    rng.shuffle(signals)
    for progress, by in zip(sorted(rng.sample(range(3, LINES), len(signals))), signals, strict=True):
        await traders.until(progress)
        await witness(client, held)
        await asyncio.sleep(rng.uniform(0, 0.02))  # in the middle of whatever is going on
        await served.end(by)
        await served.start(client)
        await witness(client, held)


async def settle(traders: Traders) -> None:
    """Let the traders claim, once every payload has arrived."""
    await traders.until(len(trader.NAMES) * DEALS, "delivery")
    await traders.tell(b"all is here\n")


def test_a_killed_coordinator_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """Six kills and two restarts amid trade over a lossy network: books balance, each operation is booked just once."""

    async def scenario() -> None:
        held: list[audit_log.Head] = []
        async with market(tmp_path / "coordinator.db") as (served, traders, client), asyncio.timeout(100):
            async with asyncio.TaskGroup() as group:
                group.create_task(settle(traders))
                group.create_task(disturb(served, traders, client, held))
            await asyncio.gather(*(process.wait() for process in traders.processes), *traders.readers)
            assert [process.returncode for process in traders.processes] == [0] * len(trader.NAMES)
            await witness(client, held)
            await all_is_booked(traders, client)

    asyncio.run(scenario())


async def all_is_booked(traders: Traders, client: httpx.AsyncClient) -> None:
    """Hold what the coordinator says to what was acknowledged to the nodes."""
    totals = {line["node"]: line for line in traders.lines if "sent" in line}
    sent, received = ({name: line[what] for name, line in totals.items()} for what in ("sent", "received"))
    assert ledger.imbalance((await client.get("/ledger")).json(), sent, received) == 0
    assert sum(sent.values()) > len(trader.NAMES) * DEALS * 500
    assert min(map(sum, zip(*(line["lost"] for line in totals.values()), strict=True))) > 0  # requests, replies
    expected = Counter({"/rounds/r": 1, "/rounds/r/update": 3} | {f"/nodes/{name}": 1 for name in trader.NAMES})
    for line in traders.done("offer"):
        transfer, recipient, size = line["transfer"], line["recipient"], line["size"]
        booked = (await client.get(f"/transfers/{transfer}")).json()
        assert (booked["recipient"], booked["delivered"], booked["claimed"]) == (recipient, size, True)
        parts = (f"?recipient={recipient}", "/delivery", "/claim")
        expected.update(f"/transfers/{transfer}{part}" for part in parts)
    entries: list[str] = []
    while found := (await client.get(f"/log/entries?start={len(entries)}&end=9999")).json()["entries"]:
        entries += found
    assert Counter(json.loads(bytes.fromhex(entry))["target"] for entry in entries) == expected
    updates = np.stack([np.frombuffer(trader.update(name), "<f4") for name in trader.NAMES])
    aggregate = (await client.get("/rounds/r/aggregate")).raise_for_status().content
    np.testing.assert_allclose(np.frombuffer(aggregate, "<f4"), updates.mean(axis=0), rtol=1e-6, atol=1e-7)
