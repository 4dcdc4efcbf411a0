"""What federation costs: aggregation against numpy's median, DiLoCo against the plain steps of its workers.

Updates are as large as the model. A rule's ratio is its time over that of numpy.median on the same array, in turn with
it; its memory is what a process that holds the updates takes more. DiLoCo makes one meeting, through the coordinator in
this process, and after each of its steps plain training takes the same step, so that both meet the same noise: what is
given is all of DiLoCo's time over that of the plain steps.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np
import torch
from figures import Figure, figure, report
from lab import rounds_of, seconds, text
from torch import Tensor

from bets.lab import pinning, seeding, training
from bets.lab.federated import exchange, federation
from bets.lab.model import SIZES, FractalMoE
from bets.lab.robust import aggregation

WORKERS: Final = 8  # whose updates are aggregated
FAULTY: Final = 2
REPLICAS: Final = 2  # of DiLoCo
BYTES: Final = 64 * 1024
NUMPY: Final = "numpy.median"
RULES: Final[dict[str, Callable[[Tensor], object]]] = {
    NUMPY: lambda updates: np.median(updates.numpy(), axis=0),
    "mean": aggregation.mean,
    "median": aggregation.median,
    "trimmed mean": partial(aggregation.trimmed_mean, trim=FAULTY),
    "geometric median": aggregation.geometric_median,
    "krum": partial(aggregation.krum, faulty=FAULTY),
    "multi-krum": partial(aggregation.multi_krum, faulty=FAULTY, chosen=WORKERS - FAULTY),
}


def base(size: str) -> FractalMoE:
    """A model that was not trained."""
    return FractalMoE(SIZES[size], seeding.torch_generator(1, "weights"))


def updates_of(size: str) -> Tensor:
    """An update from each worker. [WORKERS, weights of the model]."""
    values = len(federation.vector(base(size)))
    return torch.randn(WORKERS, values, generator=seeding.torch_generator(1, "updates"))


def aggregated(size: str, rounds: int, bars: bool) -> list[Figure]:
    """Rounds of numpy.median and every rule, and each rule's memory."""
    memory = {name: extra_memory(size, name) for name in RULES}  # first, while this process is small
    updates = updates_of(size)
    taken = rounds_of({name: partial(rule, updates) for name, rule in RULES.items()}, rounds)
    of = f"{WORKERS} x {updates.shape[1] / 1e6:.3g}M"
    ratios = [
        figure(
            f"{name} over {NUMPY}",
            "x",
            [once[name] / once[NUMPY] for once in taken],
            3.0 if bars and name == "median" else None,
        )
        for name in RULES
        if name != NUMPY
    ]
    used = [figure(f"{name}: memory, in updates", "x", [extra]) for name, extra in memory.items()]
    return [figure(f"{NUMPY} of {of}", "s", [once[NUMPY] for once in taken]), *ratios, *used]


def extra_memory(size: str, rule: str) -> float:
    """The most memory that a rule takes beside the updates, in updates."""
    command = [sys.executable, __file__, "--size", size, "--only-rule", rule]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def only_rule(size: str, rule: str) -> float:
    """Aggregate once: the most memory since the updates were there, in updates."""
    updates = updates_of(size)
    RULES[rule](updates[:, :100_000])  # what is allocated once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    RULES[rule](updates)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / updates[0].nbytes


def exchanged(size: str, rounds: int) -> list[Figure]:
    """Rounds of updates that cross the coordinator as bytes, from packing to what every worker gets."""
    updates = updates_of(size)
    with exchange.through_coordinator(WORKERS, 1, "median") as meet:
        taken = [seconds(lambda name=f"{n}": meet(name, [*map(exchange.packed, updates)])) for n in range(rounds)]  # type: ignore[misc]
    return [figure(f"a round of {WORKERS} updates through the coordinator", "s", taken)]


def diloco(size: str, steps: int, batch: int, bars: bool) -> list[Figure]:
    """One meeting of DiLoCo, with a step of plain training after each of its own."""
    budget, texts = training.Budget(steps=steps, batch=batch), federation.shares(text(BYTES), REPLICAS)
    own: list[float] = []  # seconds of each step
    plain: list[float] = []
    twins = [
        training.steps(twin, share, budget, generator, training.adamw(twin, budget))
        for share, generator in zip(texts, federation.draws(1, REPLICAS), strict=True)
        for twin in [base(size)]
    ]
    take = training.steps

    def paired(*given: Any) -> Iterator[float]:
        mine, other, losses = take(*given), twins.pop(0), []
        for _ in range(steps):
            own.append(seconds(lambda: losses.append(next(mine))))
            plain.append(seconds(lambda: losses.append(next(other))))
            if losses[-1] != losses[-2]:
                raise SystemExit(f"DiLoCo's loss is {losses[-2]} where plain training's is {losses[-1]}")
            yield losses[-1]

    model, draws = base(size), federation.draws(1, REPLICAS)
    with exchange.through_coordinator(REPLICAS, 1) as meet, mock.patch.object(training, "steps", paired):
        whole = seconds(lambda: federation.diloco(model, texts, budget, draws, meet, every=steps)) - sum(plain)
    parts = [slice(start, start + max(1, steps // 5)) for start in range(0, len(plain), max(1, steps // 5))]
    return [
        figure(f"{REPLICAS} x {steps} plain steps of {batch} windows", "s", [sum(plain)]),
        figure("DiLoCo's own steps over those, in tenths", "x", [sum(own[each]) / sum(plain[each]) for each in parts]),
        figure("DiLoCo beside its own steps", "s", [whole - sum(own)]),
        figure("DiLoCo over its own steps", "x", [whole / sum(own)]),
        figure("DiLoCo over the plain steps", "x", [whole / sum(plain)], 1.05 if bars else None),
    ]


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often updates are aggregated (default 3)")
    parser.add_argument("--steps", type=int, default=100, help="of each of DiLoCo's two workers (default 100)")
    parser.add_argument("--batch", type=int, default=8, help="windows of 256 bytes a step (default 8)")
    parser.add_argument("--size", choices=sorted(SIZES), default="30m", help="the bars are those of 30m")
    parser.add_argument("--json", type=Path, default=Path("build/federation.json"), help="where the figures go")
    parser.add_argument("--only-rule", choices=RULES, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Measure, print the table, write the JSON."""
    given = arguments()
    with pinning.threads(1):
        if given.only_rule:
            print(only_rule(given.size, given.only_rule))
            return 0
        bars = given.size == "30m"
        figures = aggregated(given.size, given.rounds, bars)
        figures += exchanged(given.size, given.rounds)
        figures += diloco(given.size, given.steps, given.batch, bars and given.steps == 100)
    about = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "size": given.size,
        "threads": 1,
    }
    return report(figures, about, given.json)


if __name__ == "__main__":
    sys.exit(main())
