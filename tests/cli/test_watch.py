"""The command `watch`: what it shows of sessions that run, have ended or have died."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_bets.cli import watch
from pytest_bets.cli.main import main
from pytest_bets.live.folder import born
from pytest_bets.live.lines import (
    BetLine,
    ClosedLine,
    CountLine,
    FailureLine,
    LiveLine,
    RunningLine,
    SessionLine,
    VerdictLine,
    dump,
)
from pytest_bets.live.page import BLOCKS, PLAIN, bet_rows, cell_rows, sparkline
from pytest_bets.live.sample import Bar
from pytest_bets.live.view import document
from tests.helpers.schemas import faults

NOW: Final = time.time()


def session(*more: LiveLine, name: str = "one", **changed: Any) -> None:
    """Write what a session has written: three bets, of which one runs, one is done, and one waits."""
    own = {"host": socket.gethostname(), "process": os.getpid(), "born": born(os.getpid())}
    values = {**own, "since": NOW - 63, "command": "pytest bets -n 2", **changed}
    lines: list[LiveLine] = [
        SessionLine("session", "pytest-bets/live/1", **values),
        BetLine("bet", "4_done", "Done.", 2, 1.0),
        BetLine("bet", "5_next", "Next.", 3, 20.0),
        BetLine("bet", "46_norm", "Norm wins.", 4, 30.0),
        CountLine("count", "4_done", 2, 0, 0, 2.0),
        VerdictLine("verdict", "4_done", "LENIENT"),
        CountLine("count", "46_norm", 1, 1, 0, 30.0),
        FailureLine("failure", "46_norm", "bets/bet_46_norm.py::experiment[1-a]", "ValueError: no \x1b[2Jdata"),
        *(
            RunningLine(
                *("running", "46_norm", "bets/bet_46_norm.py::experiment[2-b]", NOW - 12, "node7", "gw1"),
                (Bar("train", step, 10, step), Bar("", 1, None, 0.5)),
                {"loss": 10.0 - step, "phase": "warm"},
                {},
            )
            for step in range(6)
        ),
        *more,
    ]
    path = Path("results/.live") / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(map(dump, lines)))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty project."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(watch, "time", SimpleNamespace(time=lambda: NOW))
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["watch", *arguments]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


@pytest.mark.usefixtures("project")
def test_a_session_that_runs_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    """What runs first; the curve of each value; and no text of a bet acts on the terminal."""
    session()
    expected = f"""\
pytest bets -n 2
process {os.getpid()} on {socket.gethostname()} runs for 1:03
bets 1/3, cells 3/9, 1 broken, 2 min left

bet      done  running  queued  broken  verdict
-------  ----  -------  ------  ------  -------
46_norm  1/4   1        2       1
5_next   0/3            3
4_done   2/2                            LENIENT

cell     where      time  left  progress    values
-------  ---------  ----  ----  ----------  -------------
46[2-b]  gw1 node7  0:12  0:18  train 5/10  loss 5 █▇▅▄▂▁
                                1           phase warm

