"""FractalMoE's forward pass with matrix products in a precision of choice, and the loss that balances its experts.

Weights, the residual stream, norms, routing and sums stay in float32. In float32 the logits are the model's own, to the
bit. A processor with bfloat16 products (AVX512_BF16, AMX) makes them in half of the time.
"""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor

from bets.lab.model import Block, Experts, Stage, route, swiglu

PRECISIONS: Final = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def best() -> str:
    """The precision that this machine's processor is fast in."""
    return "bfloat16" if torch.cpu._is_avx512_bf16_supported() else "float32"


def forward(model: Stage, tokens: Tensor, precision: str) -> tuple[Tensor, Tensor]:
    """From tokens [B, T] the logits [B, T, V] in float32, and how unevenly the experts are used, a scalar."""
    dtype, low = PRECISIONS[precision], precision != "float32"
    uneven = []
    with torch.autocast(tokens.device.type, dtype, enabled=low):
        x = model.embed(tokens)  # [B, T, C]
        for each in model.blocks:
            block = cast(Block, each)
            x = x + block.attention(block.norm1(x)).float()
            y, logits, chosen = experts(block.experts, block.norm2(x), dtype)
            x = x + y
            uneven.append(imbalance(logits, chosen))
        return model.head(model.norm(x)).float(), torch.stack(uneven).mean()


def experts(module: Experts, x: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """What `Experts.forward` gives for x [B, T, C]; the router's logits [N, E] and its choices [N, K]."""
    flat = x.reshape(-1, x.shape[-1])  # [N, C]
    with torch.autocast(x.device.type, enabled=False):
        logits = module.router(flat)  # [N, E]
        weights, chosen = route(logits, module.active)  # [N, K] both
        order = chosen.flatten().argsort(stable=True)  # [N K]
        token = order // module.active
        counts = chosen.flatten().bincount(minlength=len(module.down)).tolist()
        parts = torch.split(flat.to(dtype).index_select(0, token), counts)  # E of [n, C]
        gate_up, down = module.gate_up.to(dtype).unbind(), module.down.to(dtype).unbind()
        y = torch.cat([swiglu(*each) for each in zip(parts, gate_up, down, strict=True) if len(each[0])])  # [N K, C]
        y = y.float() * weights.flatten()[order, None]
        y = torch.zeros_like(flat).index_add(0, token, y)
    return y.view_as(x), logits, chosen


def imbalance(logits: Tensor, chosen: Tensor) -> Tensor:
    """E times the sum over experts of share of tokens by mean probability (Switch, arXiv 2101.03961): 1 if even.

    logits [N, E], chosen [N, K]. It has a gradient through the probabilities alone.
    """
    count = logits.shape[1]
    shares = (chosen[..., None] == torch.arange(count, device=chosen.device)).float().mean((0, 1))  # [E]
    return count * (shares * logits.softmax(dim=-1).mean(0)).sum()
