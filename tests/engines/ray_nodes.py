"""A real Ray cluster whose nodes are started one by one, each by `ray start`, some of them in other networks."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 90.0
_CHECKS: Final = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 2000,
    "health_check_failure_threshold": 3,
}
"""How the head finds out that a node is gone: within some seconds."""


def variables() -> dict[str, str]:
    """Return the variables of its processes, which find this package where it lies.

    Its addresses are made up here, and no other machine reaches them.
    """
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(ROOT)}


class RayNodes:
    """A head that runs no cells, for as long as the `with` block runs; `host` is its address."""

    def __init__(self, python: str, host: str) -> None:
        self.python = python
        self.host = host
        with socket.socket() as free:
            free.bind((host, 0))
            self.address = f"{host}:{free.getsockname()[1]}"
        self._folder = tempfile.TemporaryDirectory()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "RayNodes":
        port = self.address.rpartition(":")[2]
        own = ("--head", f"--port={port}", "--include-dashboard=false", f"--system-config={json.dumps(_CHECKS)}")
        self._start((), *own, f"--node-ip-address={self.host}", "--num-cpus=0")
        self._until("Ray runtime started", 0)
        return self

    def add_node(self, host: str, prefix: Sequence[str] = ()) -> None:
        """Start a node of one CPU; `host` is its own address, `prefix` a command that starts it."""
        self._start(prefix, f"--address={self.address}", f"--node-ip-address={host}", "--num-cpus=1")
        self._until("Ray runtime started", len(self._processes) - 1)

    def _start(self, prefix: Sequence[str], *arguments: str) -> None:
        log = self._log(len(self._processes)).open("ab")
        ray = str(Path(self.python).parent / "ray")
        more = ("--block", "--disable-usage-stats", "--object-store-memory=100000000")
        self._processes.append(
            subprocess.Popen(
                [*prefix, ray, "start", *arguments, *more],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=variables(),
            )
        )
        log.close()

    def _log(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number}.log"

    def _until(self, words: str, number: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while words not in (text := self._log(number).read_text(errors="replace")):
            if time.monotonic() > deadline or self._processes[number].poll() is not None:
                raise RuntimeError(f"Ray does not start:\n{text}")
            time.sleep(0.1)

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)  # it ends the processes of its node
        for process in self._processes:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._folder.cleanup()
