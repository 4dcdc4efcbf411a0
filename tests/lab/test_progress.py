"""Trainings show how far they are, in the counts of the fixture itself."""

import itertools
from pathlib import Path

import pytest

from bets.lab import bases, seeding, specialists, training
from bets.lab.adaptation import tuned
from bets.lab.model import SIZES, FractalMoE
from bets.lab.progress import steps
from pytest_bets.live.progress import Progress
from pytest_bets.live.sample import Sample

TEXT = bytes(range(256)) * 40


class Watched(Progress):
    """The fixture, which notes what it would show after each step."""

    def __init__(self) -> None:
        super().__init__(itertools.count().__next__)
        self.watched = True
        self.begin("a cell")
        self.seen: list[Sample] = []

    def update(self, **values: object) -> None:
        """Show values, and note all that is shown."""
        super().update(**values)
        shown = self.sample()
        assert shown is not None
        self.seen.append(shown)


def bars(progress: Watched) -> list[tuple[str, float, float | None]]:
    return [(bar.label, bar.done, bar.total) for sample in progress.seen for bar in sample.bars]


def test_every_step_is_counted_with_its_loss_and_the_count_ends_with_the_training() -> None:
    progress = Watched()
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(1, "weights"))
    with steps(progress, "training", 3) as shown:
        losses = training.train(model, TEXT, training.Budget(3), seeding.torch_generator(1, "draws"), progress=shown)
    assert bars(progress) == [("training", step, 3) for step in (1, 2, 3)]
    assert [sample.values["loss"] for sample in progress.seen] == losses
    after = progress.sample()
    assert after is not None
    assert after.bars == ()


def test_a_resumed_training_counts_on_from_where_it_was() -> None:
    progress = Watched()
    with steps(progress, "training", 10) as shown:
        assert shown is not None
        shown(8, 1.5)
        shown(9, 1.25)
    assert bars(progress) == [("training", 8, 10), ("training", 9, 10)]


def test_without_a_progress_nothing_is_called() -> None:
    with steps(None, "training", 3) as shown:
        assert shown is None


@pytest.mark.parametrize("kind", tuned.GRIDS)
def test_every_rate_that_an_adapter_tries_is_shown(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETS_CACHE", str(tmp_path))
    progress, base = Watched(), FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)
    job = tuned.Job(kind, TEXT, TEXT[:500], tuned.budget(2), 1, tuned.Grid((1e-3, 2e-3), 1e-3))
    tuned.load(base, job, progress)
    assert bars(progress) == [(f"{kind} at {rate:g}", step, 2) for rate in (1e-3, 2e-3) for step in (1, 2)]


def test_the_first_use_of_a_base_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETS_CACHE", str(tmp_path))
    monkeypatch.setattr(specialists.Recipe, "text", lambda _self: TEXT)
    progress = Watched()
    bases.load("novelist", "tiny", progress=progress)
    count = bases.PLANS["short"]["tiny"].steps
    assert bars(progress) == [("novelist tiny short", step, count) for step in range(1, count + 1)]
