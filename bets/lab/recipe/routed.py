"""FractalMoE in shapes that do not depend on the routing, so that a CUDA graph can hold a whole step.

`Experts.forward` asks the device how many tokens each expert has, and waits for the answer in every layer. Here the
rows of an expert are padded to blocks of M, of which there are always the same number, and each block is multiplied by
the weights of its expert. What is computed is the same, in another order of sums.

Further letters in the shapes: P = N K pairs of a token and an expert, S slots = R M in R blocks of M rows.
"""

from __future__ import annotations

from typing import Any, Final, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as fn

from bets.lab.model import Block, Experts, Stage, route
from bets.lab.recipe import grouped, mixed
from bets.lab.recipe.grouped import Grouped

MANY: Final = 2048  # pairs from which on blocks are larger


def forward(model: Stage, x: Tensor, rows: int | None = None) -> Tensor:
    """What the model gives for x: tokens [B, T] or, where it does not embed, [B, T, C]; for rows see `experts`."""
    return passed(model, x, rows)[0]


def balanced(model: Stage, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """What `mixed.forward` gives in float32 for tokens [B, T]: the logits, and how unevenly the experts are used."""
    logits, routings = passed(model, tokens)
    return logits, torch.stack([mixed.imbalance(*each) for each in routings]).mean()


def passed(model: Stage, x: Tensor, rows: int | None = None) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """What the model gives for x; the router's logits [N, E] and its choices [N, K] in each block."""
    x, routings = model.embed(x), []
    for each in model.blocks:
        block = cast(Block, each)
        x = x + block.attention(block.norm1(x))
        y, logits, chosen = experts(block.experts, block.norm2(x), rows)
        x = x + y
        routings.append((logits, chosen))
    return model.head(model.norm(x)), routings


def experts(module: Experts, x: Tensor, rows: int | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """What `Experts.forward` gives for x [B, T, C]; the router's logits [N, E] and its choices [N, K].

    By the kernels of `grouped`, where they can run. Elsewhere, or where a number of rows is given, by torch's products
    in blocks of so many rows, or of `block_rows`.
    """
    flat = x.reshape(-1, x.shape[-1])  # [N, C]
    logits = module.router(flat)  # [N, E]
    weights, chosen = route(logits, module.active)  # [N, K] both
    if rows is None and grouped.fits(flat, module.gate_up):
        y = Grouped.apply(flat, module.gate_up, module.down, *places(chosen, len(module.down), 1))  # type: ignore[no-untyped-call]
    else:
        rows = rows or block_rows(chosen.numel())
        slots, tokens, ends = places(chosen, len(module.down), rows)
        of = owners(ends, len(tokens) // rows)
        y = Blocks.apply(flat, module.gate_up, module.down, slots, tokens, of)  # type: ignore[no-untyped-call]
    y = (y.view(*chosen.shape, -1) * weights[..., None]).sum(1)  # from [P, C]
    return y.view_as(x), logits, chosen


def block_rows(pairs: int) -> int:
    """Rows of a block: of few, less of an expert's last block is empty; of many, its weights are read less often."""
    return 128 if pairs >= MANY else 64


def places(chosen: Tensor, count: int, rows: int) -> tuple[Tensor, Tensor, Tensor]:
    """Where each pair of chosen [N, K] goes: its slot [P]; each slot's token [S]; the block behind each expert's [E].

    An expert's blocks are in a row, and so are its pairs. A slot of no pair has token 0: what is computed there is
    never read. Nothing here asks the device for a number.
    """
    flat = chosen.flatten()  # [P]
    total = blocks_needed(len(flat), count, rows)  # R
    # [E, P], as scans run along the last dimension: on a GPU one along the first of [P, E] was a quarter of a step.
    before = (flat == torch.arange(count, device=flat.device)[:, None]).cumsum(1)  # [E, P]: pairs, up to this one
    blocks = (before[:, -1] + rows - 1) // rows  # [E]
    ends = blocks.cumsum(0)  # [E]
    slots = (before + ((ends - blocks) * rows - 1)[:, None]).gather(0, flat[None]).squeeze(0)
    pairs = torch.arange(len(flat), device=flat.device)
    tokens = flat.new_zeros(total * rows).scatter_(0, slots, pairs // chosen.shape[1])
    return slots, tokens, ends


def owners(ends: Tensor, total: int) -> Tensor:
    """The expert of each of `total` blocks, [total], from ends [E]; blocks behind the last are the last expert's."""
    return (torch.arange(total, device=ends.device)[:, None] >= ends).sum(1).clamp(max=len(ends) - 1)


def blocks_needed(pairs: int, count: int, rows: int) -> int:
    """Blocks that hold any routing: those of all pairs in a row, and one that is not full for each expert but one."""
    return min((pairs - 1) // rows + count, pairs)


class Blocks(torch.autograd.Function):
    """SwiGLU of each pair, in blocks of rows by the expert that owns them.

    It keeps the weights of each block for the way back, which are several times the model: gathering them takes longer
    than that memory is worth on a GPU. A gradient that is not needed costs no product.
    """

    @staticmethod
    def forward(
        ctx: Any, flat: Tensor, gate_up: Tensor, down: Tensor, slots: Tensor, tokens: Tensor, owners: Tensor
    ) -> Tensor:
        """Takes [N, C], [E, 2F, C], [E, C, F], [P], [S] and [R]; gives [P, C]."""
        x = flat.index_select(0, tokens).view(len(owners), -1, flat.shape[1])  # [R, M, C]
        ups, downs = gate_up.index_select(0, owners), down.index_select(0, owners)  # [R, 2F, C], [R, C, F]
        both = x @ ups.mT  # [R, M, 2F]
        ctx.save_for_backward(x, ups, downs, both, slots, owners)
        ctx.experts, ctx.tokens = len(down), len(flat)
        gate, up = both.chunk(2, dim=-1)  # [R, M, F] both
        return (fn.silu(gate).mul_(up) @ downs.mT).flatten(0, 1).index_select(0, slots)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None, None]:
        """Takes [P, C]; gives the gradients of flat, gate_up and down that are needed."""
        x, ups, downs, both, slots, owners = ctx.saved_tensors
        needs_x, needs_gate_up, needs_down = ctx.needs_input_grad[:3]
        # Zero where a slot has no pair: what the token of that slot gave must not count.
        dy = dy.new_zeros(x.shape[0] * x.shape[1], dy.shape[1]).index_copy_(0, slots, dy).view_as(x)
        gate, up = both.chunk(2, dim=-1)
        h = fn.silu(gate)  # [R, M, F]
        dh = dy @ downs  # [R, M, F]
        dboth = torch.empty_like(both)
        dgate, dup = dboth.chunk(2, dim=-1)
        torch.mul(dh, h, out=dup)
        torch.ops.aten.silu_backward.grad_input(dh.mul_(up), gate, grad_input=dgate)
        return (
            collected(dboth @ ups, slots, ctx.tokens) if needs_x else None,
            gathered(dboth.mT @ x, owners, ctx.experts) if needs_gate_up else None,
            gathered(dy.mT @ h.mul_(up), owners, ctx.experts) if needs_down else None,
            None,
            None,
            None,
        )


def collected(dx: Tensor, slots: Tensor, tokens: int) -> Tensor:
    """The gradient of each token [N, C] from those of all slots [..., C], in a fixed order of sums."""
    return dx.view(-1, dx.shape[-1]).index_select(0, slots).view(tokens, -1, dx.shape[-1]).sum(1)


def gathered(parts: Tensor, owners: Tensor, count: int) -> Tensor:
    """The sum of the parts [R, ...] of each owner, [E, ...]: as a product, so that the order of a sum is fixed."""
    of = (torch.arange(count, device=owners.device)[:, None] == owners).to(parts.dtype)  # [E, R]
    return (of @ parts.flatten(1)).view(count, *parts.shape[1:])
