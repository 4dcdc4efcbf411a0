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
IGNORED: Final = -100  # a target that counts for nothing
Forward = Callable[[Stage, Tensor], Tensor]  # what a model gives for tokens [B, T]: logits [B, T, V]


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
    forward: Forward = routed.forward,
) -> Iterator[float]:
    """`training.steps`, with an optimizer of `adamw`: the same windows, and the same losses but for rounding.

    The loss is read before the step is taken, as there: that is all that the host waits for. While it runs, gradients
    lie where the graph writes them.
    """
    data, device = training.tokens(text), next(model.parameters()).device
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    windows = torch.zeros((2, budget.batch, budget.length), dtype=torch.long, device=device)  # inputs and targets
    loss = torch.zeros((), device=device)

    def gradients() -> None:
        # With none to add to, backward gives each parameter a new gradient. In a graph that is memory of the graph's
        # own, which every replay writes again.
        for parameter in trained:
            parameter.grad = None
        inputs, targets = windows
        nats = fn.cross_entropy(forward(model, inputs).flatten(0, 1), targets.flatten())
        torch.autograd.backward(nats)
        loss.copy_(nats.detach())

    def move() -> None:
        if budget.clip is not None:
            nn.utils.clip_grad_norm_(trained, budget.clip)
        optimizer.step()

    def fill(step: int) -> None:
        windows.copy_(torch.stack(training.batch(data, budget, generator)))
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


def loss(model: Stage, text: bytes, size: int = 16) -> float:
    """`training.loss` but for rounding. Of many texts, a `Judge` records its graph once."""
    return Judge(model, size).loss(text)


class Judge:
    """The losses of texts by one model, in batches of `size` windows, all of which replay one graph.

    The graph is recorded at the first text and reads the weights where they lie: it sees those that training has
    changed in place since, and none that were put in their stead. A batch that is not whole is filled up.
    """

    def __init__(self, model: Stage, size: int = 16, forward: Forward = routed.forward) -> None:
        self.model = model
        self.size = size
        self.forward = forward
        device = next(model.parameters()).device
        # Inputs and targets; where a batch is not whole, inputs are any tokens and targets are ignored.
        self.windows = torch.zeros((2, size, model.config.context), dtype=torch.long, device=device)
        self.total = torch.zeros((), dtype=torch.float64, device=device)  # nats
        self.replay: Callable[[], object] | None = None

    @torch.no_grad()
    def loss(self, text: bytes) -> float:
        """`training.loss` but for rounding; the sum is read once. ValueError for a text of fewer bytes than 2."""
        if len(text) < 2:
            raise ValueError(f"found a text of {len(text)} bytes, expected at least 2: the first is not predicted")
        if self.replay is None:
            self.replay = record(self.add) if self.windows.is_cuda else self.add
        self.total.zero_()  # recording adds as well
        data = training.tokens(text)
        for inputs, targets in training.windows(data, self.model.config.context, self.size):  # [B, T] both
            B, T = inputs.shape
            if inputs.shape != self.windows.shape[1:]:
                self.windows[1].fill_(IGNORED)
            self.windows[:, :B, :T].copy_(torch.stack((inputs, targets)))
            self.replay()
        return float(self.total) / (len(data) - 1)

    def add(self) -> None:
        """Add the nats of the windows to the sum."""
        inputs, targets = self.windows
        logits = self.forward(self.model, inputs).flatten(0, 1)
        nats = fn.cross_entropy(logits, targets.flatten(), reduction="none", ignore_index=IGNORED)
        self.total.add_(nats.sum(dtype=torch.float64))
