"""The laboratory's tests compute as its bets do."""

from collections.abc import Iterator

import pytest

from bets.lab import pinning


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """One thread of torch: what is compared bitwise must not depend on how a sum was split."""
    with pinning.threads(1):
        yield
