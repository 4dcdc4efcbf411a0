"""Cells as jobs of a real Slurm with two nodes on this machine."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.engines import real, slurm_cluster
from tests.engines.slurm_cluster import SlurmCluster
from tests.engines.test_slurm_files import IMPATIENT
from tests.helpers.fixtures import WriteBet

pytestmark = real.needs(slurm_cluster.missing())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmCluster]:
    """Start a cluster."""
    made = SlurmCluster(tmp_path_factory.mktemp("slurm"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def session(cluster: SlurmCluster, pytester: pytest.Pytester) -> real.Session:
    """Return a session with that cluster."""
    return real.Session(pytester.path, variables={"SLURM_CONF": str(cluster.configuration)})


def queued(session: real.Session) -> list[str]:
    done = subprocess.run(
        ["squeue", "-h", "-o", "%i %T"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **session.variables},
    )
    return done.stdout.splitlines()


def test_records_have_the_bytes_of_a_plain_run(session: real.Session, bet: WriteBet) -> None:
    """With several bets, and short cells put together into jobs when their times are known."""
    bet()
    bet("bet_2_second.py", body="return {'gain': part, 'curve': [1.5, float('nan')]}")
    plain = session.plain()
    session.run("--bets-on", "slurm")
    assert real.recorded(session.folder) == plain
    shown = session.run("--bets-on", "slurm", "-v")
    assert real.recorded(session.folder) == plain
    assert "0 records written, 2 unchanged" in shown
    assert not list((session.folder / "results" / ".live" / "slurm").iterdir())
    assert queued(session) == []


def test_a_child_that_dies_makes_its_bet_void_and_is_not_run_again(session: real.Session, bet: WriteBet) -> None:
    """In the words of a run on this machine."""
    bet(body="os.kill(os.getpid(), 11) if part == 3 else None\nreturn {'gain': part}", above="import os")
    session.run("--bets-on", "slurm", expect=1)
    assert session.record()["void"] == "1 of 4 cells crashed: experiment[3]: its process was killed by SIGSEGV"
    assert "attempts" not in session.line()


def test_a_lost_node_is_tried_elsewhere_and_noted(session: real.Session, bet: WriteBet, cluster: SlurmCluster) -> None:
    """A power cut, seen by Slurm after its time-out; the host is in the journal and on the page of the bet."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    (session.folder / "nap").write_text("30")
    running = session.start("--bets-on", "slurm")
    real.until(lambda: len(real.running(session.folder)) == 4, running)
    (session.folder / "nap").write_text("0.1")
    node = real.running(session.folder)[0][1][3]
    lost = [part for part, own in real.running(session.folder) if own[3] == node]
    cluster.kill_node(node)
    try:
        for _, own in real.running(session.folder):  # the others need not sleep on
            with suppress(ProcessLookupError):  # one may have ended meanwhile
                os.kill(int(own[2]), signal.SIGKILL)
        real.ended(running)
    finally:
        cluster.start_node(node)
    real.prove_measured_once(session, 4)
    attempts = session.line()["attempts"]
    assert {f"experiment[{part}]" for part in lost} <= {one["cell"] for one in attempts if one["host"] == node}
    cluster._until(lambda: cluster.states().count("down") == 0)


def test_supervisors_that_are_killed_at_random_moments_change_nothing(session: real.Session, bet: WriteBet) -> None:
    """Every cell is measured once."""
    bet(body=real.body(session.folder), above=real.ABOVE, markers=real.PARTS)
    running = session.start("--bets-on", "slurm", "--bets-attempts", "99")
    real.strike(session.folder, running, real.kill_supervisor, real.KILLS)
    real.ended(running)
    real.prove_measured_once(session, real.CELLS)


def test_an_interrupt_leaves_no_job(session: real.Session, bet: WriteBet) -> None:
    """Nor a process; resuming goes on."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    (session.folder / "nap").write_text("60")
    running = session.start("--bets-on", "slurm")
    real.until(lambda: real.running(session.folder), running)
    running.send_signal(signal.SIGINT)
    real.ended(running, expect=2)
    real.until(lambda: not queued(session) and real.gone(session.folder))
    (session.folder / "nap").write_text("0")
    session.run("--bets-on", "slurm", "--bets-resume")
    assert session.record()["verdict"] == "PASS"


def test_a_controller_that_is_killed_leaves_jobs_that_the_next_session_cancels(
    session: real.Session, bet: WriteBet
) -> None:
    """Before it runs anything; resuming goes on, and leaves no job."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    real.kill_controller(session, "--bets-on", "slurm")
    assert len(queued(session)) >= 2
    real.prove_resumed(session, "--bets-on", "slurm")
    real.until(lambda: not queued(session) and real.gone(session.folder))
    assert not list((session.folder / "results" / ".live" / "slurm").iterdir())


def test_jobs_of_a_killed_controller_end_by_themselves(
    session: real.Session, bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """No session follows: those that run end, and one that waits in the queue runs nothing."""
    pytester.makeconftest(IMPATIENT)
    bet(body=real.body(session.folder), above=real.ABOVE, markers={"parametrize": '"part", list(range(1, 9))'})
    (session.folder / "nap").write_text("900")
    running = session.start("--bets-on", "slurm")
    real.until(lambda: len(real.running(session.folder)) == 4, running)
    assert len(queued(session)) == 8
    os.kill(running.pid, signal.SIGKILL)
    running.communicate(timeout=real.PATIENCE)
    real.until(lambda: not queued(session) and real.gone(session.folder))
    assert len(real.runs(session.folder)) == 4


def test_a_job_that_a_person_cancels_did_not_run(session: real.Session, bet: WriteBet) -> None:
    """It is not tried again, and not void."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    (session.folder / "nap").write_text("60")
    running = session.start("--bets-on", "slurm")
    real.until(lambda: len(real.running(session.folder)) == 4, running)
    subprocess.run(["scancel", "--user=root"], check=True, env={**os.environ, **session.variables})
    shown = real.ended(running, expect=2)
    assert "4 cancelled cells: --bets-resume runs what is left" in shown
    assert {one["end"] for one in session.line()["attempts"]} == {"cancelled"}


def test_what_slurm_refuses_is_one_error_before_anything_runs(session: real.Session, bet: WriteBet) -> None:
    """With what was asked, and what there is."""
    bet()
    began = time.monotonic()
    shown = session.run("--bets-on", "slurm=--partition=gpu", expect=4)
    assert "it asks for cpus=1 --partition=gpu, and Slurm says: " in shown
    assert "main*: 2 nodes with cpus=2 memory=4000MB" in shown
    assert time.monotonic() - began < 60
    assert "cpus=64" in session.run("--bets-on", "slurm", "-o", "bets_resources=1: cpus=64", expect=4)
    assert not (session.folder / "results" / "journal.jsonl").exists()


def test_an_experiment_that_takes_too_long_is_void(session: real.Session, bet: WriteBet) -> None:
    """Counted from its start."""
    bet(body="time.sleep(60 * (part == 2))\nreturn {'gain': part}", above="import time")
    session.run("--bets-on", "slurm", "-o", "bets_resources=1: hours=0.0002", expect=1)
    assert session.record()["void"] == "1 of 4 cells crashed: experiment[2]: it ran longer than 0.0002 hours"
    assert Path(session.folder / "results" / "1_first.json").exists()
