"""What every bet of this catalogue runs under."""

from collections.abc import Iterator

import pytest

from bets.lab import pinning
from bets.lab.progress import Progress, shown_by


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """A cell computes on one thread, so that cells side by side measure what one alone does; its record says so."""
    with pinning.threads(1):
        yield


@pytest.fixture(autouse=True)
def shown(progress: Progress) -> Iterator[None]:
    """The trainings of a cell show how far they are, however deep they lie under its experiment."""
    with shown_by(progress):
        yield
