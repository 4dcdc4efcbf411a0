"""One person's short text, and what a model makes of it: what the bets on personal adapters share."""

from __future__ import annotations

from functools import cache
from typing import Final

import torch

from bets.lab import adapters, corpus, seeding, specialists, training
from bets.lab.adapters import Adapter
from bets.lab.artifacts import weights
from bets.lab.model import FractalMoE, Stage
from bets.lab.training import Budget

OWN: Final = 65_536
"""Most bytes that a person has written: a hundred steps read them about once."""
HELD_OUT: Final = 16_384
"""Bytes of held-out text that a model is judged by; as many of validation text are chosen by."""


@cache
def base(size: str) -> FractalMoE:
    """The model that is adapted, frozen: the specialist of the general text."""
    return specialists.load("general", size)


def text(user: str, part: str | None = None) -> bytes:
    """What the person wrote."""
    return corpus.spread(corpus.load(user, part).train, OWN)


def noise(user: str, seed: int) -> bytes:
    """As many uniformly random bytes as the person wrote: there is no person to learn from."""
    return seeding.numpy_generator(seed, f"noise for {user}").bytes(len(text(user)))


def adapted(model: Stage, kind: str, words: bytes, budget: Budget, seed: int) -> Stage:
    """A copy of a model with an adapter of this kind trained on these words, in the windows that the seed draws."""
    return adapters.adapt(model, kind, words, budget, seeding.torch_generator(seed, "windows"))


@cache
def adapter(size: str, user: str, budget: Budget, seed: int) -> Adapter:
    """Norm gains trained on a person's text, once for all texts that they are tried on."""
    return adapters.adapter(adapted(base(size), "norm", text(user), budget, seed))


@cache
def placebo(size: str, user: str, budget: Budget, seed: int) -> Adapter:
    """The norm gains that as many random bytes make of the base's."""
    return adapters.adapter(adapted(base(size), "norm", noise(user, seed), budget, seed))


def worn(size: str, gains: Adapter) -> Stage:
    """The base with norm gains put on."""
    return adapters.wear(base(size), "norm", gains)


def held_out(user: str, part: str | None = None) -> bytes:
    """What the person wrote and no model has read."""
    return corpus.spread(corpus.load(user, part).held_out, HELD_OUT)


def perplexity(model: Stage, user: str, part: str | None = None) -> float:
    """How perplexed a model is, a byte, by held-out text of a person or by the general one."""
    return training.perplexity(training.loss(model, held_out(user, part)))


def transplanted(gains: Adapter, source: Stage, target: Stage) -> Adapter:
    """An adapter of one base as one of another: what it changed there is added to what stands here.

    WeightsError where the two bases differ in shape.
    """
    before, here = source.state_dict(), target.state_dict()
    weights.fit("the adapter", gains, {name: here[name] for name in gains if name in here})
    return {name: here[name] + (value.to(before[name]) - before[name]) for name, value in gains.items()}


def scrambled(gains: Adapter, model: Stage, seed: int) -> Adapter:
    """An adapter whose changes to each of the model's gains are in random order: as large, and no person's."""
    draws, before = seeding.torch_generator(seed, "order"), model.state_dict()
    orders = {name: torch.randperm(len(value), generator=draws) for name, value in sorted(gains.items())}
    return {name: before[name] + (value.to(before[name]) - before[name])[orders[name]] for name, value in gains.items()}
