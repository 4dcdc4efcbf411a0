"""FractalMoE in shapes that do not depend on the routing, so that a CUDA graph can hold a whole step.

`Experts.forward` asks the device how many tokens each expert has, and waits for the answer in every layer. Here the
rows of an expert are padded to blocks of M, of which there are always the same number, and each block is multiplied by
the weights of its expert. What is computed is the same, in another order of sums.

Further letters in the shapes: P = N K pairs of a token and an expert, S slots = R M in R blocks of M rows.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as fn

from bets.lab.model import Block, Experts, Stage, route

ROWS = 64  # of a block: an expert's last one is half empty, on average


def forward(model: Stage, x: Tensor, rows: int = ROWS) -> Tensor:
    """What the model gives for x: tokens [B, T] or, where it does not embed, [B, T, C]."""
    x = model.embed(x)
    for each in model.blocks:
        block = cast(Block, each)
        x = x + block.attention(block.norm1(x))
        x = x + experts(block.experts, block.norm2(x), rows)
    return cast(Tensor, model.head(model.norm(x)))


def experts(module: Experts, x: Tensor, rows: int = ROWS) -> Tensor:
    """What `Experts.forward` gives for x [B, T, C]."""
    flat = x.reshape(-1, x.shape[-1])  # [N, C]
    weights, chosen = route(module.router(flat), module.active)  # [N, K] both
    slots, pairs, owners = places(chosen, len(module.down), rows)
    expanded = flat[:, None].expand(-1, module.active, -1).flatten(0, 1)  # [P, C]
    blocks = move(expanded, pairs, slots).view(len(owners), rows, -1)  # [R, M, C]
    y = cast(Tensor, Blocks.apply(blocks, module.gate_up, module.down, owners))  # type: ignore[no-untyped-call]
    y = move(y.flatten(0, 1), slots, pairs).view(*chosen.shape, -1)  # [N, K, C]
    return (y * weights[..., None]).sum(1).view_as(x)


def places(chosen: Tensor, count: int, rows: int) -> tuple[Tensor, Tensor, Tensor]:
    """Where each pair of chosen [N, K] goes: its slot [P]; each slot's pair [S], P for none; each block's expert [R].

    An expert's blocks are in a row, and so are its pairs. Nothing here asks the device for a number.
    """
    flat = chosen.flatten()  # [P]
    total = blocks_needed(len(flat), count, rows)  # R
    of = flat[:, None] == torch.arange(count, device=flat.device)  # [P, E]
    before = of.cumsum(0)  # [P, E]: how many pairs of each expert, up to this one
    ends = ((before[-1] + rows - 1) // rows).cumsum(0)  # [E]: the block behind the last of each expert
    first = torch.cat((ends.new_zeros(1), ends[:-1]))  # [E]
    slots = first[flat] * rows + before.gather(1, flat[:, None]).squeeze(1) - 1
    numbers = torch.arange(len(flat), device=flat.device)
    pairs = torch.full((total * rows,), len(flat), device=flat.device).scatter_(0, slots, numbers)
    owners = (torch.arange(total, device=flat.device)[:, None] >= ends).sum(1).clamp(max=count - 1)
    return slots, pairs, owners


def blocks_needed(pairs: int, count: int, rows: int) -> int:
    """Blocks that hold any routing: those of all pairs in a row, and one that is not full for each expert but one."""
    return min((pairs - 1) // rows + count, pairs)


def move(x: Tensor, sources: Tensor, targets: Tensor) -> Tensor:
    """Row i of the result is row sources[i] of x [n, C], or zero where sources[i] is n; [len(sources), C].

    targets must be the other direction: where each row of x went. So the gradient is a look-up too, in a fixed order.
    """
    return cast(Tensor, Move.apply(x, sources, targets))  # type: ignore[no-untyped-call]


class Move(torch.autograd.Function):
    """A look-up whose gradient is the look-up back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, sources: Tensor, targets: Tensor) -> Tensor:
        """Takes [n, C] and gives [len(sources), C]."""
        ctx.save_for_backward(targets)
        return fn.pad(x, (0, 0, 0, 1)).index_select(0, sources)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor, None, None]:
        """Takes [len(sources), C] and gives [n, C]."""
        (targets,) = ctx.saved_tensors
        return fn.pad(dy, (0, 0, 0, 1)).index_select(0, targets), None, None


class Blocks(torch.autograd.Function):
    """SwiGLU of each block of rows by the expert that owns it; a gradient that is not needed costs no product."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, gate_up: Tensor, down: Tensor, owners: Tensor) -> Tensor:
        """Takes [R, M, C], [E, 2F, C], [E, C, F] and [R]; gives [R, M, C]."""
        both = x @ gate_up.index_select(0, owners).mT  # [R, M, 2F]
        ctx.save_for_backward(x, gate_up, down, owners, both)
        gate, up = both.chunk(2, dim=-1)  # [R, M, F] both
        return (fn.silu(gate) * up) @ down.index_select(0, owners).mT

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None]:
        """Takes [R, M, C]; gives the gradients of x, gate_up and down that are needed."""
        x, gate_up, down, owners, both = ctx.saved_tensors
        needs_x, needs_gate_up, needs_down, _ = ctx.needs_input_grad
        gate, up = both.chunk(2, dim=-1)
        h = fn.silu(gate)
        dh = dy @ down.index_select(0, owners)  # [R, M, F]
        dboth = torch.cat((torch.ops.aten.silu_backward(dh * up, gate), dh * h), dim=-1)  # [R, M, 2F]
        return (
            dboth @ gate_up.index_select(0, owners) if needs_x else None,
            gathered(dboth.mT @ x, owners, len(down)) if needs_gate_up else None,
            gathered(dy.mT @ (h * up), owners, len(down)) if needs_down else None,
            None,
        )


def gathered(parts: Tensor, owners: Tensor, count: int) -> Tensor:
    """The sum of the parts [R, ...] of each owner, [E, ...]: as a product, so that the order of a sum is fixed."""
    of = (torch.arange(count, device=owners.device)[:, None] == owners).to(parts.dtype)  # [E, R]
    return (of @ parts.flatten(1)).view(count, *parts.shape[1:])
