"""Noise on hidden states: its size at each token, where it goes in, and that it leaves nothing behind."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bets.lab import seeding
from bets.lab.instruments.noise import noisy, perturb
from bets.lab.model import SIZES, FractalMoE


@pytest.fixture(scope="module")
def model() -> FractalMoE:
    return FractalMoE(SIZES["tiny"], seeding.torch_generator(31, "weights")).requires_grad_(False)


def draws(seed: int = 1) -> torch.Generator:
    return seeding.torch_generator(seed, "noise")


def text(count: int = 20) -> Tensor:
    return torch.randint(0, 256, (2, count), generator=seeding.torch_generator(3, "tokens"))


@given(level=st.floats(0.001, 2), scale=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_the_noise_is_level_times_the_rms_at_each_token(level: float, scale: float, seed: int) -> None:
    """Over a wide token its standard deviation is level times the token's RMS, whatever the scale of the others."""
    x = torch.randn(3, 20_000, generator=seeding.torch_generator(seed, "x")) * torch.tensor([[scale], [1.0], [50.0]])
    added = perturb(x, level, draws(seed)) - x
    for row, noise in zip(x, added, strict=True):
        rms = math.sqrt(sum(value * value for value in row.tolist()) / len(row))
        assert float(noise.std()) == pytest.approx(level * rms, rel=0.03)
        assert abs(float(noise.mean())) < 0.04 * level * rms
        assert abs(float((noise * row).mean())) < 0.04 * level * rms**2


def test_every_block_s_output_is_perturbed_and_nothing_else(model: FractalMoE) -> None:
    """The hooked model is the loop over blocks with noise after each, from one generator in order, to the bit."""
    with noisy(model, 0.1, draws()):
        hooked = model(text())
    generator, x = draws(), model.embed(text())
    for block in model.blocks:
        x = perturb(block(x), 0.1, generator)
    assert torch.equal(hooked, model.head(model.norm(x)))
    assert not torch.equal(hooked, model(text()))


def test_more_noise_moves_the_logits_further(model: FractalMoE) -> None:
    """The mean distance from the quiet logits grows with the level."""
    quiet, moved = model(text()), []
    for level in (0.01, 0.1, 1.0):
        with noisy(model, level, draws()):
            moved.append(float((model(text()) - quiet).norm()))
    assert 0 < moved[0] < moved[1] < moved[2]


def test_level_0_leaves_the_logits_bitwise_alone_and_draws_nothing(model: FractalMoE) -> None:
    """The quiet run of a sweep over levels is the model itself."""
    generator = draws()
    with noisy(model, 0, generator):
        hooked = model(text())
    assert torch.equal(hooked.view(torch.int32), model(text()).view(torch.int32))
    assert torch.equal(generator.get_state(), draws().get_state())


def test_equal_generators_give_equal_noise_and_the_global_one_is_left_alone(model: FractalMoE) -> None:
    """The noise depends on the generator alone."""
    state = torch.get_rng_state()
    outputs = []
    for seed in (1, 1, 2):
        with noisy(model, 0.1, draws(seed)):
            outputs.append(model(text()))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])
    assert torch.equal(state, torch.get_rng_state())


def test_the_hooks_are_gone_afterwards_also_where_something_raised(model: FractalMoE) -> None:
    """The model is as it was before, to the bit."""
    before = model(text())

    def interrupted() -> None:
        with noisy(model, 0.5, draws()):
            assert not torch.equal(model(text()), before)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert torch.equal(model(text()), before)
    assert not any(module._forward_hooks for module in model.modules())


@pytest.mark.parametrize("level", [-0.1, math.nan, math.inf])
def test_an_impossible_level_is_refused(model: FractalMoE, level: float) -> None:
    """The message says what was found and what is expected."""
    with (
        pytest.raises(ValueError, match=rf"noise level {level}: expected a finite number"),
        noisy(model, level, draws()),
    ):
        pass
