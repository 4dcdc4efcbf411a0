"""Slurm's programs: submit a job, ask for the states of jobs, cancel them."""

import math
import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from pytest_bets.bet.resources import Need

MARGIN: Final = 15
"""Minutes that a job has beside the hours of its cells, for imports."""
_BUSY: Final = ("temporarily", "ry again", "timed out", "Unable to contact")
_ERROR: Final = "sbatch: error: "


@dataclass(frozen=True)
class State:
    """The state of a job as Slurm names it, the node that it is on, and the reason that Slurm gives."""

    name: str
    host: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why `sbatch` took no job; `is_busy` where it may take one later."""

    words: str
    is_busy: bool


class Commands:
    """Calls Slurm's programs for the jobs of one session, which all have its name; `flags` are the user's."""

    def __init__(self, name: str, folder: PurePath, flags: Sequence[str]) -> None:
        self.name = name
        self.folder = folder
        self.flags = flags

    def lacks(self, need: Need) -> str:
        """Return why Slurm refuses a job with these needs, empty where it takes one."""
        done = _run([*self._submit(need, 1), "--test-only"], "exit 0")
        if done.returncode == 0:
            return ""
        refused = done.stderr.strip().removeprefix(_ERROR).replace("\n", "; ")
        listed = _run(["sinfo", "-h", "-o", "%P: %D nodes with cpus=%c memory=%mMB %G"]).stdout.split("\n")
        there = "; ".join(line.strip() for line in listed if line.strip()) or "nothing that sinfo lists"
        return f"it asks for {need} {' '.join(self.flags)}".rstrip() + f", and Slurm says: {refused}. There is {there}"

    def submit(self, need: Need, cells: int, script: str) -> str | Refusal:
        """Submit a job of so many cells, and return its id."""
        done = _run(self._submit(need, cells), script)
        if done.returncode:
            words = done.stderr.strip().removeprefix(_ERROR)
            return Refusal(words, is_busy=any(busy in words for busy in _BUSY))
        return done.stdout.strip().partition(";")[0]

    def _submit(self, need: Need, cells: int) -> list[str]:
        """Return the command that submits a job with these needs."""
        own = ["sbatch", "--parsable", "--no-requeue", f"--job-name={self.name}", f"--output={self.folder}/%j.log"]
        own += ["--nodes=1", "--ntasks=1", f"--cpus-per-task={math.ceil(need.cpus)}"]
        own += [f"--gres=gpu:{need.gpus}"] if need.gpus else []
        own += [f"--mem={-(-need.memory // 2**20)}M"] if need.memory else []
        own += [f"--time={int(need.hours * 60 * cells) + MARGIN}"] if need.hours else []
        return [*own, *self.flags]

    @staticmethod
    def states(jobs: Iterable[str]) -> dict[str, State] | None:
        """Return the states of jobs by one call; a job that Slurm has forgotten is missing. None: no answer."""
        done = _run(["squeue", "-h", "-t", "all", "-o", "%i|%T|%N|%r", f"--jobs={','.join(jobs)}"])
        if done.returncode and "Invalid job id" not in done.stderr:
            return None
        found = {}
        for line in done.stdout.splitlines():
            number, state, host, reason = (line.split("|") + [""] * 3)[:4]
            found[number.strip()] = State(state, host, reason)
        return found

    @staticmethod
    def any_left(jobs: Iterable[str]) -> bool:
        """Return whether some of the jobs wait or run."""
        return bool(_run(["squeue", "-h", "-o", "%i", f"--jobs={','.join(jobs)}"]).stdout.strip())

    @staticmethod
    def cancel(jobs: Sequence[str]) -> None:
        """Cancel jobs."""
        if jobs:
            _run(["scancel", *jobs])


def cancel_named(name: str) -> None:
    """Cancel every job of a session by its name."""
    _run(["scancel", f"--name={name}"])


def _run(command: Sequence[str], script: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command of Slurm; a script is given on its standard input."""
    return subprocess.run(  # noqa: S603  # fixed programs, and flags that the user has written
        command,
        input=f"#!/bin/sh\n{script}\n" if script else None,
        stdin=None if script else subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        env={
            name: value for name, value in os.environ.items() if not name.startswith("SLURM_") or name == "SLURM_CONF"
        },
    )
