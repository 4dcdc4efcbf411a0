"""The time that a session has left: from how long cells took before, and how far those are that run."""

from typing import NamedTuple

from pytest_bets.live.lines import RunningLine
from pytest_bets.live.state import State


class Left(NamedTuple):
    """The seconds left; `whole` is False where there are cells of which nothing is known: it takes longer."""

    seconds: float
    whole: bool


def time_left(state: State, now: float) -> Left | None:
    """Return the time left; None where nothing is known of it.

    Where no cell of a bet has ended yet, those that wait are taken to last as long as the longest that runs.
    """
    total, longest, known, unknown = 0.0, 0.0, False, False
    running: dict[str, int] = {}
    lasts: dict[str, float] = {}
    for line in state.running.values():
        running[line.bet] = running.get(line.bet, 0) + 1
        seconds = cell_left(line, now, state.bets[line.bet].seconds if line.bet in state.bets else None)
        if seconds is None:
            unknown = True
        else:
            known, total, longest = True, total + seconds, max(longest, seconds)
            lasts[line.bet] = max(lasts.get(line.bet, 0.0), now - line.since + seconds)
    for name, bet in state.bets.items():
        queued = 0 if bet.verdict else bet.bet.cells - bet.count.done - running.get(name, 0)
        if queued > 0 and bet.seconds is not None:
            known, total, longest = True, total + queued * bet.seconds, max(longest, bet.seconds)
        elif queued > 0:
            unknown, total = unknown or name not in lasts, total + queued * lasts.get(name, 0.0)
    return Left(max(total / state.slots, longest), not unknown) if known else None


def cell_left(line: RunningLine, now: float, usual: float | None) -> float | None:
    """Return the seconds that a running cell has left; None where nothing is known of them.

    Its loops with a total say how far it is: a step of the outer one is as far as the inner one. A cell may have more
    than these loops, so where the usual time gives more, that counts.
    """
    found = [usual - (now - line.since)] if usual is not None else []
    share, seconds = 0.0, 0.0
    for bar in reversed(line.bars):
        if bar.total:
            share, seconds = min(1.0, (bar.done + share) / bar.total), bar.seconds
    if share > 0:
        found.append(seconds * (1 - share) / share)
    return max(0.0, *found) if found else None
