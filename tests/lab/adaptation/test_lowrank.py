"""LoRA on attention and experts: nothing changes at the start, and it learns what loralib's layers learn."""

from __future__ import annotations

import copy
from typing import cast

import loralib  # type: ignore[import-untyped]
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bets.lab import adapters, seeding, training
from bets.lab.adaptation import lowrank
from bets.lab.artifacts import weights
from bets.lab.model import SIZES, Block, Experts, FractalMoE, route
from bets.lab.training import Budget

TINY = SIZES["tiny"]
TEXT = b"She counted the windows of Harbour Street twice, and both times there were eleven.\n" * 8
BUDGET = Budget(steps=3, batch=2, length=32, learning_rate=1e-2)


@pytest.fixture(scope="module")
def base() -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(7, "weights")).requires_grad_(False)


def logits(model: nn.Module) -> Tensor:
    with torch.no_grad():
        found: Tensor = model(training.tokens(TEXT)[None, :64])
    return found


def draws() -> torch.Generator:
    return seeding.torch_generator(5, "adapter")


class Reference(nn.Module):
    """Experts made of loralib's linear layers, one expert after the other, for every token."""

    def __init__(self, experts: Experts) -> None:
        super().__init__()
        self.active, self.router = experts.active, experts.router
        for name in ("gate_up", "down"):
            stack, low_rank = getattr(experts, name), getattr(experts.parametrizations, name)[0]
            layers = []
            for frozen, a, b in zip(stack.detach(), low_rank.a, low_rank.b, strict=True):
                layer = loralib.Linear(frozen.shape[1], frozen.shape[0], r=4, lora_alpha=4, bias=False)
                layer.load_state_dict({"weight": frozen, "lora_A": a, "lora_B": b})
                layers.append(layer)
            setattr(self, name, nn.ModuleList(layers))

    def forward(self, x: Tensor) -> Tensor:
        flat = x.reshape(-1, x.shape[-1])
        shares, chosen = route(self.router(flat), self.active)
        total = torch.zeros_like(flat)
        for number, (gate_up, down) in enumerate(zip(self.gate_up, self.down, strict=True)):  # type: ignore[arg-type]
            gate, up = gate_up(flat).chunk(2, dim=-1)
            share = (shares * (chosen == number)).sum(-1, keepdim=True)
            total = total + share * down(fn.silu(gate) * up)
        return total.view_as(x)


def test_at_initialisation_it_gives_the_logits_of_its_base_bitwise(base: FractalMoE) -> None:
    assert torch.equal(logits(lowrank.adapt(base, TEXT, Budget(steps=0), draws())), logits(base))


def test_it_trains_both_projections_and_both_matrices_of_all_experts_and_nothing_else(base: FractalMoE) -> None:
    before = {name: tensor.clone() for name, tensor in base.state_dict().items()}
    model = lowrank.adapt(base, TEXT, BUDGET, draws())
    worn = adapters.adapter(model)
    assert {name.rsplit(".", 2)[0].split(".", 2)[2] for name in worn} == {
        "attention.qkv.parametrizations.weight",
        "attention.out.parametrizations.weight",
        "experts.parametrizations.gate_up",
        "experts.parametrizations.down",
    }
    assert len(worn) == TINY.blocks * 4 * 2
    assert all(tensor.abs().max() > 0 for tensor in worn.values())
    for name, parameter in model.named_parameters():
        if name not in worn:
            plain = name.replace("parametrizations.", "").replace(".original", "")
            assert torch.equal(parameter, before[plain]), name
    assert all(torch.equal(tensor, before[name]) for name, tensor in base.state_dict().items())


def test_it_learns_what_the_reference_layers_learn(base: FractalMoE) -> None:
    """From the same start, in the same windows: the same logits up to rounding."""
    own = copy.deepcopy(base)
    lowrank.attach(own, draws())
    reference = copy.deepcopy(base).requires_grad_(False)
    for theirs, ours in zip(reference.blocks, own.blocks, strict=True):
        theirs, ours = cast(Block, theirs), cast(Block, ours)
        for name in ("qkv", "out"):
            frozen = getattr(theirs.attention, name)
            low_rank = getattr(ours.attention, name).parametrizations.weight[0]
            layer = loralib.Linear(frozen.in_features, frozen.out_features, r=4, lora_alpha=4, bias=False)
            layer.load_state_dict({"weight": frozen.weight, "lora_A": low_rank.a, "lora_B": low_rank.b})
            setattr(theirs.attention, name, layer)
        theirs.experts = Reference(ours.experts)  # type: ignore[assignment]
    untouched = logits(own)
    for model in (own, reference):
        training.train(model, TEXT, BUDGET, seeding.torch_generator(3, "windows"))
    assert not torch.allclose(logits(own), untouched, atol=1e-3)
    assert torch.allclose(logits(own), logits(reference), atol=1e-4)


def test_an_adapter_that_is_put_on_gives_the_same_logits_bitwise(base: FractalMoE) -> None:
    model = lowrank.adapt(base, TEXT, BUDGET, draws())
    worn = dict(adapters.adapter(model))
    assert torch.equal(logits(lowrank.wear(base, worn)), logits(model))
    del worn["blocks.0.experts.parametrizations.down.0.a"]
    with pytest.raises(weights.WeightsError, match=r"^mine: found no 'blocks.0.experts.parametrizations.down.0.a'"):
        lowrank.wear(base, worn, "mine")


def test_it_sees_the_windows_that_every_other_adapter_sees(base: FractalMoE, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []
    real = training.batch

    def watched(data: Tensor, budget: Budget, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        found = real(data, budget, generator)
        seen.append(found[0])
        return found

    monkeypatch.setattr(training, "batch", watched)
    lowrank.adapt(base, TEXT, BUDGET, draws())
    adapters.adapt(base, "norm", TEXT, BUDGET, draws())
    assert torch.equal(torch.stack(seen[:3]), torch.stack(seen[3:]))
