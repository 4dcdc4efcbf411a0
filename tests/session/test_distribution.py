"""However the items are distributed and ordered, outcomes, records and summary are the same."""

import re
import shutil
from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import journal, known, prove_whole, records

RESULTS = Path("results")
MODES = ("load", "worksteal", "loadfile", "loadscope", "loadgroup")
FAILED = pytest.ExitCode.TESTS_FAILED
TABLE = """\
bet       verdict       what decided                                   standing
--------  ------------  ---------------------------------------------  ---------
1_first   PASS          count(gain > 0) >= 3 (measured 4)              stands
2_second  LENIENT       strict not met: count(gain > 0) >= 3           stands
                        (measured 2)
10_tenth  FAIL,         catastrophic tripped: count(gain > 0) < 1      falsified
          catastrophic  (measured 0)
nameless  FAIL          strict not met: count(gain > 0) >= 3           falsified
                          (measured 1)
                        lenient not met: >= 2
"""


@pytest.fixture
def catalogue(bet: WriteBet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write a bet of every outcome, among tests that are none."""
    monkeypatch.setenv("COLUMNS", "80")
    bet()
    bet("bet_2_second.py", body='return {"gain": part - 2}')
    bet("sub/bet_10_tenth.py", body='return {"gain": -part, "curve": [part / 3, float("nan")]}')
    bet("bet_nameless.py", body='return {"gain": part - 3}', markers={"replicate": "1"}, arguments="part, seed")
    Path("test_beside.py").write_text("def test_one(): pass\ndef test_two(): pass\n")


def outcomes(shown: str) -> dict[str, int]:
    """Return the counts in the last line of a session by category."""
    return {
        name: int(count) for count, name in re.findall(r"(\d+) (\w+)", shown.strip().splitlines()[-1]) if name != "s"
    }


def closing(shown: str) -> str:
    """Return the table that closes a session."""
    return shown.partition("= bets =")[2].partition("\n")[2].partition("\n\n")[0] + "\n"


@pytest.fixture
def plain(catalogue: None, run: Run) -> tuple[str, dict[str, bytes]]:  # noqa: ARG001  # it is there to be run
    """Return what a session in one process shows and writes, and take its results away."""
    shown = run(expect=FAILED)
    held = known(RESULTS)
    shutil.rmtree(RESULTS)
    return shown, held


def test_a_session_in_one_process_knows_every_outcome(plain: tuple[str, dict[str, bytes]]) -> None:
    """What the other sessions are held against is right itself."""
    shown, held = plain
    assert outcomes(shown) == {"failed": 1, "passed": 24, "unmet": 5}
    assert closing(shown) == TABLE
    assert set(held) == {
        "1_first.json",
        "2_second.json",
        "10_tenth.json",
        "nameless.json",
        "SUMMARY.json",
        "SUMMARY.md",
    }


@pytest.mark.parametrize("mode", MODES)
def test_distribution_changes_nothing(plain: tuple[str, dict[str, bytes]], run: Run, mode: str) -> None:
    """Under every mode of xdist two workers give the outcomes, the table and the bytes of one process."""
    shown = run("-n", "2", "--dist", mode, expect=FAILED)
    assert outcomes(shown) == outcomes(plain[0])
    assert closing(shown) == closing(plain[0])
    assert known(RESULTS) == plain[1]
    assert len(prove_whole(RESULTS)) == 4


def test_without_xdist_nothing_changes(
    plain: tuple[str, dict[str, bytes]], pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-p no:xdist leaves no hook of ours unknown."""
    monkeypatch.delenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD")
    result = pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:randomly", "-p", "no:cacheprovider")
    assert outcomes(result.stdout.str()) == outcomes(plain[0])
    assert known(RESULTS) == plain[1]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_changes_nothing(plain: tuple[str, dict[str, bytes]], run: Run, seed: int) -> None:
    """Where pytest-randomly shuffles, tiers may come before their cells."""
    shown = run("-p", "pytest_randomly", f"--randomly-seed={seed}", "-v", expect=FAILED)
    assert outcomes(shown) == outcomes(plain[0])
    assert closing(shown) == closing(plain[0])
    assert known(RESULTS) == plain[1]


def test_shuffled_and_distributed_nothing_changes(plain: tuple[str, dict[str, bytes]], run: Run) -> None:
    """Shuffling and distributing together change nothing either."""
    shown = run("-p", "pytest_randomly", "--randomly-seed=7", "-n", "2", "--dist", "worksteal", expect=FAILED)
    assert outcomes(shown) == outcomes(plain[0])
    assert known(RESULTS) == plain[1]


def test_running_every_cell_on_every_worker_is_refused(bet: WriteBet, run: Run) -> None:
    """--dist each would give each cell two rows; it is refused with the modes that go."""
    bet()
    shown = run("-n", "2", "--dist", "each", expect=pytest.ExitCode.USAGE_ERROR)
    assert "--dist each does not go with bets: it runs every cell once a worker" in shown
    assert "Use --dist load, worksteal, loadfile, loadscope or loadgroup." in shown
    assert not RESULTS.exists()


def test_without_bets_every_worker_may_run_everything(pytester: pytest.Pytester, run: Run) -> None:
    """--dist each is refused for bets alone."""
    pytester.makepyfile("def test_one(): pass")
    assert outcomes(run("-n", "2", "--dist", "each")) == {"passed": 2}


@pytest.mark.parametrize("mode", MODES)
def test_a_cell_that_kills_its_worker_voids_its_bet_alone(bet: WriteBet, run: Run, mode: str) -> None:
    """It is run once, the other bets are judged and recorded, and the void does not name the worker."""
    bet()
    bet("bet_2_deadly.py", body='if part == 2:\n    os._exit(3)\nreturn {"gain": part}', above="import os")
    bet("bet_3_third.py")
    shown = run("-n", "2", "--dist", mode, "-rs", expect=FAILED)
    assert outcomes(shown) == {"failed": 1, "passed": 17, "skipped": 3}
    assert shown.count("node down: Not properly terminated") == 1
    reason = "1 of 4 cells crashed: experiment[2]: the worker died"
    assert f"not judged: {reason}" in shown
    assert {name: (record["verdict"], record["void"]) for name, record in records(RESULTS).items()} == {
        "1_first": ("PASS", None),
        "2_deadly": (None, reason),
        "3_third": ("PASS", None),
    }
    assert [cell["params"]["part"] for cell in records(RESULTS)["2_deadly"]["cells"]] == [1, 3, 4]
    assert len(journal(RESULTS)) == 3


def test_a_worker_that_dies_while_cells_are_taken_back_from_it_voids_its_bet_alone(bet: WriteBet, run: Run) -> None:
    """The command that no longer reaches it is no internal error, which would end the session with all its bets."""
    body = """\
if part == 2:
    Path("dying").write_text(os.environ["PYTEST_XDIST_WORKER"])
    while not Path("asked").exists():
        time.sleep(0.01)
    os._exit(3)
return {"gain": part}"""
    bet("bet_1_deadly.py", body=body, above="import os\nimport time\nfrom pathlib import Path")
    bet("bet_2_second.py")
    bet("bet_3_third.py")
    Path("conftest.py").write_text(
        """\
from pathlib import Path
from xdist.workermanage import WorkerController

send = WorkerController.sendcommand

def sendcommand(node, name, **command):
    if name == "steal" and node.gateway.id == Path("dying").read_text():
        Path("asked").touch()
        node.gateway._io.wait()
        Path("late").touch()
    send(node, name, **command)

WorkerController.sendcommand = sendcommand
"""
    )
    shown = run("-n", "2", "--dist", "worksteal", expect=FAILED)
    assert Path("late").exists()
    assert outcomes(shown) == {"failed": 1, "passed": 17, "skipped": 3}
    assert {name: record["verdict"] for name, record in records(RESULTS).items()} == {
        "1_deadly": None,
        "2_second": "PASS",
        "3_third": "PASS",
    }


def test_a_test_that_kills_its_worker_is_left_to_xdist(bet: WriteBet, run: Run) -> None:
    """What is no bet is distributed as if there were no bets."""
    bet()
    Path("test_deadly.py").write_text("import os\ndef test_deadly(): os._exit(3)\ndef test_after(): pass\n")
    shown = run("-n", "2", "--dist", "load", expect=FAILED)
    assert outcomes(shown) == {"failed": 1, "passed": 8}
    assert records(RESULTS)["1_first"]["verdict"] == "PASS"
