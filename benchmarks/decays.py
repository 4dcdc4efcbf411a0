"""Which weight decay keeps `long` from learning its text by heart: pilots on a share of the text, of as many epochs.

Each pilot has the plan of `long` with a decay of Muon's, a share of the training text and the same share of the steps,
so that it reads each byte as often. It is judged by bits a byte of validation text; held-out text is not touched. A
smaller text is learned by heart sooner: a share shows which decay is too little before it shows which is too much.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from time import perf_counter
from typing import Final

from bets.lab import bases, corpus, pinning, seeding, training
from bets.lab.model import SIZES, FractalMoE, device
from bets.lab.recipe import graph_pretraining, mixed, pretraining

DECAYS: Final = (0.0, 0.1, 0.3, 1.0)
BLOCK: Final = 65_536  # bytes that are read or left out together
LAST: Final = 50  # steps whose mean loss says how well the text that was read is known


def part(text: bytes, share: int) -> bytes:
    """A share of a text: the first of every `share` blocks."""
    return b"".join(text[start : start + BLOCK] for start in range(0, len(text), share * BLOCK))


def pilot(decay: float, name: str, size: str, share: int) -> dict[str, float]:
    """Train by `long` with this decay on a share of a base's text: bits a byte of what it read, and of validation."""
    plan, way = bases.PLANS["long"][size], pretraining.steps
    plan = replace(plan, steps=plan.steps // share, warmup=plan.warmup // share, matrix_decay=decay)
    precision = mixed.best() if size == "30m" else "float32"
    if device().type == "cuda":
        way, precision = graph_pretraining.steps, "float32"
    model = FractalMoE(SIZES[size], seeding.torch_generator(0, "pilot")).to(device())
    began = perf_counter()
    losses = pretraining.train(model, part(bases.TEXTS[name].text(), share), plan, 0, precision, way=way)
    seconds, loss = perf_counter() - began, training.loss(model, corpus.load(name).validation)
    return {
        "decay": decay,
        "steps": plan.steps,
        "seconds": round(seconds, 1),
        "read": round(training.bits_per_byte(fmean(losses[-LAST:])), 4),
        "validation": round(training.bits_per_byte(loss), 4),
    }


def main() -> None:
    """Run each pilot, and print a line for it as soon as it is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("decays", nargs="*", type=float, metavar="DECAY", help=f"default: {DECAYS}")
    parser.add_argument("--share", type=int, default=4, help="read one block of so many (default: 4)")
    parser.add_argument("--text", choices=corpus.NAMES, default="programmer")
    parser.add_argument("--size", choices=sorted(SIZES), default="30m")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, default=Path("build/decays.json"), help="where the figures go")
    given = parser.parse_args()
    rows = []
    with pinning.threads(given.threads):
        for decay in given.decays or DECAYS:
            rows.append(pilot(decay, given.text, given.size, given.share))
            print(json.dumps(rows[-1]), flush=True)
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(json.dumps({"text": given.text, "share": given.share, "pilots": rows}, indent=1))


if __name__ == "__main__":
    main()
