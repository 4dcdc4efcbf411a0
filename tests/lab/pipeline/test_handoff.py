"""Caches as bytes: bit-exact, continued on another node as if never handed over, and refused where they do not fit."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bets.lab import seeding
from bets.lab.artifacts import identity
from bets.lab.coordinator import coordinator
from bets.lab.coordinator.client import Node
from bets.lab.model import SIZES, Config, FractalMoE, KVCache, decode, greedy, resume, sampler
from bets.lab.pipeline import handoff
from bets.lab.pipeline.handoff import DIGEST, LENGTH, MAGIC, HandoffError, pack, unpack

TINY = SIZES["tiny"]
PROMPT = b"def fractal(x):\n    "
TOKENS = 12
ELSEWHERE = """
import sys, pathlib, torch
from bets.lab import pinning, seeding
from bets.lab.pipeline import handoff
from bets.lab.model import SIZES, FractalMoE, greedy, resume

model = FractalMoE(SIZES["tiny"], seeding.torch_generator(41, "weights")).requires_grad_(False)
with pinning.threads(1):
    caches = handoff.unpack(pathlib.Path(sys.argv[1]).read_bytes(), model)
    chosen, logits = resume(model, caches, bytes([int(sys.argv[2])]), int(sys.argv[3]), greedy)
