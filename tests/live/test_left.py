"""The time left, from earlier runs and from the progress of the cells."""

import pytest

from pytest_bets.live.left import Left, time_left
from pytest_bets.live.lines import BetLine, CountLine, LiveLine, RunningLine, VerdictLine
from pytest_bets.live.sample import Bar
from pytest_bets.live.state import state_of

NOW = 1000.0


def bet(seconds: float | None, cells: int = 4, name: str = "1_a") -> LiveLine:
    return BetLine("bet", name, "", cells, seconds)


def count(done: int, seconds: float, reused: int = 0) -> LiveLine:
    return CountLine("count", "1_a", done, 0, reused, seconds)


def cell(name: str, ran: float, *bars: Bar) -> LiveLine:
    return RunningLine("running", "1_a", name, NOW - ran, "vm", "", bars, {}, {})


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        ([bet(None)], None),
        ([bet(10)], Left(40, True)),
        ([bet(10), bet(None, name="2_b")], Left(40, False)),
        ([bet(10), bet(5, name="2_b")], Left(60, True)),
        # this session knows better than the last one; cells that were reused say nothing
        ([bet(10), count(2, 60)], Left(60, True)),
        ([bet(10), count(2, 30, reused=1)], Left(60, True)),
        ([bet(10), count(2, 0.01, reused=2)], Left(20, True)),
        ([bet(10), count(4, 40)], None),
        ([bet(10), count(1, 10), VerdictLine("verdict", "1_a", "not judged")], None),
        # a running cell: by earlier cells, by its loops with a length, and by the longer of both
        ([bet(10), count(3, 30), cell("x", 4)], Left(6, True)),
        ([bet(10), count(3, 30), cell("x", 15)], Left(0, True)),
        ([bet(None, 1), cell("x", 10, Bar("", 5, None, 9), Bar("", 1, 4, 12), Bar("", 1, 2, 1))], Left(20, True)),
        ([bet(None, 1), cell("x", 10, Bar("", 0, 2, 10), Bar("", 5, 10, 5))], Left(30, True)),
        ([bet(None, 1), cell("x", 10, Bar("", 9, 4, 10))], Left(0, True)),
        ([bet(100, 1), cell("x", 10, Bar("", 9, 10, 9))], Left(90, True)),
        ([bet(None, 1), cell("x", 10, Bar("", 0, 10, 9))], None),
        # no cell has ended: one that waits lasts as long as one that runs
        ([bet(None, 2), cell("x", 10, Bar("", 5, 10, 9))], Left(28, True)),
        ([bet(None, 4), cell("x", 10, Bar("", 5, 10, 9)), cell("y", 10)], Left(23.5, False)),
        ([bet(None, 2), cell("x", 10, Bar("", 0, 10, 9))], None),
        # several at once; but no sooner than the longest
        ([bet(10), cell("x", 0), cell("y", 0)], Left(20, True)),
        ([bet(10, 2), cell("x", 0), cell("y", 8)], Left(10, True)),
    ],
)
def test_the_time_left(lines: list[LiveLine], left: Left | None) -> None:
    """Of cells that are queued and of those that run, on as many slots as were seen."""
    assert time_left(state_of(lines), NOW) == left
