"""The loss of a model where its windows overlap: each byte is predicted from half of a context or more."""

from __future__ import annotations

import torch
from torch.nn import functional as fn

from bets.lab import training
from bets.lab.model import Stage


@torch.no_grad()
def loss(model: Stage, text: bytes, size: int = 16) -> float:
    """Mean nats a byte over all bytes of a text but the first, in windows that begin half a context behind each other.

    A window counts in its second half alone, the first one whole. In `training.loss` windows do not overlap, and the
    bytes at the beginning of each are predicted from little.
    """
    data, device, length = training.tokens(text), next(model.parameters()).device, model.config.context
    half = length // 2
    total = training.loss(model, text[: length + 1], size) * min(length, len(data) - 1)
    starts = range(half, len(data) - 1 - half, half)  # of the windows behind the first
    for first in range(0, len(starts), size):
        places = torch.tensor(starts[first : first + size])[:, None] + torch.arange(length)  # [B, T]
        inputs = data[places.clamp(max=len(data) - 1)]
        targets = data[(places + 1).clamp(max=len(data) - 1)]
        logits = model(inputs.to(device))[:, half:]  # [B, T / 2, V]
        nats = fn.cross_entropy(logits.flatten(0, 1), targets[:, half:].to(device).flatten(), reduction="none")
        total += float(nats[(places < len(data) - 1)[:, half:].flatten().to(device)].sum())
    return total / (len(data) - 1)
