"""Numbers -1, 0 and 1 as bytes, exactly, in all but the fewest bits that any fixed code can spend on them."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# 3**323 is just below 2**512: 323 trits in 64 bytes are 1.5851 bits a trit, and log2(3) is 1.5850.
GROUP, GROUP_BYTES = 323, 64
WORD: Final = 20  # trits in a 32-bit word, with which groups are computed: 3**20 < 2**32
WORDS, LIMBS = -(-GROUP // WORD), GROUP_BYTES // 4


class QuantiseError(ValueError):
    """Weights that cannot be written with a tag, or bytes that are not what the tag writes."""


def packed_length(count: int) -> int:
    """Bytes of so many packed trits: 64 for each 323, and as few as hold the rest."""
    whole, rest = divmod(count, GROUP)
    return whole * GROUP_BYTES + ((3**rest - 1).bit_length() + 7) // 8  # type: ignore[no-any-return]


def pack(codes: Tensor) -> Tensor:
    """Trits -1, 0, 1 of any shape as uint8 [packed_length]: each group a little-endian number, first trit lowest."""
    count = codes.numel()
    groups = -(-count // GROUP)
    flat = np.zeros(groups * GROUP, np.uint8)
    flat[:count] = codes.numpy().reshape(-1) + 1
    padded = np.zeros((groups, WORDS * WORD), np.uint8)
    padded[:, :GROUP] = flat.reshape(groups, GROUP)
    words = np.zeros((groups, WORDS), np.uint64)
    for trit in np.moveaxis(padded.reshape(groups, WORDS, WORD), -1, 0)[::-1]:
        words = words * np.uint64(3) + trit
    limbs = np.zeros((LIMBS, groups), np.uint64)
    for carry in words.T[::-1]:  # Horner: limbs = limbs * 3**20 + word, 32 bits at a time
        for limb in limbs:
            total = limb * np.uint64(3**WORD) + carry
            limb[:] = total & np.uint64(0xFFFFFFFF)
            carry = total >> np.uint64(32)
    raw = limbs.T.astype("<u4", order="C").view(np.uint8).reshape(-1)
    return torch.from_numpy(raw[: packed_length(count)].copy())


def unpack(packed: Tensor, count: int) -> Tensor:
    """The `count` trits (int8) that `pack` packed; QuantiseError for bytes that it never writes."""
    if len(packed) != packed_length(count):
        raise QuantiseError(f"found {len(packed)} bytes of trits, expected {packed_length(count)} for {count}")
    groups = -(-count // GROUP)
    raw = np.zeros(groups * GROUP_BYTES, np.uint8)
    raw[: len(packed)] = packed.numpy()
    limbs = raw.view("<u4").reshape(groups, LIMBS).T.astype(np.uint64)
    words = np.zeros((groups, WORDS), np.uint64)
    for w in range(WORDS):  # divide by 3**20, the remainder is the next word
        rest = np.zeros(groups, np.uint64)
        for limb in limbs[::-1]:
            limb[:], rest = np.divmod((rest << np.uint64(32)) | limb, np.uint64(3**WORD))
        words[:, w] = rest
    found = _digits(words)
    beyond = found[:, GROUP:].any() or found[:, :GROUP].reshape(-1)[count:].any()
    if limbs.any() or beyond:
        raise QuantiseError(f"found a group of trits beyond 3**{GROUP} or its length, expected what pack writes")
    return torch.from_numpy(found[:, :GROUP].reshape(-1)[:count].astype(np.int8) - 1)


def _digits(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The 20 base-3 digits of each word, lowest first: [groups, WORDS * WORD]."""
    digits = np.empty((*words.shape, WORD), np.uint8)
    left = words.astype(np.uint32)
    for i in range(WORD):
        left, digits[:, :, i] = np.divmod(left, np.uint32(3))
    return digits.reshape(len(words), WORDS * WORD)
