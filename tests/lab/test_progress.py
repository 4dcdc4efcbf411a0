"""Trainings show how far they are, in the counts of the fixture itself, or on the terminal."""

import itertools
from collections.abc import Sequence
from pathlib import Path

import pytest

from bets.lab import bases, seeding, specialists, training
from bets.lab.adaptation import tuned
from bets.lab.federated import federation
from bets.lab.model import SIZES, FractalMoE
from bets.lab.progress import on_terminal, shown_by, steps
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
    with shown_by(progress):
        losses = training.train(model, TEXT, training.Budget(3), seeding.torch_generator(1, "draws"))
    assert bars(progress) == [("training", step, 3) for step in (1, 2, 3)]
    assert [sample.values["loss"] for sample in progress.seen] == losses
    after = progress.sample()
    assert after is not None
    assert after.bars == ()


def test_a_resumed_training_counts_on_from_where_it_was() -> None:
    progress = Watched()
    with shown_by(progress), steps("training", 10) as shown:
        shown(8, 1.5)
        shown(9, 1.25)
    assert bars(progress) == [("training", 8, 10), ("training", 9, 10)]


def test_where_nothing_shows_them_steps_are_not_counted() -> None:
    progress = Watched()
    with shown_by(progress):
        pass
    with steps("training", 3) as shown:
        shown(1, 1.5)
    assert progress.seen == []


def test_the_innermost_display_is_the_one_that_shows() -> None:
    outer, inner = Watched(), Watched()
    with shown_by(outer), shown_by(inner), steps("training", 3) as shown:
        shown(1, 1.5)
    assert outer.seen == []
    assert bars(inner) == [("training", 1, 3)]


def test_the_terminal_is_left_alone_where_something_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened() -> None:
        raise AssertionError("the terminal was opened")

    monkeypatch.setattr("bets.lab.progress.terminal", opened)
    progress = Watched()
    with shown_by(progress), on_terminal(), steps("training", 3) as shown:
        shown(1, 1.5)
    assert bars(progress) == [("training", 1, 3)]


def first(_name: str, updates: Sequence[bytes]) -> bytes:
    """Agree on what the first worker sends."""
    return updates[0]


def test_workers_that_meet_are_shown_together() -> None:
    progress, budget = Watched(), training.Budget(2, 1, 16)
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(1, "weights"))
    adamw = training.adamw(model, budget)
    with shown_by(progress):
        federation.diloco(model, [TEXT, TEXT], budget, federation.draws(1, 2), first, every=1)
        federation.synchronous(model, [TEXT] * 3, budget, federation.draws(1, 3), first, adamw)
    assert bars(progress) == [
        *(("2 workers", step, 4) for step in (1, 2, 3, 4)),
        *(("3 workers", step, 2) for step in (1, 2)),
    ]


@pytest.mark.parametrize("kind", tuned.GRIDS)
def test_every_rate_that_an_adapter_tries_is_shown(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETS_CACHE", str(tmp_path))
    progress, base = Watched(), FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)
    job = tuned.Job(kind, TEXT, TEXT[:500], tuned.budget(2), 1, tuned.Grid((1e-3, 2e-3), 1e-3))
    with shown_by(progress):
        tuned.load(base, job)
    assert bars(progress) == [(f"{kind} at {rate:g}", step, 2) for rate in (1e-3, 2e-3) for step in (1, 2)]


def test_the_first_use_of_a_base_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETS_CACHE", str(tmp_path))
    monkeypatch.setattr(specialists.Recipe, "text", lambda _self: TEXT)
    progress = Watched()
    with shown_by(progress):
        bases.load("novelist", "tiny")
    count = bases.PLANS["short"]["tiny"].steps
    assert bars(progress) == [("novelist tiny short", step, count) for step in range(1, count + 1)]
