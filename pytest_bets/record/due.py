"""When a run writes the record of its bet: the one rule, which the store follows and the audit checks."""

from typing import Protocol

from pytest_bets.record.verdict import Outcome


class Run(Protocol):
    """Anything that says what ran and what it came to: a record or a line of the journal."""

    @property
    def pair(self) -> tuple[str, str]: ...  # noqa: D102
    @property
    def verdict(self) -> Outcome | None: ...  # noqa: D102


def due(standing: Run | None, run: Run) -> bool:
    """Return whether a complete run writes its record, where this record stands.

    A record with a verdict stands for its declaration and code. A void run never replaces a verdict.
    """
    if standing is None:
        return True
    if run.verdict is None:
        return standing.verdict is None and standing.pair != run.pair
    return standing.verdict is None or standing.pair != run.pair
