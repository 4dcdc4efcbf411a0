"""Pretraining: every byte once an epoch, each parameter moved by one optimizer, resumed as if never stopped."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from bets.lab import seeding, training
from bets.lab.model import SIZES, FractalMoE
from bets.lab.recipe import mixed, pretraining
from bets.lab.recipe.muon import Muon
from bets.lab.recipe.pretraining import Plan
from tests.lab.shown import calling

TINY = SIZES["tiny"]
TEXT = bytes(range(32, 127)) * 40
PLAN = Plan(steps=6, batch=2, length=32, rate=1e-2, warmup=2)


def fresh(seed: int = 7) -> FractalMoE:
    return FractalMoE(TINY, seeding.torch_generator(seed, "weights"))


def same(one: FractalMoE, other: FractalMoE) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_an_epoch_reads_every_byte_at_most_once_and_all_but_a_batch_of_them() -> None:
    size, plan = 2_000, replace(PLAN, length=16, batch=4)
    data = torch.arange(size)
    steps = (size - 16) // 16 // 4
    for epoch in range(3):
        rows = [pretraining.windows(data, plan, 5, epoch * steps + turn) for turn in range(steps)]
        read = torch.cat([inputs.flatten() for inputs, _ in rows]).tolist()
        assert len(read) == len(set(read))
        assert len(read) >= size - 16 - 16 - 4 * 16
        assert all(torch.equal(inputs + 1, targets) for inputs, targets in rows)


def test_epochs_cut_the_text_elsewhere_and_take_it_in_another_order() -> None:
    data = torch.arange(2_000)
    plan = replace(PLAN, length=16, batch=4)
    steps = (2_000 - 16) // 16 // 4
    offsets = {int(pretraining.windows(data, plan, 5, epoch * steps)[0][0, 0]) % 16 for epoch in range(8)}
    assert len(offsets) > 3
    firsts = [pretraining.windows(data, plan, seed, 0)[0].tolist() for seed in (5, 5, 6)]
    assert firsts[0] == firsts[1] != firsts[2]


@pytest.mark.parametrize("size", [96, 97, 127, 128, 129, 200])
def test_a_text_of_at_least_one_batch_and_a_window_has_epochs(size: int) -> None:
    """However the offset falls, a step has its batch."""
    for step in range(40):
        inputs, _ = pretraining.windows(torch.arange(size), PLAN, 1, step)
        assert inputs.shape == (2, 32)


def test_a_text_without_a_whole_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="a text of 95 bytes has no epoch of 2 windows, expected 96 or more"):
        pretraining.windows(torch.arange(95), PLAN, 1, 0)


def test_the_rates_rise_along_a_line_and_fall_along_one() -> None:
    plan = replace(PLAN, steps=110, warmup=10, final=0.1)
    shares = [pretraining.share(plan, step) for step in range(110)]
    assert shares[:10] == pytest.approx([0.1 * step for step in range(1, 11)])
    assert shares[10:] == pytest.approx([1 - 0.9 * step / 100 for step in range(100)])


@pytest.mark.parametrize("matrix_rate", [None, 0.02])
def test_each_parameter_is_moved_by_exactly_one_optimizer(matrix_rate: float | None) -> None:
    model = fresh()
    moving = pretraining.optimizers(model, replace(PLAN, matrix_rate=matrix_rate), "float32")
    groups = [group for optimizer in moving for group in optimizer.param_groups]
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    taken = [names[id(parameter)] for group in groups for parameter in group["params"]]
    assert sorted(taken) == sorted(names.values())
    if matrix_rate is None:
        assert len(moving) == 1
    else:
        assert isinstance(moving[1], Muon)
        by_muon = {names[id(p)].split(".", 2)[2]: g["parts"] for g in moving[1].param_groups for p in g["params"]}
        assert by_muon == {
            "attention.qkv.weight": 3,
            "attention.out.weight": 1,
            "experts.gate_up": 2,
            "experts.down": 1,
        }
    decaying = {names[id(p)] for group in moving[0].param_groups if group["weight_decay"] for p in group["params"]}
    assert all(model.get_parameter(name).ndim > 1 for name in decaying)


def test_the_first_step_is_that_of_the_definitions() -> None:
    """The gradient of the loss and of the balance; AdamW on what it moves, clipped; the rates at their share."""
    plan = replace(PLAN, steps=1, warmup=4, clip=0.5)
    model, before = fresh(), fresh()
    inputs, targets = pretraining.windows(training.tokens(TEXT), plan, 3, 0)
    logits, uneven = mixed.forward(before, inputs, "float32")
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    torch.autograd.backward(loss + plan.balance * uneven)
    losses = pretraining.train(model, TEXT, plan, 3, "float32")
    assert losses == [pytest.approx(loss.item())]
    moving = pretraining.optimizers(before, plan, "float32")
    adamw = [parameter for group in moving[0].param_groups for parameter in group["params"]]
    norm = float(torch.stack([p.grad.norm() for p in adamw if p.grad is not None]).norm())
    assert norm > 0.5
    for parameter in adamw:
        assert parameter.grad is not None
        parameter.grad *= 0.5 / norm
    for optimizer, rate in zip(moving, (plan.rate, plan.matrix_rate), strict=True):
        for group in optimizer.param_groups:
            group["lr"] = (rate or 0) / 4
        optimizer.step()
    for name, parameter in before.named_parameters():
        torch.testing.assert_close(model.get_parameter(name), parameter, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_two_runs_are_bitwise_equal(precision: str) -> None:
    one, other = fresh(), fresh()
    losses = pretraining.train(one, TEXT, PLAN, 3, precision)
    assert pretraining.train(other, TEXT, PLAN, 3, precision) == losses
    assert same(one, other)


def test_pretraining_learns_the_text() -> None:
    model = fresh()
    losses = pretraining.train(model, TEXT, replace(PLAN, steps=30, batch=8), 3, "float32")
    assert losses[0] == pytest.approx(math.log(256), abs=0.1)
    assert training.loss(model, TEXT[:500]) < losses[0] / 2


@pytest.mark.parametrize("stopped_after", [1, 3, 5])
def test_one_that_was_stopped_ends_as_if_it_had_not_been(tmp_path: Path, stopped_after: int) -> None:
    """The rates are those of the plan again, not those that the checkpoint's step had."""
    whole, interrupted, resumed = fresh(), fresh(), fresh()
    losses = pretraining.train(whole, TEXT, PLAN, 3, "float32")

    def stop(step: int, _loss: float) -> None:
        if step == stopped_after:
            raise KeyboardInterrupt

    checkpoint = tmp_path / "c"
    with pytest.raises(KeyboardInterrupt), calling(stop):
        pretraining.train(interrupted, TEXT, PLAN, 3, "float32", checkpoint=checkpoint, every=0)
    assert checkpoint.exists() == (stopped_after > 1)
    assert pretraining.train(resumed, TEXT, PLAN, 3, "float32", checkpoint=checkpoint, every=0) == losses
    assert same(resumed, whole)


