"""A node whose network cable is cut: it runs on, and nothing that it measures arrives."""

import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.engines import network, real, slurm_cluster
from tests.engines.dask_cluster import DaskCluster
from tests.engines.network import Network
from tests.engines.ray_nodes import RayNodes
from tests.engines.slurm_cluster import SlurmCluster
from tests.helpers.fixtures import WriteBet

NETWORK: Final = "/proc/{}/ns/net"
"""The file that names the network of a process."""


def on_the_node(folder: Path) -> list[str]:
    """Return the cells that run in another network than this process."""
    here = Path(NETWORK.format("self")).readlink()
    found = []
    for part, own in real.running(folder):
        with suppress(OSError):  # it has ended just now
            found += [part] if Path(NETWORK.format(own[0])).readlink() != here else []
    return found


def prove_run_again(session: real.Session, lost: list[str]) -> None:
    """Prove that the cells of the node were measured elsewhere, that the journal says so, and nothing was mixed."""
    real.prove_measured_once(session, 4)
    attempts = {one["cell"] for one in session.line()["attempts"]}
    assert {f"experiment[{part}]" for part in lost} <= attempts
    own = {str(cell["params"]["part"]): str(cell["measured"]["pid"]) for cell in session.record()["cells"]}
    assert {part: own[part] for part in lost} == {part: real.runs(session.folder)[part][-1][0] for part in lost}


def cut_off_and_join(session: real.Session, running: subprocess.Popen[str], net: Network) -> None:
    """Cut the node off while it runs a cell, and join it when that runs again elsewhere: what it says then is dropped.

    The first cells wait until the node has one: a machine that is busy may start it seconds after the others.
    """
    folder, lost = session.folder, list[str]()

    def is_placed() -> bool:  # asked once: a cell that has just begun may be seen at one look and missed at the next
        lost[:] = on_the_node(folder)
        return bool(lost)

    real.until(is_placed, running)
    assert lost, real.ended(running)
    net.cut()
    (folder / "nap").write_text("4")
    for part, _ in real.running(folder):
        (folder / f"go_{part}").touch()
    real.until(lambda: not on_the_node(folder), running)
    for part in lost:
        (folder / f"go_{part}").unlink()
    real.until(lambda: len(real.runs(folder)[lost[0]]) == 2, running)
    net.join()
    real.ended(running)
    prove_run_again(session, lost)
    real.until(lambda: real.gone(folder))


@real.needs(network.missing() or real.without("distributed").replace("[distributed]", "[dask]"))
def test_a_dask_worker_is_cut_off(pytester: pytest.Pytester, bet: WriteBet) -> None:
    """The scheduler gives it up; when the cable is whole again, what it says is dropped."""
    session = real.Session(pytester.path, real.interpreter("distributed"))
    bet(body=real.body(session.folder), above=real.ABOVE)
    (session.folder / "nap").write_text("200")
    with Network() as net, DaskCluster(session.python) as cluster:
        cluster.add_worker()
        cluster.add_worker(net.here, net.prefix)
        running = session.start("--bets-on", f"dask={cluster.address}")
        cut_off_and_join(session, running, net)


@real.needs(network.missing() or real.without("ray"))
def test_a_ray_node_is_cut_off(pytester: pytest.Pytester, bet: WriteBet) -> None:
    """The head gives it up; when the cable is whole again, what it says is dropped."""
    session = real.Session(pytester.path, real.interpreter("ray"))
    bet(body=real.body(session.folder), above=real.ABOVE)
    (session.folder / "nap").write_text("200")
    with Network() as net, RayNodes(session.python, net.here) as cluster:
        cluster.add_node(net.here)
        cluster.add_node(net.there, net.prefix)
        running = session.start("--bets-on", f"ray={cluster.address}")
        cut_off_and_join(session, running, net)


@real.needs(network.missing() or slurm_cluster.missing())
def test_a_slurm_node_is_cut_off(
    pytester: pytest.Pytester, bet: WriteBet, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Slurm gives it up. Its cells run on and write to the shared file system, and that is dropped."""
    with Network() as net:
        cluster = SlurmCluster(tmp_path_factory.mktemp("slurm"), net)
        try:
            cluster.start()
            session = real.Session(pytester.path, variables={"SLURM_CONF": str(cluster.configuration)})
            bet(body=real.body(session.folder), above=real.ABOVE)
            (session.folder / "nap").write_text("200")
            running = session.start("--bets-on", "slurm")
            real.until(lambda: len(real.running(session.folder)) == 4, running)
            lost = on_the_node(session.folder)
            assert len(lost) == 2
            net.cut()
            (session.folder / "nap").write_text("0.3")
            for part in {"1", "2", "3", "4"} - set(lost):
                (session.folder / f"go_{part}").touch()  # there is room for the others, when Slurm has noticed
            real.ended(running)
            prove_run_again(session, lost)
            net.join()
            real.until(lambda: real.gone(session.folder))
        finally:
            cluster.stop()
