"""Ternary weights that are trained: rounded on the way forward, and trained as if they were not (straight through).

Every matrix has one scale a row, the mean of its magnitudes; gains stay as they are. BitNet b1.58 (arXiv 2402.17764) is
trained so from random weights, with a scale a matrix; here training begins with a trained model.
"""

from __future__ import annotations

import copy

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.utils import parametrize

from bets.lab.artifacts import trits
from bets.lab.model import Stage


def rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Codes -1, 0, 1 [..., out, in] (int8), and the absmean scale of each row, [..., out, 1] (fp16)."""
    scales = weight.detach().abs().mean(-1, keepdim=True).half()
    divisors = torch.where(scales > 0, scales, 1).to(weight.dtype)
    return (weight.detach() / divisors).round().clamp(-1, 1).to(torch.int8) * (scales > 0), scales


class Ternary(nn.Module):
    """The rounded weight, with the gradient of the weight itself (Bengio et al., arXiv 1308.3432)."""

    def forward(self, weight: Tensor) -> Tensor:
        """Takes and gives [..., out, in]."""
        codes, scales = rows(weight)
        return weight + (codes * scales.to(weight.dtype) - weight).detach()


def rounding(base: Stage) -> Stage:
    """A copy of a model that computes with rounded matrices and trains all weights through the rounding."""
    model = copy.deepcopy(base).requires_grad_(True)
    for module in [*model.modules()]:
        for name, parameter in [*module.named_parameters(recurse=False)]:
            if parameter.ndim > 1:
                parametrize.register_parametrization(module, name, Ternary())
    return model


def frozen(model: Stage, base: Stage) -> Stage:
    """The base's shape with the weights that a rounding model computes with, and no rounding any more."""
    plain = copy.deepcopy(base).requires_grad_(False)
    with torch.no_grad():
        for module, source in zip(plain.modules(), _modules(model), strict=True):
            for name, parameter in module.named_parameters(recurse=False):
                parameter.copy_(getattr(source, name))
    return plain


def size(model: Stage) -> int:
    """Bytes of a safetensors file with a model's codes in 1.585 bits each, a scale a row in fp16, and gains in fp16."""
    tensors: dict[str, Tensor] = {}
    for name, weight in model.state_dict().items():
        if weight.ndim == 1:
            tensors[name] = weight.half().cpu()
        else:
            codes, tensors[f"{name}.scale"] = (part.cpu() for part in rows(weight))
            tensors[name] = trits.pack(codes)
    return len(save({name: tensor.contiguous() for name, tensor in tensors.items()}))


def _modules(model: Stage) -> list[nn.Module]:
    """The modules of a rounding model without those that round."""
    return [
        each
        for each in model.modules()
        if not isinstance(each, Ternary | parametrize.ParametrizationList | nn.ModuleDict)
    ]
