"""What a step and an evaluation take on a GPU: the eager path, and graphs that hold the same step.

One graph has torch's products, the other has the kernels of `grouped` where they can run. Without a GPU, `--device cpu`
runs the same code unrecorded: it shows that it runs, and nothing of how fast a GPU is.
"""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Final

import torch
from figures import Figure, figure, report
from lab import BYTES, LENGTH, text

from bets.lab import bases, seeding, training
from bets.lab.model import SIZES, FractalMoE, Stage
from bets.lab.recipe import graph_pretraining, graphs, pretraining, routed

BARS: Final = {8: 6.0, 2: 3.0}  # ms of a full step in float32, by windows
STEPS: Final = 20  # of a round; of a base, those of which the losses must agree
SAME: Final = 100  # steps of which the losses must agree
WITHIN: Final = 1e-5  # nats that losses may differ by


def products(model: Stage, x: torch.Tensor) -> torch.Tensor:
    """The routed model with torch's products, also where the kernels could run."""
    return routed.forward(model, x, routed.block_rows(x.numel() * model.config.active))


GRAPHS: Final = {"graph": routed.forward, "graph of torch's products": products}


def fresh(size: str, device: str) -> FractalMoE:
    """The model that every run begins with."""
    return FractalMoE(SIZES[size], seeding.torch_generator(1, "weights")).to(device)


def runs(size: str, device: str, batch: int, steps: int) -> Mapping[str, Iterator[float]]:
    """A training run of each path, on the same windows."""
    budget, found = training.Budget(steps=steps, batch=batch, length=LENGTH), {}
    paths: dict[str, Callable[..., Iterator[float]]] = {"eager": training.steps}
    for name, path in (paths | {name: partial(graphs.steps, forward=way) for name, way in GRAPHS.items()}).items():
        model = fresh(size, device)
        windows = seeding.torch_generator(1, "windows")
        found[name] = path(model, text(BYTES), budget, windows, training.adamw(model, budget))
    return found


def pretrained(size: str, device: str, steps: int) -> Mapping[str, Iterator[float]]:
    """The training of a base, on each path, of so many steps or more."""
    found, plan = {}, replace(bases.SHORT[size], steps=max(steps, bases.SHORT[size].steps))
    for name, path in {"eager": pretraining.steps, "graph": graph_pretraining.steps}.items():
        model = fresh(size, device)
        found[name] = path(model, text(BYTES), plan, 1, pretraining.optimizers(model, plan, "float32"), "float32")
    return found


def milliseconds(work: Callable[[], object], device: str) -> float:
    """How long a piece of work takes until the device is done."""
    wait = torch.cuda.synchronize if device == "cuda" else nullcontext
    wait()
    began = perf_counter()
    work()
    wait()
    return 1e3 * (perf_counter() - began)


def trained(size: str, device: str, rounds: int) -> Iterator[Figure]:
    """Milliseconds of a step, round by round: of all weights by AdamW, and of a base."""
    steps = (rounds + 1) * STEPS
    for batch, bar in BARS.items():
        bar = bar if device == "cuda" and size == "30m" else None
        yield from timed(f"full step, {batch} windows", runs(size, device, batch, steps), device, rounds, bar)
    yield from timed("step of a base", pretrained(size, device, steps), device, rounds, None)


def timed(
    what: str, each: Mapping[str, Iterator[float]], device: str, rounds: int, bar: float | None
) -> Iterator[Figure]:
    """Milliseconds of a step of each run, which take turns; the bar is the graph's."""
    taken: dict[str, list[float]] = {name: [] for name in each}
    for _ in range(rounds + 1):
        for name, run in each.items():
            taken[name].append(milliseconds(lambda run=run: [next(run) for _ in range(STEPS)], device) / STEPS)  # type: ignore[misc]
    for name, values in taken.items():
        yield figure(f"{what}, {name}", "ms", values[1:], bar if name == "graph" else None)


def judged(size: str, device: str, rounds: int) -> Iterator[Figure]:
    """Milliseconds of the loss of 64 KB: of a graph with its recording, and by a judge that has recorded it."""
    model, judges = fresh(size, device).requires_grad_(False), {}
    work: dict[str, Callable[[], object]] = {"eager": lambda: training.loss(model, text(BYTES))}
    for name, forward in GRAPHS.items():
        judges[name] = graphs.Judge(model, forward=forward)
        work[f"{name}, kept"] = lambda name=name: judges[name].loss(text(BYTES))  # type: ignore[misc]
        work[f"{name}, recorded"] = lambda forward=forward: graphs.Judge(model, forward=forward).loss(text(BYTES))  # type: ignore[misc]
    for name, loss in work.items():
        values = [milliseconds(loss, device) for _ in range(rounds + 1)]
        yield figure(f"loss of {BYTES >> 10} KB, {name}", "ms", values[1:])


def agreed(size: str, device: str) -> Iterator[Figure]:
    """The largest difference of the losses of some steps, in a millionth of a nat.

    Of a base few steps, while its rates are low: later they are so high that a rounding soon makes a token choose
    another expert, on the eager path as well.
    """
    trainings = {"": (SAME, runs(size, device, 2, SAME)), "of a base, ": (STEPS, pretrained(size, device, STEPS))}
    for what, (steps, each) in trainings.items():
        losses = {name: list(islice(run, steps)) for name, run in each.items()}
        eager = losses.pop("eager")
        for name, found in losses.items():
            differences = [1e6 * abs(a - b) for a, b in zip(eager, found, strict=True)]
            yield figure(f"difference of {steps} losses, {what}{name}", "unat", [max(differences)], 1e6 * WITHIN)


def main() -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--size", choices=sorted(SIZES), default="30m", help="the bars are those of 30m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tf32", action="store_true", help="let float32 products use TensorFloat-32")
    parser.add_argument("--json", type=Path, default=Path("build/gpu.json"), help="where the figures go")
    given = parser.parse_args()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("found no CUDA device: --device cpu shows that the code runs, and not how fast a GPU is")
        return 2
    torch.backends.cuda.matmul.allow_tf32 = given.tf32
    figures = [*agreed(given.size, given.device), *trained(given.size, given.device, given.rounds)]
    figures += judged(given.size, given.device, given.rounds)
    name = torch.cuda.get_device_name() if given.device == "cuda" else platform.machine()
    about = {"torch": torch.__version__, "device": name, "size": given.size, "tf32": given.tf32}
    return report(figures, about, given.json)


if __name__ == "__main__":
    sys.exit(main())
