"""The simplest correction of a model: one temperature and a bias for each byte, fitted on text that it is to predict.

Letters in the shapes: N bytes that are predicted, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as fn

from bets.lab import training
from bets.lab.model import Stage

ROUNDS: Final = 60  # of L-BFGS, each of some evaluations; it stops earlier
CLOSE: Final = 1e-6  # nats a byte: largest entry of the gradient at which it stops


@dataclass(frozen=True)
class Correction:
    """Logits z become z * scale + biases."""

    scale: float  # the inverse of the temperature
    biases: Tensor  # [V]

    def loss(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Nats of each of the targets [N], given logits [N, V]."""
        return fn.cross_entropy(logits * self.scale + self.biases, targets, reduction="none")


NONE: Final = Correction(1.0, torch.zeros(()))
"""The correction that changes nothing."""


@torch.no_grad()
def predictions(model: Stage, pieces: Sequence[bytes], size: int = 16) -> tuple[Tensor, Tensor]:
    """The logits [N, V] of every byte of each piece but the first, on the CPU, and those bytes [N].

    Each piece is read from its own beginning, in windows of the model's context.
    """
    device, context = next(model.parameters()).device, model.config.context
    logits, targets = [], []
    for piece in pieces:
        for inputs, following in training.windows(training.tokens(piece), context, size):
            logits.append(model(inputs.to(device)).flatten(0, 1).cpu())
            targets.append(following.flatten())
    return torch.cat(logits), torch.cat(targets)


def fit(logits: Tensor, targets: Tensor, spread: float = 1.0) -> Correction:
    """The scale and the biases that lose least on targets [N], given logits [N, V].

    A bias has a normal prior around 0 with this spread, in nats: that of a byte that never occurs would be infinite.
    The loss is convex in both, so that L-BFGS finds the only minimum; the scale starts at 1 and the biases at 0.
    """
    scale = torch.ones((), requires_grad=True)
    biases = torch.zeros(logits.shape[-1], requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [scale, biases], max_iter=ROUNDS, tolerance_grad=CLOSE, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = fn.cross_entropy(logits * scale + biases, targets)
        loss = loss + (biases**2).sum() / (2 * spread**2 * len(targets))
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return Correction(float(scale.detach()), biases.detach())
