"""A node in a process of its own, for the tests: it sends to its neighbours, collects, claims, and hands in an update.

Whatever was acknowledged to it is a line of its standard output, once the reply is here.
"""

import asyncio
import itertools
import json
import random
import sys
import time

import httpx
import numpy as np

from bets.lab.artifacts.identity import identity
from bets.lab.coordinator.worker import Worker
from tests.lab.lossy import Lossy

NAMES = ("ada", "bob", "cyd")
VALUES = 1_000


def update(name: str) -> bytes:
    """The update of a worker, little-endian float32."""
    return np.random.default_rng(NAMES.index(name)).standard_normal(VALUES, "<f4").tobytes()


def tell(**what: object) -> None:
    """Write a line that the test reads."""
    print(json.dumps(what), flush=True)


async def send_all(node: Worker, deals: int, rng: random.Random) -> dict[str, int]:
    """Offer payloads to the others; the size of each transfer, in bytes."""
    sizes = {}
    for number in range(deals):
        transfer, payload = f"{node.identity.name}-{number}", rng.randbytes(int(2_000 * rng.random()))
        recipient = rng.choice([name for name in NAMES if name != node.identity.name])
        (await node.send(transfer, recipient, payload)).raise_for_status()
        tell(done="offer", transfer=transfer, recipient=recipient, size=len(payload))
        sizes[transfer] = len(payload)
    return sizes


async def collect_all(node: Worker) -> None:
    """Fetch what comes in, until it is cancelled."""
    while True:
        for transfer in await node.inbox():
            (await node.collect(transfer)).raise_for_status()
            tell(done="delivery", transfer=transfer)
        await asyncio.sleep(0.02)


async def claim_all(node: Worker, sizes: dict[str, int]) -> None:
    """Claim each transfer; that a claim was paid whose reply was lost is known by asking."""
    for transfer, size in sizes.items():
        reply = await node.claim(transfer, size)
        booked = (await node.read(f"/transfers/{transfer}")).raise_for_status().json()
        assert reply.status_code in (201, 409), reply.text
        assert booked["claimed"], booked
        tell(done="claim", transfer=transfer)


async def main(address: str, name: str, deals: int, share: float) -> None:
    """Send and collect until the test says that everybody has everything, then claim."""
    lossy = Lossy(httpx.AsyncHTTPTransport(), share, random.Random(f"{name} loses 90"))
    async with httpx.AsyncClient(transport=lossy, base_url=address, timeout=20) as client:
        node = Worker(identity(name, 1), client, sequence=itertools.count(time.time_ns()), tries=60)
        (await node.register()).raise_for_status()
        tell(done="register")
        while (await node.read("/nodes")).raise_for_status().json().keys() != set(NAMES):
            await asyncio.sleep(0.02)
        (await node.open_round("r", NAMES, VALUES)).raise_for_status()
        async with asyncio.TaskGroup() as group:
            collecting = group.create_task(collect_all(node))
            sizes = await send_all(node, deals, random.Random(name))
            (await node.submit("r", update(name))).raise_for_status()
            tell(done="update")
            assert await asyncio.to_thread(sys.stdin.readline) == "all is here\n"
            collecting.cancel()
        await claim_all(node, sizes)
    tell(sent=node.sent, received=node.received, lost=[lossy.requests, lossy.replies])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
