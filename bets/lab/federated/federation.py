"""Training spread over workers: DiLoCo, which meets every K steps, and data parallelism, which meets at each of them.

The workers of one process compute one after the other. All that they tell each other crosses an `Exchange` as bytes, so
that the same functions train workers of which each is in a process of its own.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bets.lab import seeding, training
from bets.lab.federated.exchange import Exchange, packed, unpacked
from bets.lab.model import Stage
from bets.lab.progress import steps
from bets.lab.training import Budget, DivergedError

Attack = Callable[[Tensor], Tensor]  # what a worker sends instead of its update [d]


@dataclass(frozen=True)
class Outer:
    """DiLoCo's outer optimizer: SGD with Nesterov momentum; the defaults are the published ones."""

    rate: float = 0.7
    momentum: float = 0.9


OUTER: Final = Outer()


def shares(text: bytes, workers: int) -> list[bytes]:
    """The text in consecutive parts, one for each worker, of lengths that differ by one byte at most."""
    ends = [len(text) * number // workers for number in range(workers + 1)]
    return [text[start:end] for start, end in pairwise(ends)]


def draws(seed: int, workers: int) -> list[torch.Generator]:
    """Each worker's own generator of windows."""
    return [seeding.torch_generator(seed, f"windows of worker {number}") for number in range(workers)]


def diloco(
    model: Stage,
    texts: Sequence[bytes],
    budget: Budget,
    generators: Sequence[torch.Generator],
    exchange: Exchange,
    *,
    every: int = 100,
    outer: Outer = OUTER,
) -> list[list[float]]:
    """Train all that requires a gradient by workers that meet every so many steps: [workers][steps] losses, in nats.

    DiLoCo (Douillard et al., arXiv 2311.08105). Each worker has a replica, its share of the text, its windows, and an
    AdamW whose state outlives the meetings; the budget is one worker's. Its weights are what a worker sends, and not
    the paper's differences from where it began: the mean of those is where all began less the mean of these, and so
    one worker, at outer rate 1 without momentum, is given back to the bit what it sent. ValueError unless the steps are
    a multiple of `every`; DivergedError where a loss or a weight is not finite.
    """
    if every < 1 or budget.steps % every:
        raise ValueError(f"found {budget.steps} steps, expected a multiple of the {every} between two meetings")
    _paired(texts, generators)
    replicas = [copy.deepcopy(model) for _ in texts]
    optimizers = [training.adamw(replica, budget) for replica in replicas]
    workers = list(zip(replicas, texts, generators, optimizers, strict=True))
    losses: list[list[float]] = [[] for _ in workers]
    theta = vector(model)  # [d]
    velocity = torch.zeros_like(theta)
    with steps(f"{len(texts)} workers", len(texts) * budget.steps) as shown:
        for first in range(0, budget.steps, every):
            updates = []
            for number, (replica, text, generator, optimizer) in enumerate(workers):
                load(replica, theta)
                with _named(f"worker {number}"):
                    for loss in islice(training.steps(replica, text, budget, generator, optimizer, first), every):
                        losses[number].append(loss)
                        shown(sum(map(len, losses)), loss)
                    updates.append(packed(_finite(vector(replica), f"weights after step {first + every}")))
            mean = unpacked(exchange(f"meeting-{first // every + 1}", updates), theta)
            nesterov(theta, mean, velocity, outer)
    load(model, _finite(theta, "weights after the last meeting"))
    return losses


def nesterov(theta: Tensor, mean: Tensor, velocity: Tensor, outer: Outer) -> None:
    """The outer step, in place, all [d]: v <- mu v + g, theta <- theta - eta (g + mu v), where g = theta - mean.

    That is torch.optim.SGD's Nesterov momentum on the pseudo-gradient g. theta - eta g is computed as the point at
    eta between theta and the mean, which at 1 is the mean to the bit; theta - (theta - mean) may round.
    """
    velocity.mul_(outer.momentum).add_(theta - mean)
    theta.lerp_(mean, outer.rate).sub_(velocity, alpha=outer.rate * outer.momentum)


def synchronous(
    model: Stage,
    texts: Sequence[bytes],
    budget: Budget,
    generators: Sequence[torch.Generator],
    exchange: Exchange,
    optimizer: torch.optim.Optimizer,
    attacks: Mapping[int, Attack] | None = None,
) -> list[float]:
    """Train with a step on the aggregate of the workers' gradients, each of its own windows: the mean losses, in nats.

    The budget is one worker's. All workers hold the same weights at any time, so one replica is enough. A
    worker that has an attack sends what that makes of its gradient. DivergedError where a loss, a gradient as it is
    sent, or the weights at the end are not finite.
    """
    _paired(texts, generators)
    losses, data = [], [training.tokens(text) for text in texts]
    parameters = _trained(model)
    with steps(f"{len(texts)} workers", budget.steps) as shown:
        for step in range(budget.steps):
            for group in optimizer.param_groups:
                group["lr"] = training.rate(budget, step)
            own, updates, when = [], [], f"step {step + 1} of {budget.steps}"
            for number, (text, generator) in enumerate(zip(data, generators, strict=True)):
                with _named(f"worker {number}"):
                    loss, gradient = _gradient(model, text, budget, generator, when)
                    update = _finite((attacks or {}).get(number, _unchanged)(gradient), f"gradients of {when}")
                own.append(loss)
                updates.append(packed(update))
            aggregate = unpacked(exchange(f"step-{step + 1}", updates), gradient)
            for parameter, part in _parts(parameters, aggregate):
                parameter.grad = part
            if budget.clip is not None:
                nn.utils.clip_grad_norm_(parameters, budget.clip)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(sum(own) / len(own))
            shown(step + 1, losses[-1])
    _finite(vector(model), f"weights after step {budget.steps} of {budget.steps}")
    return losses


def outcome(model: Stage, text: bytes, train: Callable[[], object]) -> float:
    """The loss of a model on a text, in nats a byte, once it is trained; infinite where it diverged."""
    try:
        train()
    except DivergedError:
        return math.inf
    nats = training.loss(model, text)
    return nats if math.isfinite(nats) else math.inf


def _gradient(
    model: Stage, data: Tensor, budget: Budget, generator: torch.Generator, when: str
) -> tuple[float, Tensor]:
    """The loss of a batch, in nats a byte, and its gradient [d]."""
    device, parameters = next(model.parameters()).device, _trained(model)
    inputs, targets = (part.to(device) for part in training.batch(data, budget, generator))  # [B, T] both
    loss = fn.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())
    if not math.isfinite(nats := loss.item()):
        raise DivergedError(f"the loss of {when} is {nats}")
    gradients = torch.autograd.grad(loss, parameters, materialize_grads=True)
    return nats, torch.cat([gradient.flatten() for gradient in gradients])


