"""An interpolated table of byte n-grams: the rival that needs no training and no context of more than a few bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

VALUES = 256


def loss(train: bytes, text: bytes, order: int = 5) -> float:
    """Mean nats a byte over all bytes of a text but the first, of which each follows at most order - 1 bytes."""
    return -float(np.log(probabilities(train, text, order)[1:]).mean())


def probabilities(train: bytes, text: bytes, order: int = 5) -> NDArray[np.float64]:
    """The probability of each byte of a text [n], from a table of the bytes of `train`.

    Witten and Bell's interpolation: where a context was followed n times, by t different bytes, a byte that followed it
    c times has (c + t q) / (n + t), with q what the context without its first byte gives; without context, q is even.
    """
    if not 1 <= order <= 7:
        raise ValueError(f"found order {order}, expected 1 to 7: a context and its byte are one number of 8 bytes")
    learnt, asked = (np.frombuffer(data, np.uint8).astype(np.int64) for data in (train, text))
    chances = np.full(len(asked), 1 / VALUES)
    for length in range(order):
        grams, counts = np.unique(_grams(learnt, length), return_counts=True)
        contexts, first = np.unique(grams // VALUES, return_index=True)
        if not len(grams):
            break
        totals, kinds = np.add.reduceat(counts, first), np.diff(first, append=len(grams))
        wanted = _grams(asked, length)  # of the bytes that have so long a context
        seen = _count(grams, counts, wanted)
        n, t = (_count(contexts, each, wanted // VALUES) for each in (totals, kinds))
        lower = chances[length:]
        chances[length:] = np.where(n > 0, (seen + t * lower) / np.maximum(n + t, 1), lower)
    return chances


def _grams(data: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Each byte with the `length` bytes before it, as one number; [n - length]."""
    size = max(0, len(data) - length)
    grams = np.zeros(size, np.int64)
    for place in range(length + 1):
        grams = grams * VALUES + data[place : place + size]
    return grams


def _count(keys: NDArray[np.int64], counts: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """The count of each key that is wanted, 0 where it is not there; the keys are sorted."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, counts[places], 0)
