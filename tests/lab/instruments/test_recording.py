"""Recordings against direct computation, models bitwise unchanged under them, and nothing read back in a hook."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.overrides import TorchFunctionMode

from bets.lab import seeding
from bets.lab.instruments.recording import Recording, paired, recorded
from bets.lab.model import SIZES, Block, FractalMoE, decode, greedy

TINY = SIZES["tiny"]


@pytest.fixture(scope="module")
def model() -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(51, "weights")).requires_grad_(False)


def text(count: int, batch: int = 1) -> Tensor:
    return torch.randint(0, 256, (batch, count), generator=seeding.torch_generator(3, "tokens"))


def direct(model: FractalMoE, tokens: Tensor) -> Recording:
    """The recording of one call by its definition, one token at a time."""
    n = tokens.numel()
    norms, routes = torch.zeros(TINY.blocks, n), torch.zeros(TINY.blocks, n, TINY.active, dtype=torch.int64)
    scores = torch.zeros(TINY.blocks, n, TINY.active)
    x = model.embed(tokens)
    for i, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        middle = x + block.attention(block.norm1(x))
        logits = block.experts.router(block.norm2(middle).flatten(0, 1))
        x = block(x)
        for row in range(n):
            values = logits[row].tolist()
            order = sorted(range(TINY.experts), key=[-value for value in values].__getitem__)
            routes[i, row] = torch.tensor(order[: TINY.active])
            scores[i, row] = logits[row, order[: TINY.active]]
            norms[i, row] = sum(v * v for v in x.flatten(0, 1)[row].tolist()) ** 0.5
    p = model.head(model.norm(x)).softmax(-1)
    log_p = torch.full(tokens.shape, torch.nan)
    for b in range(len(tokens)):
        for t in range(1, tokens.shape[1]):
            log_p[b, t] = p[b, t - 1, tokens[b, t]].log()
    return Recording(norms, scores, routes, log_p.flatten(), n)


def assert_same(found: Recording, expected: Recording) -> None:
    n = expected.length
    assert found.length == n
    torch.testing.assert_close(found.norms[:, :n], expected.norms[:, :n], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.scores[:, :n], expected.scores[:, :n], rtol=1e-4, atol=1e-6)
    assert torch.equal(found.routes[:, :n], expected.routes[:, :n])
    torch.testing.assert_close(
        found.log_probabilities[:n], expected.log_probabilities[:n], rtol=1e-5, atol=1e-5, equal_nan=True
    )


@pytest.mark.parametrize("naive", [False, True])
@pytest.mark.parametrize(("count", "batch"), [(1, 1), (30, 1), (9, 3)])
def test_what_is_recorded_equals_direct_computation(model: FractalMoE, naive: bool, count: int, batch: int) -> None:
    """Norms, routes and log-probabilities, in either way, also for batches; the first byte of a text has none."""
    tokens = text(count, batch)
    with recorded(model, 64, naive=naive) as kept:
        model(tokens)
    assert_same(kept, direct(model, tokens))
    assert kept.log_probabilities[: kept.length].isnan().sum() == batch


@given(cuts=st.lists(st.integers(1, 29), max_size=6, unique=True).map(sorted), batch=st.just(1))
@settings(max_examples=20, deadline=None)
def test_a_text_in_cached_pieces_is_recorded_as_the_whole(model: FractalMoE, cuts: list[int], batch: int) -> None:
    """The first byte of a piece is judged by the last logits of the piece before it."""
    tokens = text(30, batch)
    caches = model.caches(batch)
    with recorded(model, 30) as kept:
        for piece in tokens.tensor_split(cuts, dim=1):
            model(piece, caches=caches)
    assert_same(kept, direct(model, tokens))


def test_a_caller_that_changes_its_logits_in_place_does_not_change_the_record(model: FractalMoE) -> None:
    """A sampler may mask or temper what it was given before the next step is judged."""
    tokens, caches = text(8), model.caches()
    with recorded(model, 8) as kept:
        for t in range(8):
            model(tokens[:, t : t + 1], caches).fill_(7.0)
    assert_same(kept, direct(model, tokens))


def test_a_new_text_is_not_judged_by_the_one_before(model: FractalMoE) -> None:
    """Each call without a cache, or with an empty one, begins with a byte that nothing predicted."""
    with recorded(model, 40) as kept:
        model(text(10))
        model(text(10), model.caches())
        model(text(10))
    assert kept.log_probabilities[:30].isnan().nonzero().flatten().tolist() == [0, 10, 20]


def test_of_decoding_the_log_probability_of_each_generated_byte_is_kept(model: FractalMoE) -> None:
    """Those of the logits that decode returns; the last byte is never fed back, so it has none yet."""
    with recorded(model, 32) as kept:
        chosen, logits = decode(model, b"import ", 12, greedy)
    expected = torch.stack([row.log_softmax(-1)[token] for row, token in zip(logits, chosen, strict=True)])
    assert kept.length == 7 + 11
    torch.testing.assert_close(kept.log_probabilities[7:18], expected[:11])


@pytest.mark.parametrize("naive", [False, True])
def test_outputs_under_recording_are_bitwise_those_without(model: FractalMoE, naive: bool) -> None:
    """Watching changes nothing, in one pass or in decoding, and the weights stay as they are."""
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    alone = model(text(30)), decode(model, b"def f", 8, greedy)
    with recorded(model, 100, naive=naive):
        watched = model(text(30)), decode(model, b"def f", 8, greedy)
    assert torch.equal(alone[0].view(torch.int32), watched[0].view(torch.int32))
    assert alone[1][0] == watched[1][0]
    assert torch.equal(alone[1][1].view(torch.int32), watched[1][1].view(torch.int32))
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())


def test_a_model_that_trains_is_recorded_and_learns_as_if_it_were_not() -> None:
    """The hooks stay out of the graph: gradients are bitwise the same."""
    model = FractalMoE(TINY, seeding.torch_generator(52, "weights"))
    weights = list(model.parameters())
    alone = torch.autograd.grad(model(text(12)).square().sum(), weights)
    with recorded(model, 12) as kept:
        watched = torch.autograd.grad(model(text(12)).square().sum(), weights)
    assert all(torch.equal(a, b) for a, b in zip(alone, watched, strict=True))
    assert not any(x.requires_grad for x in (kept.norms, kept.scores, kept.log_probabilities))


def test_hooks_are_gone_afterwards_also_where_something_raised(model: FractalMoE) -> None:
    """What was recorded stays; the model is as it was."""

    def interrupted() -> None:
        with recorded(model, 64):
            assert any(module._forward_hooks for module in model.modules())
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert not any(module._forward_hooks for module in model.modules())
    assert not any(module._forward_hooks_with_kwargs for module in model.modules())


READS = {"item", "tolist", "cpu", "numpy", "__array__", "__bool__", "__int__", "__float__", "__index__"}
READS |= {"nonzero", "is_nonzero", "equal", "allclose"}


class ReadBack(TorchFunctionMode):
    """Counts what makes the host wait for a value; on the CPU most of it dispatches no operation, hence by name."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[str] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        if func.__name__ in READS:
            self.waits.append(func.__name__)
        return func(*args, **(kwargs or {}))