def _paired(texts: Sequence[bytes], generators: Sequence[torch.Generator]) -> None:
    if not 0 < len(texts) == len(generators):
        raise ValueError(f"found {len(texts)} texts and {len(generators)} generators, expected one of each a worker")


def _unchanged(update: Tensor) -> Tensor:
    return update


def _trained(model: Stage) -> list[nn.Parameter]:
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _parts(parameters: Sequence[nn.Parameter], values: Tensor) -> Iterator[tuple[nn.Parameter, Tensor]]:
    """Each parameter, and its part of values [d] in its shape."""
    parts = torch.split(values, [parameter.numel() for parameter in parameters])
    return ((parameter, part.view_as(parameter)) for parameter, part in zip(parameters, parts, strict=True))


def vector(model: Stage) -> Tensor:
    """A copy of all that requires a gradient, in the model's order: [d]."""
    return torch.cat([parameter.detach().flatten() for parameter in _trained(model)])


@torch.no_grad()
def load(model: Stage, values: Tensor) -> None:
    """Set all that requires a gradient to values [d]."""
    for parameter, part in _parts(_trained(model), values):
        parameter.copy_(part)


def _finite(values: Tensor, what: str) -> Tensor:
    if not all(math.isfinite(end) for end in torch.stack(values.aminmax()).tolist()):  # no copy; NaN is both its ends
        raise DivergedError(f"the {what} are not finite")
    return values


@contextmanager
def _named(who: str) -> Iterator[None]:
    try:
        yield
    except DivergedError as error:
        raise DivergedError(f"{who}: {error}") from None
