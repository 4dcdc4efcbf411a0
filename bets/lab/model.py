"""FractalMoE: a byte-level transformer with routed experts, whole, cut into stages, and decoding with a KV cache.

Letters in the shapes: B sequences, T tokens of each, S tokens seen so far, C hidden, H heads, D = C / H, V vocabulary,
E experts, K active experts, F expert width, N = B T tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from types import MappingProxyType
from typing import Any, Final, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as fn

INIT_STD: Final = 0.02  # GPT-2


@dataclass(frozen=True)
class Config:
    """The shape of a FractalMoE; the defaults are the published shape at 30M parameters."""

    hidden: int = 256  # width of the residual stream
    blocks: int = 4  # pre-norm blocks, each attention and then experts
    heads: int = 4  # attention heads of hidden / heads dimensions
    experts: int = 8  # routed SwiGLU experts a block
    active: int = 2  # experts that a token is sent to
    expert_width: int = 1152  # inner width of an expert; 1,152 is what makes it 30M
    vocabulary: int = 256  # one token a byte
    context: int = 256  # most tokens in a sequence
    rope_base: float = 10_000.0  # slowest rotary wavelength is 2 pi times this (RoFormer)
    norm_eps: float = 1e-6  # keeps RMSNorm finite at zero


SIZES: Final[Mapping[str, Config]] = MappingProxyType(
    {"30m": Config(), "tiny": Config(hidden=32, heads=2, expert_width=48)}
)


@dataclass
class KVCache:
    """What one block has seen: keys and values [B, H, context, D], of which the first `length` positions are filled.

    The room is reserved at once, so that a step costs no copy and its strides are the same in every run.
    """

    keys: Tensor
    values: Tensor
    length: int = 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store k and v [B, H, T, D]; return all that is filled, [B, H, S, D]."""
        start, self.length = self.length, self.length + k.shape[2]
        self.keys[:, :, start : self.length] = k
        self.values[:, :, start : self.length] = v
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]


class Attention(nn.Module):
    """Causal multi-head attention with rotary positions (RoFormer, arXiv 2104.09864)."""

    cos: Tensor
    sin: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.qkv = linear(config.hidden, 3 * config.hidden)
        self.out = linear(config.hidden, config.hidden)
        half = config.hidden // config.heads // 2
        frequencies = config.rope_base ** -(torch.arange(half) / half)
        angles = torch.outer(torch.arange(config.context), frequencies)  # [context, D/2]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, x: Tensor, cache: KVCache | None = None) -> Tensor:
        """Takes and gives [B, T, C], with a cache the T tokens behind it; ValueError past the end of the context."""
        B, T, C = x.shape
        past = cache.length if cache else 0
        if past + T > self.config.context:
            raise ValueError(f"the context holds {self.config.context} tokens: {past} are cached, {T} more were given")
        q, k, v = (
            part.view(B, T, self.config.heads, -1).transpose(1, 2)  # [B, H, T, D]
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        cos, sin = self.cos[past : past + T], self.sin[past : past + T]
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        if cache:
            k, v = cache.append(k, v)  # [B, H, S, D]
        # is_causal aligns its triangle to the upper left, which is right only where nothing is cached.
        mask = torch.ones(T, past + T, dtype=torch.bool, device=x.device).tril(past) if past and T > 1 else None
        y = fn.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=past == 0)  # [B, H, T, D]
        return cast(Tensor, self.out(y.transpose(1, 2).reshape(B, T, C)))


