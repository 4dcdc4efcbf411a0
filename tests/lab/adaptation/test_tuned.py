"""Adapters at rates of their own: trained once, read bitwise, by one process at a time, and never another's."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from filelock import FileLock

from bets.lab import adapters, seeding, training
from bets.lab.adaptation import lowrank, tuned
from bets.lab.adaptation.tuned import Grid, Job
from bets.lab.artifacts import files, weights
from bets.lab.model import SIZES, FractalMoE

TEXT = b"She counted the windows of Harbour Street twice, and both times there were eleven.\n" * 20
GRID = Grid((1e-4, 1e-3, 1e-2, 1e-1), 1e-3)


@pytest.fixture(scope="module")
def base() -> FractalMoE:
    return FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BETS_CACHE", str(tmp_path))
    return tmp_path / "tuned"


def job(kind: str = "norm", seed: int = 1, grid: Grid = GRID) -> Job:
    return Job(kind, TEXT, TEXT[:500], tuned.budget(3), seed, grid)


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(training.tokens(TEXT)[None, :64])
    return found


@pytest.mark.parametrize("kind", tuned.GRIDS)
def test_it_is_the_adapter_of_the_rate_that_validation_likes_best(base: FractalMoE, kind: str) -> None:
    """Against training at every rate of the grid, with the functions that train adapters elsewhere."""
    found = tuned.load(base, job(kind))
    losses = {}
    for rate in GRID.rates:
        budget = training.Budget(3, 2, 256, rate, warmup=1, final=0.1)
        draws = seeding.torch_generator(1, "windows")
        if kind == "lora":
            model = lowrank.adapt(base, TEXT, budget, draws)
        else:
            model = adapters.adapt(base, kind, TEXT, budget, draws)
        losses[rate] = training.loss(model, TEXT[:500])
        if rate == found.rate:
            assert torch.equal(logits(found.on(base)), logits(model))
    assert found.rate == min(losses, key=losses.__getitem__)
    assert found.losses == {rate: losses[rate] for rate in found.losses}
    assert found.edge == (found.rate in (GRID.rates[0], GRID.rates[-1]))


def test_the_second_use_trains_nothing_and_gives_the_same_bits(
    base: FractalMoE, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tuned.load(base, job())
    monkeypatch.setattr(training, "train", None)
    second = tuned.load(base, job())
    assert second.worn.keys() == first.worn.keys()
    assert all(torch.equal(first.worn[name], second.worn[name]) for name in first.worn)
    assert (second.rate, second.edge, second.losses) == (first.rate, first.edge, first.losses)


def test_another_job_or_base_has_a_file_of_its_own(base: FractalMoE, cache: Path) -> None:
    other = FractalMoE(SIZES["tiny"], seeding.torch_generator(8, "weights")).requires_grad_(False)
    one = Grid((1e-3, 1e-2), 1e-3)
    jobs = [job(grid=one), job(seed=2, grid=one), job(grid=Grid((1e-3, 1e-2), 1e-2)), job("full", grid=one)]
    tuned.every(base, jobs)
    tuned.load(other, jobs[0])
    assert len([*cache.glob("*.safetensors")]) == 5


def test_a_job_that_another_process_holds_comes_last(base: FractalMoE, cache: Path) -> None:
    """The first of two is locked until the second is there: had it waited, this would never end."""
    jobs = [job(seed=1), job(seed=2)]
    identifier = weights.identifier(base.state_dict())
    paths = [cache / f"{each.key(identifier)}.safetensors" for each in jobs]
    cache.mkdir()
    held = FileLock(paths[0].with_suffix(".lock"))
    held.acquire()
    order = []
    real = files.write

    def watched(path: Path, data: bytes) -> None:
        order.append(path)
        real(path, data)
        held.release()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "write", watched)
        found = tuned.every(base, jobs)
    assert order == [paths[1], paths[0]]
    assert [each.rate for each in found] == [tuned.load(base, each).rate for each in jobs]


def test_a_file_that_was_changed_is_refused_with_what_to_do(base: FractalMoE, cache: Path) -> None:
    tuned.load(base, job())
    (file,) = cache.glob("*.safetensors")
    worn, about = weights.unpack(file.read_bytes(), file)
    worn["norm.weight"][0] += 1
    file.write_bytes(weights.pack(worn, about))
    with pytest.raises(weights.WeightsError, match="delete the file to train it again"):
        tuned.load(base, job())


def test_a_job_is_trained_on_its_own_number_of_threads(base: FractalMoE, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the file of one with another number is another: sums may round otherwise."""
    one, seen = job(grid=Grid((1e-3,), 1e-3)), []
    made = tuned.train(base, one)

    def watched(*_: object) -> tuned.Tuned:
        seen.append(torch.get_num_threads())
        return made

    monkeypatch.setattr(tuned, "train", watched)
    for each in (one, replace(one, threads=2)):
        tuned.load(base, each)
    assert seen == [1, 2]


def test_rates_that_diverge_are_not_in_what_is_kept(base: FractalMoE) -> None:
    found = tuned.load(base, job("full", grid=Grid((1e-3, 1e30), 1e-3)))
    assert found.rate == 1e-3
    assert all(math.isfinite(loss) for loss in found.losses.values())


def test_the_grids_ascend_and_start_inside() -> None:
    for grid in tuned.GRIDS.values():
        assert list(grid.rates) == sorted(set(grid.rates))
        assert grid.start in grid.rates[1:-1]
