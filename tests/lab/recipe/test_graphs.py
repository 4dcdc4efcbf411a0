"""Steps and losses that a CUDA graph can hold: those of the eager path. Without a GPU the same code runs unrecorded."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from bets.lab import adapters, seeding, training
from bets.lab.model import SIZES, FractalMoE, device
from bets.lab.recipe import graphs
from bets.lab.training import Budget

TEXT = bytes(range(32, 127)) * 40
BUDGET = Budget(steps=100, batch=2, length=32, learning_rate=1e-3, warmup=10, final=0.1, weight_decay=0.1, clip=1.0)


def fresh(kind: str = "full") -> FractalMoE:
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).to(device())
    adapters.attach(model, kind, seeding.torch_generator(1, "adapter"))
    return model


def draws() -> torch.Generator:
    return seeding.torch_generator(3, "windows")


@pytest.mark.parametrize(("kind", "count"), [("full", 100), ("norm", 20), ("lora", 20)])
def test_a_hundred_steps_have_the_losses_of_the_eager_path_and_the_weights(kind: str, count: int) -> None:
    """With warm-up, cosine, decay and clipping: to 1e-5, and fewer steps where most is frozen."""
    eager, static, budget = fresh(kind), fresh(kind), replace(BUDGET, steps=count)
    expected = training.train(eager, TEXT, budget, draws())
    optimizer = training.adamw(static, budget)
    assert list(graphs.steps(static, TEXT, budget, draws(), optimizer)) == pytest.approx(expected, rel=0, abs=1e-5)
    for (name, one), other in zip(static.named_parameters(), eager.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=2e-4, msg=name)
        assert one.grad is None


def test_a_training_may_begin_behind_its_first_steps() -> None:
    """As after a checkpoint: the same windows and rates as the eager path from there on."""
    eager, static = fresh(), fresh()
    budget = Budget(steps=6, batch=2, length=32, learning_rate=1e-2, warmup=4)
    expected = list(training.steps(eager, TEXT, budget, draws(), training.adamw(eager, budget), 3))
    found = list(graphs.steps(static, TEXT, budget, draws(), training.adamw(static, budget), 3))
    assert len(found) == 3
    assert found == pytest.approx(expected, rel=0, abs=1e-5)


def test_a_loss_that_is_not_finite_stops_before_the_step() -> None:
    model = fresh()
    with torch.no_grad():
        model.get_parameter("head.weight")[0, 0] = math.nan
    before = model.get_parameter("embed.weight").detach().clone()
    with pytest.raises(training.DivergedError, match="the loss of step 1 of 100 is nan"):
        list(graphs.steps(model, TEXT, BUDGET, draws(), training.adamw(model, BUDGET)))
    assert torch.equal(model.get_parameter("embed.weight"), before)


@pytest.mark.parametrize("size", [2, 100, 257, 258, 1_000, 3_000])
def test_the_loss_of_a_text_is_that_of_the_eager_path(size: int) -> None:
    model = fresh().requires_grad_(False)
    assert graphs.loss(model, TEXT[:size], 3) == pytest.approx(training.loss(model, TEXT[:size], 3), rel=1e-6)


def test_a_judge_sees_what_training_has_changed_between_its_texts() -> None:
    model = fresh().requires_grad_(False)
    judge = graphs.Judge(model, 3)
    for size in (1_000, 300, 2_000):
        assert judge.loss(TEXT[:size]) == pytest.approx(training.loss(model, TEXT[:size], 3), rel=1e-6)
        model.get_parameter("head.weight").mul_(1.5)


def test_what_is_frozen_keeps_no_gradient_and_what_is_trained_has_a_new_one_each_step() -> None:
    """A gradient that was added to, or written over while the optimizer reads it, would show here."""
    model = fresh()
    frozen, trained = model.get_parameter("embed.weight").requires_grad_(False), model.get_parameter("head.weight")
    run, found = graphs.steps(model, TEXT, BUDGET, draws(), training.adamw(model, BUDGET)), []
    for _ in range(3):
        next(run)
        assert frozen.grad is None
        assert trained.grad is not None
        found.append(trained.grad.clone())
    assert not torch.equal(found[0], found[1])
    assert not torch.equal(found[1], found[2])


def test_a_text_of_which_nothing_can_be_predicted_is_refused() -> None:
    with pytest.raises(ValueError, match="found a text of 1 bytes, expected at least 2"):
        graphs.loss(fresh(), b"a")


def test_a_rate_that_a_graph_reads_is_set_in_place() -> None:
    optimizer = training.adamw(fresh(), BUDGET)
    graphs.rate(optimizer, 0.5, recorded=True)
    held = [group["lr"] for group in optimizer.param_groups]
    graphs.rate(optimizer, 0.25, recorded=True)
    assert [id(group["lr"]) for group in optimizer.param_groups] == [id(rate) for rate in held]
    assert [float(rate) for rate in held] == [0.25, 0.25]
    assert all(group["capturable"] for group in optimizer.param_groups)


def test_a_rate_that_no_graph_reads_is_a_number() -> None:
    """Also behind a checkpoint of a run that had graphs."""
    optimizer = training.adamw(fresh(), BUDGET)
    optimizer.param_groups[0]["lr"] = torch.tensor(1.0)
    graphs.rate(optimizer, 0.25, recorded=False)
    assert [group["lr"] for group in optimizer.param_groups] == [0.25, 0.25]
    assert not any(isinstance(group["lr"], torch.Tensor) for group in optimizer.param_groups)
