"""Adapters at rates of their own, trained once on a machine and then read: what several bets ask of the same persons.

An adapter is kept under a digest of all that it follows from: base, texts, budget, grid, seed, torch, machine, threads.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import torch
from filelock import FileLock, Timeout

from bets.lab import adapters, pinning, seeding, specialists, training
from bets.lab.adaptation import lowrank, tuning
from bets.lab.adapters import Adapter
from bets.lab.artifacts import files, weights
from bets.lab.model import Stage
from bets.lab.training import Budget

VERSION: Final = 1
"""Of how adapters are trained: to be raised with any change of the code after which the same job gives others."""


@dataclass(frozen=True)
class Grid:
    """The rates that one kind of adapter may choose from, in ascending order, and the one that is tried first."""

    rates: tuple[float, ...]
    start: float


GRIDS: Final[Mapping[str, Grid]] = {
    "norm": Grid((1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1, 2e-1), 2e-2),
    "lora": Grid((1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2), 2e-3),
    "full": Grid((1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3), 1e-4),
}
"""Norm gains, LoRA on attention and experts, and all weights: three grids of eight rates, 200 times from end to end."""


def budget(steps: int) -> Budget:
    """The budget that every kind is given: a short warm-up, and a cosine down to a tenth of the rate."""
    return Budget(steps=steps, batch=2, length=256, warmup=max(1, steps // 16), final=0.1)


@dataclass(frozen=True)
class Job:
    """What is trained on what, and how its rate is chosen."""

    kind: str
    text: bytes
    validation: bytes
    budget: Budget  # its rate is chosen from the grid
    seed: int
    grid: Grid
    threads: int = 1  # that it is trained with: more where other processes can only wait for it

    def key(self, base: str) -> str:
        """A digest of the job on a base with this identifier, and of where it runs."""
        about = asdict(self) | {
            "text": hashlib.sha256(self.text).hexdigest(),
            "validation": hashlib.sha256(self.validation).hexdigest(),
            "base": base,
            "version": VERSION,
            "torch": torch.__version__,
            "machine": torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine(),
        }
        return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:32]


def job(kind: str, text: bytes, validation: bytes, steps: int, seed: int) -> Job:
    """A job with the budget and the grid of its kind; KeyError for an unknown kind."""
    return Job(kind, text, validation, budget(steps), seed, GRIDS[kind])


@dataclass(frozen=True)
class Tuned:
    """An adapter, the rate it was trained at, and what validation said about the rates that were tried."""

    kind: str
    worn: Adapter
    rate: float
    edge: bool  # the rate is an end of its grid
    losses: dict[float, float]

    def on(self, base: Stage) -> Stage:
        """A copy of the base that wears it; WeightsError where it does not fit."""
        return lowrank.wear(base, self.worn) if self.kind == "lora" else adapters.wear(base, self.kind, self.worn)


def train(base: Stage, job: Job) -> Tuned:
    """Train an adapter at the rate of its grid that is best on validation text, by climbing."""

    def attempt(rate: float) -> tuple[float, Adapter]:
        model = adapted(base, job, rate)
        return training.loss(model, job.validation), adapters.adapter(model)

    choice = tuning.climb(job.grid.rates, job.grid.start, attempt)
    return Tuned(job.kind, choice.made, choice.rate, choice.edge, choice.losses)


def adapted(base: Stage, job: Job, rate: float) -> Stage:
    """A copy of the base with the job's adapter trained at a rate; every kind and rate sees the same windows."""
    budget, generator = replace(job.budget, learning_rate=rate), seeding.torch_generator(job.seed, "windows")
    if job.kind == "lora":
        return lowrank.adapt(base, job.text, budget, generator)
    return adapters.adapt(base, job.kind, job.text, budget, generator)


def load(base: Stage, job: Job) -> Tuned:
    """The adapter of a job on this base; the first use trains it, and other processes wait for that one."""
    return next(every(base, [job]))


def every(base: Stage, jobs: Sequence[Job]) -> Iterator[Tuned]:
    """The adapters of all jobs on this base, read one after the other once all are there.

    Those that another process is training come last, so that both work.
    """
    identifier = weights.identifier(base.state_dict())
    paths = [specialists.cache() / "tuned" / f"{job.key(identifier)}.safetensors" for job in jobs]
    for wait in (False, True):
        for job, file in zip(jobs, paths, strict=True):
            if not file.exists():
                _make(base, job, file, identifier, wait=wait)
    return (_read(file, identifier) for file in paths)


def _make(base: Stage, job: Job, file: Path, identifier: str, *, wait: bool) -> None:
    """Train under a lock that the system frees when its holder dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(file.with_suffix(".lock"), timeout=-1 if wait else 0):
            if not file.exists():
                with pinning.threads(job.threads):
                    made = train(base, job)
                losses = [[rate, loss] for rate, loss in made.losses.items() if loss < math.inf]
                about = {"kind": made.kind, "base": identifier, "rate": made.rate, "edge": made.edge, "losses": losses}
                about |= {"adapter": weights.identifier(made.worn)}
                files.write(file, weights.pack(made.worn, about))
    except Timeout:
        return


def _read(file: Path, identifier: str) -> Tuned:
    """The adapter of a file; WeightsError where the file is not what was written."""
    worn, about = weights.unpack(file.read_bytes(), file)
    found = (about.get("base"), about.get("adapter"))
    if found != (expected := (identifier, weights.identifier(worn))):
        cure = "delete the file to train it again"
        raise weights.WeightsError(f"{file}: found base and adapter {found}, expected {expected}; {cure}")
    losses = {float(rate): float(loss) for rate, loss in about["losses"]}  # type: ignore[attr-defined]
    return Tuned(str(about["kind"]), worn, float(str(about["rate"])), bool(about["edge"]), losses)
