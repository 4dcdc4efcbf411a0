"""A network that loses requests and replies."""

import asyncio
import random
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import httpx
import pytest

from tests.lab.lossy import Lossy

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


@pytest.mark.parametrize(("share", "lost"), [(0.0, 0), (0.2, 200), (1.0, 1000)])
def test_half_of_what_is_lost_arrives_before_it_is_lost(share: float, lost: int) -> None:
    """Of a thousand requests the share fails, and those whose reply was lost have been carried out."""
    arrived = 0

    async def app(_: object, __: object, send: Send) -> None:
        nonlocal arrived
        arrived += 1
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    async def scenario() -> None:
        lossy, failed = Lossy(httpx.ASGITransport(app), share, random.Random(1)), 0
        async with httpx.AsyncClient(transport=lossy, base_url="http://nowhere") as client:
            for _ in range(1_000):
                try:
                    assert (await client.get("/")).is_success
                except httpx.TransportError:
                    failed += 1
        assert failed == lossy.requests + lossy.replies == pytest.approx(lost, abs=40)
        assert lossy.replies == pytest.approx(lost / 2, abs=60)
        assert arrived == 1_000 - lossy.requests

    asyncio.run(scenario())
