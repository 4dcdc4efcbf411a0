"""What bets on authors share: whose text is trained on, what chooses the rate, and what is judged."""

from __future__ import annotations

from statistics import fmean

import pytest

from bets.lab import seeding
from bets.lab.adaptation import persons, tuned
from bets.lab.model import SIZES, FractalMoE
from bets.lab.texts import authors, pieces
from bets.lab.texts.authors import Author

ADA, BOB = (
    Author(name, name.encode() * 300, name.upper().encode() * 3_000, (name.encode() * 50, name.upper().encode() * 50))
    for name in ("ada", "bob")
)


@pytest.fixture(autouse=True)
def two_authors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authors, "load", {"ada": ADA, "bob": BOB}.__getitem__)


def test_a_job_trains_on_what_the_author_wrote_and_chooses_by_validation_text_alone() -> None:
    job = persons.job(["ada"], "norm", 5, 4_096)
    assert job.text == ADA.own
    assert len(job.validation) == 4_096
    assert set(job.validation) == set(b"ADA")
    assert (job.kind, job.budget, job.grid) == ("norm", tuned.budget(5), tuned.GRIDS["norm"])


def test_a_job_of_several_has_all_of_their_text_and_as_much_validation_text_of_each() -> None:
    job = persons.job(["ada", "bob"], "full", 5, 8_192)
    assert job.text == ADA.own + BOB.own
    assert len(job.validation) == 8_192
    assert set(job.validation[:4_096]) == set(b"ADA")
    assert set(job.validation[4_096:]) == set(b"BOB")


def test_what_is_judged_is_the_beginning_of_held_out_pieces_with_a_byte_before_it() -> None:
    assert persons.held_out("ada", 2, 9) == [b"adaadaadaa", b"ADAADAADAA"]
    assert persons.held_out("ada", 1, 9) == [b"adaadaadaa"]


def test_losses_are_the_mean_over_pieces_and_each_of_them() -> None:
    model = FractalMoE(SIZES["tiny"], seeding.torch_generator(7, "weights")).requires_grad_(False)
    judged = persons.held_out("bob", 2, 64)
    found = persons.losses(model, judged, "base")
    assert found == {"base": fmean(pieces.losses(model, judged)), "base_pieces": pieces.losses(model, judged)}
