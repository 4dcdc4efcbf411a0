"""What a model makes of each piece of a text: a list of losses, of which a record can state the mean and the spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as fn

from bets.lab import training
from bets.lab.model import Stage

NOTHING: Final = -100  # the target of a place that is only padding: what cross_entropy ignores


@torch.no_grad()
def losses(model: Stage, pieces: Sequence[bytes], size: int = 16) -> list[float]:
    """Mean nats a byte of each piece, as `training.loss` has it: nothing of one piece is seen in another.

    `size` windows of the model's context are a batch; a short one is padded, which changes nothing before its end.
    """
    device, length = next(model.parameters()).device, model.config.context
    inputs, targets, owners = windows(pieces, length)
    totals = torch.zeros(len(pieces), dtype=torch.float64)
    for x, y, owner in zip(*(torch.split(each, size) for each in (inputs, targets, owners)), strict=True):
        logits = model(x.to(device)).flatten(0, 1)  # [B T, V]
        nats = fn.cross_entropy(logits, y.to(device).flatten(), ignore_index=NOTHING, reduction="none")
        totals.index_add_(0, owner, nats.view(y.shape).sum(1, dtype=torch.float64).cpu())
    return [float(total) / (len(piece) - 1) for total, piece in zip(totals, pieces, strict=True)]


def windows(pieces: Sequence[bytes], length: int) -> tuple[Tensor, Tensor, Tensor]:
    """The windows of all pieces and the bytes behind each, [W, T] both; and the number of each window's piece, [W]."""
    rows, owners = [], []
    for number, piece in enumerate(pieces):
        if len(piece) < 2:
            raise ValueError(
                f"piece {number}: found {len(piece)} bytes, expected at least 2: the first is not predicted"
            )
        data = training.tokens(piece)
        for start in range(0, len(data) - 1, length):
            window = data[start : start + length + 1]
            rows.append(fn.pad(window, (0, length + 1 - len(window)), value=NOTHING))  # [T + 1]
            owners.append(number)
    whole = torch.stack(rows)  # [W, T + 1]
    return whole[:, :-1].clamp_min(0), whole[:, 1:], torch.tensor(owners)
