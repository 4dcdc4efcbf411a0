"""The time that a session has left: from how long cells took before, and how far those are that run."""

from typing import NamedTuple

from pytest_bets.live.lines import RunningLine
from pytest_bets.live.state import State


class Left(NamedTuple):
    """The seconds left; `whole` is False where there are cells of which nothing is known: it takes longer."""

    seconds: float
    whole: bool


def time_left(state: State, now: float) -> Left | None:
    """Return the time left; None where nothing is known of it."""
    total, longest, known, unknown = 0.0, 0.0, False, False
    running: dict[str, int] = {}
    for line in state.running.values():
        running[line.bet] = running.get(line.bet, 0) + 1
        seconds = cell_left(line, now, state.bets[line.bet].seconds if line.bet in state.bets else None)
        if seconds is None:
            unknown = True
        else:
            known, total, longest = True, total + seconds, max(longest, seconds)
    for name, bet in state.bets.items():
        queued = 0 if bet.verdict else bet.bet.cells - bet.count.done - running.get(name, 0)
        if queued > 0 and bet.seconds is not None:
            known, total, longest = True, total + queued * bet.seconds, max(longest, bet.seconds)
        elif queued > 0:
            unknown = True
    return Left(max(total / state.slots, longest), not unknown) if known else None


def cell_left(line: RunningLine, now: float, usual: float | None) -> float | None:
    """Return the seconds that a running cell has left; None where nothing is known of them.

    Its outermost loop with a total says how far it is. A cell may have more than that loop, so where the usual time
    gives more, that counts.
    """
    found = [usual - (now - line.since)] if usual is not None else []
    bar = next((bar for bar in line.bars if bar.total), None)
    if bar is not None and bar.total and bar.done > 0:
        found.append(bar.seconds * (bar.total - bar.done) / bar.done)
    return max(0.0, *found) if found else None
