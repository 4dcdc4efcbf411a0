"""Cells as tasks of a real Dask cluster on this machine."""

import signal
import socket
from contextlib import suppress

import pytest

from tests.engines import real
from tests.engines.dask_cluster import DaskCluster
from tests.helpers.fixtures import WriteBet

pytestmark = real.needs(real.without("distributed").replace("[distributed]", "[dask]"))


@pytest.fixture
def session(pytester: pytest.Pytester) -> real.Session:
    """Return a session with a Python that has Dask."""
    return real.Session(pytester.path, real.interpreter("distributed"))


def test_records_have_the_bytes_of_a_plain_run(session: real.Session, bet: WriteBet) -> None:
    """With several bets."""
    bet()
    bet("bet_2_second.py", body="return {'gain': part, 'curve': [1.5, float('nan')]}")
    plain = session.plain()
    session.run("--bets-on", "dask")
    assert real.recorded(session.folder) == plain


def test_warnings_of_dask_are_no_errors_of_the_project(
    session: real.Session, bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """Its usual port is taken by another session, and no warning says so."""
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    bet()
    with socket.socket() as taken:
        with suppress(OSError):  # it is taken
            taken.bind(("", 8787))
            taken.listen()
        session.run("--bets-on", "dask")
    assert session.record()["verdict"] == "PASS"


def test_a_child_that_dies_makes_its_bet_void_and_is_not_run_again(session: real.Session, bet: WriteBet) -> None:
    """In the words of a run on this machine."""
    bet(body="os._exit(3) if part == 3 else None\nreturn {'gain': part}", above="import os")
    session.run("--bets-on", "dask", expect=1)
    assert session.record()["void"] == "1 of 4 cells crashed: experiment[3]: its process exited with status 3"
    assert "attempts" not in session.line()


def test_workers_that_are_killed_at_random_moments_change_nothing(session: real.Session, bet: WriteBet) -> None:
    """Every cell is measured once, also those that were done when their worker died."""
    bet(body=real.body(session.folder), above=real.ABOVE, markers=real.PARTS)
    running = session.start("--bets-on", "dask", "--bets-attempts", "99")
    assert real.strike(session.folder, running, real.kill_supervisor, real.KILLS)
    real.ended(running)
    real.prove_measured_once(session, real.CELLS)


def test_an_interrupt_leaves_no_process(session: real.Session, bet: WriteBet) -> None:
    """Resuming goes on."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    (session.folder / "nap").write_text("60")
    running = session.start("--bets-on", "dask")
    real.until(lambda: real.running(session.folder), running)
    running.send_signal(signal.SIGINT)
    real.ended(running, expect=2)
    real.until(lambda: real.gone(session.folder))
    (session.folder / "nap").write_text("0")
    session.run("--bets-on", "dask", "--bets-resume")
    assert session.record()["verdict"] == "PASS"


def test_a_controller_that_is_killed_leaves_no_process(session: real.Session, bet: WriteBet) -> None:
    """Its workers end with it, and their guards kill the children; resuming goes on."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    real.kill_controller(session, "--bets-on", "dask")
    real.until(lambda: real.gone(session.folder))
    real.prove_resumed(session, "--bets-on", "dask")


def test_a_cluster_that_outlives_its_controller_ends_its_cells(session: real.Session, bet: WriteBet) -> None:
    """Its workers see that the scheduler has forgotten their tasks."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    with DaskCluster(session.python) as cluster:
        for _ in range(2):
            cluster.add_worker()
        real.kill_controller(session, "--bets-on", f"dask={cluster.address}")
        real.until(lambda: real.gone(session.folder))
        real.prove_resumed(session, "--bets-on", f"dask={cluster.address}")


def test_a_scheduler_that_dies_ends_the_session_with_an_error(session: real.Session, bet: WriteBet) -> None:
    """What was finished is kept, and another cluster measures what is left."""
    bet(body=real.body(session.folder), above=real.ABOVE)
    with DaskCluster(session.python) as cluster:
        for _ in range(2):
            cluster.add_worker()
        running = real.half_done(session, "--bets-on", f"dask={cluster.address}")
        cluster.kill_scheduler()
        shown = " ".join(real.ended(running, expect=4).split())
    assert f"--bets-on dask={cluster.address}: the scheduler does not answer any more" in shown
    assert "Kept: 2 finished cells of 1 bet; the same command with --bets-resume runs only what is left." in shown
    real.until(lambda: real.gone(session.folder))
    real.prove_resumed(session, "--bets-on", "dask")


def test_what_no_worker_has_is_one_error_before_anything_runs(session: real.Session, bet: WriteBet) -> None:
    """With what was asked, and what there is."""
    bet()
    shown = session.run("--bets-on", "dask", "-o", "bets_resources=1: gpus=1", expect=4)
    assert "it asks for cpus=1 gpus=1, and no worker has that: the largest of" in shown
    assert "dask worker --resources GPU=1" in shown
    shown = session.run("--bets-on", "dask=tcp://127.0.0.1:9", expect=4)
    assert "the scheduler tcp://127.0.0.1:9 does not answer within" in shown
