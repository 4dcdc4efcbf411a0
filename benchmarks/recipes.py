"""Which plan makes the best base of the same seconds: pilots of equal time on this machine, judged by validation text.

Each plan is timed for a few steps, gets as many steps as fit into the time with a schedule of that length, and is
judged by bits a byte of validation text. Held-out text is not touched. What is best in five minutes need not be best in
thirty: run it at two lengths, and believe what both say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

from bets.lab import bases, corpus, pinning, seeding, training
from bets.lab.model import SIZES, FractalMoE
from bets.lab.recipe import mixed, pretraining
from bets.lab.recipe.pretraining import Plan

BASE: Final = bases.PLANS["short"]["30m"]
PLANS: Final[Mapping[str, Plan]] = {
    "as it is": BASE,
    "AdamW": replace(BASE, matrix_rate=None),
    "AdamW, 4 windows": replace(BASE, matrix_rate=None, batch=4),
    "AdamW, rate 4e-3": replace(BASE, matrix_rate=None, rate=4e-3),
    "AdamW, rate 1e-3": replace(BASE, matrix_rate=None, rate=1e-3),
    "AdamW, unbalanced": replace(BASE, matrix_rate=None, balance=0.0),
    "Muon 0.02": replace(BASE, matrix_rate=0.02),
    "Muon 0.01": replace(BASE, matrix_rate=0.01),
    "Muon 0.02, 16 windows": replace(BASE, matrix_rate=0.02, batch=16),
    "Muon 0.02, 32 windows": replace(BASE, matrix_rate=0.02, batch=32),
}
FEW: Final = 3  # steps that a plan is timed by, after as many to warm up


def fresh(size: str) -> FractalMoE:
    """A model that every pilot begins with."""
    return FractalMoE(SIZES[size], seeding.torch_generator(0, "pilot"))


def pilot(plan: Plan, text: bytes, size: str, limit: float, clock: Callable[[], float]) -> dict[str, float]:
    """Train by a plan for so many seconds: the steps that fit, and what the model makes of the training text's end."""
    precision, model = mixed.best() if size == "30m" else "float32", fresh(size)
    few = replace(plan, steps=2 * FEW)
    began = 0.0
    for number, _ in enumerate(
        pretraining.steps(model, text, few, 0, pretraining.optimizers(model, few, precision), precision)
    ):
        began = clock() if number == FEW - 1 else began
    each = (clock() - began) / FEW
    steps = max(10, round(limit / each))
    model, plan = fresh(size), replace(plan, steps=steps, warmup=max(5, steps // 40))
    began = clock()
    losses = pretraining.train(model, text, plan, 0, precision)
    return {
        "steps": steps,
        "bytes": steps * plan.batch * plan.length,
        "seconds": round(clock() - began, 1),
        "last steps": round(training.bits_per_byte(sum(losses[-20:]) / len(losses[-20:])), 4),
        "model": model,  # type: ignore[dict-item]
    }


def main() -> None:
    """Run each pilot, and print a line for it as soon as it is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("plans", nargs="*", metavar="PLAN", help=f"of {', '.join(map(repr, PLANS))} (default: all)")
    parser.add_argument("--seconds", type=float, default=300, help="of each pilot (default 300)")
    parser.add_argument("--text", choices=corpus.NAMES, default="programmer")
    parser.add_argument("--size", choices=sorted(SIZES), default="30m")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu", action="store_true", help="count seconds of the processor, where others use it too")
    parser.add_argument("--json", type=Path, default=Path("build/recipes.json"), help="where the figures go")
    given = parser.parse_args()
    clock = process_time if given.cpu else perf_counter
    text, validation = bases.TEXTS[given.text].text(), corpus.load(given.text).validation
    rows = {}
    with pinning.threads(given.threads):
        for name in given.plans or PLANS:
            row = pilot(PLANS[name], text, given.size, given.seconds, clock)
            loss = training.loss(row.pop("model"), validation)  # type: ignore[arg-type]
            rows[name] = row | {"validation": round(training.bits_per_byte(loss), 4)}
            print(f"{name:24} {json.dumps(rows[name])}", flush=True)
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(json.dumps({"seconds": given.seconds, "text": given.text, "pilots": rows}, indent=1))


if __name__ == "__main__":
    sys.exit(main())
