"""Steps of pretraining that a CUDA graph can hold: those of the eager path. Without a GPU they run unrecorded."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bets.lab import seeding
from bets.lab.model import SIZES, FractalMoE, device
from bets.lab.recipe import graph_pretraining, pretraining
from bets.lab.recipe.pretraining import Plan
from tests.lab.recipe.operations import Operations, waiting
from tests.lab.shown import calling

TEXT = bytes(range(32, 127)) * 40
PLAN = Plan(steps=6, batch=2, length=32, rate=2e-3, warmup=2)


def fresh() -> FractalMoE:
    return FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).to(device())


def close(one: FractalMoE, other: FractalMoE) -> None:
    for (name, here), there in zip(one.named_parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(here, there, rtol=0, atol=2e-4, msg=name)


@pytest.mark.parametrize("matrix_rate", [0.02, None])
def test_a_hundred_steps_have_the_losses_of_the_eager_path_and_the_weights(matrix_rate: float | None) -> None:
    """At a base's own rates a rounding soon makes a token choose another expert: these are lower."""
    plan = Plan(steps=100, batch=2, length=32, rate=2e-3, matrix_rate=matrix_rate, warmup=10)
    eager, static = fresh(), fresh()
    expected = pretraining.train(eager, TEXT, plan, 3, "float32")
    found = pretraining.train(static, TEXT, plan, 3, "float32", way=graph_pretraining.steps)
    assert found == pytest.approx(expected, rel=0, abs=1e-5)
    assert found != expected
    close(static, eager)
    assert all(parameter.grad is None for parameter in static.parameters())


def test_one_that_was_stopped_goes_on_behind_its_checkpoint_on_either_path(tmp_path: Path) -> None:
    whole, checkpoint = fresh(), tmp_path / "c"
    losses = pretraining.train(whole, TEXT, PLAN, 3, "float32")

    def stop(step: int, _loss: float) -> None:
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), calling(stop):
        pretraining.train(
            fresh(), TEXT, PLAN, 3, "float32", checkpoint=checkpoint, every=0, way=graph_pretraining.steps
        )
    for way in (pretraining.steps, graph_pretraining.steps):
        resumed = fresh()
        found = pretraining.train(resumed, TEXT, PLAN, 3, "float32", checkpoint=checkpoint, way=way)
        assert found == pytest.approx(losses, rel=0, abs=1e-5)
        close(resumed, whole)


def test_no_shape_and_no_operation_of_a_step_depends_on_the_text_and_it_waits_for_its_loss_alone() -> None:
    """With both optimizers. So a graph can hold it, but for the reading of the loss between its halves."""
    model, runs = fresh(), []
    moving = pretraining.optimizers(model, PLAN, "float32")
    taken = graph_pretraining.steps(model, TEXT, PLAN, 3, moving, "float32")
    for _ in range(2):  # the first makes the state of the optimizers; on CUDA the second records their step
        next(taken)
    for _ in range(2):
        with Operations() as operations:
            next(taken)
        runs.append(operations.seen)
    assert runs[0] == runs[1]
    # Of windows on the host, where an epoch begins; of the device, the loss.
    assert waiting(runs[0]) == 2 * ["aten._local_scalar_dense.default"]


def test_another_precision_than_float32_is_refused() -> None:
    with pytest.raises(ValueError, match="found the precision bfloat16, expected float32"):
        pretraining.train(fresh(), TEXT, PLAN, 3, "bfloat16", way=graph_pretraining.steps)
