"""Updates as bytes through a coordinator: what comes back, what is counted, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from bets.lab.coordinator import coordinator
from bets.lab.federated.exchange import ExchangeError, packed, through_coordinator, unpacked
from bets.lab.robust import aggregation

UPDATES = torch.randn(5, 1_000, generator=torch.Generator().manual_seed(7))
SIZE = 4 * UPDATES.shape[1]
BYTES = [packed(update) for update in UPDATES]


@given(st.lists(st.floats(width=32), max_size=9))
def test_packing_is_little_endian_float32_and_comes_back_to_the_bit(values: list[float]) -> None:
    tensor = torch.tensor(values, dtype=torch.float32)
    data = packed(tensor)
    assert data == b"".join(int(bits).to_bytes(4, "little", signed=True) for bits in tensor.view(torch.int32))
    assert packed(unpacked(data, tensor)) == data


def test_bytes_that_are_not_four_for_each_value_are_refused() -> None:
    with pytest.raises(ExchangeError, match="found an aggregate of 12 bytes, expected 8: 4 for each value"):
        unpacked(bytes(12), torch.zeros(2))


@pytest.mark.parametrize(
    ("rule", "faulty", "expected"),
    [
        ("mean", 0, aggregation.mean),
        ("median", 1, aggregation.median),
        ("trimmed_mean", 1, lambda updates: aggregation.trimmed_mean(updates, 1)),
        ("krum", 1, lambda updates: aggregation.krum(updates, 1)),
    ],
)
def test_the_aggregate_is_what_the_rule_makes_of_the_updates_to_the_bit(
    rule: str, faulty: int, expected: Callable[[Tensor], Tensor]
) -> None:
    with through_coordinator(5, 3, rule, faulty) as meet:
        assert meet("a", BYTES) == packed(expected(UPDATES))
        assert meet("b", BYTES[::-1]) == packed(expected(UPDATES.flip(0)))


def test_the_bytes_counted_are_those_that_an_independent_counter_sees_on_the_wire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The counter sits in the transport: bodies of requests and of replies that are as large as an update."""
    up, down = list[int](), list[int]()

    class Counting(httpx.ASGITransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            up.append(len(await request.aread()))
            reply = await super().handle_async_request(request)
            down.append(len(await reply.aread()))
            return reply

    monkeypatch.setattr(
        coordinator, "in_process", lambda app: httpx.AsyncClient(transport=Counting(app), base_url="http://c")
    )
    with through_coordinator(5, 3) as meet:
        for name in ("a", "b", "c"):
            meet(name, BYTES)
        assert meet.sent == sum(size for size in up if size >= SIZE) == 3 * 5 * SIZE
        assert meet.received == sum(size for size in down if size >= SIZE) == 3 * 5 * SIZE
    assert sum(up) - 3 * 5 * SIZE < 2_000  # keys and openings


def test_updates_of_unequal_lengths_are_refused_by_the_coordinator() -> None:
    with (
        through_coordinator(2, 3) as meet,
        pytest.raises(ExchangeError, match=r"update: 422 .*2 values in 8 bytes, this one has 12 bytes"),
    ):
        meet("a", [bytes(8), bytes(12)])


def test_an_update_that_is_not_finite_is_refused_by_the_coordinator() -> None:
    with through_coordinator(2, 3) as meet, pytest.raises(ExchangeError, match=r"update: 422 .*an update is finite"):
        meet("a", [packed(torch.zeros(2)), packed(torch.tensor([0.0, torch.nan]))])


def test_an_update_too_few_is_refused() -> None:
    with (
        through_coordinator(2, 3) as meet,
        pytest.raises(ExchangeError, match="a: found 1 updates, expected one of each of 2 workers"),
    ):
        meet("a", [bytes(8)])


def test_a_coordinator_that_gives_two_nodes_different_aggregates_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async def other(_name: str) -> httpx.Response:
        return httpx.Response(200, content=bytes(SIZE))

    with through_coordinator(5, 3) as meet:
        monkeypatch.setattr(meet.nodes[3], "aggregate", other)
        with pytest.raises(ExchangeError, match="a: worker-3 was given another aggregate than worker-0"):
            meet("a", BYTES)
