"""Personal adapters of a frozen base: norm gains, low-rank updates of attention, or all weights, on equal budgets."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from bets.lab import naming, seeding, training
from bets.lab.artifacts import files, weights
from bets.lab.model import Attention, Stage
from bets.lab.training import Budget

KINDS: Final = ("norm", "lora", "full")
RANK: Final = 4

Adapter = Mapping[str, Tensor]
"""What an adapter is: the value of every parameter that it trained, by name; at 30m the norm gains are 9,216 bytes."""


class LowRank(nn.Module):
    """W + B A (LoRA, arXiv 2106.09685, with alpha = r) for a matrix, or for a stack of them.

    A [..., r, in] is drawn, B [..., out, r] starts at zero.
    """

    def __init__(self, weight: Tensor, generator: torch.Generator) -> None:
        super().__init__()
        *stack, out, inputs = weight.shape
        drawn = torch.randn(*stack, RANK, inputs, generator=generator) / inputs**0.5
        self.a = nn.Parameter(drawn.to(weight.device))
        self.b = nn.Parameter(weight.new_zeros(*stack, out, RANK))

    def forward(self, weight: Tensor) -> Tensor:
        """Takes and gives [..., out, in]."""
        return weight + self.b @ self.a


def attach(model: Stage, kind: str, generator: torch.Generator) -> None:
    """Freeze the model but for what an adapter of this kind trains; nothing changes yet that it computes.

    The generator draws what starts at random. ValueError for an unknown kind.
    """
    naming.check("adapter", kind, KINDS)
    model.requires_grad_(kind == "full")
    for module in [*model.modules()]:
        if kind == "norm" and isinstance(module, nn.RMSNorm):
            module.requires_grad_(True)
        elif kind == "lora" and isinstance(module, Attention):
            for linear in (module.qkv, module.out):
                parametrize.register_parametrization(linear, "weight", LowRank(linear.weight, generator))


def adapt(base: Stage, kind: str, text: bytes, budget: Budget, generator: torch.Generator) -> Stage:
    """A copy of the base with an adapter of this kind, trained on the text; the base is left as it is.

    A generator gives every kind the same windows: what LoRA draws is of another stream of its seed.
    """
    model = copy.deepcopy(base)
    attach(model, kind, seeding.torch_generator(generator.initial_seed(), kind))
    training.train(model, text, budget, generator, label=f"{kind} at {budget.learning_rate:g}")
    return model


def adapter(model: Stage) -> Adapter:
    """What was trained of an adapted model."""
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def wear(base: Stage, kind: str, worn: Adapter, where: object = "the adapter") -> Stage:
    """A copy of the base with an adapter put on; WeightsError, which names `where`, if it does not fit."""
    model = copy.deepcopy(base)
    attach(model, kind, torch.Generator())
    put_on(model, worn, where)
    return model


@torch.no_grad()
def put_on(model: Stage, worn: Adapter, where: object) -> None:
    """Set what is trained of a model, which an adapter was attached to; WeightsError, which names `where`, as above."""
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    weights.fit(where, worn, parameters)
    for name, parameter in parameters.items():
        parameter.copy_(worn[name])


def save(path: Path, worn: Adapter, kind: str, base: Stage) -> None:
    """Write an adapter as a safetensors file that names its kind and its base."""
    about = {"kind": kind, "base": weights.identifier(base.state_dict())}
    files.write(path, weights.pack(worn, about))


def load(path: Path, base: Stage) -> Stage:
    """A copy of the base with the adapter of a file.

    WeightsError if the file is not whole, or for another base, or of no kind that there is.
    """
    worn, about = weights.unpack(path.read_bytes(), path)
    own = weights.identifier(base.state_dict())
    if about.get("base") != own:
        raise weights.WeightsError(f"{path}: found an adapter of base {about.get('base')}, expected one of {own}")
    kind = about.get("kind")
    if kind not in KINDS:
        raise weights.WeightsError(f"{path}: found an adapter of kind {kind!r}, expected one of {', '.join(KINDS)}")
    return wear(base, str(kind), worn, path)
