"""A real Slurm on one machine: `munged`, `slurmctld` and two `slurmd` on loopback ports, in a folder of their own.

`python -m tests.engines.slurm_cluster FOLDER` starts one, prints the SLURM_CONF to use, and stops it when its standard
input ends. It needs root, and Debian's packages: apt-get install slurm-wlm munge.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.engines.network import Network

NODES: Final = ("n1", "n2")
PROGRAMS: Final = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel")
CONFIGURATION: Final = """
ClusterName=bets
SlurmctldHost={host}({address})
SlurmctldPort={port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool.%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,bf_interval=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=2
MinJobAge=300
SlurmdParameters=config_overrides
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """Return why no Slurm can be started here, with the command that changes that; empty where one can."""
    absent = [name for name in PROGRAMS if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    if absent:
        return f"no {', '.join(absent)}: apt-get install slurm-wlm munge"
    return "" if os.geteuid() == 0 else "only root can start slurmd"


class SlurmCluster:
    """The daemons of one cluster; with a network, the second node is in it."""

    def __init__(self, folder: Path, network: Network | None = None) -> None:
        self.folder = folder
        self.prefixes = {"n2": network.prefix} if network else {}
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        (folder / "state").mkdir(exist_ok=True)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        where = {"n2": network.there} if network else {}
        host = f"NodeHostname={socket.gethostname()} CPUs=2 RealMemory=4000"
        lines = [f"NodeName={name} {host} NodeAddr={where.get(name, '127.0.0.1')} Port={_port()}" for name in NODES]
        self.configuration = folder / "slurm.conf"
        text = CONFIGURATION.format(
            host=socket.gethostname(),
            address=network.here if network else "127.0.0.1",
            port=_port(),
            folder=folder,
            nodes="\n".join(lines),
        )
        self.configuration.write_text(text)
        os.environ["SLURM_CONF"] = str(self.configuration)

    def start(self) -> None:
        """Start all daemons, and wait until both nodes are idle."""
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        names = ("key", "socket", "pid", "log", "seed")
        files = [f"--{name}{'' if name == 'socket' else '-file'}={self.folder}/munge.{name}" for name in names]
        self._start("munged", "munged", "--foreground", "--force", *files)
        self._until(lambda: (self.folder / "munge.socket").exists())
        self._start("slurmctld", "slurmctld", "-D", "-c", "-f", str(self.configuration))
        for name in NODES:
            self.start_node(name)
        self._until(lambda: self.states().count("idle") == len(NODES))

    def start_node(self, name: str) -> None:
        """Start the daemon of a node."""
        self._start(name, *self.prefixes.get(name, ()), "slurmd", "-D", "-N", name, "-f", str(self.configuration))

    def kill_node(self, name: str) -> None:
        """Kill a node as a power cut does: its daemon, and the steps that it has started with all of their children."""
        steps = [pid for pid, text in _processes() if text.startswith("slurmstepd:") and _is_of(pid, name)]
        victims = [self.processes[name].pid, *(found for pid in steps for found in (pid, *_below(pid)))]
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.processes.pop(name).wait()

    def states(self) -> list[str]:
        """Return the states of the nodes."""
        found = subprocess.run(["sinfo", "-h", "-N", "-o", "%t"], capture_output=True, text=True, check=False)
        return found.stdout.split()

    def stop(self) -> None:
        """End all daemons."""
        subprocess.run(["scancel", "--user=root"], capture_output=True, check=False)
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str, *command: str) -> None:
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        log = (self.folder / f"{name}.out").open("ab")
        self.processes[name] = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": path},
            start_new_session=True,
        )
        log.close()

    def _until(self, true: object, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not true():  # type: ignore[operator]
            if time.monotonic() > deadline:
                logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in self.folder.glob("*.log"))
                raise RuntimeError(f"Slurm does not start:\n{logs}")
            time.sleep(0.1)


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _processes() -> list[tuple[int, str]]:
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split(None, 1) for line in listed.splitlines()]
    return [(int(pair[0]), pair[1]) for pair in pairs if len(pair) > 1]


def _is_of(pid: int, name: str) -> bool:
    """Tell whether a step belongs to a node: the script that it runs knows."""
    for found in (pid, *_below(pid)):
        with suppress(OSError):
            if f"SLURMD_NODENAME={name}\0".encode() in Path(f"/proc/{found}/environ").read_bytes() + b"\0":
                return True
    return False


def _below(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [child for child, parent in pairs if parent == pid]
    return [*found, *(below for child in found for below in _below(child))]


if __name__ == "__main__":
    cluster = SlurmCluster(Path(sys.argv[1]))
    cluster.start()
    print(f"SLURM_CONF={cluster.configuration}", flush=True)
    try:
        sys.stdin.read()
    finally:
        cluster.stop()
