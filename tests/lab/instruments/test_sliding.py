"""The loss in overlapping windows, against its definition."""

from __future__ import annotations

import pytest
import torch

from bets.lab import seeding, training
from bets.lab.instruments import sliding
from bets.lab.model import SIZES, FractalMoE

TEXT = bytes(seeding.numpy_generator(1, "text").integers(32, 127, 1_200).tolist())


@pytest.mark.parametrize("size", [2, 257, 258, 385, 386, 520])
def test_each_byte_is_predicted_once_from_half_a_context_or_more(size: int) -> None:
    """Byte by byte, each from the window that begins 128 to 255 bytes before it, the first 256 from the start."""
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)
    nats = 0.0
    with torch.no_grad():
        for place in range(1, size):
            start = 0 if place <= 256 else (place - 1) // 128 * 128 - 128
            assert place <= 256 or 128 < place - start <= 256
            nats -= float(model(training.tokens(TEXT[start:place])[None])[0, -1].log_softmax(-1)[TEXT[place]])
    assert sliding.loss(model, TEXT[:size], 3) == pytest.approx(nats / (size - 1), rel=1e-5)
