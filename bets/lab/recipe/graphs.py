"""Training and judging on CUDA without waiting for the host: a step is recorded once as a graph, and then replayed.

The shapes are those of `routed`. On another device nothing is recorded: the same steps run as they are, which is how
they are tested where there is no GPU. The eager path, `training.steps` and `training.loss`, is the reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Work:
    """What a step of training does, in the parts that differ between trainings."""

    trained: Sequence[nn.Parameter]
    moving: Sequence[torch.optim.Optimizer]
    shape: tuple[int, int]  # of the windows of a step, [B, T]
    windows: Callable[[int], tuple[Tensor, Tensor]]  # of a step: inputs and the bytes behind them
    rates: Callable[[int], Sequence[float]]  # of a step: one for each optimizer
    loss: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]  # of windows: nats a byte, and what the gradient is of
    clip: Callable[[], object]  # of the gradients, in place


def steps(
    model: Stage,
    text: bytes,
    budget: Budget,
    generator: torch.Generator,
    optimizer: torch.optim.Optimizer,
    first: int = 0,
    forward: Forward = routed.forward,
) -> Iterator[float]:
    """`training.steps`: the same windows, and the same losses but for rounding. The optimizer is `training.adamw`'s."""
    data, trained = training.tokens(text), [p for p in model.parameters() if p.requires_grad]

    def loss(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        nats = fn.cross_entropy(forward(model, inputs).flatten(0, 1), targets.flatten())
        return nats, nats

    work = Work(
        trained=trained,
        moving=[optimizer],
        shape=(budget.batch, budget.length),
        windows=lambda _step: training.batch(data, budget, generator),
        rates=lambda step: [training.rate(budget, step)],
        loss=loss,
        clip=lambda: budget.clip is not None and nn.utils.clip_grad_norm_(trained, budget.clip),
    )
    return taken(work, range(first, budget.steps))


def taken(work: Work, steps: range) -> Iterator[float]:
    """Take these steps, and yield the loss of each in nats a byte; on CUDA, by replaying two graphs.

    The loss is read before the step is taken: that is all that the host waits for. While it runs, gradients lie where
    the graph writes them. DivergedError before a step is taken on a loss that is not finite.
    """
    device = work.trained[0].device
    windows = torch.zeros((2, *work.shape), dtype=torch.long, device=device)  # inputs and targets
    loss = torch.zeros((), device=device)
    recorded = device.type == "cuda"

    def gradients() -> None:
        # With none to add to, backward gives each parameter a new gradient. In a graph that is memory of the graph's
        # own, which every replay writes again.
        for parameter in work.trained:
            parameter.grad = None
        nats, total = work.loss(*windows)
        torch.autograd.backward(total)
        loss.copy_(nats.detach())

    def move() -> None:
        work.clip()
        for optimizer in work.moving:
            optimizer.step()

    computed: Callable[[], object] = gradients
    moved: Callable[[], object] = move
    for step in steps:
        windows.copy_(torch.stack(work.windows(step)))
        for optimizer, value in zip(work.moving, work.rates(step), strict=True):
            rate(optimizer, value, recorded)
        if recorded and step == steps.start:
            computed = record(gradients)
        elif recorded and step == steps.start + 1:
            moved = record(move, warm=0)  # the first step, which made the state of the optimizers, was its warming up
        computed()
        if not math.isfinite(nats := loss.item()):
            raise DivergedError(f"the loss of step {step + 1} of {steps.stop} is {nats}")
        moved()
        yield nats
    for parameter in work.trained:
        parameter.grad = None


def rate(optimizer: torch.optim.Optimizer, value: float, recorded: bool) -> None:
    """Set the learning rate of all groups: for a graph, which reads it on the device, in place."""
    for group in optimizer.param_groups:
        if not recorded:
            group["lr"] = value
            continue
        device = group["params"][0].device
        if not isinstance(group["lr"], Tensor) or group["lr"].device != device:
            group["lr"] = torch.zeros((), device=device)
        group["lr"].fill_(value)
        group["capturable"] = True  # of torch's own optimizers: no step asks the device for a number


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
