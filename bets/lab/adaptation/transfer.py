"""Adapters on a base that they were not trained on, and adapters whose changes are in random order."""

from __future__ import annotations

from dataclasses import replace

import torch

from bets.lab import seeding
from bets.lab.adaptation.tuned import Tuned
from bets.lab.adapters import Adapter
from bets.lab.artifacts import weights
from bets.lab.model import Stage


def moved(adapter: Tuned, source: Stage, target: Stage) -> Tuned:
    """An adapter of one base for another of the same shape: what it changed there is added to what stands here.

    WeightsError for an adapter that adds weights (LoRA has no place in the state of a base), and where shapes differ.
    """
    changes, here = _changes(adapter, source), target.state_dict()
    weights.fit("the adapter", changes, {name: here[name] for name in changes if name in here})
    return replace(adapter, worn={name: here[name] + change for name, change in changes.items()})


def scrambled(adapter: Tuned, base: Stage, seed: int) -> Tuned:
    """The adapter with its changes to each tensor in random order: as large, in the same place, and of no person."""
    draws, before = seeding.torch_generator(seed, "order"), base.state_dict()
    worn = {}
    for name, change in sorted(_changes(adapter, base).items()):
        order = torch.randperm(change.numel(), generator=draws).to(change.device)
        worn[name] = before[name] + change.flatten()[order].view_as(change)
    return replace(adapter, worn=worn)


def _changes(adapter: Tuned, base: Stage) -> Adapter:
    before = base.state_dict()
    weights.fit("the adapter", adapter.worn, {name: before[name] for name in adapter.worn if name in before})
    return {name: value.to(before[name]) - before[name] for name, value in adapter.worn.items()}
