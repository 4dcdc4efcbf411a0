"""A prefix handed over: the KV caches of a sequence as bytes, and decoding that goes on from them.

The bytes, all little endian: MAGIC, the header's length (uint32), the header (JSON), then for each block its keys and
its values [B, H, S, D], of which only the S filled positions travel, and the sha256 of all that. They name no weights:
the two nodes must know that they hold the same ones.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor

from bets.lab.coordinator.client import Node
from bets.lab.ledger.ledger import MAX_PAYLOAD
from bets.lab.model import KVCache, Stage

MAGIC: Final = b"bets-kv/1\n"
LENGTH: Final = struct.Struct("<I")
DIGEST: Final = hashlib.sha256().digest_size
WORDS: Final = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # bytes of a number to what carries its bits
MAX_BATCH: Final = 1_024  # an empty cache of any batch has no body, yet room is reserved for it
FIELDS: Final = ("dtype", "blocks", "batch", "heads", "length", "width")


class HandoffError(ValueError):
    """Bytes that are no cache, or not one for this model: the message says what was found and what was expected."""


def pack(caches: Sequence[KVCache]) -> bytes:
    """The filled part of the caches of one sequence or batch, a cache for each block, bit for bit."""
    lengths = {cache.length for cache in caches}
    if len(lengths) != 1:
        raise HandoffError(f"caches of lengths {sorted(lengths)}: expected a cache for each block, all of one length")
    header = _header(caches)
    text = json.dumps(header, sort_keys=True).encode()
    body = b"".join(_bits(x[:, :, : cache.length]) for cache in caches for x in (cache.keys, cache.values))
    message = MAGIC + LENGTH.pack(len(text)) + text + body
    return message + hashlib.sha256(message).digest()


def unpack(message: bytes, model: Stage) -> list[KVCache]:
    """Caches as the model's own that was packed, in fresh memory on its device; HandoffError for anything else."""
    header, body = _open(message)
    batch, length = header["batch"], header["length"]
    if type(batch) is not int or not 1 <= batch <= MAX_BATCH:
        raise HandoffError(f"the cache has batch {batch!r}: expected 1 to {MAX_BATCH:,}")
    if type(length) is not int or not 0 <= length <= model.config.context:
        raise HandoffError(f"the cache has length {length!r}: this model's context holds 0 to {model.config.context}")
    empty = model.caches(0)
    expected = _header(empty) | {"batch": batch, "length": length}
    for name in FIELDS:
        if header[name] != expected[name]:
            raise HandoffError(f"the cache has {name} {header[name]!r}: this model's has {expected[name]!r}")
    position = sum(x.element_size() * x.shape[1] * x.shape[3] for cache in empty for x in (cache.keys, cache.values))
    if len(body) != batch * length * position:
        raise HandoffError(f"the cache's numbers take {len(body)} bytes: expected {batch * length * position}")
    caches = model.caches(batch)
    rooms = [x[:, :, :length] for cache in caches for x in (cache.keys, cache.values)]
    start = 0
    for room in rooms:
        end = start + room.numel() * room.element_size()
        _fill(room, body[start:end])
        start = end
    for cache in caches:
        cache.length = length
    return caches


async def carry(message: bytes, sender: Node, recipient: Node) -> bytes:
    """Send bytes through the coordinator of both nodes, in transfers of the largest size, and return what arrived.

    A transfer is named after sender, recipient, message and place, so that no other's has its name.
    """
    ends = f"{sender.identity.name} {recipient.identity.name}\n".encode()
    digest = hashlib.sha256(ends + message).hexdigest()[:40]  # a name has at most 64 characters
    arrived = []
    for start in range(0, len(message), MAX_PAYLOAD):
        transfer = f"{digest}-{start}"
        piece = message[start : start + MAX_PAYLOAD]
        (await sender.send(transfer, recipient.identity.name, piece)).raise_for_status()
        arrived.append((await recipient.collect(transfer)).raise_for_status().content)
    return b"".join(arrived)


def _header(caches: Sequence[KVCache]) -> dict[str, object]:
    batch, heads, _, width = caches[0].keys.shape
    dtype = str(caches[0].keys.dtype).removeprefix("torch.")
    values = (dtype, len(caches), batch, heads, caches[0].length, width)
    return dict(zip(FIELDS, values, strict=True))


def _open(message: bytes) -> tuple[dict[str, object], bytes]:
    """Header and body of bytes whose digest is right."""
    if not message.startswith(MAGIC):
        raise HandoffError(f"the bytes begin with {message[: len(MAGIC)]!r}: a packed cache begins with {MAGIC!r}")
    content, digest = message[:-DIGEST], message[-DIGEST:]
    if hashlib.sha256(content).digest() != digest:
        raise HandoffError(f"a cache of {len(message)} bytes is cut off or changed: its last 32 are not its sha256")
    try:
        (size,) = LENGTH.unpack_from(content, len(MAGIC))
        start = len(MAGIC) + LENGTH.size
        header = json.loads(content[start : start + size])
        if sorted(header) != sorted(FIELDS):
            raise ValueError(f"found {header!r}")
    except (struct.error, ValueError, TypeError) as error:
        raise HandoffError(f"the cache has no header of {', '.join(FIELDS)}: {error}") from None
    return header, content[start + size :]


def _bits(x: Tensor) -> bytes:
    words = x.detach().cpu().contiguous().view(WORDS[x.element_size()]).numpy()
    return bytes(words.astype(f"<i{x.element_size()}").tobytes())


def _fill(room: Tensor, bits: bytes) -> None:
    """Copy into memory that torch reserved, so that alignment and strides are those of a cache that stayed."""
    native = np.frombuffer(bits, f"<i{room.element_size()}").astype(f"=i{room.element_size()}")
    room.copy_(torch.from_numpy(native).view(room.dtype).view(room.shape))