def test_a_checkpoint_waits_for_its_time(tmp_path: Path) -> None:
    pretraining.train(fresh(), TEXT, PLAN, 3, "float32", checkpoint=tmp_path / "c", every=600)
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_the_matrices_decay_by_their_own_rate(decay: float) -> None:
    """Each step takes the rate times the decay of them, before it moves them as it does without one."""
    plan = replace(PLAN, steps=1, warmup=0)
    plain, decayed, start = fresh(), fresh(), fresh()
    pretraining.train(plain, TEXT, plan, 3, "float32")
    pretraining.train(decayed, TEXT, replace(plan, matrix_decay=decay), 3, "float32")
    for name, before in start.named_parameters():
        taken = decay * (plan.matrix_rate or 0) if name.endswith(tuple(pretraining.PARTS)) else 0
        expected = plain.get_parameter(name) - taken * before
        torch.testing.assert_close(decayed.get_parameter(name), expected, rtol=0, atol=1e-7)


def test_a_loss_that_is_not_finite_stops_it_before_the_step() -> None:
    model = fresh()
    with torch.no_grad():
        model.get_parameter("head.weight")[0, 0] = math.nan
    before = model.get_parameter("embed.weight").clone()
    with pytest.raises(training.DivergedError, match="the loss of step 1 of 6 is nan"):
        pretraining.train(model, TEXT, PLAN, 3, "float32")
    assert torch.equal(model.get_parameter("embed.weight"), before)


def test_weights_that_the_last_step_made_not_finite_are_an_error() -> None:
    with pytest.raises(training.DivergedError, match="the weights after step 1 of 1 are not finite"):
        pretraining.train(fresh(), TEXT, replace(PLAN, steps=1, warmup=0, rate=math.inf), 3, "float32")
