"""The loss of each piece of a text."""

from __future__ import annotations

import pytest
import torch

from bets.lab import seeding, training
from bets.lab.model import SIZES, FractalMoE
from bets.lab.texts import pieces

TEXT = bytes(range(32, 127)) * 40


@pytest.fixture(scope="module")
def model() -> FractalMoE:
    return FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)


@pytest.mark.parametrize("size", [1, 3, 16])
def test_each_piece_has_the_loss_that_it_has_alone(model: FractalMoE, size: int) -> None:
    """Short and whole windows, in batches that mix pieces: what stands in one changes no other."""
    texts = [TEXT[start : start + length] for start, length in enumerate((2, 256, 257, 258, 700, 1_025))]
    expected = [training.loss(model, text) for text in texts]
    assert pieces.losses(model, texts, size) == pytest.approx(expected, rel=1e-5)


def test_the_windows_hold_every_byte_but_the_first_of_a_piece_once() -> None:
    inputs, targets, owners = pieces.windows([TEXT[:300], TEXT[5:20]], 256)
    assert inputs.shape == targets.shape == (3, 256)
    assert owners.tolist() == [0, 0, 1]
    predicted = targets[targets != pieces.NOTHING]
    assert bytes(predicted.tolist()) == TEXT[1:300] + TEXT[6:20]
    assert torch.equal(inputs[targets != pieces.NOTHING][:-1], torch.tensor([*TEXT[:299], *TEXT[5:18]]))


def test_a_piece_of_which_nothing_can_be_predicted_is_named() -> None:
    with pytest.raises(ValueError, match="piece 1: found 1 bytes, expected at least 2"):
        pieces.windows([b"ab", b"a"], 8)
