"""The words of the status line."""

from dataclasses import replace

import pytest

from pytest_bets.live.left import Left
from pytest_bets.live.lines import BetLine, CountLine, LiveLine, RunningLine
from pytest_bets.live.sample import Bar
from pytest_bets.live.state import state_of
from pytest_bets.live.words import clock_words, left_words, status, value_words
from pytest_bets.render.visible import width

LOOPS = (Bar("adapters", 1, 2, 90), Bar("train", 60, 100, 60))
LINE = RunningLine("running", "46_norm_replication", "", 0.0, "vm", "", LOOPS, {}, {})


def lines(cells: int, *, values: dict[str, float | str] | None = None) -> list[LiveLine]:
    shown = {"loss": 2.31, "rate": 5e-05} if values is None else values
    return [
        BetLine("bet", "46_norm_replication", "", 15, 60.0),
        CountLine("count", "46_norm_replication", 3, 1, 0, 180.0),
        *(
            replace(
                LINE, cell=f"bet_46_norm_replication.py::experiment[{index}-code]", since=900.0 + index, values=shown
            )
            for index in range(cells)
        ),
    ]


HEAD = "bets 0/1, cells 3/15, 1 broken"


@pytest.mark.parametrize(
    ("cells", "columns", "shown"),
    [
        (0, 80, f"{HEAD}, 12 min left"),
        (1, 120, f"{HEAD}, 11 min left | 46[0-code] adapters 1/2 > train 60/100 loss 2.31 rate 5e-05 1:40"),
        (1, 95, f"{HEAD}, 11 min left | 46[0-code] train 60/100 loss 2.31 rate 5e-05 1:40"),
        (1, 84, f"{HEAD}, 11 min left | 46[0-code] train 60/100 loss 2.31 1:40"),
        (1, 79, f"{HEAD}, 11 min left | 46[0-code] train 60/100 loss 2.31"),
        (2, 120, f"{HEAD}, 5 min left | 46[0-code] adapters 1/2 > train 60/100 loss 2.31 rate 5e-05 1:40 | 1 more"),
        (2, 60, f"{HEAD}, 5 min left | 2 running"),
        (1, 20, "bets 0/1, cells 3..."),
    ],
)
def test_the_status_line_says_what_there_is_room_for(cells: int, columns: int, shown: str) -> None:
    """The time left before the cells; of the cells the inner loop first, and one value."""
    assert status(state_of(lines(cells)), 1000.0, columns) == shown


@pytest.mark.parametrize("columns", range(10, 140, 3))
def test_the_status_line_is_never_wider_than_the_terminal(columns: int) -> None:
    """Wide characters take two columns; and no text can act on the terminal."""
    line = status(state_of(lines(3, values={"損失": "損失" * 9, "x": "\x1b[2J\n"})), 1000.0, columns)
    assert width(line) <= columns
    assert line.isprintable()


def test_times_and_values() -> None:
    """A guess is rounded; a time that runs is not."""
    assert [clock_words(seconds) for seconds in (-1, 9.9, 61, 3600, 100_000)] == [
        "0:00",
        "0:09",
        "1:01",
        "1:00:00",
        "27:46:40",
    ]
    times = (0.2, 89, 100, 5399, 5400, 100_000, 200_000)
    expected = ["1 s", "89 s", "2 min", "90 min", "1.5 h", "27.8 h", "2.3 days"]
    assert [left_words(Left(seconds, True)) for seconds in times] == [f"{words} left" for words in expected]
    assert left_words(Left(100, False)) == "over 2 min left"
    assert [value_words(value) for value in (3.0, 12345.0, 2.31415, 1e20, "nan")] == [
        "3",
        "12,345",
        "2.314",
        "1e+20",
        "nan",
    ]
