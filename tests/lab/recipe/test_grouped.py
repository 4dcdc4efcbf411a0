"""The kernels for the experts, held against torch's products.

Without a GPU they run in triton's interpreter: TRITON_INTERPRET=1, where triton is installed.
"""

from __future__ import annotations

import importlib.util
import os

import pytest
import torch
from torch import Tensor
from torch.nn import functional as fn

from bets.lab import seeding
from bets.lab.model import SIZES, FractalMoE, device
from bets.lab.recipe import grouped, routed

WHERE = device()
RUNS = WHERE.type == "cuda" or os.environ.get("TRITON_INTERPRET") == "1"
needs_triton = pytest.mark.skipif(
    importlib.util.find_spec("triton") is None or not RUNS,
    reason="the kernels need triton, and a GPU or TRITON_INTERPRET=1",
)
COUNT, HIDDEN, WIDTH = 4, 32, 48  # experts, C and F


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.randn(shape, generator=seeding.torch_generator(seed, "x")).to(WHERE)


def routing(kind: str, tokens: int) -> Tensor:
    """Two experts for each token [N, 2]."""
    if kind == "even":
        return torch.rand((tokens, COUNT), generator=seeding.torch_generator(3, "chosen")).argsort(1)[:, :2].to(WHERE)
    return torch.tensor([[2, 1]], device=WHERE).expand(tokens, 2)  # the first and the last expert are idle


@needs_triton
@pytest.mark.parametrize("kind", ["even", "two experts"])
@pytest.mark.parametrize("tokens", [1, 5, 64, 150])
def test_outputs_and_gradients_are_those_of_torchs_products(tokens: int, kind: str) -> None:
    flat, gate_up, down = (
        drawn(*shape, seed=seed).requires_grad_(True)
        for seed, shape in enumerate(((tokens, HIDDEN), (COUNT, 2 * WIDTH, HIDDEN), (COUNT, HIDDEN, WIDTH)))
    )
    chosen, dy = routing(kind, tokens), drawn(2 * tokens, HIDDEN, seed=9)
    slots, sources, ends = routed.places(chosen, COUNT, 16)
    both = (
        routed.Blocks.apply(flat, gate_up, down, slots, sources, routed.owners(ends, len(sources) // 16)),  # type: ignore[no-untyped-call]
        grouped.Grouped.apply(flat, gate_up, down, *routed.places(chosen, COUNT, 1)),  # type: ignore[no-untyped-call]
    )
    results = [[y.detach(), *torch.autograd.grad(y, (flat, gate_up, down), dy)] for y in both]
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


@needs_triton
def test_a_model_with_the_kernels_has_the_loss_and_the_gradients_of_the_eager_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(grouped, "fits", lambda *_: True)  # also where it is the interpreter that runs them
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).to(WHERE)
    tokens = torch.randint(0, 256, (2, 9), generator=seeding.torch_generator(2, "tokens")).to(WHERE)
    results = []
    for logits in (model(tokens[:, :-1]), routed.forward(model, tokens[:, :-1])):
        loss = fn.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
        results.append([loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))])
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))


@needs_triton
def test_the_same_rows_give_the_same_gradient_to_the_bit() -> None:
    a, b = drawn(100, HIDDEN, seed=1), drawn(100, WIDTH, seed=2)
    ends = torch.tensor([40, 40, 100, 100], device=WHERE)
    first, second = (grouped.outer(a, b, ends) for _ in range(2))
    assert torch.equal(first, second)
    assert not first[1].any()
    assert not first[3].any()


@needs_triton
def test_what_is_frozen_asks_for_no_gradient() -> None:
    flat, gate_up, down = (
        drawn(9, HIDDEN, seed=1),
        drawn(COUNT, 2 * WIDTH, HIDDEN, seed=2),
        drawn(COUNT, HIDDEN, WIDTH, seed=3),
    )
    places = routed.places(routing("even", 9), COUNT, 1)
    assert grouped.Grouped.apply(flat, gate_up, down, *places).grad_fn is None  # type: ignore[no-untyped-call]
    y = grouped.Grouped.apply(flat, gate_up, down.requires_grad_(True), *places)  # type: ignore[no-untyped-call]
    (gradient,) = torch.autograd.grad(y.square().sum(), down)
    assert gradient.shape == down.shape


def test_only_what_is_on_a_gpu_in_float32_and_of_even_widths_fits() -> None:
    x, gate_up = torch.zeros(4, 32), torch.zeros(4, 96, 32)
    assert not grouped.fits(x, gate_up)
    if WHERE.type == "cuda" and importlib.util.find_spec("triton"):
        x, gate_up = x.to(WHERE), gate_up.to(WHERE)
        assert grouped.fits(x, gate_up)
        assert not grouped.fits(x.double(), gate_up.double())
        assert not grouped.fits(x, gate_up[:3])
        assert not grouped.fits(x, gate_up[:, :80])


@pytest.mark.parametrize("name", sorted(grouped.TILES))
def test_a_tile_is_made_smaller_where_widths_are(name: str) -> None:
    """Of the published shape and of the tiny one: it divides them, and is no smaller than a product of tiles needs."""
    for columns, inner in ((256, 1152), (1152, 256), (2304, 256), (32, 48), (48, 32)):
        tile = grouped.cut(name, columns, inner)
        assert columns % tile["N"] == 0
        assert inner % tile["K"] == 0
        assert min(tile["N"], tile["K"]) >= grouped.LEAST
