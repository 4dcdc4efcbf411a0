"""Bases: models of the shape of the specialists, trained by a better recipe, for bets that declare it.

The specialists keep the recipe that recorded bets were declared with. A bet asks for a base by its name, its size and
its training: `short` is for two cores, `long` has ten times the steps, for a GPU or a night. The cache, the lock, the
checkpoints and the checks are those of `specialists`.

    python -m bets.lab.bases [--training long] [NAME ...]     trains them beforehand, and says how well they compress
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

import torch

from bets.lab import corpus, naming, pinning, progress, seeding, specialists, training
from bets.lab.artifacts import files, manifests
from bets.lab.model import SIZES, FractalMoE, device
from bets.lab.recipe import mixed, pretraining
from bets.lab.recipe.pretraining import Plan, Steps
from bets.lab.specialists import AUTHOR, RECIPES, TAG, THREADS, Recipe
from bets.lab.texts import authors

VERSION: Final = 1
"""Of how bases are trained: to be raised with any change of the code after which the same plan gives others."""
EVERY: Final = 60.0
"""Seconds between two checkpoints, and not steps: on a GPU, fifty steps take less than one."""

TEXTS: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        **RECIPES,
        "novelist": Recipe({"novelist": 2, "general": 1}),  # of 1, 2, 4 and 10 the best on validation text
        "python": Recipe({"programmer": 1, "general": 1}),
    }
)
"""What each base is trained on; `python` is the base for authors: source and prose, and none of what they wrote.

The novelist's stories are read twice an epoch and not ten times, as by the specialist: ten times, they are learned by
heart.
"""
NAMES: Final = tuple(TEXTS)
SHORT: Final[Mapping[str, Plan]] = MappingProxyType(
    {
        "30m": Plan(steps=1_100, batch=16, warmup=40),
        "tiny": Plan(steps=60, batch=8, length=64, rate=1e-2, warmup=5),
    }
)
DECAY: Final = 1.0
"""Muon's weight decay in `long`, which reads its text many times: without one it learns it by heart.

Chosen on validation text (`benchmarks/decays.py`).
"""
PLANS: Final[Mapping[str, Mapping[str, Plan]]] = MappingProxyType(
    {
        "short": SHORT,
        "long": {
            size: replace(plan, steps=10 * plan.steps, warmup=10 * plan.warmup, matrix_decay=DECAY)
            for size, plan in SHORT.items()
        },
    }
)
TRAININGS: Final = tuple(PLANS)


def load(name: str, size: str = "30m", training: str = "short") -> FractalMoE:
    """The base of that name, frozen; the first use trains it, and other processes wait for that one.

    ValueError for an unknown name, size or training; ManifestError where the cache holds something else.
    """
    return specialists.read(_published(name, size, training), size).to(device())


def identifier(name: str, size: str = "30m", training: str = "short") -> str:
    """The id of that base's weights, as its manifest has it; the first use trains it."""
    return str(manifests.signed(_published(name, size, training), AUTHOR.public_key)["model_id"])


def origin(
    size: str, training: str, models: Iterable[str], texts: Iterable[str] = (), of: Iterable[str] = ()
) -> dict[str, str]:
    """For a record: each base with its id, and each text of a corpus and of an author with its sha256."""
    ids = (f"{name} {identifier(name, size, training)}" for name in models)
    hashes = [f"{name} {corpus.load(name).sha256}" for name in texts]
    hashes += [f"{name} {authors.load(name).sha256}" for name in of]
    return {"models": ", ".join(ids), "texts": ", ".join(hashes)}


def _published(name: str, size: str, training: str, way: Steps = pretraining.steps) -> Path:
    """The manifest of a base, which is there afterwards; if it was not, its steps are taken in this way."""
    for what, given, known in (("base", name, TEXTS), ("size", size, SIZES), ("training", training, PLANS)):
        naming.check(what, given, known)
    text, plan = TEXTS[name].text(), PLANS[training][size]
    folder = specialists.cache() / f"{name}-{size}-{training}-{_key(name, size, plan, text)}"
    manifest = folder / f"{name}-{TAG}.json"
    files.make_once(
        manifest,
        f"trains the base {name} ({size}, {training})",
        lambda: _train(manifest.parent, name, size, training, text, way),
    )
    return manifest


def _key(name: str, size: str, plan: Plan, text: bytes) -> str:
    """A digest of all that the weights follow from: where anything of it differs, another base is trained.

    Plans had no decay of Muon once; those without one keep their keys.
    """
    about = {
        "version": VERSION,
        "name": name,
        "plan": {part: value for part, value in asdict(plan).items() if part != "matrix_decay" or value},
        "config": asdict(SIZES[size]),
        "text": hashlib.sha256(text).hexdigest(),
        "torch": torch.__version__,
        "machine": torch.cuda.get_device_name() if device().type == "cuda" else platform.machine(),
        "precision": _precision(size),
        "threads": THREADS[size],
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]


def _precision(size: str) -> str:
    """That of the products: a tiny model is faster in float32; on a GPU, no run shows that verdicts stay the same."""
    return mixed.best() if size == "30m" and device().type == "cpu" else "float32"


def _train(folder: Path, name: str, size: str, training: str, text: bytes, way: Steps) -> None:
    plan, checkpoint = PLANS[training][size], folder / "checkpoint.pt"
    model = FractalMoE(SIZES[size], seeding.torch_generator(0, f"weights of base {name} at {size}")).to(device())
    seed = seeding.derive(0, f"windows of base {name} at {size}")
    what, precision = f"{name} {size} {training}", _precision(size)
    with pinning.threads(THREADS[size]), progress.on_terminal():
        pretraining.train(model, text, plan, seed, precision, label=what, checkpoint=checkpoint, every=EVERY, way=way)
    manifests.publish(folder, model, name, TAG, AUTHOR)
    checkpoint.unlink(missing_ok=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Have every base named, or all, and print what each makes of its author's held-out text."""
    from bets.lab.recipe import graph_pretraining  # here, so that no bet reaches the kernels

    parser = argparse.ArgumentParser(prog="python -m bets.lab.bases", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--training", choices=TRAININGS, default="short")
    parser.add_argument("--size", choices=sorted(SIZES), default="30m")
    given = parser.parse_args(arguments)
    naming.check_given(parser, "base", given.names, TEXTS)
    way = graph_pretraining.steps if device().type == "cuda" else pretraining.steps
    for name in given.names or NAMES:
        _published(name, given.size, given.training, way)
        model = load(name, given.size, given.training)
        for text in TEXTS[name].texts:
            held_out = corpus.load(text).held_out
            with pinning.threads(THREADS[given.size]):
                bits = training.bits_per_byte(training.loss(model, held_out))
            packed = 8 * len(lzma.compress(held_out, preset=9 | lzma.PRESET_EXTREME)) / len(held_out)
            of = f"{name}, {given.training}, on {text}"
            print(f"{of:36} held out: {bits:.3f} bits/byte, xz -9e {packed:.3f}", flush=True)  # noqa: T201  # a command


if __name__ == "__main__":
    main()
