"""Which cell starts next."""

from collections.abc import Collection
from dataclasses import replace

import pytest

from pytest_bets.bet.resources import Need
from pytest_bets.engines.event import Work
from pytest_bets.engines.queue import Queue, Waiting, durations
from pytest_bets.record.codec import load_line
from pytest_bets.record.line import RunLine
from tests.helpers.fixtures import Run, WriteBet


def cell(name: str, seconds: float | None = None, need: Need | None = None, file: str = "bet_1_x.py") -> Waiting:
    return Waiting(Work(name, file, seconds=seconds), need or Need())


def order(queue: Queue) -> list[str]:
    found = []
    while (taken := queue.take(lambda _: ())) is not None:
        found.append(taken.work.cell)
    return found


def test_the_longest_comes_first_and_an_unknown_one_before_it() -> None:
    """Cells of one length keep their order."""
    queue = Queue()
    queue.fill([cell("short", 1), cell("long", 9), cell("new"), cell("same", 9), cell("newer")])
    assert len(queue) == 5
    assert order(queue) == ["new", "newer", "long", "same", "short"]
    assert not len(queue)


def test_a_quick_bet_comes_first() -> None:
    """The session shows a verdict soon; a bet of which a cell is not known may be long."""
    long = [cell(f"long {index}", 9) for index in range(10)]
    quick = [cell(f"quick {index}", index, file="bet_2_x.py") for index in (1, 2)]
    new = [cell("new", file="bet_3_x.py"), cell("short", 1, file="bet_3_x.py")]
    queue = Queue()
    queue.fill([*long, *quick, *new])
    assert order(queue)[:4] == ["quick 2", "quick 1", "new", "long 0"]
    queue.fill([*long, *quick, *new], as_given=True)
    assert order(queue)[:2] == ["long 0", "long 1"]


@pytest.mark.parametrize(("seconds", "first"), [(5, "quick"), (6, "long")])
def test_a_bet_that_takes_over_a_twentieth_of_the_session_is_no_quick_one(seconds: float, first: str) -> None:
    """What comes first may make the session longer by as much."""
    queue = Queue()
    queue.fill([cell("long", 95), cell("quick", seconds, file="bet_2_x.py")])
    assert order(queue)[0] == first


def test_a_lost_cell_comes_before_all_others() -> None:
    """It has waited once."""
    queue = Queue()
    queue.fill([cell("new"), cell("long", 9)])
    queue.again(cell("lost", 1))
    queue.again(cell("lost later", 1))
    assert order(queue) == ["lost later", "lost", "new", "long"]


def test_a_cell_that_waits_for_a_gpu_lets_others_pass() -> None:
    """But not those that need a GPU, too."""
    queue = Queue()
    queue.fill([cell("two", 9, Need(gpus=2)), cell("one", 5, Need(gpus=1)), cell("none", 1)])

    def short(need: Need) -> Collection[str]:
        return {"gpus"} if need.gpus > 1 else ()

    taken = queue.take(short)
    assert taken
    assert taken.work.cell == "none"
    assert queue.take(short) is None
    assert len(queue) == 2


def test_a_cell_that_waits_for_cpus_holds_all_others_back() -> None:
    """Otherwise small cells would take turns before it for as long as there are any."""
    queue = Queue()
    queue.fill([cell("large", 9, Need(cpus=4)), cell("small", 1)])
    assert queue.take(lambda need: {"cpus"} if need.cpus > 2 else ()) is None


@pytest.mark.usefixtures("pytester")
def test_the_journal_knows_how_long_a_cell_took(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """The seconds of the last run over its cells."""
    bet()
    run()
    run()
    text = (pytester.path / "results" / "journal.jsonl").read_bytes().splitlines()
    lines = [line for line in (load_line(one, "journal") for one in text) if isinstance(line, RunLine)]
    assert durations(lines) == {"1_first": lines[1].seconds / 4}
    resumed = [replace(lines[1], resumed=count, seconds=6.0) for count in (3, 4)]
    assert durations(resumed) == {"1_first": 6}, "the cells of an interrupted run took none of these seconds"
