"""Training a base from scratch: Muon for the matrices of the blocks, AdamW for the rest, every byte once an epoch.

The windows of a step follow from the seed and the number of the step, so a checkpoint needs no state of a generator.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bets.lab import seeding, training
from bets.lab.artifacts import files
from bets.lab.model import FractalMoE
from bets.lab.progress import steps as counted
from bets.lab.recipe import mixed
from bets.lab.recipe.muon import Muon
from bets.lab.training import DivergedError

PARTS: Final = {"attention.qkv.weight": 3, "attention.out.weight": 1, "experts.gate_up": 2, "experts.down": 1}
"""The matrices that Muon moves, by the end of their names, and how many lie on top of each other in each."""


@dataclass(frozen=True)
class Plan:
    """How a base is trained."""

    steps: int
    batch: int  # windows a step
    length: int = 256  # bytes of a window
    rate: float = 2e-3  # AdamW's, of embedding, router, gains and head
    matrix_rate: float | None = 0.02  # Muon's, of the matrices of the blocks; None leaves them to AdamW
    warmup: int = 0  # steps over which the rates grow linearly
    final: float = 0.0  # the rates at the end as a share, reached along a line
    betas: tuple[float, float] = (0.9, 0.95)
    weight_decay: float = 0.1  # AdamW's, of matrices
    matrix_decay: float = 0.0  # Muon's
    clip: float = 1.0  # largest norm of the gradient of what AdamW moves
    balance: float = 0.01  # weight of the loss that keeps the experts evenly used


def share(plan: Plan, step: int) -> float:
    """The share of the rates at a step, counted from 0: a line up, then a line down to the final share."""
    if step < plan.warmup:
        return (step + 1) / plan.warmup
    return 1 - (1 - plan.final) * (step - plan.warmup) / max(1, plan.steps - plan.warmup)


def windows(data: Tensor, plan: Plan, seed: int, step: int) -> tuple[Tensor, Tensor]:
    """The inputs and the bytes behind them, [B, T] both, of a step over data [n].

    An epoch cuts the text into windows in a row, from a place of its own, and takes each once, in random order. What is
    too little for a last batch is left out; the next epoch cuts elsewhere.
    """
    if len(data) < (least := plan.length * (plan.batch + 1)):
        raise ValueError(f"a text of {len(data)} bytes has no epoch of {plan.batch} windows, expected {least} or more")
    steps = (len(data) - plan.length) // plan.length // plan.batch  # of an epoch, whatever its offset
    epoch, turn = divmod(step, steps)
    draws = seeding.torch_generator(seed, f"epoch {epoch}")
    offset = int(torch.randint(plan.length, (1,), generator=draws))
    count = (len(data) - 1 - offset) // plan.length
    order = torch.randperm(count, generator=draws)[turn * plan.batch : (turn + 1) * plan.batch]
    rows = data[offset + order[:, None] * plan.length + torch.arange(plan.length + 1)]  # [B, T + 1]
    return rows[:, :-1], rows[:, 1:]


def optimizers(model: FractalMoE, plan: Plan, precision: str) -> list[torch.optim.Optimizer]:
    """AdamW and, where the plan has a rate for it, Muon: each parameter is moved by exactly one."""
    named = dict(model.named_parameters())
    matrices = {n: next((v for end, v in PARTS.items() if n.endswith(end)), 0) for n in named}
    if plan.matrix_rate is None:
        matrices = dict.fromkeys(named, 0)
    rest = [parameter for name, parameter in named.items() if not matrices[name]]
    groups = [
        {"params": [p for p in rest if p.ndim > 1], "weight_decay": plan.weight_decay},
        {"params": [p for p in rest if p.ndim <= 1], "weight_decay": 0.0},
    ]
    adamw = torch.optim.AdamW(groups, lr=plan.rate, betas=plan.betas, fused=True)
    chosen: list[dict[str, Any]] = [{"params": [named[n]], "parts": v} for n, v in matrices.items() if v]
    dtype = mixed.PRECISIONS[precision]
    if plan.matrix_rate is None:
        return [adamw]
    return [adamw, Muon(chosen, plan.matrix_rate, weight_decay=plan.matrix_decay, precision=dtype)]


def steps(
    model: FractalMoE,
    text: bytes,
    plan: Plan,
    seed: int,
    moving: list[torch.optim.Optimizer],
    precision: str,
    first: int = 0,
) -> Iterator[float]:
    """Take the steps of a training from `first` on, and yield the loss of each, in nats a byte."""
    data, device = training.tokens(text), next(model.parameters()).device
    rates = (plan.rate, plan.matrix_rate)
    clipped = [p for group in moving[0].param_groups for p in group["params"]]
    for step in range(first, plan.steps):
        for optimizer, rate in zip(moving, rates, strict=False):  # without Muon, there is one
            for group in optimizer.param_groups:
                group["lr"] = (rate or 0.0) * share(plan, step)
        inputs, targets = (part.to(device) for part in windows(data, plan, seed, step))  # [B, T] both
        logits, uneven = mixed.forward(model, inputs, precision)
        loss = fn.cross_entropy(logits.flatten(0, 1), targets.flatten())
        if not math.isfinite(nats := loss.item()):
            raise DivergedError(f"the loss of step {step + 1} of {plan.steps} is {nats}")
        torch.autograd.backward(loss + plan.balance * uneven)
        nn.utils.clip_grad_norm_(clipped, plan.clip)
        for optimizer in moving:
            optimizer.step()
            optimizer.zero_grad()
        yield nats


Steps = Callable[[FractalMoE, bytes, Plan, int, list[torch.optim.Optimizer], str, int], Iterator[float]]
"""What takes steps as `steps` does."""


def train(
    model: FractalMoE,
    text: bytes,
    plan: Plan,
    seed: int,
    precision: str,
    *,
    label: str = "training",
    checkpoint: Path | None = None,
    every: float = 60,
    way: Steps = steps,
) -> list[float]:
    """Train a model; the loss of each step, which is shown under the label.

    With a checkpoint, the state is kept there every so many seconds, and a training that was stopped goes on from it.
    The way may be any that takes the same steps but for rounding. DivergedError before a step is taken on a loss that
    is not finite, and where the last step leaves such weights.
    """
    moving = optimizers(model, plan, precision)
    losses = resume(checkpoint, model, moving) if checkpoint else []
    kept = perf_counter()
    with counted(label, plan.steps) as shown:
        for loss in way(model, text, plan, seed, moving, precision, len(losses)):
            losses.append(loss)
            shown(len(losses), loss)
            if checkpoint and perf_counter() - kept >= every and len(losses) < plan.steps:
                save(checkpoint, model, moving, losses)
                kept = perf_counter()
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise DivergedError(f"the weights after step {len(losses)} of {plan.steps} are not finite")
    return losses


def save(path: Path, model: FractalMoE, moving: list[torch.optim.Optimizer], losses: list[float]) -> None:
    """Write a checkpoint whole or not at all."""
    state = {
        "model": model.state_dict(),
        "optimizers": [optimizer.state_dict() for optimizer in moving],
        "losses": losses,
    }
    memory = io.BytesIO()
    torch.save(state, memory)
    files.write(path, memory.getbuffer())


def resume(path: Path, model: FractalMoE, moving: list[torch.optim.Optimizer]) -> list[float]:
    """Take up the state of a checkpoint, where there is one: the losses of the steps that it has behind it."""
    if not path.exists():
        return []
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, own in zip(moving, state["optimizers"], strict=True):
        optimizer.load_state_dict(own)
    return [float(loss) for loss in state["losses"]]
