"""Triton kernels for the experts: each row times the weights of its expert, read where they lie.

The pairs of `routed` are sorted by expert, without padding; ends [E] is the row behind the last of each expert. A
program finds its expert and its rows from them, so the shape of a launch does not depend on the routing. The gradient
of an expert's weights is summed by one program, row after row: nothing is added atomically, and no part is kept.
Tiles are fixed, not tuned when the program runs, so that the order of sums is the same in every run.
"""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: N803
# The arguments of a kernel are pointers, of no type of Python's, and sizes, which keep their capitals.

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

try:
    import triton  # type: ignore[import-not-found,import-untyped,unused-ignore]
    import triton.language as tl  # type: ignore[import-not-found,import-untyped,unused-ignore]
except ImportError:  # `fits` says so, and no kernel is called
    triton = None

PRECISION: Final = "tf32x3"  # three products on tensor cores, about as exact as float32's; "ieee" needs none of them
LEAST: Final = 16  # that a product of tiles needs of each dimension


def jit(function: Callable[..., Any]) -> Any:
    """A kernel, where there is triton."""
    return triton.jit(function) if triton else function


class Tile(NamedTuple):
    """What one program computes, and how."""

    rows: int  # M of the result
    columns: int  # N of the result
    inner: int  # of which are summed at a time
    warps: int
    stages: int  # of loads in flight


# Of nine tried on an H200, those that took the least time in all products of a kernel, at 512 and at 2,048 tokens.
TILES: Final[Mapping[str, Tile]] = {
    "swiglu": Tile(64, 64, 32, 4, 3),
    "product": Tile(32, 64, 32, 4, 4),
    "backward": Tile(32, 64, 32, 4, 4),
    "weights": Tile(64, 32, 32, 4, 4),
}


def fits(x: Tensor, gate_up: Tensor) -> bool:
    """Whether the kernels can run: with triton, on CUDA, in float32, and with widths that tiles can cut evenly."""
    count, width, hidden = gate_up.shape
    even = hidden % LEAST == 0 and width % (2 * LEAST) == 0 and count & (count - 1) == 0
    return triton is not None and x.is_cuda and x.dtype == gate_up.dtype == torch.float32 and even


@jit
def share(ends, block, E: tl.constexpr, M: tl.constexpr):
    """The expert of a block of M rows, its first row, and the row behind its expert's last; all 0 behind the last."""
    each = tl.arange(0, E)
    last = tl.load(ends + each).to(tl.int32)  # [E]
    first = tl.load(ends + each - 1, mask=each > 0, other=0).to(tl.int32)
    blocks = (last - first + M - 1) // M
    until = tl.cumsum(blocks, 0)
    mine = (block >= until - blocks) & (block < until)  # true of one expert at most
    start = tl.where(mine, first + (block - until + blocks) * M, 0)
    return tl.sum(tl.where(mine, each, 0), 0), tl.sum(start, 0), tl.sum(tl.where(mine, last, 0), 0)


@jit
def swiglu_kernel(ends, x, gate_up, both, h, E: tl.constexpr, C: tl.constexpr, F: tl.constexpr,
                  PRECISION: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):  # fmt: skip
    """Both [P, 2F] = x [P, C] times gate_up [E, 2F, C] transposed, and h [P, F] = silu(gate) up."""
    owner, start, end = share(ends, tl.program_id(0), E, M)
    if start < end:
        rows, columns, inner = start + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N), tl.arange(0, K)
        live = rows[:, None] < end
        left = x + rows[:, None] * C + inner[None, :]  # [M, K]
        right = gate_up + owner * 2 * F * C + columns[None, :] * C + inner[:, None]  # [K, N]
        gate = tl.zeros((M, N), tl.float32)
        up = tl.zeros((M, N), tl.float32)
        for k in range(0, C, K):
            part = tl.load(left + k, mask=live, other=0.0)
            gate = tl.dot(part, tl.load(right + k), gate, input_precision=PRECISION)
            up = tl.dot(part, tl.load(right + F * C + k), up, input_precision=PRECISION)
        out = rows[:, None] * 2 * F + columns[None, :]
        tl.store(both + out, gate, mask=live)
        tl.store(both + out + F, up, mask=live)
        tl.store(h + rows[:, None] * F + columns[None, :], gate * tl.sigmoid(gate) * up, mask=live)


