"""What the laboratory gets out of a machine: training steps and evaluation at 30M, against a plain product of matrices.

Useful work is counted in operations that no implementation can avoid. Of a model with P active weights in matrices (two
of eight experts; the embedding is a look-up), for N tokens in windows of T, over L blocks of width C:
    forward = 2 P N + 2 L C N T        products with weights, and causal scores and values (half of 4 L C N T)
    a full step = 3 forward            each product has two gradients
A share is useful operations a second over those of a float32 torch.mm of 2,048 squared, measured in turn with it.
"""

from __future__ import annotations

import argparse
import copy
import platform
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Final

import torch
from figures import Figure, figure, report

from bets.lab import adapters, pinning, seeding, training
from bets.lab.model import SIZES, Config, FractalMoE

SIDE: Final = 2048  # of the square matrices that the machine is measured by
LENGTH: Final = 256  # bytes of a window
BATCHES: Final = (8, 2)  # windows a step: of a specialist's budget, and of a personal adapter's
HELD_OUT: Final = 16  # windows that are evaluated, in one batch
BYTES: Final = 64 * 1024


def operations(config: Config, windows: int) -> float:
    """Useful floating-point operations of a forward pass over whole windows."""
    tokens = windows * LENGTH
    attention = 4 * config.hidden**2
    experts = config.active * 3 * config.hidden * config.expert_width + config.experts * config.hidden
    weights = config.blocks * (attention + experts) + config.hidden * config.vocabulary
    return 2.0 * tokens * (weights + config.blocks * config.hidden * LENGTH)


def text(size: int) -> bytes:
    """English and code that are on every machine: this program's own sources, as often as it takes."""
    sources = b"".join(path.read_bytes() for path in sorted(Path(training.__file__).parent.glob("*.py")))
    return (sources * (size // len(sources) + 1))[:size]


A, B = torch.randn(2, SIDE, SIDE, generator=seeding.torch_generator(1, "matrices"))
PRODUCT: Final = 2 * SIDE**3  # operations


def product() -> torch.Tensor:
    """What the machine is measured by."""
    return torch.mm(A, B)


def seconds(work: Callable[[], object]) -> float:
    """How long a piece of work takes."""
    began = perf_counter()
    work()
    return perf_counter() - began


def steps(base: FractalMoE, kind: str, batch: int) -> Iterator[float]:
    """A training run of one kind of adapter, which makes a step each time it is asked."""
    model, budget = copy.deepcopy(base), training.Budget(steps=10_000, batch=batch, length=LENGTH)
    adapters.attach(model, kind, seeding.torch_generator(1, "adapter"))
    windows = seeding.torch_generator(1, "windows")
    return training.steps(model, text(BYTES), budget, windows, training.adamw(model, budget))


def rounds_of(work: Mapping[str, Callable[[], object]], rounds: int) -> list[dict[str, float]]:
    """Each piece of work once to warm up, then round by round: what each took."""
    for each in work.values():
        each()
    return [{name: seconds(each) for name, each in work.items()} for _ in range(rounds)]


def trained(size: str, rounds: int, batch: int, bars: bool) -> list[Figure]:
    """Rounds of product, full step, norm-only step and LoRA step: shares and ratios by round."""
    base = FractalMoE(SIZES[size], seeding.torch_generator(1, "weights"))
    runs = {kind: steps(base, kind, batch) for kind in adapters.KINDS}
    work = {kind: lambda run=run: next(run) for kind, run in runs.items()}  # type: ignore[misc]
    taken = rounds_of({"product": product, **work}, rounds)
    useful, of = 3 * operations(SIZES[size], batch), f"{batch} windows"
    shares = [useful / once["full"] / (PRODUCT / once["product"]) for once in taken]
    return [
        figure(f" full step, {of}", "s", [once["full"] for once in taken]),
        figure(f" full step over torch.mm, {of}", "x", shares, 0.62 if bars else None, at_least=True),
        *(
            figure(
                f" {kind} step over a full step, {of}",
                "x",
                [once[kind] / once["full"] for once in taken],
                0.68 if bars and kind == "norm" else None,
            )
            for kind in ("norm", "lora")
        ),
    ]


def evaluated(size: str, rounds: int, bars: bool) -> list[Figure]:
    """Rounds of product and evaluation."""
    base, held_out = FractalMoE(SIZES[size], seeding.torch_generator(1, "weights")), text(HELD_OUT * LENGTH + 1)
    taken = rounds_of({"product": product, "evaluation": lambda: training.loss(base, held_out, HELD_OUT)}, rounds)
    useful = operations(SIZES[size], HELD_OUT)
    shares = [useful / once["evaluation"] / (PRODUCT / once["product"]) for once in taken]
    return [
        figure(" torch.mm", "GF/s", [PRODUCT / once["product"] / 1e9 for once in taken]),
        figure(" evaluation over torch.mm", "x", shares, 0.6 if bars else None, at_least=True),
    ]


def memory(size: str, *, bars: bool) -> list[Figure]:
    """The most memory of a process that makes two full steps."""
    command = [sys.executable, __file__, "--size", size, "--only-steps"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [figure("memory of a full fine-tune", "GB", [float(done.stdout)], 1.4 if bars else None)]


def only_steps(size: str) -> float:
    """Make two full steps as a user would: the most memory so far, in GB."""
    base = FractalMoE(SIZES[size], seeding.torch_generator(1, "weights"))
    few = training.Budget(steps=2, batch=max(BATCHES), length=LENGTH)
    adapters.adapt(base, "full", text(BYTES), few, seeding.torch_generator(1, "windows"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each piece of work is done (default 5)")
    parser.add_argument("--threads", default="1,2", help="numbers of threads to measure with (default 1,2)")
    parser.add_argument("--size", choices=sorted(SIZES), default="30m", help="the bars are those of 30m")
    parser.add_argument("--json", type=Path, default=Path("build/lab.json"), help="where the figures go")
    parser.add_argument("--only-steps", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Measure, print the table, write the JSON."""
    given = arguments()
    if given.only_steps:
        print(only_steps(given.size))
        return 0
    bars = given.size == "30m"
    # First, while this process is small: Linux counts the parent's memory at the fork as the child's.
    figures = memory(given.size, bars=bars)
    for threads in map(int, given.threads.split(",")):
        with pinning.threads(threads):
            found = [*evaluated(given.size, given.rounds, bars)]
            for batch in BATCHES:
                found += trained(given.size, given.rounds, batch, bars)
        figures += [replace(item, name=f"{threads} thread{'s'[: threads > 1]}:{item.name}") for item in found]
    about = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "size": given.size,
        "rounds": given.rounds,
    }
    return report(figures, about, given.json)


if __name__ == "__main__":
    sys.exit(main())
