"""The state of a session from its lines, in any amount."""

import pytest

from pytest_bets.live.lines import (
    BetLine,
    ClosedLine,
    CountLine,
    EndedLine,
    FailureLine,
    LiveLine,
    RunningLine,
    SessionLine,
    VerdictLine,
    dump,
    load,
)
from pytest_bets.live.sample import Bar
from pytest_bets.live.state import Curve, state_of

SESSION = SessionLine("session", "pytest-bets/live/1", "vm", 7, "123", 100.0, "pytest bets")
BETS = [BetLine("bet", "46_norm", "Norm wins.", 4, 10.0), BetLine("bet", "quick", "Quick.", 2, None)]


def running(cell: str = "bet_46_norm.py::experiment[1]", **values: float | str) -> RunningLine:
    return RunningLine("running", "46_norm", cell, 110.0, "vm", "gw0", (Bar("train", 3, 9, 5.0),), values, {})


LINES: list[LiveLine] = [
    SESSION,
    *BETS,
    running(loss=3.0),
    running("bet_46_norm.py::experiment[2]"),
    running(loss=2.0, phase="late"),
    CountLine("count", "46_norm", 1, 1, 0, 12.5),
    EndedLine("ended", "bet_46_norm.py::experiment[2]"),
    FailureLine("failure", "46_norm", "bet_46_norm.py::experiment[2]", "assert 1 == 2"),
    VerdictLine("verdict", "quick", "PASS"),
]


def test_a_line_is_read_as_it_was_written() -> None:
    """Every kind of line."""
    lines = [*LINES, ClosedLine("closed", 200.0, 1)]
    assert [load(dump(line)) for line in lines] == lines


def test_the_state_is_that_of_the_last_lines() -> None:
    """Counts of a bet, cells that run with the curves of their values, failures and verdicts."""
    state = state_of(LINES)
    assert state.session == SESSION
    assert (state.done, state.cells, state.slots) == (1, (1, 6, 1), 2)
    assert list(state.running) == ["bet_46_norm.py::experiment[1]"]
    assert state.curves == {"bet_46_norm.py::experiment[1]": {"loss": Curve(1, 2, [3.0, 2.0])}}
    assert [failure.why for failure in state.failures] == ["assert 1 == 2"]
    assert (state.bets["46_norm"].seconds, state.bets["quick"].seconds) == (12.5, None)


def test_the_lines_of_a_state_give_it_again() -> None:
    """So a file can be shortened: the curves stay. How many cells ran at once is seen again at once."""
    state = state_of([*LINES, *(running(loss=float(index)) for index in range(500))])
    again = state_of(load(dump(line)) for line in state.lines())
    state.slots = again.slots
    assert again == state
    assert len(list(state.lines())) < 12


def test_a_curve_is_evenly_over_the_time_of_a_cell() -> None:
    """However long it runs."""
    state = state_of(running(loss=float(index)) for index in range(5000))
    (curve,) = state.curves["bet_46_norm.py::experiment[1]"].values()
    assert curve.values == [float(index) for index in range(0, 5000, 64)]


def test_nothing_runs_in_a_session_that_was_closed() -> None:
    """Whatever its lines have said before."""
    assert not state_of([*LINES, ClosedLine("closed", 200.0, 0)]).running


@pytest.mark.parametrize("data", [b"", b"{", b"3", b"{}", b'{"kind": "new"}', b'{"kind": "bet"}', b"\xff", b"[1]"])
def test_a_line_that_cannot_be_read_is_left_out(data: bytes) -> None:
    """One that was cut off, one of a later version, and one of a bet that no line has named."""
    assert load(data) is None
    assert state_of([None, CountLine("count", "unknown", 1, 0, 0, 1.0)]).bets == {}
