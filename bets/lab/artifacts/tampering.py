"""Changes to a published model: to its manifest, field by field, and to its weights, byte by byte."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from bets.lab.artifacts import manifests
from bets.lab.artifacts.identity import Identity


def tampered(path: Path, places: int) -> Iterator[tuple[Path, bytes]]:
    """Files of a published model, each with other content: every field of the manifest changed, either file one byte
    shorter, and one bit flipped at so many places of the weights.
    """
    manifest = json.loads(path.read_bytes())
    weights = path.parent / manifest["weights"]["file"]
    for field in [*manifest, *(f"weights.{name}" for name in manifest["weights"])]:
        forged = json.loads(path.read_bytes())
        *outer, name = field.split(".")
        within = forged[outer[0]] if outer else forged
        within[name] = within[name] + 1 if isinstance(within[name], int | float) else f"{within[name]}0"
        yield path, manifests.canonical(forged)
    yield path, path.read_bytes()[:-1]
    data = weights.read_bytes()
    yield weights, data[:-1]
    for place in random.Random(path.name).sample(range(len(data)), places):
        yield weights, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def accepted(path: Path, file: Path, content: bytes, author: Identity) -> bool:
    """Whether a manifest opens as the author's while one of its files has this content; the file is put back."""
    before = file.read_bytes()
    file.write_bytes(content)
    try:
        manifests.open_manifest(path, author.public_key)
    except manifests.ManifestError:
        return False
    finally:
        file.write_bytes(before)
    return True