@jit
def product_kernel(ends, a, weights, out, E: tl.constexpr, INNER: tl.constexpr, OUTER: tl.constexpr,
                   ALONG: tl.constexpr, ACROSS: tl.constexpr, PRECISION: tl.constexpr, M: tl.constexpr,
                   N: tl.constexpr, K: tl.constexpr):  # fmt: skip
    """Out [P, O] = a [P, I] times weights [E, I, O], which lie ALONG apart in a column and ACROSS in a row."""
    owner, start, end = share(ends, tl.program_id(0), E, M)
    if start < end:
        rows, columns, inner = start + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N), tl.arange(0, K)
        live = rows[:, None] < end
        left = a + rows[:, None] * INNER + inner[None, :]  # [M, K]
        right = weights + owner * INNER * OUTER + columns[None, :] * ACROSS + inner[:, None] * ALONG  # [K, N]
        sums = tl.zeros((M, N), tl.float32)
        for k in range(0, INNER, K):
            part = tl.load(left + k, mask=live, other=0.0)
            sums = tl.dot(part, tl.load(right + k * ALONG), sums, input_precision=PRECISION)
        tl.store(out + rows[:, None] * OUTER + columns[None, :], sums, mask=live)


@jit
def backward_kernel(ends, dy, down, both, dboth, E: tl.constexpr, C: tl.constexpr, F: tl.constexpr,
                    PRECISION: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):  # fmt: skip
    """The gradient dboth [P, 2F], from dh [P, F] = dy [P, C] times down [E, C, F]."""
    owner, start, end = share(ends, tl.program_id(0), E, M)
    if start < end:
        rows, columns, inner = start + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N), tl.arange(0, K)
        live = rows[:, None] < end
        left = dy + rows[:, None] * C + inner[None, :]  # [M, K]
        right = down + owner * C * F + columns[None, :] + inner[:, None] * F  # [K, N]
        dh = tl.zeros((M, N), tl.float32)
        for k in range(0, C, K):
            part = tl.load(left + k, mask=live, other=0.0)
            dh = tl.dot(part, tl.load(right + k * F), dh, input_precision=PRECISION)
        place = rows[:, None] * 2 * F + columns[None, :]
        gate = tl.load(both + place, mask=live, other=0.0)
        up = tl.load(both + place + F, mask=live, other=0.0)
        open_ = tl.sigmoid(gate)
        tl.store(dboth + place, dh * up * open_ * (1 + gate * (1 - open_)), mask=live)
        tl.store(dboth + place + F, dh * gate * open_, mask=live)


@jit
def weights_kernel(ends, a, b, out, A: tl.constexpr, B: tl.constexpr, PRECISION: tl.constexpr,
                   M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):  # fmt: skip
    """Out [E, A, B] = the rows of a [P, A], transposed, times those of b [P, B], expert by expert."""
    expert = tl.program_id(2)
    first = tl.load(ends + expert - 1, mask=expert > 0, other=0).to(tl.int32)
    last = tl.load(ends + expert).to(tl.int32)
    i, j, inner = tl.program_id(0) * M + tl.arange(0, M), tl.program_id(1) * N + tl.arange(0, N), tl.arange(0, K)
    sums = tl.zeros((M, N), tl.float32)
    for row in range(first, last, K):
        rows = row + inner
        left = tl.load(a + rows[None, :] * A + i[:, None], mask=rows[None, :] < last, other=0.0)  # [M, K]
        right = tl.load(b + rows[:, None] * B + j[None, :], mask=rows[:, None] < last, other=0.0)  # [K, N]
        sums = tl.dot(left, right, sums, input_precision=PRECISION)
    tl.store(out + expert * A * B + i[:, None] * B + j[None, :], sums)


def cut(name: str, columns: int, inner: int) -> dict[str, Any]:
    """The tile of a kernel, made smaller where the widths are."""
    rows, most, deep, warps, stages = TILES[name]
    return {
        "M": rows,
        "N": math.gcd(columns, most),
        "K": math.gcd(inner, deep),
        "PRECISION": PRECISION,
        "num_warps": warps,
        "num_stages": stages,
    }


