"""One model on everybody's text, the rival of a federation; and mixtures that learn from what came before.

Letters in the shapes: M members, B windows, T bytes of each.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from bets.lab import training
from bets.lab.ensemble import combine
from bets.lab.model import Stage

PIECE: Final = 2_048  # bytes that stay together where a text is divided at random


def dealt(texts: Sequence[bytes], seed: int) -> list[bytes]:
    """All texts, cut into pieces that are dealt out at random: as many parts as there were texts, of nearly one size.

    A part has a piece of every author, and no piece is in two parts.
    """
    pieces = [text[start : start + PIECE] for text in texts for start in range(0, len(text), PIECE)]
    random.Random(f"parts/{seed}").shuffle(pieces)
    return [b"".join(pieces[number :: len(texts)]) for number in range(len(texts))]


@torch.no_grad()
def evidence(models: Sequence[Stage], pieces: Sequence[bytes]) -> list[Tensor]:
    """The log-probability in nats that each model gives each byte of a piece but the first: a piece, [M, N - 1]."""
    context = min(model.config.context for model in models)
    found = []
    for piece in pieces:
        data = training.tokens(piece)
        parts = [
            combine.observed(combine.log_probabilities(models, inputs), targets).flatten(1)
            for inputs, targets in training.windows(data, context, 16)
        ]
        found.append(torch.cat(parts, 1))
    return found


def mixed(log_p: Tensor) -> float:
    """Mean nats a byte of the uniform mixture of members, byte by byte, given [M, N]."""
    return -float(combine.mixture(log_p).mean())


def learned(log_p: Tensor) -> float:
    """Mean nats a byte of the mixture whose weights are the posterior after the bytes before, given [M, N].

    The weights start uniform (Bayes' mixture). Its total is that of the mixture of whole pieces, by the chain rule.
    """
    members, count = log_p.shape
    return (math.log(members) - float(log_p.double().sum(1).logsumexp(0))) / count
