"""Training and judging on CUDA without waiting for the host: a step is recorded once as a graph, and then replayed.

The shapes are those of `routed`. On another device nothing is recorded: the same steps run as they are, which is how
they are tested where there is no GPU. The eager path, `training.steps` and `training.loss`, is the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bets.lab import training
from bets.lab.model import Stage
from bets.lab.recipe import routed
from bets.lab.training import Budget, DivergedError

WARM: Final = 3  # times that a piece of work runs before it is recorded: libraries choose their ways then


def adamw(model: Stage, budget: Budget) -> torch.optim.AdamW:
    """`training.adamw`, with rates that a graph can read: on CUDA they are numbers on the device."""
    optimizer = training.adamw(model, budget)
    if next(model.parameters()).is_cuda:
        for group in optimizer.param_groups:
            group["capturable"] = True
            group["lr"] = torch.tensor(budget.learning_rate, device=next(model.parameters()).device)
    return optimizer


def steps(
    model: Stage,
    text: bytes,
    budget: Budget,
    generator: torch.Generator,
    optimizer: torch.optim.Optimizer,
    first: int = 0,
) -> Iterator[float]:
    """`training.steps`, with an optimizer of `adamw`: the same windows, and the same losses but for rounding.

    The loss is read before the step is taken, as there: that is all that the host waits for.
    """
    data, device = training.tokens(text), next(model.parameters()).device
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    shape = (budget.batch, budget.length)
    inputs, targets = (torch.zeros(shape, dtype=torch.long, device=device) for _ in range(2))
    loss = torch.zeros((), device=device)
    for parameter in trained:
        parameter.grad = torch.zeros_like(parameter)

    def gradients() -> None:
        for parameter in trained:
            assert parameter.grad is not None  # noqa: S101  # a graph writes where they lay when it was recorded
            parameter.grad.zero_()
        nats = fn.cross_entropy(routed.forward(model, inputs).flatten(0, 1), targets.flatten())
        torch.autograd.backward(nats)
        loss.copy_(nats.detach())

    def move() -> None:
        if budget.clip is not None:
            nn.utils.clip_grad_norm_(trained, budget.clip)
        optimizer.step()

    def fill(step: int) -> None:
        for buffer, part in zip((inputs, targets), training.batch(data, budget, generator), strict=True):
            buffer.copy_(part)
        rate(optimizer, training.rate(budget, step))

    computed: Callable[[], object] = gradients
    moved: Callable[[], object] = move
    for step in range(first, budget.steps):
        fill(step)
        if step == first and device.type == "cuda":
            computed, moved = record(gradients), move
        elif step == first + 1 and device.type == "cuda":
            moved = record(move, warm=0)  # the first step, which made the state of the optimizer, was its warming up
        computed()
        if not math.isfinite(nats := loss.item()):
            raise DivergedError(f"the loss of step {step + 1} of {budget.steps} is {nats}")
        moved()
        yield nats
    for parameter in trained:
        parameter.grad = None


def rate(optimizer: torch.optim.Optimizer, value: float) -> None:
    """Set the learning rate of all groups, in place where a graph reads it."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(value)
        else:
            group["lr"] = value


def record(work: Callable[[], object], warm: int = WARM) -> Callable[[], object]:
    """A piece of work as a CUDA graph: what replays it on the tensors that it used. Recording takes no step of it."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(warm):
            work()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()
    return graph.replay


@torch.no_grad()
def loss(model: Stage, text: bytes, size: int = 16) -> float:
    """`training.loss` but for rounding: whole batches replay a graph, and the sum is read once."""
    if len(text) < 2:
        raise ValueError(f"found a text of {len(text)} bytes, expected at least 2: the first is not predicted")
    data, device, length = training.tokens(text), next(model.parameters()).device, model.config.context
    total = torch.zeros((), dtype=torch.float64, device=device)
    inputs, targets = (torch.zeros((size, length), dtype=torch.long, device=device) for _ in range(2))

    def add(x: Tensor, y: Tensor) -> None:
        nats = fn.cross_entropy(routed.forward(model, x).flatten(0, 1), y.flatten(), reduction="none")
        total.add_(nats.sum(dtype=torch.float64))

    replay = None
    for x, y in training.windows(data, length, size):  # [B, T] both
        if device.type != "cuda" or x.shape != inputs.shape:
            add(x.to(device), y.to(device))
            continue
        inputs.copy_(x)
        targets.copy_(y)
        if replay is None:
            replay = record(lambda: add(inputs, targets))
            total.zero_()  # of what the warming up added
        replay()
    return float(total) / (len(data) - 1)
