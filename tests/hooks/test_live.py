"""A session while it runs: samples of its cells arrive in `results/.live/`, wherever the cells run."""

import json
import signal
import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_bets.hooks import live
from pytest_bets.hooks.live import usual_seconds
from pytest_bets.hooks.sampler import PAUSE, Sampler
from pytest_bets.live.folder import sessions
from pytest_bets.live.lines import RunningLine, load
from pytest_bets.live.progress import Progress
from tests.helpers.commands import run as command
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.processes import kill, start, until

LIBRARY: Final = '''
import pathlib
import time


def arrived(part):
    lines = [line for path in pathlib.Path("results/.live").glob("*.jsonl") for line in path.read_text().splitlines()]
    return any(f"experiment[{part}]" in line and '"train"' in line and '"loss"' in line for line in lines)


def train(part, progress):
    """Trains until somebody else can see it."""
    end = time.monotonic() + 20
    for step in progress(range(10_000), "train"):
        progress.update(loss=5 / (1 + step))
        time.sleep(0.01)
        if arrived(part):
            return step
        assert time.monotonic() < end, "nothing has arrived"
'''
WHERE: Final = [(), ("-n", "2"), ("--bets-on", "local=2")]


@pytest.fixture
def library(pytester: pytest.Pytester) -> None:
    """Write a library that trains, as a laboratory has one."""
    (pytester.path / "library.py").write_text(LIBRARY)
    (pytester.path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")


def training(bet: WriteBet, file: str = "bet_1_first.py") -> None:
    body = "if part == 2:\n    library.train(part, progress)\nreturn {'gain': part}"
    bet(file, body=body, above="import library", arguments="part, progress")


def lines(folder: Path = Path("results")) -> list[Any]:
    return [load(line) for path in (folder / ".live").glob("*.jsonl") for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("arguments", WHERE, ids=" ".join)
@pytest.mark.usefixtures("library")
def test_the_progress_of_a_cell_arrives(bet: WriteBet, run: Run, arguments: tuple[str, ...]) -> None:
    """From a library that the bet hands `progress` to; by one way, wherever the cell runs."""
    training(bet)
    run(*arguments)
    written = lines()
    assert None not in written
    seen = [line for line in written if isinstance(line, RunningLine) and line.bars]
    assert {(line.bet, line.cell, line.host) for line in seen} == {
        ("1_first", "bet_1_first.py::experiment[2]", socket.gethostname())
    }
    assert seen[-1].worker.startswith("gw") if "-n" in arguments else seen[-1].worker == ""
    assert [(bar.label, bar.total) for bar in seen[-1].bars] == [("train", 10_000)]
    assert seen[-1].values.keys() == {"loss"}
    (found,) = sessions(Path("results"))
    state = found.state
    assert (found.runs, state.closed and state.closed.status) == (False, 0)
    assert (state.done, state.cells, state.running) == (1, (4, 4, 0), {})
    assert [(bet.bet.bet, bet.verdict) for bet in state.bets.values()] == [("1_first", "PASS")]


@pytest.mark.parametrize("arguments", WHERE, ids=" ".join)
def test_everything_passes_through_if_nothing_watches(bet: WriteBet, run: Run, arguments: tuple[str, ...]) -> None:
    """With --bets-progress off: the iterator is that of the items, no thread runs, and nothing is written."""
    body = """
    items = iter([part])
    assert progress(items, "train") is items
    progress.update(loss=object())
    assert "bets-progress" not in [thread.name for thread in threading.enumerate()]
    time.sleep(1.1 * (part == 4))
    return {"gain": part}
    """
    bet(body=body, above="import threading, time", arguments="part, progress, seed", markers={"replicate": "1"})
    run("--bets-progress", "off", *arguments)
    assert not Path("results/.live").exists()


def test_a_short_session_and_a_rehearsal_leave_nothing(bet: WriteBet, run: Run) -> None:
    """A rehearsal writes no results, and a session of less than a second has nothing to see."""
    bet(body="time.sleep(1.1 * (part == 4))\nreturn {'gain': part}", above="import time", arguments="part, progress")
    run("--bets-pilot")
    assert not Path("results").exists()


def test_a_session_that_python_starts_with_a_path_is_seen(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`pytest.main` takes paths as they are."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    path = bet(body="time.sleep(1.1 * (part == 4))\nreturn {'gain': part}", above="import time")
    script = f"import pathlib, pytest\npytest.main([pathlib.Path({str(path)!r}), '-p', 'pytest_bets.plugin'])"
    shown = pytester.run(sys.executable, "-c", script).stdout.str()
    assert "1 bet: 1 PASS" in shown
    assert lines()[0].command == f"pytest {path} -p pytest_bets.plugin"


def test_a_fixture_of_a_module_and_of_the_user_s_conftest(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """`progress` serves fixtures of every scope; one of that name in a conftest.py, and a parameter, come first."""
    above = """
    @pytest.fixture(scope="module")
    def base(progress):
        return sum(progress([1, 2, 3], "base"))
    """
    bet(body="return {'gain': base - 5 + part}", above=above, arguments="part, base")
    markers = {"parametrize": '"progress", [1, 2, 3, 4]'}
    bet("bet_2_second.py", body="return {'gain': progress}", markers=markers, arguments="progress")
    run()
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef progress(): return 7")
    bet("bet_3_third.py", body="assert progress == 7\nreturn {'gain': part}", arguments="part, progress")
    run("bet_3_third.py")


@pytest.mark.usefixtures("library")
def test_no_thread_is_there_when_a_cell_forks(bet: WriteBet, run: Run) -> None:
    """Python warns of threads at a fork, which may turn a cell red; later steps are seen all the same."""
    body = """
    if part == 2:
        time.sleep(0.7)
        assert "bets-progress" in [thread.name for thread in threading.enumerate()]
        child = os.fork()
        if not child:
            list(progress(range(3)))
            os._exit(len(threading.enumerate()))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        assert "bets-progress" not in [thread.name for thread in threading.enumerate()]
        library.train(part, progress)
    return {"gain": part}
    """
    bet(body=body, above="import library, os, threading, time", arguments="part, progress")
    run("-W", "error")


def test_an_error_of_the_display_breaks_no_bet(bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal says so in the end."""
    monkeypatch.setattr(live, "status", lambda *_: 1 / 0)
    bet(body="time.sleep(0.8 * (part == 4))\nreturn {'gain': part}", above="import time")
    monkeypatch.setattr("pytest_bets.hooks.screen.Screen.show", lambda _, line: line(80))
    shown = run()
    assert "The progress was not shown any more after an error: ZeroDivisionError: division by zero" in shown
    assert "1 bet: 1 PASS" in shown


@pytest.mark.usefixtures("library")
def test_a_session_that_was_killed_does_not_run_any_more(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`watch` says so, and the next session is seen beside it."""
    bet(
        body="for _ in progress(range(9), 'long'):\n    time.sleep(60 * (part == 3 and slow))\nreturn {'gain': part}",
        above="import os, time\nslow = 'SLOW' in os.environ",
        arguments="part, progress",
    )
    monkeypatch.setenv("SLOW", "1")
    session = start(pytester.path)
    monkeypatch.delenv("SLOW")
    until(lambda: any(isinstance(line, RunningLine) and line.bars for line in lines()), session)
    shown = json.loads(command("watch", "--json")[1])
    assert [one["state"] for one in shown["sessions"]] == ["runs"]
    assert [cell["cell"] for cell in shown["sessions"][0]["running"]] == ["bet_1_first.py::experiment[3]"]
    kill(session, signal.SIGKILL)
    assert "died after" in command("watch", "--once")[1]
    run()
    (found,) = [one for one in sessions(Path("results")) if one.state.closed is None]
    assert not found.runs


def _runs(*runs: tuple[str, float, int, int, bool]) -> Any:
    """Return a folder of results whose journal has these runs: host, seconds, cells, those reused, rehearsal."""
    made = [
        SimpleNamespace(host=host, seconds=seconds, cells=SimpleNamespace(count=cells), resumed=resumed, pilot=pilot)
        for host, seconds, cells, resumed, pilot in runs
    ]
    return SimpleNamespace(last_runs=lambda _: reversed(made))


def test_the_usual_time_of_a_cell_is_that_of_this_machine() -> None:
    """Of its last run; else of the last one anywhere. Neither reused cells nor rehearsals count."""
    here = socket.gethostname()
    assert usual_seconds(_runs(), "1_a") is None
    assert usual_seconds(_runs((here, 40.0, 4, 0, False), ("far", 4.0, 4, 0, False)), "1_a") == 10
    assert usual_seconds(_runs(("a", 40.0, 4, 0, False), ("b", 4.0, 4, 0, False)), "1_a") == 1
    assert (
        usual_seconds(_runs((here, 40.0, 4, 2, False), (here, 9.0, 4, 0, True), (here, 0.0, 4, 4, False)), "1_a") == 20
    )


def test_a_setting_that_is_no_mode_is_refused(pytester: pytest.Pytester) -> None:
    """With the modes that there are."""
    pytester.makeini("[pytest]\nbets_progress = bars\n")
    result = pytester.runpytest_inprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    expected = "ERROR: bets_progress is 'bars' in the settings; expected one of auto, bar, line, off; did you mean bar?"
    assert expected in result.stderr.str()


def test_a_sampler_sends_what_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a cell that ends at once, nothing twice, and less often of a cell that has run for long."""
    now, sent = [0.0], list[str]()
    shown = Progress(lambda: now[0])
    sampler = Sampler(shown, sent.append)
    monkeypatch.setattr(sampler, "_ticker", SimpleNamespace(start=lambda: None, stop=lambda: None))
    sampler.start()
    assert (sampler._tick(), len(sent)) == (PAUSE, 0)
    shown.begin("a")
    assert (sampler._tick(), len(sent)) == (PAUSE, 0)
    steps, now[0] = shown(range(9)), 10.0
    assert (sampler._tick(), len(sent)) == (PAUSE, 1)
    assert (sampler._tick(), len(sent)) == (PAUSE, 1)
    next(steps)
    next(steps)
    now[0] = 120.0
    assert (sampler._tick(), len(sent)) == (2.0, 2)
    now[0] = 9000.0
    assert (sampler._tick(), len(sent)) == (5.0, 2)


def test_a_link_that_is_closed_ends_the_sampler() -> None:
    """The process that judges is gone."""

    def broken(_: str) -> None:
        raise OSError

    shown = Progress(iter(range(0, 1000, 10)).__next__)
    shown.begin("a")
    assert Sampler(shown, broken)._tick() is None
