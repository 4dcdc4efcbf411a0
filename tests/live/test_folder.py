"""The files in `results/.live/`: whole for a reader at every moment, and none of a dead session confuses one."""

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from pytest_bets.live import folder
from pytest_bets.live.folder import Writer, born, sessions
from pytest_bets.live.lines import BetLine, ClosedLine, CountLine, LiveLine, SessionLine, dump
from pytest_bets.live.state import State


class Session:
    """A session that writes."""

    def __init__(self, results: Path, since: float = 100.0) -> None:
        self.writer = Writer(results, since, "pytest bets")
        self.state = State()
        self.state.take(self.writer.session)

    def write(self, *lines: LiveLine) -> None:
        for line in lines:
            self.state.take(line)
        self.writer.write(lines, self.state)


def count(done: int) -> CountLine:
    return CountLine("count", "1_a", done, 0, 0, 1.0)


BET = BetLine("bet", "1_a", "A.", 9, None)


def test_sessions_do_not_touch_the_files_of_one_another(tmp_path: Path) -> None:
    """Two at once, of one process even; the folder hides itself from git."""
    one, two = Session(tmp_path, 100.0), Session(tmp_path, 200.0)
    for index in range(5):
        one.write(*([BET] if not index else []), count(index))
        two.write(*([BET] if not index else []), count(2 * index))
    found = sessions(tmp_path)
    assert [(one.runs, one.state.cells[0]) for one in found] == [(True, 8), (True, 4)]
    assert (tmp_path / ".live" / ".gitignore").read_text() == "*\n"


def test_a_reader_leaves_out_a_line_that_is_not_whole(tmp_path: Path) -> None:
    """And all that is no line; a file without a session is none."""
    session = Session(tmp_path)
    session.write(BET, count(3))
    (path,) = (tmp_path / ".live").glob("*.jsonl")
    with path.open("ab") as file:
        file.write(b"\xff\x00\n[]\n" + dump(count(5)) + dump(count(9))[:20])
    (tmp_path / ".live" / "strange.jsonl").write_bytes(b"{}\n")
    (found,) = sessions(tmp_path)
    assert found.state.cells == (5, 9, 0)


def test_a_file_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is replaced by one that says the same."""
    monkeypatch.setattr(folder, "LARGEST", 2000)
    session = Session(tmp_path)
    session.write(BET)
    for index in range(200):
        session.write(count(index % 9))
        (path,) = (tmp_path / ".live").glob("*.jsonl")
        assert path.stat().st_size < 2200
    (found,) = sessions(tmp_path)
    assert found.state == session.state
    assert not list((tmp_path / ".live").glob("*.draft"))


def test_a_folder_that_was_deleted_is_written_again(tmp_path: Path) -> None:
    """While the session runs: it is no evidence."""
    session = Session(tmp_path)
    session.write(BET, count(3))
    for path in (tmp_path / ".live").iterdir():
        path.unlink()
    (tmp_path / ".live").rmdir()
    session.write(count(4))
    (found,) = sessions(tmp_path)
    assert (found.runs, found.state.cells[0]) == (True, 4)


def _other(folder: Path, name: str, **changed: object) -> Path:
    """Write the file of another session."""
    values = {"host": socket.gethostname(), "process": os.getpid(), "born": born(os.getpid()), "since": 1.0, **changed}
    session = SessionLine("session", "pytest-bets/live/1", command="pytest", **values)  # type: ignore[arg-type]
    path = folder / ".live" / f"{name}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(dump(session) + dump(BET))
    return path


def test_a_session_whose_process_is_gone_does_not_run(tmp_path: Path) -> None:
    """Also if its number belongs to another process now, or if it has not been waited for."""
    gone = subprocess.Popen(["sleep", "60"])
    was = born(gone.pid)
    gone.kill()
    _other(tmp_path, "alive")
    _other(tmp_path, "reused", born="1")
    until = time.monotonic() + 10
    while born(gone.pid) and time.monotonic() < until:
        time.sleep(0.01)
    _other(tmp_path, "zombie", process=gone.pid, born=was)
    _other(tmp_path, "unknown", process=gone.pid, born="")
    assert [found.runs for found in sessions(tmp_path)] == [True, False, False, False]
    assert was
    gone.wait()


def test_a_session_on_another_machine_runs_while_it_gives_signs(tmp_path: Path) -> None:
    """One that writes nothing touches its file."""
    path = _other(tmp_path, "far", host="elsewhere", process=1, born="5")
    assert sessions(tmp_path)[0].runs
    old = time.time() - 61
    os.utime(path, (old, old))
    (found,) = sessions(tmp_path)
    assert not found.runs
    assert found.silent > 60
    own = Session(tmp_path)
    own.write(BET)
    (mine,) = [path for path in (tmp_path / ".live").glob("*.jsonl") if path.name != "far.jsonl"]
    os.utime(mine, (old, old))
    own.write()
    assert mine.stat().st_mtime < old + 1
    own.writer._signed -= folder.SIGN
    own.write()
    assert mine.stat().st_mtime > old + 30


def test_files_of_sessions_that_are_over_go_but_for_the_last_ones(tmp_path: Path) -> None:
    """When another one begins; those that run stay, and so do the logs, which are those of older sessions."""
    for index in range(9):
        path = _other(tmp_path, f"dead{index}", born="1")
        os.utime(path, (index, index))
    _other(tmp_path, "alive")
    log = tmp_path / ".live" / "logs" / BET.bet / "experiment.1.log"
    log.parent.mkdir(parents=True)
    log.write_text("words\n")
    os.utime(log, (99, 99))
    own = Session(tmp_path)
    own.write(BET)
    own.write(ClosedLine("closed", 150.0, 0))
    left = {path.stem for path in (tmp_path / ".live").glob("*.jsonl")}
    assert {"alive", *(f"dead{index}" for index in range(4, 9))} == {name for name in left if "-" not in name}
    found = sessions(tmp_path)
    assert {one.state.session.since: [log.lines for log in one.logs] for one in found if one.state.session} == {
        100.0: [],
        1.0: [("words",)],
    }
    assert [one.runs for one in found][:2] == [True, False]
    assert found[1].state.closed == ClosedLine("closed", 150.0, 0)


def test_there_is_nothing_where_nothing_was_written(tmp_path: Path) -> None:
    """Without a folder of results, too."""
    assert sessions(tmp_path / "none") == []