broken cells
  46[1-a]: ValueError: no \\x1b[2Jdata
"""
    assert shown(capsys, "--once") == expected


@pytest.mark.usefixtures("project")
def test_sessions_that_have_ended_or_died_are_not_confused(capsys: pytest.CaptureFixture[str]) -> None:
    """The last one is shown where none runs; it does not look as if it ran. One that runs comes before them."""
    session(ClosedLine("closed", NOW - 3, 1))
    text = shown(capsys, "--once")
    assert f"process {os.getpid()} on {socket.gethostname()} ended after 1:00, exit status 1\n" in text
    assert "left" not in text
    assert "gw1" not in text
    session(name="two", born="1", since=NOW - 10.9)
    text = shown(capsys, "--once")
    assert "died after 0:10: the process is gone, and did not say how it ended\n" in text
    assert "gw1" not in text
    session(name="three", since=NOW - 99, command="pytest --slow")
    assert [line for line in shown(capsys, "--once").splitlines() if line.startswith("pytest")] == ["pytest --slow"]


@pytest.mark.usefixtures("project")
def test_json_has_all_sessions_and_fits_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """For scripts."""
    session()
    session(ClosedLine("closed", NOW - 3, 1), name="two")
    found = json.loads(shown(capsys, "--json"))
    assert faults("watch", found) == []
    assert [(one["state"], one["status"]) for one in found["sessions"]] == [("runs", None), ("ended", 1)]
    (cell,) = found["sessions"][0]["running"]
    assert cell["series"] == {"loss": [10, 9, 8, 7, 6, 5]}
    assert found["sessions"][0]["whole"] is True
    assert [bet["queued"] for bet in found["sessions"][0]["bets"]] == [0, 3, 2]


def test_a_folder_can_be_named(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a project, or one of results; one that is not there is an error, and one without sessions says so."""
    session()
    monkeypatch.chdir(project.parent)
    for folder in (project.name, f"{project.name}/results", str(project)):
        assert "46[2-b]" in shown(capsys, "--once", folder)
    (project / "empty").mkdir()
    (project / "empty" / "pytest.ini").write_text("[pytest]\n")
    text = shown(capsys, "--once", f"{project.name}/empty")
    assert text.startswith(f"No session is seen in {project.name}/empty/results. A session is seen as soon as")
    assert main(["watch", "--once", "none"]) == 2
    assert capsys.readouterr().err == f"pytest-bets watch: there is no folder {project.parent}/none\n"


def test_a_folder_of_results_in_which_nothing_has_run_long_is_that_folder(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the one that the project has set: a session of it would be shown as one of the other."""
    session()
    (project / "other").mkdir()
    (project / "other/journal.jsonl").touch()
    assert shown(capsys, "--once", "other").startswith("No session is seen in other.")


def logged(name: str, text: str, age: float) -> None:
    """Write the log of a failed attempt, as an engine's session does."""
    path = Path("results/.live/logs/46_norm") / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (NOW - age, NOW - age))


@pytest.mark.usefixtures("project")
def test_the_end_of_what_failed_attempts_have_printed_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Of this session, the last one first; engines keep it."""
    session()
    logged("experiment_1-a_.2.log", "".join(f"line {index}\n" for index in range(2000)) + "Seg\x1b[2Jfault\n", 9)
    logged("experiment_1-a_.1.log", "first words\n", 20)
    logged("experiment_1-a_.9.log", "of an earlier session\n", 99)
    folder = "results/.live/logs/46_norm"
    expected = f"""\
{folder}/experiment_1-a_.2.log: printed by a failed attempt
  line 1996
  line 1997
  line 1998
  line 1999
  Seg\\x1b[2Jfault
{folder}/experiment_1-a_.1.log: printed by a failed attempt
  first words
"""
    assert shown(capsys, "--once").endswith(f"data\n\n{expected}")
    logged("experiment_1-a_.3.log", "", 5)
    logged("experiment_1-a_.4.log", "", 4)
    assert shown(capsys, "--once").endswith("\nand 1 log more beside them\n")
    found = json.loads(shown(capsys, "--json"))
    assert faults("watch", found) == []
    assert [log["lines"][-1:] for log in found["sessions"][0]["logs"]] == [
        [],
        [],
        ["Seg\x1b[2Jfault"],
        ["first words"],
    ]


@pytest.mark.usefixtures("project")
def test_without_rich_the_live_table_names_the_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """--once and --json need nothing more."""
    session()
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.delitem(sys.modules, "pytest_bets.cli.dashboard", raising=False)
    monkeypatch.delattr("pytest_bets.cli.dashboard", raising=False)
    assert main(["watch"]) == 2
    expected = "rich is not installed: pip install 'pytest-bets[watch]', or rich alone; --once prints without it"
    assert expected in capsys.readouterr().err
    assert "46[2-b]" in shown(capsys, "--once")


@pytest.mark.usefixtures("project")
def test_the_live_table_is_drawn_and_ctrl_c_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many rows as there is room for."""
    console = pytest.importorskip("rich.console")
    from pytest_bets.cli import dashboard
    from pytest_bets.live.folder import sessions

    session()
    logged("experiment_1-a_.2.log", "last words\n", 9)
    screen = console.Console(width=70, record=True, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    looked = document("results", sessions(Path("results")), NOW)
    screen.print(dashboard.drawn(looked, BLOCKS, 24))
    text = screen.export_text()
    assert "46_norm  1/4   1        2       1" in text
    assert "loss 5 █▇▅▄▂▁" in text
    assert "46[1-a]: ValueError: no \\x1b[2Jdata" in text
    assert "experiment_1-a_.2.log" in text
    assert "\n  last words" in text
    screen.print(dashboard.drawn(document("none", [], 0.0), BLOCKS, 24))
    assert "No session is seen in none." in screen.export_text()
    looks = []

    def look() -> Any:
        looks.append(1)
        return looked

    def sleep(_: float) -> None:
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(dashboard, "time", SimpleNamespace(sleep=sleep))
    dashboard.follow(look, BLOCKS)
    assert len(looks) == 3
    screen.file.close()


@pytest.mark.usefixtures("project")
def test_many_bets_and_cells_leave_a_count() -> None:
    """Those that run come first."""
    from pytest_bets.live.folder import sessions

    session(*(BetLine("bet", f"{index}_x", "", 1, None) for index in range(100, 200)))
    (view,) = document("results", sessions(Path("results")), NOW).sessions
    rows = bet_rows(view, 4)
    assert [row[0] for row in rows] == ["46_norm", "5_next", "100_x", "101_x", "and 99 bets more"]
    assert len(bet_rows(view)) == 103
    assert [row[0] for row in cell_rows(view, BLOCKS, 0)] == ["and 1 more"]


@pytest.mark.parametrize(
    ("values", "curve"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([1, 1], "▄▄"),
        ([5, 1], "█▁"),
        ([*range(1000)], "▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇███"),
    ],
)
def test_a_curve_in_blocks(values: list[float], curve: str) -> None:
    """From low to high, of at most 24 columns; in characters of ASCII where there are no others."""
    assert sparkline(values, BLOCKS) == curve
    assert sparkline(values, PLAIN) == curve.translate(str.maketrans(BLOCKS, PLAIN))


@pytest.mark.usefixtures("project")
def test_the_terminal_s_encoding_is_kept() -> None:
    """Where it has no blocks."""
    session()
    done = subprocess.run(
        [sys.executable, "-m", "pytest_bets", "watch"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )
    assert b"loss 5 @#+=._" in done.stdout
