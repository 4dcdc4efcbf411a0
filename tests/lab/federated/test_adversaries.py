"""Attackers in an exchange: they see what is honest, send what the attack says, and no more than that."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest
import torch

from bets.lab import seeding, training
from bets.lab.adaptation import lowrank
from bets.lab.federated import adversaries, exchange, federation
from bets.lab.federated.adversaries import Colluding
from bets.lab.federated.exchange import packed, unpacked
from bets.lab.model import SIZES, FractalMoE
from bets.lab.robust import aggregation, attacks
from bets.lab.training import Budget

HONEST = torch.randn(6, 5, generator=seeding.torch_generator(1, "updates"))
OWN = torch.full((2, 5), 9.0)


def updates() -> list[bytes]:
    return [packed(row) for row in torch.cat([HONEST, OWN])]


def seen() -> tuple[list[torch.Tensor], exchange.Exchange]:
    rows: list[torch.Tensor] = []

    def meet(name: str, sent: Sequence[bytes]) -> bytes:
        assert name == "step-1"
        rows.extend(unpacked(each, torch.empty(5)) for each in sent)
        return packed(aggregation.median(torch.stack(rows)))

    return rows, meet


@pytest.mark.parametrize("name", adversaries.MADE)
def test_attackers_send_what_the_attack_makes_of_the_honest_and_never_their_own(name: str) -> None:
    rows, meet = seen()
    attack = adversaries.MADE[name]
    Colluding(meet, 2, attack)("step-1", updates())
    assert torch.equal(torch.stack(rows[:6]), HONEST)
    assert torch.equal(torch.stack(rows[6:]), attack(HONEST, 2))


def test_the_attacks_are_those_of_the_literature() -> None:
    for z in (0.5, 1, 1.5):
        expected = HONEST.mean(0) - z * HONEST.std(0, correction=0)
        assert torch.allclose(adversaries.MADE[f"a little, z {z:g}"](HONEST, 2)[0], expected)
    for epsilon in (0.1, 1, 4):
        sent = adversaries.MADE[f"inner product, {epsilon:g}"](HONEST, 2)
        assert torch.allclose(sent[1], -epsilon * HONEST.mean(0))
    assert float(torch.cat([HONEST, sent]).mean(0) @ HONEST.mean(0)) < 0


def test_without_attackers_the_exchange_is_as_it_was() -> None:
    rows, meet = seen()
    Colluding(meet, 0, attacks.inner_product)("step-1", updates())
    assert torch.equal(torch.stack(rows), torch.cat([HONEST, OWN]))


def test_somebody_must_be_honest() -> None:
    with pytest.raises(ValueError, match="found 8 attackers among 8 workers, expected fewer"):
        Colluding(seen()[1], 8, attacks.inner_product)("step-1", updates())


def test_attackers_in_a_real_training_turn_the_mean_around_and_a_trimmed_mean_withstands_them() -> None:
    """Through the coordinator. The loss rises by the mean, where honest nodes, and the rule, lower it."""
    base = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)
    text = bytes(range(32, 127)) * 40
    shares, budget = federation.shares(text, 6), Budget(4, 1, 32, 1e-2)
    before = training.loss(base, text[:500])

    def after(rule: str, liars: int) -> float:
        attack = "inner product, 4"
        return training.loss(adversaries.fine_tuned(base, shares, budget, 1, rule, liars, attack), text[:500])

    clean = after("mean", 0)
    assert clean < before < after("mean", 2)
    assert after("trimmed_mean", 2) < before
    assert after("trimmed_mean", 0) < before
    assert clean == after("mean", 0)


def test_without_liars_it_is_lora_trained_on_the_mean_gradient_of_all() -> None:
    """One node alone takes the steps of plain training, to the bit."""
    base = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)
    text, budget = bytes(range(32, 127)) * 40, Budget(3, 2, 32, 1e-2)
    found = adversaries.fine_tuned(base, [text], budget, 1, "mean")
    plain = copy.deepcopy(base)
    lowrank.attach(plain, seeding.torch_generator(1, "lora"))
    training.train(plain, text, budget, federation.draws(1, 1)[0])
    assert all(torch.equal(a, b) for a, b in zip(found.parameters(), plain.parameters(), strict=True))
