"""`kill -9` at any moment leaves every file of the results whole."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.processes import kill, start, until
from tests.helpers.repositories import git, isolate
from tests.helpers.results import journal, prove_whole, records

BETS = 25
KILLS = {"plain": (16, ()), "xdist": (6, ("-n", "2"))}


@pytest.mark.parametrize("how", KILLS)
def test_a_session_killed_at_any_moment_leaves_every_file_whole(
    bet: WriteBet, pytester: pytest.Pytester, how: str
) -> None:
    """Records load, chains hold and the journal knows every record after each kill; then a run completes."""
    for number in range(BETS):
        bet(f"bet_{number}_x.py", body="import time; time.sleep(0.001)\nreturn {'gain': part}")
    results = pytester.path / "results"
    journal = results / "journal.jsonl"
    kills, arguments = KILLS[how]
    chance = random.Random(20)
    cut_off = 0
    for _ in range(kills):
        before = _size(journal)
        session = start(pytester.path, "-q", *arguments)
        until(lambda before=before: _size(journal) != before, session)  # type: ignore[misc]  # a default binds the loop's value
        time.sleep(chance.uniform(0, 0.15))
        kill(session, signal.SIGKILL)
        cut_off += session.returncode == -signal.SIGKILL
        prove_whole(results)
    assert cut_off >= kills // 2, "the sessions ended before they were killed"
    assert len(list((results / ".bets").glob("*.draft"))) <= 4  # one a name that was being written, replaced each time
    last = start(pytester.path, "-q", *arguments)
    shown = last.communicate()[0]
    assert last.returncode == 0, shown
    prove_whole(results)
    assert len(records(results)) == BETS
    assert not list((results / ".bets").glob("*.draft"))
    assert not list((results / ".bets" / "unfinished").glob("*"))
    replay = start(pytester.path, "-q", "--bets-replay", *arguments)
    shown = replay.communicate()[0]
    assert replay.returncode == 0, shown


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("how", KILLS)
def test_git_never_takes_an_unfinished_run_for_results(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """What resuming needs is ignored from its first byte: while the first run goes on, and after it was killed."""
    isolate(monkeypatch)
    git("init", "-q", "-b", "main")
    bet(body="import time; time.sleep(60 * (part > 1))\nreturn {'gain': part}")
    results = pytester.path / "results"
    session = start(pytester.path, "-q", *KILLS[how][1])
    until(lambda: any(path.stat().st_size for path in results.rglob("*.cells")), session)
    assert session.poll() is None, "the session ended before it was looked at"
    assert git("add", "-n", "results") == ""
    kill(session, signal.SIGKILL)
    assert list(results.rglob("*.cells"))
    assert git("add", "-n", "results") == ""


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no such call on Windows")
def test_a_child_that_an_experiment_forks_writes_nothing(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """It goes on as a second session, with the same cells: one run has one line in the journal."""
    bet(body='if part == 3 and os.fork():\n    os.wait()\nreturn {"gain": part}', above="import os")
    pytester.runpytest_subprocess("-p", "no:randomly", "-W", "ignore")
    assert [line["verdict"] for line in journal(Path("results"))] == ["PASS"]
