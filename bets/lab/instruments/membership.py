"""Whose text was in a training: guesses from losses, and how often they are right (membership inference)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import torch
from torch import Tensor


@dataclass(frozen=True)
class Area:
    """The area under the ROC curve of a guess: the chance that a member scores above another; 0.5 is guessing."""

    auc: float
    low: float  # ends of the interval of DeLong et al. (Biometrics 1988), for pieces that are independent
    high: float


def halves(pieces: Sequence[bytes], seed: int) -> tuple[list[bytes], list[bytes]]:
    """The pieces in two halves that are drawn at random: what is trained on, and what is not; each in its order."""
    chosen = set(random.Random(f"members/{seed}").sample(range(len(pieces)), len(pieces) // 2))
    return [p for i, p in enumerate(pieces) if i in chosen], [p for i, p in enumerate(pieces) if i not in chosen]


def by_loss(tuned: Sequence[float]) -> list[float]:
    """The score of each piece by the loss threshold attack (Yeom et al., CSF 2018): the lower the loss, the higher."""
    return [-loss for loss in tuned]


def by_reference(tuned: Sequence[float], reference: Sequence[float]) -> list[float]:
    """The score by how much less a piece costs than a model that was not trained on it says (Watson et al., ICLR 2022).

    A piece that is easy for everybody is no member for that.
    """
    return [before - after for before, after in zip(reference, tuned, strict=True)]


def area(members: Sequence[float], others: Sequence[float], level: float = 0.95) -> Area:
    """The area, with equal scores counted half, and its two-sided interval, cut to 0 and 1.

    ValueError for fewer than two of either.
    """
    if min(len(members), len(others)) < 2:
        raise ValueError(f"found {len(members)} members and {len(others)} others, expected at least two of each")
    wins = _wins(members, others)  # [members, others]
    auc = float(wins.mean())
    variance = float(wins.mean(1).var() / len(members) + wins.mean(0).var() / len(others))
    reach = NormalDist().inv_cdf(0.5 + level / 2) * variance**0.5
    return Area(auc, max(0.0, auc - reach), min(1.0, auc + reach))


def _wins(members: Sequence[float], others: Sequence[float]) -> Tensor:
    own, theirs = torch.tensor(members, dtype=torch.float64)[:, None], torch.tensor(others, dtype=torch.float64)
    return (own > theirs).double() + (own == theirs).double() / 2
