"""Training on random windows of a text, and judging on all of it: one token a byte, AdamW, explicit generators."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bets.lab.artifacts import files
from bets.lab.model import Stage
from bets.lab.progress import steps as counted

LARGEST: Final = 700.0  # nats; a little more is no finite perplexity


@dataclass(frozen=True)
class Budget:
    """What a training may spend, and how; the defaults are the published budget of a personal adapter."""

    steps: int = 100
    batch: int = 2  # windows a step
    length: int = 256  # bytes of a window
    learning_rate: float = 5e-5
    warmup: int = 0  # steps over which the rate grows linearly
    final: float = 1.0  # the rate at the end as a share of the rate, reached along a cosine; 1 keeps it constant
    betas: tuple[float, float] = (0.9, 0.999)  # AdamW's
    weight_decay: float = 0.0  # of matrices; gains have none
    clip: float | None = None  # largest norm of the gradient


class DivergedError(ArithmeticError):
    """The loss or a weight is no finite number any more; the message names the step."""


def tokens(text: bytes) -> Tensor:
    """One token a byte: [len(text)], on the CPU; ValueError for an empty text."""
    if not text:
        raise ValueError("found a text of 0 bytes, expected at least 1")
    return torch.frombuffer(bytearray(text), dtype=torch.uint8).long()


def batch(data: Tensor, budget: Budget, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random windows of data [n]: inputs and the bytes that follow each, [B, T] both."""
    if len(data) <= budget.length:
        raise ValueError(f"a text of {len(data)} bytes has no window of {budget.length} and the byte behind it")
    starts = torch.randint(len(data) - budget.length, (budget.batch,), generator=generator)
    windows = data[starts[:, None] + torch.arange(budget.length + 1)]  # [B, T + 1]
    return windows[:, :-1], windows[:, 1:]


def rate(budget: Budget, step: int) -> float:
    """The learning rate of a step, counted from 0: linear warm-up, then half a cosine down to the final share."""
    if step < budget.warmup:
        return budget.learning_rate * (step + 1) / budget.warmup
    progress = (step - budget.warmup) / max(1, budget.steps - budget.warmup)
    return budget.learning_rate * (budget.final + (1 - budget.final) * (1 + math.cos(math.pi * progress)) / 2)


def adamw(model: Stage, budget: Budget) -> torch.optim.AdamW:
    """AdamW (arXiv 1711.05101) over all that requires a gradient, which decays matrices alone."""
    chosen = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in chosen if p.ndim > 1], "weight_decay": budget.weight_decay},
        {"params": [p for p in chosen if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        [group for group in groups if group["params"]], lr=budget.learning_rate, betas=budget.betas, fused=True
    )


def train(
    model: Stage,
    text: bytes,
    budget: Budget,
    generator: torch.Generator,
    *,
    label: str = "training",
    checkpoint: Path | None = None,
    every: int = 100,
) -> list[float]:
    """Train all that requires a gradient; the loss of each step, in nats a byte.

    Its steps are shown under the label. With a checkpoint, the state is kept there every so many steps, and a training
    that finds one goes on from it, to bitwise the same end. DivergedError before a step is taken on a loss that is not
    finite, and where the last step leaves such weights.
    """
    optimizer = adamw(model, budget)
    losses = resume(checkpoint, model, optimizer, generator) if checkpoint else []
    with counted(label, budget.steps) as shown:
        for loss in steps(model, text, budget, generator, optimizer, len(losses)):
            losses.append(loss)
            shown(len(losses), loss)
            if checkpoint and len(losses) % every == 0 and len(losses) < budget.steps:
                save(checkpoint, model, optimizer, generator, losses)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    if losses and not all(bool(parameter.isfinite().all()) for parameter in trained):
        raise DivergedError(f"the weights after step {len(losses)} of {budget.steps} are not finite")
    return losses


def steps(
    model: Stage,
    text: bytes,
    budget: Budget,
    generator: torch.Generator,
    optimizer: torch.optim.Optimizer,
    first: int = 0,
) -> Iterator[float]:
    """Take the steps of a training from `first` on, and yield the loss of each, in nats a byte."""
    data, device = tokens(text), next(model.parameters()).device
    for step in range(first, budget.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(budget, step)
        inputs, targets = (part.to(device) for part in batch(data, budget, generator))  # [B, T] both
        loss = fn.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
        if not math.isfinite(nats := loss.item()):
            raise DivergedError(f"the loss of step {step + 1} of {budget.steps} is {nats}")
        loss.backward()  # type: ignore[no-untyped-call]
        if budget.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), budget.clip)
        optimizer.step()
        optimizer.zero_grad()
        yield nats


def save(
    path: Path, model: Stage, optimizer: torch.optim.Optimizer, generator: torch.Generator, losses: list[float]
) -> None:
    """Write a checkpoint whole or not at all."""
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "generator": generator.get_state(),
        "losses": losses,
    }
    memory = io.BytesIO()
    torch.save(state, memory)
    files.write(path, memory.getbuffer())


def resume(path: Path, model: Stage, optimizer: torch.optim.Optimizer, generator: torch.Generator) -> list[float]:
    """Take up the state of a checkpoint, where there is one: the losses of the steps that it has behind it."""
    if not path.exists():
        return []
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return [float(loss) for loss in state["losses"]]


@torch.no_grad()
def loss(model: Stage, text: bytes, size: int = 16) -> float:
    """Mean nats a byte over a text of two bytes or more, cut into consecutive windows of the model's context.

    Every byte but the first is predicted once, from those before it in its window; `size` windows are a batch.
    """
    if len(text) < 2:
        raise ValueError(f"found a text of {len(text)} bytes, expected at least 2: the first is not predicted")
    data, device, length = tokens(text), next(model.parameters()).device, model.config.context
    total = 0.0
    for inputs, targets in windows(data, length, size):  # [B, T] both
        logits = model(inputs.to(device)).flatten(0, 1)  # [B T, V]
        total += fn.cross_entropy(logits, targets.to(device).flatten(), reduction="sum").item()
    return total / (len(data) - 1)


def windows(data: Tensor, length: int, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Consecutive windows of data [n], at most `size` in a batch, with the bytes behind each; the last may be short."""
    whole = (len(data) - 1) // length * length
    inputs, targets = data[:whole].view(-1, length), data[1 : whole + 1].view(-1, length)
    if whole:
        yield from zip(inputs.split(size), targets.split(size), strict=True)  # type: ignore[no-untyped-call]
    if whole < len(data) - 1:
        yield data[None, whole:-1], data[None, whole + 1 :]


def unigram(train: bytes, text: bytes) -> float:
    """Mean nats a byte over all bytes of a text but the first, by how often each occurs in `train`, plus one."""
    counts = torch.bincount(tokens(train), minlength=256) + 1
    return -float((counts / counts.sum()).log()[tokens(text)[1:]].mean())


def bits_per_byte(nats: float) -> float:
    """A loss in nats a byte as bits a byte, which a compressor is measured in."""
    return nats / math.log(2)


def perplexity(nats: float) -> float:
    """A loss in nats a byte as the number of equally likely bytes that it is worth."""
    return math.inf if nats > LARGEST else math.exp(nats)