sys.stdout.buffer.write(bytes(chosen) + logits.numpy().tobytes())
"""


@pytest.fixture(scope="module")
def model() -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(41, "weights")).requires_grad_(False)


def filled(model: FractalMoE, length: int, batch: int = 1) -> list[KVCache]:
    caches = model.caches(batch)
    if length:
        model(torch.randint(0, 256, (batch, length), generator=seeding.torch_generator(length, "tokens")), caches)
    return caches


def same(a: Tensor, b: Tensor) -> bool:
    """To the bit, signs of zeros and NaNs included."""
    return a.shape == b.shape and torch.equal(a.contiguous().view(torch.uint8), b.contiguous().view(torch.uint8))


def forged(message: bytes, fields: dict[str, object]) -> bytes:
    """A message with other header fields and the right digest."""
    (size,) = LENGTH.unpack_from(message, len(MAGIC))
    start = len(MAGIC) + LENGTH.size
    header = json.dumps(json.loads(message[start : start + size]) | fields).encode()
    content = MAGIC + LENGTH.pack(len(header)) + header + message[start + size : -DIGEST]
    return content + hashlib.sha256(content).digest()


@given(length=st.integers(0, 40), batch=st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_what_was_packed_comes_back_to_the_bit_with_the_room_behind_it_empty(
    model: FractalMoE, length: int, batch: int
) -> None:
    """Keys, values, lengths, shapes and strides are those of the caches that stayed."""
    caches = filled(model, length, batch)
    back = unpack(pack(caches), model)
    assert [cache.length for cache in back] == [length] * TINY.blocks
    for stayed, arrived in zip(caches, back, strict=True):
        assert same(stayed.keys, arrived.keys)
        assert same(stayed.values, arrived.values)
        assert stayed.keys.stride() == arrived.keys.stride()
    assert pack(back) == pack(caches)


def test_odd_bit_patterns_and_half_precision_survive(model: FractalMoE) -> None:
    """Negative zero, subnormals, infinities and a NaN with a payload travel as they are, and so does bfloat16."""
    caches = filled(model, 5)
    odd = torch.tensor([-(2**31), 1, 0x7F800000, 0x7FC01234], dtype=torch.int32).view(torch.float32)
    caches[2].values[0, 0, 0, :4] = odd
    assert same(unpack(pack(caches), model)[2].values[0, 0, 0, :4], odd)
    half = FractalMoE(TINY, seeding.torch_generator(41, "weights")).requires_grad_(False).bfloat16()
    narrow = half.caches()
    narrow[0].append(*torch.randn(2, 1, 2, 3, 16, generator=seeding.torch_generator(1, "keys")).bfloat16())
    for cache in narrow[1:]:
        cache.length = 3
    assert same(unpack(pack(narrow), half)[0].keys, narrow[0].keys)


def test_only_the_filled_positions_travel(model: FractalMoE) -> None:
    """A position costs keys and values of every block, 4 bytes a number; the rest is under 200 bytes."""
    position = 2 * TINY.blocks * TINY.hidden * 4
    sizes = [len(pack(filled(model, length))) for length in (0, 1, 100)]
    assert sizes[0] < 200
    assert sizes[2] - sizes[0] == pytest.approx(100 * position, abs=4)
    assert sizes[1] - sizes[0] == position


def test_the_numbers_are_little_endian_whatever_the_machine(model: FractalMoE) -> None:
    """The first number of the body is the first key."""
    caches = filled(model, 1)
    caches[0].keys[0, 0, 0, 0] = 1.0
    message = pack(caches)
    (size,) = LENGTH.unpack_from(message, len(MAGIC))
    assert message[len(MAGIC) + LENGTH.size + size :][:4] == bytes.fromhex("0000803f")


def test_resuming_from_empty_caches_is_decoding(model: FractalMoE) -> None:
    """One loop, also for a sampler that draws."""
    draws = (sampler(seeding.torch_generator(1, "draws"), 0.5) for _ in range(2))
    for one, two in ((greedy, greedy), tuple(draws)):
        whole = decode(model, PROMPT, TOKENS, one)
        again = resume(model, model.caches(), PROMPT, TOKENS, two)
        assert whole[0] == again[0]
        assert same(whole[1], again[1])


@pytest.mark.parametrize("cut", range(1, TOKENS))
def test_decoding_handed_over_at_any_token_is_bitwise_the_one_that_stayed(model: FractalMoE, cut: int) -> None:
    """The other node gets bytes alone; its tokens and logits are those of one node."""
    whole = decode(model, PROMPT, TOKENS, greedy)
    caches = model.caches()
    first = resume(model, caches, PROMPT, cut, greedy)
    other = FractalMoE(TINY, seeding.torch_generator(41, "weights")).requires_grad_(False)
    second = resume(other, unpack(pack(caches), other), bytes([first[0][-1]]), TOKENS - cut, greedy)
    assert first[0] + second[0] == whole[0]
    assert same(torch.cat([first[1], second[1]]), whole[1])


@given(cut=st.integers(1, 39))
@settings(max_examples=20, deadline=None)
def test_a_prefix_handed_over_continues_as_the_same_prefix_kept(model: FractalMoE, cut: int) -> None:
    """The rest of a text behind caches that travelled gives bitwise the logits behind caches that stayed."""
    text = torch.randint(0, 256, (1, 40), generator=seeding.torch_generator(8, "tokens"))
    kept = model.caches()
    model(text[:, :cut], kept)
    moved = unpack(pack(kept), model)
    assert same(model(text[:, cut:], moved), model(text[:, cut:], kept))


def test_a_second_process_goes_on_to_the_bit(model: FractalMoE, tmp_path: Path) -> None:
    """Nothing but a file and the last byte passes between the two."""
    whole = decode(model, PROMPT, TOKENS, greedy)
    caches, cut = model.caches(), 5
    first = resume(model, caches, PROMPT, cut, greedy)
    (tmp_path / "cache").write_bytes(pack(caches))
    rest = TOKENS - cut
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "cache"), str(first[0][-1]), str(rest)]
    answer = subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=Path(__file__).parents[3]).stdout
    assert first[0] + list(answer[:rest]) == whole[0]
    assert answer[rest:] == whole[1][cut:].numpy().tobytes()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_bytes_cut_off_or_changed_anywhere_are_refused(model: FractalMoE, data: st.DataObject) -> None:
    """No prefix and no flipped bit passes for a cache."""
    message = bytearray(pack(filled(model, 3)))
    if data.draw(st.booleans()):
        message = message[: data.draw(st.integers(0, len(message) - 1))]
    else:
        message[data.draw(st.integers(0, len(message) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(HandoffError, match=r"begin with|cut off or changed"):
        unpack(bytes(message), model)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (Config(hidden=32, heads=2, expert_width=48, blocks=2), "blocks 4: this model's has 2"),
        (Config(hidden=32, heads=4, expert_width=48), "heads 2: this model's has 4"),
        (Config(hidden=64, heads=2, expert_width=48), "width 16: this model's has 32"),
        (Config(hidden=32, heads=2, expert_width=48, context=2), "length 3: this model's context holds 0 to 2"),
    ],
)
def test_a_cache_of_another_config_is_refused(model: FractalMoE, config: Config, named: str) -> None:
    """The message names the number that differs, as it is there and here."""
    other = FractalMoE(config, seeding.torch_generator(1, "weights"))
    with pytest.raises(HandoffError, match=named):
        unpack(pack(filled(model, 3)), other)


def test_a_cache_in_another_precision_is_refused(model: FractalMoE) -> None:
    """Converting would round, which is not handing over."""
    half = FractalMoE(TINY, seeding.torch_generator(41, "weights")).bfloat16()
    with pytest.raises(HandoffError, match="dtype 'float32': this model's has 'bfloat16'"):
        unpack(pack(filled(model, 3)), half)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"batch": 0}, "batch 0: expected 1 to 1,024"),
        ({"batch": True}, "batch True"),
        ({"length": -1}, "length -1: this model's context holds 0 to 256"),
        ({"length": "3"}, "length '3'"),
        ({"batch": 1024}, "take 3072 bytes: expected 3145728"),
        ({"length": 4}, "take 3072 bytes: expected 4096"),
        ({"colour": 1}, "has no header of dtype, blocks, batch"),
    ],
)
def test_a_header_that_lies_is_refused(model: FractalMoE, fields: dict[str, object], named: str) -> None:
    """Also under a right digest, and before any memory is reserved for it."""
    with pytest.raises(HandoffError, match=named):
        unpack(forged(pack(filled(model, 3)), fields), model)


@pytest.mark.parametrize("batch", [1025, 10**12])
def test_a_batch_that_is_too_large_is_refused_also_where_nothing_is_cached(
    model: FractalMoE, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty caches of any batch have no body, whose size would show the lie; no memory is reserved for them."""
    message = forged(pack(filled(model, 0)), {"batch": batch})
    asked: list[int] = []
    monkeypatch.setattr(model, "caches", asked.append)
    with pytest.raises(HandoffError, match=f"batch {batch}: expected 1 to 1,024"):
        unpack(message, model)
    assert not asked


