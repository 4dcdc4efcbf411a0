"""What an audit keeps of a model at work: norms behind each block, routes, log-probabilities of the bytes that came.

The hooks write into memory reserved beforehand and read nothing back, so that the device never waits for them. The
naive way, which reads every value back where it arises, is here to be measured against.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from bets.lab.model import Block, KVCache, Stage

Hook = Callable[[nn.Module, Any, Tensor], None]


@dataclass
class Recording:
    """Of L blocks, with room for N tokens of K experts each; call behind call, and in a batch sequence by sequence."""

    norms: Tensor  # [L, N] float32: Euclidean norm of the block's output at each token
    scores: Tensor  # [L, N, K]: router logits of the chosen experts
    routes: Tensor  # [L, N, K] int64: the chosen experts, best first
    log_probabilities: Tensor  # [N] float32, nats: of each token given those before it; NaN where there are none
    length: int = 0  # tokens recorded

    def room(self, tokens: int) -> slice:
        """Where the call that is under way writes; ValueError where it does not fit."""
        end = self.length + tokens
        if end > self.norms.shape[1]:
            raise ValueError(
                f"the recording has room for {self.norms.shape[1]} tokens: {self.length} are taken, {tokens} more came"
            )
        return slice(self.length, end)


@dataclass(frozen=True)
class Way:
    """How the values of a call get into the memory that is reserved for them."""

    block: Callable[[int, Tensor], None]  # block i put out [n, C]
    router: Callable[[int, Tensor], None]  # the router of block i put out [n, E]
    judged: Callable[[Tensor, Tensor, Tensor], None]  # logits [B, T, V] and the tokens that came [B, T], into [B, T]
    done: Callable[[slice], None]  # the call is over, and its tokens go there


@contextmanager
def recorded(model: Stage, tokens: int, *, naive: bool = False) -> Iterator[Recording]:
    """Record up to so many tokens of a whole model while it lasts; naive: read each value back in its hook.

    A call whose caches hold something is taken to continue the call before it, so one recording follows one sequence
    (or batch) at a time.
    """
    recording = _reserved(model, tokens)
    way = _reading(recording) if naive else _keeping(recording)
    with ExitStack() as stack:
        for i, module in enumerate(model.blocks):
            block = cast(Block, module)
            stack.enter_context(block.register_forward_hook(_flat(way.block, i)))
            stack.enter_context(block.experts.router.register_forward_hook(_flat(way.router, i)))
        # last of a call, so this one counts its tokens
        stack.enter_context(model.register_forward_hook(_behind_model(recording, way), with_kwargs=True))
        yield recording


def _reserved(model: Stage, tokens: int) -> Recording:
    blocks, active = len(model.blocks), model.config.active
    like = next(model.parameters()).detach()
    return Recording(
        norms=like.new_zeros(blocks, tokens, dtype=torch.float32),
        scores=like.new_zeros(blocks, tokens, active),
        routes=like.new_zeros(blocks, tokens, active, dtype=torch.int64),
        log_probabilities=like.new_full((tokens,), torch.nan, dtype=torch.float32),
    )


def _flat(take: Callable[[int, Tensor], None], i: int) -> Hook:
    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> None:  # [..., C or E]
        take(i, output.detach().flatten(0, -2))

    return hook


def _behind_model(recording: Recording, way: Way) -> Callable[..., None]:
    last = torch.empty(0)  # [B, 1, V], the logits behind the last token of the call before

    def hook(_module: nn.Module, inputs: tuple[Any, ...], named: dict[str, Any], output: Tensor) -> None:
        nonlocal last
        tokens, caches = _arguments(*inputs, **named)
        logits = output.detach()  # [B, T, V]
        room = recording.room(tokens.numel())
        judges = logits[:, :-1]  # behind the first of this call that has no judge, come those with one
        if caches and caches[0].length > tokens.shape[1] and len(last):
            judges = torch.cat((last, judges), 1)
        first = tokens.shape[1] - judges.shape[1]
        to = recording.log_probabilities[room].view(tokens.shape)[:, first:]
        way.judged(judges, tokens[:, first:], to)
        way.done(room)
        last = logits[:, -1:].clone()  # the caller may change what it was given, as a sampler does
        recording.length = room.stop

    return hook


def _arguments(x: Tensor, caches: Sequence[KVCache] | None = None) -> tuple[Tensor, Sequence[KVCache] | None]:
    """The arguments of a stage, however they were passed."""
    return x, caches


def _keeping(recording: Recording) -> Way:
    """Nothing is read back, and all blocks are computed at once, since a small operation costs its launch."""
    blocks, _, active = recording.routes.shape
    outputs, routers = [torch.empty(0)] * blocks, [torch.empty(0)] * blocks

    def judged(logits: Tensor, tokens: Tensor, log_p: Tensor) -> None:
        log_p.copy_(logits.gather(-1, tokens[..., None])[..., 0] - logits.logsumexp(-1))

    def done(room: slice) -> None:
        norms, best = recording.norms[:, room], (recording.scores[:, room], recording.routes[:, room])
        torch.linalg.vector_norm(torch.stack(outputs), dim=-1, dtype=norms.dtype, out=norms)
        torch.topk(torch.stack(routers), active, dim=-1, out=best)

    return Way(outputs.__setitem__, routers.__setitem__, judged, done)


def _reading(recording: Recording) -> Way:
    """The control, which waits for the device at every value."""
    active = recording.routes.shape[-1]

    def block(i: int, y: Tensor) -> None:
        for n, row in enumerate(y, recording.room(len(y)).start):
            recording.norms[i, n] = row.norm().item()

    def router(i: int, logits: Tensor) -> None:
        for n, row in enumerate(logits, recording.room(len(logits)).start):
            best, chosen = row.topk(active)
            recording.scores[i, n] = torch.tensor(best.tolist())
            recording.routes[i, n] = torch.tensor(chosen.tolist())

    def judged(logits: Tensor, tokens: Tensor, log_p: Tensor) -> None:
        for b, sequence in enumerate(tokens.tolist()):
            for t, token in enumerate(sequence):
                log_p[b, t] = logits[b, t].log_softmax(-1)[token].item()

    return Way(block, router, judged, lambda _room: None)


def paired(a: Callable[[], object], b: Callable[[], object], pairs: int) -> tuple[list[float], list[float]]:
    """Seconds of each run of a and of b, one of each by turns; every other pair begins with b, against any drift.

    Each runs once untimed first, and the device is waited for before a clock is read.
    """
    seconds: tuple[list[float], list[float]] = ([], [])
    for run in (a, b):
        run()
    for pair in range(pairs):
        for which in (0, 1) if pair % 2 == 0 else (1, 0):
            settle()
            start = time.perf_counter()
            (a, b)[which]()
            settle()
            seconds[which].append(time.perf_counter() - start)
    return seconds


def settle() -> None:
    """Wait until the device has done what it was given."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