class Experts(nn.Module):
    """E SwiGLU experts (arXiv 2002.05202), each token sent to the K that its router likes best.

    A hook on `router` sees the logits [N, E]: that is where a balancing loss or an audit reads them.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.active = config.active
        self.router = linear(config.hidden, config.experts)
        self.gate_up = nn.Parameter(torch.empty(config.experts, 2 * config.expert_width, config.hidden))  # [E, 2F, C]
        self.down = nn.Parameter(torch.empty(config.experts, config.hidden, config.expert_width))  # [E, C, F]

    def forward(self, x: Tensor) -> Tensor:
        """Takes and gives [B, T, C]; the tokens of one expert are computed together, and no expert sees another's."""
        flat = x.reshape(-1, x.shape[-1])  # [N, C]
        weights, chosen = route(self.router(flat), self.active)  # [N, K] both
        order = chosen.flatten().argsort(stable=True)  # [N K], the pairs of token and expert, expert by expert
        token = order // self.active
        counts = chosen.flatten().bincount(minlength=len(self.down)).tolist()
        parts = torch.split(flat.index_select(0, token), counts)  # E of [n, C]
        # unbind, not indexing: its backward stacks the gradients once, where E selects would each fill a whole tensor.
        experts = zip(parts, self.gate_up.unbind(), self.down.unbind(), strict=True)
        y = torch.cat([swiglu(part, gate_up, down) for part, gate_up, down in experts if len(part)])  # [N K, C]
        y = y * weights.flatten()[order, None]
        return torch.zeros_like(flat, dtype=y.dtype).index_add(0, token, y).view_as(x)  # [B, T, C]


