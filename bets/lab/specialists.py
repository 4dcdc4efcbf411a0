"""Specialists: a model for each author, trained on first use, published with a manifest, and checked at every load.

They start from different weights and share no step of training: what two of them have in common, they learnt. The cache
is $BETS_CACHE, or `pytest-bets` in the user's cache folder.

    python -m bets.lab.specialists [NAME ...]     trains them beforehand, and says how well they compress
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch

from bets.lab import corpus, naming, pinning, progress, seeding, training
from bets.lab.artifacts import files, manifests
from bets.lab.artifacts.identity import Identity, identity
from bets.lab.artifacts.manifests import ManifestError
from bets.lab.model import SIZES, FractalMoE, device
from bets.lab.training import Budget

AUTHOR: Final[Identity] = identity("the laboratory", 0)
"""Who signs: a key that anyone can make, so that a cache may be copied. Its signature shows damage, and not malice."""
TAG: Final = "fp32"
THREADS: Final[Mapping[str, int]] = {"30m": 2, "tiny": 1}
"""Threads that a specialist is trained with, whatever the machine has: its weights do not depend on the cores."""
VERSION: Final = 1
"""Of how specialists are trained: to be raised with any change of the code after which the same recipe gives others."""
EVERY: Final = 50
"""Steps between two checkpoints."""

BUDGETS: Final[Mapping[str, Budget]] = {
    "30m": Budget(1_600, 8, 256, 2e-3, warmup=40, final=0.05, betas=(0.9, 0.95), weight_decay=0.1, clip=1.0),
    "tiny": Budget(60, 8, 64, 1e-2, warmup=5, final=0.1, betas=(0.9, 0.95), weight_decay=0.1, clip=1.0),
}


@dataclass(frozen=True)
class Recipe:
    """What a specialist is trained on: the training texts, and how often each is read beside the others."""

    texts: Mapping[str, int]

    def text(self) -> bytes:
        """All of it."""
        return b"".join(corpus.load(name).train * times for name, times in self.texts.items())


RECIPES: Final[Mapping[str, Recipe]] = {
    "programmer": Recipe({"programmer": 1}),
    "scientist": Recipe({"scientist": 1}),
    "novelist": Recipe({"novelist": 10, "general": 1}),  # the stories are too few to learn English from
    "general": Recipe({"general": 1}),
}


def load(name: str, size: str = "30m") -> FractalMoE:
    """The specialist of that name, frozen; the first use trains it, and other processes wait for that one.

    ValueError for an unknown name or size; ManifestError where what lies in the cache is not what was published.
    """
    return read(_published(name, size), size).to(device())


def identifier(name: str, size: str = "30m") -> str:
    """The id of that specialist's weights, as its manifest has it; the first use trains it."""
    return str(manifests.signed(_published(name, size), AUTHOR.public_key)["model_id"])


def _published(name: str, size: str) -> Path:
    """The manifest of a specialist, which is there afterwards."""
    naming.check("specialist", name, RECIPES)
    naming.check("size", size, SIZES)
    text = RECIPES[name].text()
    manifest = cache() / f"{name}-{size}-{_key(name, size, text)}" / f"{name}-{TAG}.json"
    files.make_once(
        manifest, f"trains the specialist {name} ({size})", lambda: _train(manifest.parent, name, size, text)
    )
    return manifest


def cache() -> Path:
    """The folder that trained models are kept in."""
    chosen = os.environ.get("BETS_CACHE")
    return Path(chosen) if chosen else Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "pytest-bets"


def _key(name: str, size: str, text: bytes) -> str:
    """A digest of all that the weights follow from: another recipe, text, shape, torch or machine has another."""
    about = {
        "version": VERSION,
        "name": name,
        "budget": asdict(BUDGETS[size]),
        "config": asdict(SIZES[size]),
        "text": hashlib.sha256(text).hexdigest(),
        "torch": torch.__version__,
        "machine": torch.cuda.get_device_name() if device().type == "cuda" else platform.machine(),
        "threads": THREADS[size],
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _train(folder: Path, name: str, size: str, text: bytes) -> None:
    budget, checkpoint = BUDGETS[size], folder / "checkpoint.pt"
    model = FractalMoE(SIZES[size], seeding.torch_generator(0, f"weights of {name} at {size}"))
    generator = seeding.torch_generator(0, f"windows of {name} at {size}")
    what = f"{name} {size}"
    with pinning.threads(THREADS[size]), progress.on_terminal():
        training.train(model.to(device()), text, budget, generator, label=what, checkpoint=checkpoint, every=EVERY)
    manifests.publish(folder, model, name, TAG, AUTHOR)
    checkpoint.unlink(missing_ok=True)


def read(manifest: Path, size: str) -> FractalMoE:
    """The model of a manifest that the laboratory signed; ManifestError where it is not that, or of another size."""
    try:
        model = manifests.open_manifest(manifest, AUTHOR.public_key)
        if model.config != SIZES[size]:
            raise ManifestError(manifest, f"a model of {model.config}", f"one of {SIZES[size]}")
    except ManifestError as error:
        cure = f"{error.expected}; delete {manifest.parent} to train it anew"
        raise ManifestError(error.file, error.found, cure) from None
    return model


def main(arguments: Sequence[str] | None = None) -> None:
    """Have every specialist named, or all, and print what each makes of its author's held-out text."""
    parser = argparse.ArgumentParser(
        prog="python -m bets.lab.specialists", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)} (default: all)")
    given = parser.parse_args(arguments)
    naming.check_given(parser, "specialist", given.names, RECIPES)
    for name in given.names or RECIPES:
        model, held_out = load(name), corpus.load(name).held_out
        with pinning.threads(THREADS["30m"]):
            bits = training.bits_per_byte(training.loss(model, held_out))
        packed = 8 * len(lzma.compress(held_out, preset=9 | lzma.PRESET_EXTREME)) / len(held_out)
        print(f"{name:12} held out: {bits:.3f} bits/byte, xz -9e {packed:.3f}", flush=True)  # noqa: T201  # a command


if __name__ == "__main__":
    main()
