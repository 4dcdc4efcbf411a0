"""The decision on an attempt that has ended: its cell has an outcome, runs again, is void, or did not run."""

from typing import Final, Literal

from pytest_bets.engines.event import Kind

Action = Literal["take", "again", "void", "skip", "stop"]
"""take: its reports stand. again: the cell runs again. void: it is broken. skip: it did not run. stop: an error."""
EARLY: Final = 20
"""How often a cell may be lost before it begins, which counts as no attempt: something is wrong with the nodes."""


def decide(end: Kind, *, begun: bool, measured: bool, losses: int, allowed: int) -> Action:
    """Return what becomes of the cell of an attempt.

    Args:
        end: What ended the attempt.
        begun: Whether its experiment has started.
        measured: Whether its outcome is known: the call was reported, or a setup that did not pass.
        losses: How many earlier attempts were lost after they had begun.
        allowed: How many attempts a cell has.

    """
    if end == "done":
        return "take"
    if end == "crashed":
        return "void"
    if end == "impossible":
        return "stop"
    if measured:  # a second measurement would be a choice between two
        return "take"
    if end == "cancelled":
        return "skip"
    if not begun:
        return "again"
    return "again" if losses + 1 < allowed else "void"
