"""LoRA of rank 4 on everything that multiplies: both projections of attention, and both matrices of every expert.

`adapters` has the published form, on attention alone. Router, embedding, head and gains stay as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from bets.lab import seeding, training
from bets.lab.adapters import RANK, Adapter
from bets.lab.artifacts import weights
from bets.lab.model import Attention, Experts, Stage
from bets.lab.training import Budget


class LowRank(nn.Module):
    """W + B A for a matrix, or for a stack of them: A [..., r, in] is drawn, B [..., out, r] starts at zero."""

    def __init__(self, weight: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        *stack, out, inputs = weight.shape
        drawn = torch.randn(*stack, RANK, inputs, generator=generator) / inputs**0.5
        self.a = nn.Parameter(drawn.to(weight.device))
        self.b = nn.Parameter(weight.new_zeros(*stack, out, RANK))

    def forward(self, weight: Tensor) -> Tensor:
        """Takes and gives [..., out, in]."""
        return weight + self.b @ self.a


def attach(model: Stage, generator: torch.Generator) -> None:
    """Freeze the model and add what LoRA trains; nothing changes yet that it computes."""
    model.requires_grad_(False)
    for module, name in [*adapted(model)]:
        parametrize.register_parametrization(module, name, LowRank(getattr(module, name), generator))


def adapt(base: Stage, text: bytes, budget: Budget, generator: torch.Generator) -> Stage:
    """A copy of the base with LoRA trained on the text, in the windows that the generator gives every other adapter."""
    model = copy.deepcopy(base)
    attach(model, seeding.torch_generator(generator.initial_seed(), "lora"))
    training.train(model, text, budget, generator, label=f"lora at {budget.learning_rate:g}")
    return model


def adapted(model: Stage) -> Iterator[tuple[nn.Module, str]]:
    """The modules whose weights are adapted, each with the name of the weight."""
    for module in model.modules():
        if isinstance(module, Attention):
            yield module.qkv, "weight"
            yield module.out, "weight"
        elif isinstance(module, Experts):
            yield module, "gate_up"
            yield module, "down"


def wear(base: Stage, worn: Adapter, where: object = "the adapter") -> Stage:
    """A copy of the base with an adapter put on; WeightsError, which names `where`, if it does not fit."""
    model = copy.deepcopy(base)
    attach(model, torch.Generator())
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    weights.fit(where, worn, parameters)
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(worn[name])
    return model
