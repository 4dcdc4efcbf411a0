"""The fixture `progress`, as a plugin of its own: pytest wants no fixture of a session in an object."""

import pytest

from pytest_bets.live.progress import Progress

NAME = "bets-progress"
PROGRESS = pytest.StashKey[Progress]()
"""The progress of the cells that this process runs."""


@pytest.fixture(scope="session")
def progress(pytestconfig: pytest.Config) -> Progress:
    """Show how far a cell is while it runs.

    `for step in progress(range(STEPS), "train"):` counts steps, `progress.update(loss=2.31)` shows values beside them.
    It changes nothing of what is measured. With `--bets-progress off`, everything passes through.
    """
    return pytestconfig.stash[PROGRESS]
