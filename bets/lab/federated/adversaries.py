"""Attackers that know what all honest workers send, in the middle of a real exchange of updates."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import torch
from torch import Tensor

from bets.lab import seeding, training
from bets.lab.adaptation import lowrank
from bets.lab.federated import exchange, federation
from bets.lab.federated.exchange import Exchange, packed, unpacked
from bets.lab.model import Stage
from bets.lab.robust import attacks
from bets.lab.training import Budget

Collusion = Callable[[Tensor, int], Tensor]
"""From the honest updates [honest, d] and how many attack to what each of them sends, [attackers, d]."""

MADE: Final[dict[str, Collusion]] = {
    "a little, z 0.5": partial(attacks.a_little_is_enough, z=0.5),
    "a little, z 1": partial(attacks.a_little_is_enough, z=1.0),
    "a little, z 1.5": partial(attacks.a_little_is_enough, z=1.5),
    "inner product, 0.1": partial(attacks.inner_product, epsilon=0.1),
    "inner product, 1": partial(attacks.inner_product, epsilon=1.0),
    "inner product, 4": partial(attacks.inner_product, epsilon=4.0),
}
"""Attacks that are made for robust rules: within the honest spread, and against the honest mean.

A small inner product is for rules that prefer the small, a large one turns the mean around.
"""


@dataclass(frozen=True)
class Colluding:
    """An `Exchange` in which the last workers send what an attack makes of the updates of all others."""

    exchange: Exchange
    attackers: int
    attack: Collusion

    def __call__(self, name: str, updates: Sequence[bytes]) -> bytes:
        """The aggregate of the honest updates and the attack; ValueError unless one worker is honest."""
        honest = len(updates) - self.attackers
        if honest < 1:
            raise ValueError(f"found {self.attackers} attackers among {len(updates)} workers, expected fewer")
        if not self.attackers:
            return self.exchange(name, updates)
        like = torch.empty(len(updates[0]) // 4)
        stack = torch.stack([unpacked(update, like) for update in updates[:honest]])  # [honest, d]
        sent = packed(self.attack(stack, self.attackers)[0].contiguous())  # each of them sends the same
        return self.exchange(name, [*updates[:honest], *[sent] * self.attackers])


def fine_tuned(
    base: Stage, texts: Sequence[bytes], budget: Budget, seed: int, rule: str, liars: int = 0, attack: str = ""
) -> Stage:
    """A copy of the base with LoRA that honest nodes, each with its own text, and liars train through a coordinator.

    Each step is AdamW's on what the rule makes of all gradients; a trimmed mean trims as many as there may be liars, a
    quarter of all nodes where none lie. DivergedError where a loss or a weight is not finite.
    """
    model = copy.deepcopy(base)
    lowrank.attach(model, seeding.torch_generator(seed, "lora"))
    nodes = [*texts, *texts[:liars]]  # what a liar computes of its own is never sent
    faulty = (liars or len(nodes) // 4) if rule == "trimmed_mean" else 0
    with exchange.through_coordinator(len(nodes), seed, rule, faulty) as meet:
        colluding = Colluding(meet, liars, MADE[attack]) if liars else meet
        draws, optimizer = federation.draws(seed, len(nodes)), training.adamw(model, budget)
        federation.synchronous(model, nodes, budget, draws, colluding, optimizer)
    return model
