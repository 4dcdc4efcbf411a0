"""The steps of `pretraining` without waiting for the host: on CUDA, two graphs that are recorded once and replayed.

`python -m bets.lab.bases` trains by them where there is a GPU. Bets do not reach this module: a base that is not in the
cache is trained by the eager steps there, which are the reference.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from bets.lab import training
from bets.lab.model import FractalMoE
from bets.lab.recipe import graphs, pretraining, routed
from bets.lab.recipe.pretraining import Plan


def steps(
    model: FractalMoE,
    text: bytes,
    plan: Plan,
    seed: int,
    moving: list[torch.optim.Optimizer],
    precision: str,
    first: int = 0,
) -> Iterator[float]:
    """`pretraining.steps` in float32: the same windows, rates, and losses but for rounding.

    ValueError for another precision. At a base's rates, a rounding soon makes a token choose another expert, so that
    the losses drift apart as those of two eager runs do that begin one rounding apart.
    """
    if precision != "float32":
        raise ValueError(f"found the precision {precision}, expected float32")
    data, rates = training.tokens(text), [plan.rate, plan.matrix_rate or 0.0][: len(moving)]
    clipped = [parameter for group in moving[0].param_groups for parameter in group["params"]]

    def loss(inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits, uneven = routed.balanced(model, inputs)
        nats = fn.cross_entropy(logits.flatten(0, 1), targets.flatten())
        return nats, nats + plan.balance * uneven

    work = graphs.Work(
        trained=list(model.parameters()),
        moving=moving,
        shape=(plan.batch, plan.length),
        windows=lambda step: pretraining.windows(data, plan, seed, step),
        rates=lambda step: [rate * pretraining.share(plan, step) for rate in rates],
        loss=loss,
        clip=lambda: nn.utils.clip_grad_norm_(clipped, plan.clip),
    )
    return graphs.taken(work, range(first, plan.steps))
