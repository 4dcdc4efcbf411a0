"""Tables of how often bytes follow each other: what a language model must beat to be one."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

BYTES: Final = 256
LONGEST: Final = 6  # bytes of a context: it and the byte behind it are one 64-bit number


def loss(train: bytes, text: bytes, order: int = 5) -> float:
    """Mean nats a byte over all bytes of a text but the first, by tables of `order` bytes in a row of training text.

    Interpolated by the number of distinct bytes that follow a context (Witten and Bell 1991, their method C): after a
    context that never occurred, the next shorter one decides; below the shortest, all bytes are equally likely.
    ValueError for an order that is not 1 to 7, or a text of fewer than 2 bytes.
    """
    if not 1 <= order <= LONGEST + 1:
        raise ValueError(f"found order {order}, expected 1 to {LONGEST + 1}")
    if len(text) < 2:
        raise ValueError(f"found a text of {len(text)} bytes, expected at least 2: the first is not predicted")
    p = np.full(len(text) - 1, 1 / BYTES)
    for length in range(order):
        seen, asked = contexts(train, length), contexts(text, length)
        followed = seen * BYTES + _next(train, length)
        both, counts = np.unique(followed, return_counts=True)
        hits = _counts(both, counts, asked * BYTES + _next(text, length))
        which, distinct = np.unique(both // BYTES, return_counts=True)
        kinds = _counts(which, distinct, asked)
        which, totals = np.unique(seen, return_counts=True)
        total = _counts(which, totals, asked)
        where = slice(max(length - 1, 0), None)  # the bytes that have so much before them
        if length == 0:
            hits, kinds, total = hits[1:], kinds[1:], total[1:]
        p[where] = np.where(total > 0, (hits + kinds * p[where]) / np.maximum(total + kinds, 1), p[where])
    return -float(np.log(p).mean())


def contexts(text: bytes, length: int) -> NDArray[np.int64]:
    """The `length` bytes before each byte that has so many, as one number, from the first such byte on."""
    data = np.frombuffer(text, np.uint8).astype(np.int64)
    found = np.zeros(max(0, len(data) - length), np.int64)
    for place in range(length):
        found = found * BYTES + data[place : place + len(found)]
    return found


def _next(text: bytes, length: int) -> NDArray[np.int64]:
    return np.frombuffer(text, np.uint8)[length:].astype(np.int64)


def _counts(keys: NDArray[np.int64], counts: NDArray[np.int64], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """The count of each key that is asked for, 0 where there is none; keys ascend."""
    if not len(keys):
        return np.zeros(len(asked), np.int64)
    places = np.searchsorted(keys, asked).clip(max=len(keys) - 1)
    return np.where(keys[places] == asked, counts[places], 0)
