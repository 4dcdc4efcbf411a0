"""Muon: each step moves a matrix by its momentum made orthogonal (Keller Jordan and others, 2024).

    https://kellerjordan.github.io/posts/muon/

`torch.optim.Muon` takes matrices one by one. Here a parameter may be a stack of them, as the experts are, and all of a
stack are made orthogonal at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, overload

import torch
from torch import Tensor, nn

COEFFICIENTS: Final = (3.4445, -4.7750, 2.0315)  # of the quintic: the steepest at zero that stays bounded
STEPS: Final = (2, 3)  # of the iteration, in rounds: singular values end between about 0.7 and 1.2
SMALLEST: Final = 1e-7  # added to the norm that a matrix is divided by


def orthogonal(matrices: Tensor, precision: torch.dtype = torch.bfloat16) -> Tensor:
    """The matrices [B, m, n] with singular values near 1 and the same singular vectors, in this precision.

    A step is x <- (a + b A + c A^2) x with A = x x^T. All such polynomials commute, so a round of steps needs A alone,
    which is small where a matrix is long, and x once at its end. Were there one round, rounding in A would grow without
    bound in bfloat16.
    """
    x = matrices.to(precision)
    tall = x.shape[-2] > x.shape[-1]
    x = x.mT if tall else x
    norm: Tensor = x.norm(dim=(-2, -1), keepdim=True)
    x = x / (norm + SMALLEST)  # no singular value is above 1
    for steps in STEPS if x.shape[-1] >= 2 * x.shape[-2] else (1,) * sum(STEPS):
        gram = x @ x.mT  # [B, m, m]
        x = product(gram, steps) @ x
    return x.mT if tall else x


def product(gram: Tensor, steps: int) -> Tensor:
    """What so many steps multiply a matrix by, from its product with its transpose: [B, m, m] both."""
    a, b, c = COEFFICIENTS
    total = None
    for step in range(steps):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=-2, dim2=-1).add_(a)
        total = factor if total is None else factor @ total
        if step < steps - 1:
            gram = factor @ gram @ factor
    assert total is not None  # noqa: S101  # there is at least one step
    return total


class Muon(torch.optim.Optimizer):
    """Muon over matrices [m, n] and stacks of them [E, m, n].

    A group's `parts` says how many matrices of equal height lie on top of each other in each, as q, k and v do: each is
    made orthogonal by itself.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter] | Iterable[dict[str, Any]],
        lr: float = 0.02,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        parts: int = 1,
        precision: torch.dtype = torch.bfloat16,
    ) -> None:
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "parts": parts}
        super().__init__(params, {**defaults, "precision": precision})
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim < 2 or parameter.shape[-2] % group["parts"]:
                    shape = tuple(parameter.shape)
                    raise ValueError(f"found a parameter of shape {shape}, expected matrices of {group['parts']} parts")

    @overload
    def step(self, closure: None = None) -> None: ...

    @overload
    def step(self, closure: Callable[[], float]) -> float: ...

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Move every parameter that has a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)
        return loss

    def _move(self, parameter: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[parameter]
        if not state:
            state["momentum"] = torch.zeros_like(gradient)
        average = state["momentum"].lerp_(gradient, 1 - group["momentum"])
        update = gradient.lerp(average, group["momentum"])  # Nesterov's
        rows, columns = update.shape[-2] // group["parts"], update.shape[-1]
        turned = orthogonal(update.view(-1, rows, columns), group["precision"]).to(parameter.dtype)
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        step = turned.reshape(parameter.shape)
        scale = max(1.0, rows / columns) ** 0.5
        if isinstance(group["lr"], Tensor):  # which a graph reads
            parameter.sub_(step * (group["lr"] * scale))
        else:
            parameter.add_(step, alpha=-group["lr"] * scale)