def test_bytes_that_are_no_header_are_refused(model: FractalMoE) -> None:
    """A length that is missing, and a header that is no JSON."""
    for rest in (b"", b"\1", LENGTH.pack(3) + b"{]}", LENGTH.pack(2) + b"[]", LENGTH.pack(1) + b"7"):
        content = MAGIC + rest
        with pytest.raises(HandoffError, match="no header"):
            unpack(content + hashlib.sha256(content).digest(), model)


def test_caches_that_do_not_belong_together_are_not_packed(model: FractalMoE) -> None:
    """Blocks that have seen different lengths, or no block at all."""
    caches = filled(model, 3)
    caches[1].length = 2
    for wrong, named in ((caches, r"lengths \[2, 3\]"), ([], r"lengths \[\]")):
        with pytest.raises(HandoffError, match=named):
            pack(wrong)


def test_bytes_that_are_carried_through_the_coordinator_arrive_whole_and_are_booked() -> None:
    message = bytes(range(256)) * 700  # three transfers, the last one short

    async def carried() -> tuple[bytes, dict[str, object]]:
        app = coordinator.create_app(identity.identity("coordinator", 1))
        async with coordinator.in_process(app) as client:
            nodes = [Node(identity.identity(name, 1), client) for name in ("here", "there")]
            for node in nodes:
                (await node.register()).raise_for_status()
            arrived = await handoff.carry(message, *nodes)
            assert nodes[0].sent == nodes[1].received == len(message)
            return arrived, (await client.get("/ledger")).raise_for_status().json()

    arrived, accounts = asyncio.run(carried())
    assert arrived == message
    assert str(len(message)) in str(accounts)


def test_one_session_carries_message_after_message_between_any_nodes_in_transfers_of_their_own() -> None:
    """Also the same one by another sender or to another recipient, and for names as long as they may be."""
    one, two, three = "a" * 64, "b" * 64, "c"
    long, short = bytes(70_000), b"short"
    ways = [(long, one, two), (short, one, two), (short, one, three), (short, three, two), (short, two, one)]

    async def carried() -> tuple[list[bytes], int]:
        app = coordinator.create_app(identity.identity("coordinator", 1))
        async with coordinator.in_process(app) as client:
            nodes = {name: Node(identity.identity(name, 1), client) for name in (one, two, three)}
            for node in nodes.values():
                (await node.register()).raise_for_status()
            arrived = [await handoff.carry(message, nodes[sender], nodes[to]) for message, sender, to in ways]
            return arrived, len(app.state.coordinator.ledger.transfers)

    assert asyncio.run(carried()) == ([message for message, _, _ in ways], 1 + len(ways))
