"""The forward pass of pretraining: the model's own to the bit in float32, close to it in bfloat16."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as fn

from bets.lab import seeding
from bets.lab.model import SIZES, FractalMoE
from bets.lab.recipe import mixed

TINY = SIZES["tiny"]


@pytest.fixture
def model() -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(7, "weights"))


def tokens(count: int = 48, batch: int = 3) -> Tensor:
    return torch.randint(0, 256, (batch, count), generator=seeding.torch_generator(3, "tokens"))


def gradients(model: FractalMoE, logits: Tensor) -> list[Tensor]:
    loss = fn.cross_entropy(logits.flatten(0, 1), tokens().roll(-1, 1).flatten())
    return list(torch.autograd.grad(loss, list(model.parameters())))


def test_in_float32_logits_and_gradients_are_the_models_own_to_the_bit(model: FractalMoE) -> None:
    logits, _ = mixed.forward(model, tokens(), "float32")
    own = model(tokens())
    assert torch.equal(logits, own)
    assert all(map(torch.equal, gradients(model, logits), gradients(model, own)))


def test_in_bfloat16_they_are_close_and_in_float32(model: FractalMoE) -> None:
    """The relative error is that of a number of 8 bits; the router, which chooses, computes in float32."""
    logits, _ = mixed.forward(model, tokens(), "bfloat16")
    own = model(tokens())
    assert logits.dtype == torch.float32
    assert 0 < float(((logits - own).norm() / own.norm()).detach()) < 0.02
    for name, here, there in zip(
        dict(model.named_parameters()), gradients(model, logits), gradients(model, own), strict=True
    ):
        assert here.dtype == torch.float32
        assert float((here - there).norm() / there.norm()) < 0.05, name


def test_the_imbalance_is_that_of_its_definition() -> None:
    """One where tokens and probabilities are even, the number of experts where one has all."""
    logits = torch.randn(50, 8, generator=seeding.torch_generator(5, "logits"), dtype=torch.float64)
    chosen = logits.topk(2).indices
    expected = 0.0
    for expert in range(8):
        share = sum(int(expert in row) for row in chosen.tolist()) / 100
        expected += 8 * share * float(logits.softmax(-1)[:, expert].mean())
    assert float(mixed.imbalance(logits, chosen)) == pytest.approx(expected, rel=1e-6)
    even = torch.arange(8).view(4, 2)
    assert float(mixed.imbalance(torch.zeros(4, 8), even)) == pytest.approx(1)
    alone = torch.tensor([[30.0] + [-30.0] * 7])
    assert float(mixed.imbalance(alone, torch.zeros(1, 1, dtype=torch.long))) == pytest.approx(8)


def test_the_imbalance_of_a_model_is_the_mean_over_its_blocks_and_moves_the_routers(model: FractalMoE) -> None:
    seen: list[Tensor] = []
    routers = [model.get_submodule(f"blocks.{number}.experts.router") for number in range(4)]
    hooks = [router.register_forward_hook(lambda _m, _i, out: seen.append(out.detach())) for router in routers]
    _, uneven = mixed.forward(model, tokens(), "float32")
    for hook in hooks:
        hook.remove()
    each = [float(mixed.imbalance(logits, logits.topk(2).indices)) for logits in seen]
    assert len(each) == 4
    assert float(uneven.detach()) == pytest.approx(sum(each) / 4)
    (gradient,) = torch.autograd.grad(uneven, model.get_parameter("blocks.0.experts.router.weight"))
    assert bool(gradient.abs().sum() > 0)


def test_the_best_precision_is_one_that_there_is() -> None:
    assert mixed.best() in mixed.PRECISIONS