class Block(nn.Module):
    """A pre-norm block: attention, then experts, each behind its own RMSNorm (arXiv 1910.07467)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.norm1 = nn.RMSNorm(config.hidden, config.norm_eps)
        self.attention = Attention(config)
        self.norm2 = nn.RMSNorm(config.hidden, config.norm_eps)
        self.experts = Experts(config)

    def forward(self, x: Tensor, cache: KVCache | None = None) -> Tensor:
        """Takes and gives [B, T, C]."""
        x = x + self.attention(self.norm1(x), cache)
        return cast(Tensor, x + self.experts(self.norm2(x)))


class Stage(nn.Module):
    """Consecutive blocks, with the embedding before them or the final norm and head behind them where they are given.

    It shares the parameters that it is given. Its caches are the caller's, one list for each sequence in flight.
    """

    def __init__(self, config: Config, embed: nn.Module, blocks: Sequence[Block], norm: nn.Module, head: nn.Module):
        super().__init__()
        self.config = config
        self.embed = embed
        self.blocks = nn.ModuleList(blocks)
        self.norm = norm
        self.head = head

    def forward(self, x: Tensor, caches: Sequence[KVCache] | None = None) -> Tensor:
        """Takes [B, T, C], or tokens [B, T] where it embeds; gives [B, T, C], or logits [B, T, V] at the head."""
        x = self.embed(x)  # [B, T, C]
        for block, cache in zip(self.blocks, caches or repeat(None, len(self.blocks)), strict=True):
            x = block(x, cache)
        return cast(Tensor, self.head(self.norm(x)))

    def caches(self, batch: int = 1) -> list[KVCache]:
        """An empty cache for each block, where the stage's weights are and in their precision."""
        like = next(self.blocks.parameters())
        shape = (batch, self.config.heads, self.config.context, self.config.hidden // self.config.heads)
        return [KVCache(like.new_zeros(shape), like.new_zeros(shape)) for _ in self.blocks]


class FractalMoE(Stage):
    """The whole model is the stage that has all blocks and both ends."""

    def __init__(self, config: Config, generator: torch.Generator) -> None:
        super().__init__(
            config,
            nn.Embedding(config.vocabulary, config.hidden, device="meta").to_empty(device="cpu"),
            [Block(config) for _ in range(config.blocks)],
            nn.RMSNorm(config.hidden, config.norm_eps),
            linear(config.hidden, config.vocabulary),
        )
        initialise(self, generator)


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear map with no bias and no values yet: torch's own initialisation would draw from the global generator."""
    return nn.Linear(inputs, outputs, bias=False, device="meta").to_empty(device="cpu")


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn x [B, H, T, D] by its positions; dimension i is paired with i + D/2; cos and sin are [T, D/2]."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1).to(x.dtype)


def route(logits: Tensor, active: int) -> tuple[Tensor, Tensor]:
    """From router logits [N, E] the K best experts of each token and their weights, which sum to 1: [N, K] both."""
    best, chosen = logits.topk(active, dim=-1)
    return best.softmax(dim=-1), chosen


def swiglu(x: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
    """One expert on its tokens x [n, C], with gate and up stacked [2F, C] and down [C, F]."""
    return cast(Tensor, SwiGLU.apply(x, gate_up, down))  # type: ignore[no-untyped-call]


class SwiGLU(torch.autograd.Function):
    """What autograd would derive, in half the memory: it keeps the first product alone and makes the rest again.

    A gradient that is not needed, as that of a frozen weight, costs no product.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, gate_up: Tensor, down: Tensor) -> Tensor:
        """Gives [n, C]."""
        both = fn.linear(x, gate_up)  # [n, 2F]
        ctx.save_for_backward(x, gate_up, down, both)
        gate, up = both.chunk(2, dim=-1)  # [n, F] both
        return fn.linear(fn.silu(gate).mul_(up), down)  # [n, C]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Takes [n, C]; gives the gradients of x, gate_up and down that are needed."""
        x, gate_up, down, both = ctx.saved_tensors
        needs_x, needs_gate_up, needs_down = ctx.needs_input_grad
        gate, up = both.chunk(2, dim=-1)
        h = fn.silu(gate)  # [n, F]
        dh = dy @ down  # [n, F]
        dboth = torch.empty_like(both)
        dgate, dup = dboth.chunk(2, dim=-1)
        torch.mul(dh, h, out=dup)
        torch.ops.aten.silu_backward.grad_input(dh.mul_(up), gate, grad_input=dgate)
        return (
            dboth @ gate_up if needs_x else None,
            dboth.T @ x if needs_gate_up else None,
            dy.T @ h.mul_(up) if needs_down else None,
        )


@torch.no_grad()
def initialise(model: Stage, generator: torch.Generator) -> None:
    """GPT-2's: normal weights, those that write to the residual stream smaller by sqrt(2 blocks); gains are 1.

    The generator must be on the device of the weights.
    """
    for name, parameter in model.named_parameters():
        if parameter.ndim > 1:
            shrink = (2 * model.config.blocks) ** 0.5 if name.endswith(("attention.out.weight", "experts.down")) else 1
            parameter.normal_(0, INIT_STD / shrink, generator=generator)


def stage(model: FractalMoE, first: int, last: int) -> Stage:
    """Blocks `first` to `last` (exclusive) of the model, with the embedding at 0 and norm and head at the end."""
    blocks = model.config.blocks
    if not 0 <= first < last <= blocks:
        raise ValueError(f"a stage needs 0 <= first < last <= {blocks}, found first {first} and last {last}")
    norm, head = (model.norm, model.head) if last == blocks else (nn.Identity(), nn.Identity())
    part = [cast(Block, block) for block in model.blocks[first:last]]
    return Stage(model.config, model.embed if first == 0 else nn.Identity(), part, norm, head)


def device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def greedy(logits: Tensor) -> int:
    """The likeliest token of logits [V]; the first of equals."""
    return int(logits.argmax())


def sampler(generator: torch.Generator, temperature: float) -> Callable[[Tensor], int]:
    """A choice of token at a temperature above 0, which draws from this generator alone."""

    def choose(logits: Tensor) -> int:  # [V]
        return int(torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=generator))

    return choose


def decode(model: Stage, prompt: bytes, tokens: int, choose: Callable[[Tensor], int]) -> tuple[list[int], Tensor]:
    """Prefill a prompt, then decode one token at a time from the cache: the tokens, and their logits [tokens, V]."""
    return resume(model, model.caches(), prompt, tokens, choose)


@torch.no_grad()
def resume(
    model: Stage, caches: Sequence[KVCache], text: bytes, tokens: int, choose: Callable[[Tensor], int]
) -> tuple[list[int], Tensor]:
    """Decode behind what the caches hold and this text: the tokens, and their logits [tokens, V].

    Afterwards the caches hold all but the last token. ValueError for an empty text, or for fewer tokens than one.
    """
    if not text:
        raise ValueError("found a prompt of 0 bytes, expected at least 1")
    if tokens < 1:
        raise ValueError(f"found {tokens} tokens to decode, expected at least 1")
    where = next(model.parameters()).device
    x = torch.tensor([list(text)], device=where)  # [1, T]
    chosen, logits = [], []
    for _ in range(tokens):
        logits.append(model(x, caches)[0, -1].cpu())  # [V]
        chosen.append(choose(logits[-1]))
        x = torch.tensor([[chosen[-1]]], device=where)  # [1, 1]
    return chosen, torch.stack(logits)