def rows_times(name: str, kernel: Any, columns: int, inner: int, ends: Tensor, *arguments: Any) -> None:
    """Run a kernel in as many blocks of rows as any routing needs, and as many tiles of columns."""
    tile = cut(name, columns, inner)
    kernel[((len(arguments[0]) - 1) // tile["M"] + len(ends), columns // tile["N"])](ends, *arguments, **tile)


def swiglu(x: Tensor, gate_up: Tensor, ends: Tensor) -> tuple[Tensor, Tensor]:
    """What the experts [E, 2F, C] make of sorted rows x [P, C]: gate and up [P, 2F], and silu(gate) up [P, F]."""
    count, width, hidden = gate_up.shape
    both, h = x.new_empty(len(x), width), x.new_empty(len(x), width // 2)
    rows_times("swiglu", swiglu_kernel, width // 2, hidden, ends, x, gate_up, both, h, count, hidden, width // 2)
    return both, h


def product(a: Tensor, weights: Tensor, ends: Tensor) -> Tensor:
    """Sorted rows a [P, I] times the matrices of their experts [E, I, O], which may be transposed: [P, O]."""
    count, inner, outer = weights.shape
    out = a.new_empty(len(a), outer)
    strides = weights.stride()[1:]
    rows_times("product", product_kernel, outer, inner, ends, a, weights, out, count, inner, outer, *strides)
    return out


def swiglu_backward(dy: Tensor, down: Tensor, both: Tensor, ends: Tensor) -> Tensor:
    """The gradient of gate and up [P, 2F], from that of sorted rows dy [P, C] and down [E, C, F]."""
    count, hidden, width = down.shape
    dboth = torch.empty_like(both)
    rows_times("backward", backward_kernel, width, hidden, ends, dy, down, both, dboth, count, hidden, width)
    return dboth


def outer(a: Tensor, b: Tensor, ends: Tensor) -> Tensor:
    """The gradient of weights [E, A, B], from sorted rows a [P, A] and b [P, B]; zero where an expert has no row."""
    (A, B), out = (a.shape[1], b.shape[1]), a.new_empty(len(ends), a.shape[1], b.shape[1])
    tile = cut("weights", B, TILES["weights"].inner) | {"M": math.gcd(A, TILES["weights"].rows)}
    weights_kernel[(A // tile["M"], B // tile["N"], len(ends))](ends, a, b, out, A, B, **tile)
    return out


class Grouped(torch.autograd.Function):
    """SwiGLU of each pair by its expert; a gradient that is not needed costs no product."""

    @staticmethod
    def forward(
        ctx: Any, flat: Tensor, gate_up: Tensor, down: Tensor, slots: Tensor, tokens: Tensor, ends: Tensor
    ) -> Tensor:
        """Takes [N, C], [E, 2F, C], [E, C, F], and of `routed.places` with 1 row [P], [P] and [E]; gives [P, C]."""
        gate_up, down = gate_up.contiguous(), down.contiguous()
        x = flat.index_select(0, tokens)  # [P, C], sorted by expert
        both, h = swiglu(x, gate_up, ends)
        ctx.save_for_backward(x, gate_up, down, slots, ends, both, h)
        ctx.tokens = len(flat)
        return product(h, down.mT, ends).index_select(0, slots)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None, None]:
        """Takes [P, C]; gives the gradients of flat, gate_up and down that are needed."""
        x, gate_up, down, slots, ends, both, h = ctx.saved_tensors
        needs_x, needs_gate_up, needs_down = ctx.needs_input_grad[:3]
        dy = torch.empty_like(x).index_copy_(0, slots, dy)  # [P, C], sorted
        dboth = swiglu_backward(dy, down, both, ends)
        return (
            product(dboth, gate_up, ends).index_select(0, slots).view(ctx.tokens, -1, x.shape[1]).sum(1)
            if needs_x
            else None,
            outer(dboth, x, ends) if needs_gate_up else None,
            outer(dy, h, ends) if needs_down else None,
            None,
            None,
            None,
        )