def waits(model: FractalMoE, naive: bool | None) -> list[str]:
    counted = ReadBack()
    with counted:
        if naive is None:
            model(text(10), model.caches())
        else:
            with recorded(model, 32, naive=naive):
                model(text(10), model.caches())
    return counted.waits


def test_no_hook_reads_a_value_back_where_the_naive_ones_do_for_every_value(model: FractalMoE) -> None:
    """Beside what the model reads itself, nothing; naively a norm, scores and routes a block and token, and more."""
    alone = waits(model, None)
    assert alone == ["tolist"] * TINY.blocks
    assert waits(model, False) == alone
    assert len(waits(model, True)) - len(alone) >= 10 * 3 * TINY.blocks + 9


@pytest.mark.parametrize("read", [Tensor.item, Tensor.tolist, Tensor.cpu, Tensor.numpy, np.asarray, bool, int, float])
def test_any_way_to_read_a_value_back_is_counted(model: FractalMoE, read: Callable[[Tensor], object]) -> None:
    """The counter sees a hook that reads a single value of a call, whichever way it does."""
    alone = waits(model, None)

    def hook(_module: object, _inputs: object, output: Tensor) -> None:
        read(output[0, 0, 0])

    with model.register_forward_hook(hook):
        assert len(waits(model, False)) == len(alone) + 1


def test_no_memory_is_reserved_again_while_it_records(model: FractalMoE) -> None:
    """The four tensors stay where they were, at the size that was asked for."""
    with recorded(model, 64) as kept:
        held = [kept.norms, kept.scores, kept.routes, kept.log_probabilities]
        places = [x.data_ptr() for x in held]
        model(text(20))
        model(text(20))
    assert [x.data_ptr() for x in held] == places
    assert [x.shape for x in held] == [(4, 64), (4, 64, 2), (4, 64, 2), (64,)]


def test_more_tokens_than_there_is_room_for_are_refused(model: FractalMoE) -> None:
    """The message gives the capacity, the space in use and the size of the request."""
    with recorded(model, 25) as kept:
        model(text(20))
        with pytest.raises(ValueError, match="room for 25 tokens: 20 are taken, 6 more came"):
            model(text(6))
    assert kept.length == 20


def test_pairs_are_interleaved_and_timed_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each runs once to warm up, then by turns, the first of a pair changing; the seconds are each one's own."""
    order: list[str] = []
    clock = 0.0

    def run(name: str, seconds: float) -> None:
        nonlocal clock
        order.append(name)
        clock += seconds

    monkeypatch.setattr(time, "perf_counter", lambda: clock)
    a, b = paired(lambda: run("a", 1), lambda: run("b", 3), 3)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"
    assert (a, b) == ([1, 1, 1], [3, 3, 3])
    assert clock == 16
