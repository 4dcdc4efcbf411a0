"""Pay by what a member adds: Shapley values of a federation whose worth is how well its mixture predicts.

Letters in the shapes: M members, N bytes.
"""

from __future__ import annotations

import math
from itertools import combinations

import torch
from torch import Tensor

from bets.lab.ensemble import combine


def worth(log_p: Tensor, alone: Tensor) -> dict[frozenset[int], float]:
    """What each coalition of members is worth: nats of a text that its uniform mixture saves against the base alone.

    Given the members' log-probabilities [M, N] and the base's [N]; no coalition is worth nothing less than 0: where its
    mixture is worse than the base, the base answers.
    """
    members = range(len(log_p))
    base = float(alone.double().sum())
    found = {frozenset[int](): 0.0}
    for size in range(1, len(log_p) + 1):
        for chosen in combinations(members, size):
            saved = float(combine.mixture(log_p[list(chosen)].double()).sum()) - base
            found[frozenset(chosen)] = max(0.0, saved)
    return found


def shapley(worth: dict[frozenset[int], float], members: int) -> list[float]:
    """The Shapley value of each member: what it adds to those before it, on average over all orders of joining."""
    values = []
    for one in range(members):
        others = [each for each in range(members) if each != one]
        value = 0.0
        for size in range(members):
            weight = math.factorial(size) * math.factorial(members - size - 1) / math.factorial(members)
            for before in map(frozenset, combinations(others, size)):
                value += weight * (worth[before | {one}] - worth[before])
        values.append(value)
    return values


def shares(values: list[float]) -> list[float]:
    """Values as parts of a payment: none below 0, and their sum is 1; equal parts if none adds anything."""
    kept = torch.tensor(values, dtype=torch.float64).clamp_min(0)
    total = float(kept.sum())
    return (kept / total).tolist() if total > 0 else [1 / len(values)] * len(values)
