"""Explicit generators from a seed and a label: two labels, two independent streams, no global state."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def derive(seed: int, label: str) -> int:
    """The 63-bit seed of the stream `label`: the head of sha256 over `seed:label`."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{label}".encode()).digest()[:8]) >> 1


def numpy_generator(seed: int, label: str) -> np.random.Generator:
    """A numpy generator for the stream `label` of `seed`."""
    return np.random.default_rng(derive(seed, label))


def torch_generator(seed: int, label: str) -> torch.Generator:
    """A torch generator, on the CPU whatever the device, so that one seed gives the same weights everywhere."""
    import torch  # half of the laboratory draws numbers without torch, and should not wait for its import

    return torch.Generator().manual_seed(derive(seed, label))
