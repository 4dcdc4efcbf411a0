"""FractalMoE against naive definitions, and its stages and cache against the whole."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as fn

from bets.lab import seeding
from bets.lab.model import (
    SIZES,
    Attention,
    Config,
    Experts,
    FractalMoE,
    decode,
    greedy,
    initialise,
    rotate,
    sampler,
    stage,
    swiglu,
)

TINY = SIZES["tiny"]


@pytest.fixture(scope="module")
def tiny() -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(7, "weights")).requires_grad_(False)


def tokens(count: int, batch: int = 1, seed: int = 3) -> Tensor:
    return torch.randint(0, 256, (batch, count), generator=seeding.torch_generator(seed, "tokens"))


def attended(attention: Attention, x: Tensor) -> Tensor:
    """Causal attention by its definition, token by token and head by head; x [T, C]."""
    heads, width = TINY.heads, TINY.hidden // TINY.heads
    q, k, v = (part.view(-1, heads, width) for part in attention.qkv(x).chunk(3, dim=-1))  # [T, H, D]

    def turned(row: Tensor, position: int) -> Tensor:
        out = row.clone()
        for i in range(width // 2):
            angle = position * TINY.rope_base ** (-2 * i / width)
            a, b = float(row[i]), float(row[i + width // 2])
            out[i] = a * math.cos(angle) - b * math.sin(angle)
            out[i + width // 2] = a * math.sin(angle) + b * math.cos(angle)
        return out

    rows = []
    for t in range(len(x)):
        mixed = []
        for h in range(heads):
            query = turned(q[t, h], t)
            scores = torch.stack([query @ turned(k[s, h], s) / width**0.5 for s in range(t + 1)])
            mixed.append(scores.softmax(0) @ v[: t + 1, h])
        rows.append(attention.out(torch.cat(mixed)))
    return torch.stack(rows)


def routed(experts: Experts, x: Tensor) -> Tensor:
    """Top-k routing by its definition, one token and one expert at a time; x [N, C]."""
    rows = []
    for token in x:
        logits = experts.router(token)
        best = sorted(range(len(logits)), key=lambda e: -float(logits.detach()[e]))[: experts.active]
        weights = torch.stack([logits[e] for e in best]).softmax(0)
        total = torch.zeros_like(token)
        for weight, e in zip(weights, best, strict=True):
            gate, up = (experts.gate_up[e] @ token).chunk(2)
            total = total + weight * (experts.down[e] @ (gate * torch.sigmoid(gate) * up))
        rows.append(total)
    return torch.stack(rows)


def test_the_30m_size_has_29_501_696_parameters_of_which_2_304_are_norm_gains() -> None:
    """The size is the published one: nine norms of 256 gains, and 28 to 40 million parameters."""
    model = FractalMoE(SIZES["30m"], seeding.torch_generator(1, "weights"))
    gains = [p for m in model.modules() if isinstance(m, torch.nn.RMSNorm) for p in m.parameters()]
    assert sum(p.numel() for p in model.parameters()) == 29_501_696
    assert (len(gains), sum(p.numel() for p in gains)) == (9, 2_304)


def test_the_tiny_size_differs_in_widths_alone() -> None:
    """A rehearsal walks the same blocks, experts, vocabulary and context as the run that counts."""
    full = SIZES["30m"]
    same = ("blocks", "experts", "active", "vocabulary", "context")
    assert [getattr(TINY, name) for name in same] == [getattr(full, name) for name in same]


def test_attention_equals_its_definition(tiny: FractalMoE) -> None:
    """Rotary causal attention is what a loop over tokens, heads and earlier tokens computes."""
    attention = tiny.blocks[1].attention
    assert isinstance(attention, Attention)
    x = torch.randn(9, TINY.hidden, generator=seeding.torch_generator(5, "x"))
    torch.testing.assert_close(attention(x[None])[0], attended(attention, x))


def test_rotation_keeps_lengths_and_depends_on_distance_alone() -> None:
    """RoFormer's two properties: rotations keep norms, and a product of two turned vectors sees only how far apart."""
    generator = seeding.torch_generator(2, "rope")
    attention = Attention(TINY)
    q, k = torch.randn(2, 1, 1, 1, TINY.hidden // TINY.heads, generator=generator)

    def at(x: Tensor, position: int) -> Tensor:
        return rotate(x, attention.cos[position : position + 1], attention.sin[position : position + 1])

    torch.testing.assert_close(at(q, 100).norm(), q.norm())
    torch.testing.assert_close((at(q, 30) * at(k, 10)).sum(), (at(q, 130) * at(k, 110)).sum(), rtol=1e-3, atol=1e-4)


@given(count=st.integers(1, 40), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_routing_equals_one_token_at_a_time(count: int, seed: int) -> None:
    """The sorted, grouped experts give what a loop over tokens and their two experts gives, also with idle experts."""
    model = FractalMoE(TINY, seeding.torch_generator(seed, "weights")).requires_grad_(False)
    experts = model.blocks[0].experts
    assert isinstance(experts, Experts)
    x = torch.randn(1, count, TINY.hidden, generator=seeding.torch_generator(seed, "x"))
    torch.testing.assert_close(experts(x)[0], routed(experts, x[0]), rtol=1e-4, atol=1e-7)


def test_each_expert_runs_once_on_its_own_tokens_alone(tiny: FractalMoE, monkeypatch: pytest.MonkeyPatch) -> None:
    """No dense pass: over all experts the rows computed are two a token, in at most one call an expert."""
    from bets.lab import model as module

    rows: list[int] = []
    real = module.swiglu

    def counted(x: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
        rows.append(len(x))
        return real(x, gate_up, down)

    monkeypatch.setattr(module, "swiglu", counted)
    experts = tiny.blocks[0].experts
    assert isinstance(experts, Experts)
    experts(torch.randn(1, 50, TINY.hidden, generator=seeding.torch_generator(4, "x")))
    assert sum(rows) == 100
    assert len(rows) <= TINY.experts


def test_gradients_reach_every_parameter_and_equal_the_naive_ones() -> None:
    """Training sees the routed sum as its definition does, router included."""
    model = FractalMoE(TINY, seeding.torch_generator(11, "weights"))
    experts = model.blocks[2].experts
    assert isinstance(experts, Experts)
    x = torch.randn(1, 30, TINY.hidden, generator=seeding.torch_generator(11, "x"))
    fast = torch.autograd.grad(experts(x).square().sum(), list(experts.parameters()))
    slow = torch.autograd.grad(routed(experts, x[0]).square().sum(), list(experts.parameters()))
    for a, b in zip(fast, slow, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-8)
    text = tokens(64, batch=4)
    loss = fn.cross_entropy(model(text)[:, :-1].flatten(0, 1), text[:, 1:].flatten())
    assert all(bool(g.abs().sum() > 0) for g in torch.autograd.grad(loss, list(model.parameters())))


def test_an_expert_has_the_gradients_of_its_definition_and_makes_none_for_what_is_frozen() -> None:
    """Bitwise for its tokens, and against finite differences in double precision; frozen weights ask for none."""
    generator = seeding.torch_generator(6, "expert")
    x, gate_up, down = (
        torch.randn(shape, dtype=torch.float64, generator=generator, requires_grad=True)
        for shape in ((5, 4), (6, 4), (4, 3))
    )
    assert torch.autograd.gradcheck(swiglu, (x, gate_up, down))
    frozen = gate_up.detach(), down.detach()
    (fast,) = torch.autograd.grad(swiglu(x, *frozen).square().sum(), x)
    gate, up = fn.linear(x, frozen[0]).chunk(2, dim=-1)
    y = fn.linear(fn.silu(gate) * up, frozen[1])
    assert torch.equal(swiglu(x, *frozen), y)
    assert torch.equal(fast, torch.autograd.grad(y.square().sum(), x)[0])
    assert swiglu(x.detach(), *frozen).grad_fn is None


@given(cut=st.integers(1, 39), other=st.integers(0, 255))
@settings(max_examples=25, deadline=None)
def test_a_future_byte_changes_no_earlier_logit(tiny: FractalMoE, cut: int, other: int) -> None:
    """Causality, through attention and routing: what stands at `cut` is not seen before it, but is seen at it."""
    text = tokens(40)
    changed = text.clone()
    changed[0, cut] = (text[0, cut] + 1 + other % 255) % 256
    before, after = tiny(text)[0], tiny(changed)[0]
    torch.testing.assert_close(before[:cut], after[:cut], rtol=1e-4, atol=1e-6)
    assert not torch.allclose(before[cut], after[cut], rtol=1e-4, atol=1e-6)


@given(cuts=st.lists(st.integers(1, 47), max_size=6, unique=True).map(sorted))
@settings(max_examples=25, deadline=None)
def test_cached_pieces_equal_the_uncached_whole(tiny: FractalMoE, cuts: list[int]) -> None:
    """However a text is cut into prefill and steps, the cache gives the logits of one pass: same argmax, and close."""
    text = tokens(48, batch=2)
    caches = tiny.caches(batch=2)
    pieces = torch.cat([tiny(piece, caches) for piece in text.tensor_split(cuts, dim=1)], dim=1)
    whole = tiny(text)
    torch.testing.assert_close(pieces, whole, rtol=1e-4, atol=1e-5)
    assert torch.equal(pieces.argmax(-1), whole.argmax(-1))


def test_decoding_equals_recomputing_the_text_at_every_step(tiny: FractalMoE) -> None:
    """Greedy decoding from the cache gives the tokens that full passes without one give."""
    text = b"def fractal("
    chosen, logits = decode(tiny, text, 20, greedy)
    for n, token in enumerate(chosen):
        row = tiny(torch.tensor([list(text) + chosen[:n]]))[0, -1]
        assert int(row.argmax()) == token
        torch.testing.assert_close(logits[n], row, rtol=1e-4, atol=1e-5)


def test_decoding_from_nothing_or_to_nothing_is_refused(tiny: FractalMoE) -> None:
    """The message says what was found and what was expected."""
    with pytest.raises(ValueError, match="found a prompt of 0 bytes, expected at least 1"):
        decode(tiny, b"", 3, greedy)
    for count in (0, -1):
        with pytest.raises(ValueError, match=f"found {count} tokens to decode, expected at least 1"):
            decode(tiny, b"def", count, greedy)


@pytest.mark.parametrize("cuts", [(0, 4), (0, 2, 4), (0, 1, 4), (0, 1, 2, 3, 4)])
def test_a_pipeline_of_stages_equals_the_whole_to_the_bit(tiny: FractalMoE, cuts: tuple[int, ...]) -> None:
    """Prefill and steps through consecutive stages, each with its own cache, are bitwise those of the whole model."""
    parts = [stage(tiny, first, last) for first, last in pairwise(cuts)]
    whole, own = tiny.caches(), [part.caches() for part in parts]
    for piece in tokens(24).split([12] + [1] * 12, dim=1):  # type: ignore[no-untyped-call]
        x = piece
        for part, caches in zip(parts, own, strict=True):
            x = part(x, caches)
        assert torch.equal(x, tiny(piece, whole))


def test_stages_share_the_weights_and_together_hold_each_once(tiny: FractalMoE) -> None:
    """Cutting copies nothing and loses nothing."""
    parts = [stage(tiny, 0, 1), stage(tiny, 1, 3), stage(tiny, 3, 4)]
    held = [p.data_ptr() for part in parts for p in part.parameters()]
    assert sorted(held) == sorted(p.data_ptr() for p in tiny.parameters())


@pytest.mark.parametrize(("first", "last"), [(-1, 2), (2, 2), (3, 1), (0, 5)])
def test_an_impossible_stage_is_refused(tiny: FractalMoE, first: int, last: int) -> None:
    """The message says what a stage needs and what was given."""
    with pytest.raises(ValueError, match=rf"0 <= first < last <= 4, found first {first} and last {last}"):
        stage(tiny, first, last)


def test_a_text_longer_than_the_context_is_refused(tiny: FractalMoE) -> None:
    """The message counts what is cached and what was given."""
    caches = tiny.caches()
    tiny(tokens(250), caches)
    with pytest.raises(ValueError, match="holds 256 tokens: 250 are cached, 7 more were given"):
        tiny(tokens(7), caches)


def test_one_seed_gives_the_same_weights_and_the_global_generator_is_left_alone() -> None:
    """Initialisation draws from its own generator, and from nothing else."""
    state = torch.get_rng_state()
    a, b, c = (FractalMoE(TINY, seeding.torch_generator(seed, "weights")) for seed in (1, 1, 2))
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))
    assert not all(torch.equal(x, y) for x, y in zip(a.parameters(), c.parameters(), strict=True))


def test_initial_weights_have_gpt_2s_spread() -> None:
    """0.02 everywhere but before the residual stream, where it is divided by the root of twice the blocks."""
    model = FractalMoE(Config(hidden=64, expert_width=96), seeding.torch_generator(1, "weights")).requires_grad_(False)
    for name, parameter in model.named_parameters():
        if "norm" in name:
            assert bool((parameter == 1).all()), name
        else:
            shrunk = name.endswith(("out.weight", "down"))
            assert float(parameter.std()) == pytest.approx(0.02 / 8**0.5 if shrunk else 0.02, rel=0.1), name


def test_initialising_again_gives_the_same_model() -> None:
    """`initialise` depends on the generator alone, not on what was there."""
    model = FractalMoE(TINY, seeding.torch_generator(1, "weights"))
    before = {name: p.clone() for name, p in model.named_parameters()}
    initialise(model, seeding.torch_generator(1, "weights"))
    assert all(torch.equal(before[name], p) for name, p in model.named_parameters())


def test_sampling_follows_its_own_generator_and_the_softmax() -> None:
    """Equal generators draw equal tokens, and the frequencies are those of the tempered softmax."""
    logits = torch.tensor([0.0, 0.5, 1.0])
    first, second = (sampler(seeding.torch_generator(1, "draws"), 0.5) for _ in range(2))
    draws = [first(logits) for _ in range(3000)]
    assert draws == [second(logits) for _ in range(3000)]
    expected = (logits / 0.5).softmax(0)
    observed = torch.tensor(draws).bincount(minlength=3) / 3000
    torch.testing.assert_close(observed, expected, rtol=0, atol=0.03)


def test_labels_give_independent_streams_that_anyone_can_recompute() -> None:
    """A derived seed is sha256's, so it is the same on every machine, and another label is another stream."""
    assert seeding.derive(7, "weights") == 6558859102530330247
    assert seeding.derive(7, "weights") != seeding.derive(7, "tokens")
    a, b = (seeding.numpy_generator(7, "x").random(4).tolist() for _ in range(2))
    assert a == b
