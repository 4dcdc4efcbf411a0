"""Adapters that are moved or scrambled: the same changes elsewhere, or in another order, and nothing else."""

from __future__ import annotations

import pytest
import torch

from bets.lab import adapters, seeding, training
from bets.lab.adaptation import lowrank, transfer
from bets.lab.adaptation.tuned import Tuned
from bets.lab.artifacts import weights
from bets.lab.model import SIZES, FractalMoE
from bets.lab.training import Budget

TEXT = b"She counted the windows of Harbour Street twice, and both times there were eleven.\n" * 8
BUDGET = Budget(steps=3, batch=2, length=32, learning_rate=1e-2)


def fresh(seed: int) -> FractalMoE:
    return FractalMoE(SIZES["tiny"], seeding.torch_generator(seed, "weights")).requires_grad_(False)


BASE, OTHER = fresh(7), fresh(8)


def adapter(kind: str) -> Tuned:
    draws = seeding.torch_generator(5, "adapter")
    model = (
        lowrank.adapt(BASE, TEXT, BUDGET, draws) if kind == "lora" else adapters.adapt(BASE, kind, TEXT, BUDGET, draws)
    )
    return Tuned(kind, adapters.adapter(model), 1e-2, False, {})


@pytest.mark.parametrize("kind", ["norm", "full"])
def test_a_moved_adapter_changes_the_other_base_by_what_it_changed(kind: str) -> None:
    own = adapter(kind)
    moved = transfer.moved(own, BASE, OTHER)
    assert moved.worn.keys() == own.worn.keys()
    for name, value in moved.worn.items():
        change = own.worn[name] - BASE.state_dict()[name]
        assert torch.equal(value, OTHER.state_dict()[name] + change)
        assert change.abs().max() > 0
    back = transfer.moved(own, BASE, BASE)
    assert all(torch.allclose(back.worn[name], own.worn[name], atol=1e-7) for name in own.worn)
    assert torch.isfinite(torch.tensor(training.loss(moved.on(OTHER), TEXT)))


@pytest.mark.parametrize("kind", ["norm", "full"])
def test_a_scrambled_adapter_has_the_same_changes_in_another_order_within_each_tensor(kind: str) -> None:
    own = adapter(kind)
    one, again, other = (transfer.scrambled(own, BASE, seed).worn for seed in (1, 1, 2))
    for name, value in one.items():
        before = BASE.state_dict()[name]
        found, expected = (value - before).flatten(), (own.worn[name] - before).flatten()
        assert torch.allclose(found.sort().values, expected.sort().values, atol=1e-6)
        assert not torch.allclose(found, expected, atol=1e-6)
        assert torch.equal(value, again[name])
        assert not torch.equal(value, other[name])


def test_an_adapter_that_adds_weights_cannot_be_moved() -> None:
    own, found = adapter("lora"), r"the adapter: found 'blocks.0.attention.out.parametrizations"
    with pytest.raises(weights.WeightsError, match=found):
        transfer.moved(own, BASE, OTHER)
    with pytest.raises(weights.WeightsError, match=found):
        transfer.scrambled(own, BASE, 1)
