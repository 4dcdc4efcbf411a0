"""A network that loses requests and replies, for nodes that must not mind."""

import random
from typing import Self

import httpx


class Lossy(httpx.AsyncBaseTransport):
    """A transport of which a share of the exchanges fails, half of them before the request arrives, half after."""

    def __init__(self, transport: httpx.AsyncBaseTransport, share: float, rng: random.Random) -> None:
        self.transport = transport
        self.share = share
        self.rng = rng
        self.requests = 0  # that never arrived
        self.replies = 0  # that were lost, while the request was carried out

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Exchange, or fail as a broken connection does."""
        fate = self.rng.random()
        if fate < self.share / 2:
            self.requests += 1
            raise httpx.ConnectError("the request was lost", request=request)
        response = await self.transport.handle_async_request(request)
        if fate < self.share:
            self.replies += 1
            await response.aread()
            await response.aclose()
            raise httpx.ReadError("the reply was lost", request=request)
        return response

    async def __aenter__(self) -> Self:
        """Open what is below."""
        await self.transport.__aenter__()
        return self

    async def aclose(self) -> None:
        """Close what is below."""
        await self.transport.aclose()
