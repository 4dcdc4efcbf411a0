"""LoRA of rank 4 on everything that multiplies: both projections of attention, and both matrices of every expert.

`adapters` has the published form, on attention alone. Router, embedding, head and gains stay as they are.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.utils import parametrize

from bets.lab import adapters, seeding, training
from bets.lab.adapters import Adapter, LowRank
from bets.lab.model import Attention, Experts, Stage
from bets.lab.training import Budget


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
    adapters.put_on(model, worn, where)
    return model
