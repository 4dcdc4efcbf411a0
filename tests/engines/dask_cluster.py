"""A real Dask cluster: a scheduler, and workers that are added one by one, each a process of its own."""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.engines.real import ROOT

PATIENCE: Final = 60.0
VARIABLES: Final = {
    "PYTHONPATH": str(ROOT),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__TCP": "15s",  # after which a silent connection is given up
}


class DaskCluster:
    """A scheduler on all addresses of this machine, for as long as the `with` block runs."""

    def __init__(self, python: str) -> None:
        self.python = python
        self.address = ""
        self._folder = tempfile.TemporaryDirectory()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "DaskCluster":
        file = Path(self._folder.name) / "scheduler.json"
        self._start((), "dask_scheduler", "--port", "0", "--scheduler-file", str(file))
        found = json.loads(self._until(file))
        self.port = int(found["address"].rpartition(":")[2])
        self.address = f"tcp://127.0.0.1:{self.port}"
        return self

    def add_worker(self, host: str = "127.0.0.1", prefix: Sequence[str] = ()) -> None:
        """Start a worker of one thread; `host` is where it finds the scheduler, `prefix` a command that starts it."""
        options = ("--nthreads", "1", "--no-dashboard", "--local-directory", self._folder.name)
        log = self._start(prefix, "dask_worker", f"tcp://{host}:{self.port}", *options)
        deadline = time.monotonic() + PATIENCE
        while "Registered to" not in log.read_text(errors="replace"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"a worker does not start:\n{self.logs()}")
            time.sleep(0.1)

    def kill_scheduler(self) -> None:
        """Kill the scheduler -9; the workers are left."""
        os.killpg(self._processes[0].pid, signal.SIGKILL)
        self._processes[0].wait()

    def _start(self, prefix: Sequence[str], program: str, *arguments: str) -> Path:
        path = Path(self._folder.name) / f"{len(self._processes)}.log"
        log = path.open("ab")
        self._processes.append(
            subprocess.Popen(
                [*prefix, self.python, "-m", f"distributed.cli.{program}", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **VARIABLES},
                start_new_session=True,
            )
        )
        log.close()
        return path

    def _until(self, file: Path) -> str:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with suppress(OSError, ValueError):
                text = file.read_text()
                json.loads(text)
                return text
            time.sleep(0.1)
        raise RuntimeError(f"Dask does not start:\n{self.logs()}")

    def logs(self) -> str:
        """Return what its processes have printed."""
        return "\n".join(path.read_text(errors="replace") for path in Path(self._folder.name).glob("*.log"))

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._folder.cleanup()
