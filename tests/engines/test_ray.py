"""Cells as tasks of a real Ray: one that the session starts, and one of two nodes on loopback."""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines import real
from tests.helpers.fixtures import WriteBet

pytestmark = real.needs(real.without("ray"))


def memory() -> tuple[int, int]:
    """Return the bytes of memory that this machine has, and those that are available."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    found = {words[0]: int(words[1]) * 1024 for words in lines}
    return found["MemTotal:"], found["MemAvailable:"]


@pytest.fixture
def session(pytester: pytest.Pytester) -> real.Session:
    """Return a session with a Python that has Ray."""
    return real.Session(pytester.path, real.interpreter("ray"))


@pytest.fixture(scope="module")
def cluster() -> "Iterator[subprocess.Popen[str]]":
    """Start a cluster of two nodes; its first line is its address."""
    process = subprocess.Popen(
        [real.interpreter("ray"), str(real.ROOT / "tests" / "engines" / "ray_cluster.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "PYTHONPATH": str(real.ROOT)},
    )
    yield process
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def address(cluster: "subprocess.Popen[str]") -> str:
    """Return the address of the cluster."""
    assert cluster.stdout
    return cluster.stdout.readline().strip()


def test_records_have_the_bytes_of_a_plain_run(session: real.Session, bet: WriteBet) -> None:
    """On a Ray that the session starts."""
    bet()
    bet("bet_2_second.py", body="return {'gain': part, 'curve': [1.5, float('nan')]}")
    plain = session.plain()
    session.run("--bets-on", "ray")
    assert real.recorded(session.folder) == plain


def test_records_have_the_same_bytes_on_a_cluster(session: real.Session, bet: WriteBet, address: str) -> None:
    """And a child that dies makes its bet void, in the same words."""
    bet()
    plain = session.plain()
    session.run("--bets-on", f"ray={address}")
    assert real.recorded(session.folder) == plain
    bet(
        "bet_2_second.py",
        body="os.kill(os.getpid(), 6) if part == 3 else None\nreturn {'gain': part}",
        above="import os",
    )
    session.run("--bets-on", f"ray={address}", expect=1)
    words = "1 of 4 cells crashed: experiment[3]: its process was killed by SIGABRT"
    assert session.record("2_second")["void"] == words


def test_workers_that_are_killed_at_random_moments_change_nothing(
    session: real.Session, bet: WriteBet, address: str
) -> None:
    """Every cell is measured once."""
    bet(body=real.body(session.folder), above=real.ABOVE, markers=real.PARTS)
    running = session.start("--bets-on", f"ray={address}", "--bets-attempts", "99")
    assert real.strike(session.folder, running, real.kill_supervisor, real.KILLS)
    real.ended(running)
    real.prove_measured_once(session, real.CELLS)


def test_nodes_that_are_killed_at_random_moments_change_nothing(
    session: real.Session, bet: WriteBet, address: str, cluster: "subprocess.Popen[str]"
) -> None:
    """The raylet with its workers; what they still say is dropped."""
    bet(body=real.body(session.folder), above=real.ABOVE, markers=real.PARTS)
    (session.folder / "nap").write_text("1.5")
    assert cluster.stdin
    assert cluster.stdout
    running = session.start("--bets-on", f"ray={address}", "--bets-attempts", "99")
    chance = random.Random(3)
    for _ in range(max(1, real.KILLS // 3)):
        real.until(lambda: real.running(session.folder), running)
        time.sleep(chance.uniform(0, 1))
        cluster.stdin.write("0\n")
        cluster.stdin.flush()
        assert cluster.stdout.readline() == "killed\n"
    real.ended(running)
    real.prove_measured_once(session, real.CELLS)


def test_an_interrupt_leaves_no_process(session: real.Session, bet: WriteBet, address: str) -> None:
    """Resuming goes on."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    (session.folder / "nap").write_text("60")
    running = session.start("--bets-on", f"ray={address}")
    real.until(lambda: real.running(session.folder), running)
    running.send_signal(signal.SIGINT)
    real.ended(running, expect=2)
    real.until(lambda: real.gone(session.folder))
    (session.folder / "nap").write_text("0")
    session.run("--bets-on", f"ray={address}", "--bets-resume")
    assert session.record()["verdict"] == "PASS"


def test_a_controller_that_is_killed_leaves_no_process(session: real.Session, bet: WriteBet, address: str) -> None:
    """Ray ends the workers of a driver that is gone; resuming goes on."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    real.kill_controller(session, "--bets-on", f"ray={address}")
    real.until(lambda: real.gone(session.folder))
    real.prove_resumed(session, "--bets-on", f"ray={address}")


def test_what_no_node_has_is_one_error_within_a_minute(session: real.Session, bet: WriteBet) -> None:
    """With what was asked, and what there is."""
    bet()
    shown = session.run("--bets-on", "ray", "-o", "bets_resources=1: gpus=3", expect=4)
    assert "it asks for cpus=1 gpus=3, and no node of the Ray cluster has that: cpus=" in shown
    shown = session.run("--bets-on", "ray=127.0.0.1:9", expect=4)
    assert "no Ray cluster answers there" in shown


def test_a_node_without_memory_makes_a_bet_void(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Ray kills the worker of the cell that took too much, and that cell is not tried again."""
    total, available = memory()
    share = 1 - available / total
    session = real.Session(
        pytester.path,
        real.interpreter("ray"),
        {"RAY_memory_usage_threshold": f"{share + 0.1:.3f}", "RAY_memory_monitor_refresh_ms": "100"},
    )
    bet(
        body=f"held = b'x' * {total // 5} if part == 3 else b''\n"
        "time.sleep(60 if held else 0)\n"
        "return {'gain': part}",
        above="import time",
    )
    session.run("--bets-on", "ray", expect=1)
    words = "1 of 4 cells crashed: experiment[3]: its node ran out of memory, and Ray killed it"
    assert session.record()["void"] == words
