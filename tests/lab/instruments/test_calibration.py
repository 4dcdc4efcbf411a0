"""A temperature and 256 biases: the minimum that scipy finds, and nothing where there is nothing to correct."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import optimize, special  # type: ignore[import-untyped,unused-ignore]

from bets.lab import seeding, training
from bets.lab.instruments import calibration
from bets.lab.model import SIZES, FractalMoE

COUNT, VOCABULARY = 4_000, 6


def drawn(scale: float, biases: list[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits, and bytes that were drawn as a model with this scale and these biases has it."""
    draws = seeding.torch_generator(3, "logits")
    logits = 2 * torch.randn(COUNT, VOCABULARY, generator=draws)
    probabilities = (logits * scale + torch.tensor(biases)).softmax(-1)
    return logits, torch.multinomial(probabilities, 1, generator=draws)[:, 0]


def test_it_is_the_minimum_that_scipy_finds() -> None:
    """Of the same loss, written in numpy and minimised by another method without gradients of ours."""
    logits, targets = drawn(0.5, [0.0, 1.0, -1.0, 0.5, 0.0, -2.0])
    z, y = logits.double().numpy(), targets.numpy()

    def loss(x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
        corrected = z * x[0] + x[1:]
        nats = special.logsumexp(corrected, axis=1) - corrected[np.arange(COUNT), y]
        return float(nats.mean() + (x[1:] ** 2).sum() / (2 * COUNT))

    best = optimize.minimize(loss, np.r_[1.0, np.zeros(VOCABULARY)], method="BFGS").x
    found = calibration.fit(logits, targets)
    assert found.scale == pytest.approx(best[0], abs=2e-3)
    assert found.biases.tolist() == pytest.approx(list(best[1:]), abs=2e-3)


def test_it_finds_what_the_bytes_were_drawn_with_and_gains_by_it() -> None:
    logits, targets = drawn(0.5, [0.0, 1.0, -1.0, 0.5, 0.0, -2.0])
    found = calibration.fit(logits, targets)
    assert found.scale == pytest.approx(0.5, abs=0.05)
    untouched = calibration.Correction(1.0, torch.zeros(VOCABULARY))
    assert found.loss(logits, targets).mean() < untouched.loss(logits, targets).mean() - 0.1


def test_a_model_that_is_right_stays_as_it_is() -> None:
    logits, targets = drawn(1.0, [0.0] * VOCABULARY)
    found = calibration.fit(logits, targets)
    assert found.scale == pytest.approx(1, abs=0.06)
    assert found.biases.abs().max() < 0.15


def test_a_byte_that_never_occurs_keeps_a_finite_bias() -> None:
    logits, targets = drawn(1.0, [0.0] * VOCABULARY)
    kept = targets > 0
    found = calibration.fit(logits[kept], targets[kept])
    assert -9 < found.biases[0] < found.biases[1:].min() - 1
    assert math.isfinite(float(found.loss(logits, targets).mean()))


def test_predictions_are_what_the_model_says_of_each_piece_from_its_own_beginning() -> None:
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)
    pieces = [bytes(range(32, 127)) * 4, b"a short piece"]
    logits, targets = calibration.predictions(model, pieces)
    assert targets.tolist() == [*pieces[0][1:], *pieces[1][1:]]
    untouched = calibration.Correction(1.0, torch.zeros(256))
    losses = torch.split(untouched.loss(logits, targets), [len(piece) - 1 for piece in pieces])
    for piece, loss in zip(pieces, losses, strict=True):
        assert float(loss.mean()) == pytest.approx(training.loss(model, piece), abs=1e-5)
