"""Gaussian noise on the hidden states behind each block, in units of their own root mean square."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import Tensor, nn

from bets.lab.model import Stage


def perturb(x: Tensor, level: float, generator: torch.Generator) -> Tensor:
    """Add to hidden states [..., C] noise whose standard deviation at each token is `level` times the token's RMS."""
    rms = x.square().mean(-1, keepdim=True).sqrt()  # [..., 1]
    noise = torch.randn(x.shape, generator=generator, device=generator.device, dtype=x.dtype)
    return x + level * rms * noise.to(x.device)


@contextmanager
def noisy(model: Stage, level: float, generator: torch.Generator) -> Iterator[None]:
    """While it lasts, perturb the output of every block; level 0 touches nothing and draws nothing.

    ValueError for a level that is negative or not finite. The draws follow the calls, so a second run needs a fresh
    generator, and decoding from a cache draws other noise than one pass over the text.
    """
    if not 0 <= level < math.inf:
        raise ValueError(f"noise level {level}: expected a finite number, 0 or above")

    def hook(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        return perturb(output, level, generator)

    with ExitStack() as stack:
        for block in model.blocks if level else ():
            stack.enter_context(block.register_forward_hook(hook))
        yield
