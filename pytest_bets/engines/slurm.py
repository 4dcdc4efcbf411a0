"""Slurm as an engine: a job an attempt, or minutes of short ones; events are lines of files that both sides see."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from pytest_bets.bet.resources import Need
from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.archive import name_of
from pytest_bets.engines.child import PATIENCE
from pytest_bets.engines.event import ENDS, Event, Kind, Work
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site
from pytest_bets.walk import ignored

INSIDE: Final = 16
"""How many jobs may wait in Slurm's queue."""
SHORT: Final = 60.0
"""Seconds: cells that took less are put together into one job."""
BUNDLE: Final = 300.0
"""Seconds that the cells of one job take together."""
POLL: Final = 2.0
"""Seconds between two looks at the queue."""
SETTLE: Final = 10.0
"""Seconds that events may arrive later than the end of their job: a shared file system is slow."""
ALIVE: Final = 10.0
"""Seconds between two signs of the controller to its jobs."""
REST: Final = 30.0
"""Seconds without submissions after Slurm was too busy to take one."""
_BUSY: Final = ("temporarily", "ry again", "timed out", "Unable to contact")
MARGIN: Final = 15
"""Minutes that a job has beside the hours of its cells, for imports."""
_ENDED: Final = frozenset(
    {
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"),
        *("REVOKED", "TIMEOUT", "GONE"),
    }
)
"""The states of jobs that will write no more; the last one is ours, for a job that Slurm has forgotten."""


def open_engine(argument: str, plan: Plan, site: Site) -> "Slurm":
    """Return the engine for `--bets-on slurm[=FLAGS]`.

    Raises:
        EngineError: if there is no `sbatch`, or the controller of Slurm does not answer.

    """
    if not shutil.which("sbatch"):
        raise EngineError("there is no `sbatch` on the path: run this on a machine that submits jobs to Slurm")
    return Slurm(plan, site, [*shlex.split(site.flags), *shlex.split(argument)])


@dataclass
class Job:
    """A job: its cells by the number of the attempt, and what was read of its events."""

    name: str
    need: Need
    works: dict[int, Work] = field(default_factory=dict)
    id: str = ""
    state: str = ""
    host: str = ""
    reason: str = ""
    read: int = 0
    rest: bytes = b""
    begun: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    ended: float | None = None
    is_over: bool = False
    """Whether its own last line was read."""

    @property
    def seconds(self) -> float:
        """How long its cells took when they ran last."""
        return sum(work.seconds or 0 for work in self.works.values())


class Slurm:
    """Submits jobs that Slurm never repeats, and reads what they write."""

    def __init__(self, plan: Plan, site: Site, flags: Sequence[str]) -> None:
        self.flags = flags
        self.folder = ignored(Path(site.folder)) / "slurm" / uuid4().hex[:12]
        for folder in (self.folder, self.folder / "jobs", self.folder / "events"):
            folder.mkdir(parents=True, mode=0o700)
        archive = site.pack()
        (self.folder / "plan.json").write_text(plan.text(), encoding="utf-8")
        (self.folder / name_of(archive)).write_bytes(archive)
        self.archive = name_of(archive)
        self.jobs: dict[str, Job] = {}
        self._bundles: dict[Need, Job] = {}
        self._events: list[Event] = []
        self._errors: list[str] = []
        self._polled = self._touched = self._resting = 0.0
        self._names = 0

    def lacks(self, need: Need) -> str:
        """Return why Slurm refuses a job with these needs."""
        done = _run([*self._submit(need, 1), "--test-only"], "exit 0")
        if done.returncode == 0:
            return ""
        refused = done.stderr.strip().removeprefix("sbatch: error: ").replace("\n", "; ")
        listed = _run(["sinfo", "-h", "-o", "%P: %D nodes with cpus=%c memory=%mMB %G"]).stdout.split("\n")
        there = "; ".join(line.strip() for line in listed if line.strip()) or "nothing that sinfo lists"
        return f"it asks for {need} {' '.join(self.flags)}".rstrip() + f", and Slurm says: {refused}. There is {there}"

    def short(self, _: Need) -> Collection[str]:
        """Return `cpus` while enough jobs wait."""
        if time.monotonic() < self._resting:
            return ("cpus",)
        waiting = sum(not job.host and job.ended is None for job in self.jobs.values()) + len(self._bundles)
        return ("cpus",) if waiting >= INSIDE else ()

    def start(self, number: int, work: Work, need: Need) -> None:
        """Submit an attempt, a short one together with others."""
        is_short = work.seconds is not None and work.seconds < SHORT and not need.gpus
        job = (self._bundles.pop(need, None) if is_short else None) or self._job(need)
        job.works[number] = work
        job.left.add(number)
        if is_short and job.seconds < BUNDLE:
            self._bundles[need] = job
        else:
            self._start(job)

    def _job(self, need: Need) -> Job:
        self._names += 1
        return Job(f"job{self._names}", need)

    def _start(self, job: Job) -> None:
        items = [
            {"number": number, "work": asdict(work), "need": asdict(job.need)} for number, work in job.works.items()
        ]
        (self.folder / "jobs" / f"{job.name}.json").write_text(json.dumps(items), encoding="utf-8")
        command = [sys.executable, "-m", "pytest_bets.engines.job", str(self.folder), job.name, self.archive]
        done = _run(self._submit(job.need, len(job.works)), f"exec {shlex.join(command)}")
        if done.returncode:
            words = done.stderr.strip().removeprefix("sbatch: error: ")
            kind: Kind = "impossible"
            if any(busy in words for busy in _BUSY):
                kind, self._resting = "lost", time.monotonic() + REST
            self._events += [Event(number, kind, f"sbatch says: {words}") for number in job.works]
            return
        job.id = done.stdout.strip().partition(";")[0]
        job.state = "PENDING"
        self.jobs[job.id] = job

    def _submit(self, need: Need, cells: int) -> list[str]:
        """Return the command that submits a job with these needs."""
        own = ["sbatch", "--parsable", "--no-requeue", "--job-name=pytest-bets", f"--output={self.folder}/%j.log"]
        own += ["--nodes=1", "--ntasks=1", f"--cpus-per-task={need.cpus}"]
        own += [f"--gres=gpu:{need.gpus}"] if need.gpus else []
        own += [f"--mem={-(-need.memory // 2**20)}M"] if need.memory else []
        own += [f"--time={int(need.hours * 60 * cells) + MARGIN}"] if need.hours else []
        return [*own, *self.flags]

    def events(self, timeout: float) -> Iterable[Event]:
        """Return what has happened: new lines of the events of every job, and jobs that have ended without them."""
        for need in list(self._bundles):
            self._start(self._bundles.pop(need))
        deadline = time.monotonic() + timeout
        while True:
            if time.monotonic() - self._touched > ALIVE:
                self._touched = time.monotonic()
                (self.folder / "alive").touch()
            for job in list(self.jobs.values()):
                self._read(job)
            if time.monotonic() - self._polled >= POLL:
                self._poll()
            if self._events or time.monotonic() >= deadline:
                break
            time.sleep(min(1.0, max(0.05, len(self.jobs) / 500)))  # each job is a file to look at
        found, self._events = self._events, []
        return found

    def _read(self, job: Job) -> None:
        """Take the new whole lines of a job's events."""
        try:
            with (self.folder / "events" / job.name).open("rb") as file:
                file.seek(job.read)
                data = file.read()
        except OSError:  # it has not begun
            return
        job.read += len(data)
        *lines, job.rest = (job.rest + data).split(b"\n")
        for line in lines:
            number, kind, text, count = json.loads(line)
            if kind == "over":
                job.is_over = True
                continue
            if kind == "teardown":
                self._errors.append(text)
                continue
            if kind == "at":
                job.host = job.host or text
            if kind == "begun":
                job.begun.add(number)
            if kind in ENDS:
                job.left.discard(number)
            self._events.append(Event(number, kind, text, count))
        if job.is_over and not job.left:
            self.jobs.pop(job.id, None)

    def _poll(self) -> None:
        """Ask once for the states of all jobs."""
        self._polled = time.monotonic()
        if not self.jobs:
            return
        done = _run(["squeue", "-h", "-t", "all", "-o", "%i|%T|%N|%r", f"--jobs={','.join(self.jobs)}"])
        if done.returncode and "Invalid job id" not in done.stderr:
            return  # it does not answer at present
        seen = {}
        for line in done.stdout.splitlines():
            number, state, host, reason = (line.split("|") + [""] * 3)[:4]
            seen[number.strip()] = state, host, reason
        for number, job in list(self.jobs.items()):
            job.state, host, job.reason = seen.get(number, ("GONE", "", ""))
            job.host = job.host or host
            if job.state in _ENDED:
                job.ended = job.ended or time.monotonic()
                if time.monotonic() - job.ended >= (POLL if job.is_over else SETTLE):
                    self._end(self.jobs.pop(number))

    def _end(self, job: Job) -> None:
        """Give up the attempts of a job that has ended and will write no more."""
        if job.state == "FAILED" and not job.read and (text := self._log(job)):
            words = f"its job failed on {job.host} before anything ran:\n{text}"
            self._events += [Event(number, "impossible", words) for number in sorted(job.left)]
            return
        for place, number in enumerate(sorted(job.left)):
            if job.host and not place:  # it was the one that ran, whatever was heard of it
                self._events.append(Event(number, "at", job.host))
            where = f" on {job.host}" if job.host else ""
            kind: Kind = "lost"
            words = f"Slurm says {job.state}{where}"
            if job.state == "TIMEOUT" and number in job.begun:
                kind, words = "crashed", "it ran longer than Slurm's time limit"
            elif job.state == "OUT_OF_MEMORY" and number in job.begun:
                kind, words = "crashed", "it used more memory than Slurm gave it"
            elif job.state == "CANCELLED":
                kind = "cancelled"
            self._events.append(Event(number, kind, words))

    def _log(self, job: Job) -> str:
        """Return the end of what a job has printed, without Slurm's lines: a node may lack the Python or a package."""
        try:
            text = (self.folder / f"{job.id}.log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(line for line in text.splitlines()[-20:] if not line.startswith("slurmstepd:"))

    def running(self) -> Collection[int]:
        """Return the attempts that have not ended."""
        jobs = (*self.jobs.values(), *self._bundles.values())
        return {number for job in jobs for number in job.left}

    def cancel(self, number: int) -> None:
        """Cancel the job of an attempt, if no other attempt of it goes on."""
        for job in list(self.jobs.values()):
            if number in job.works and job.left <= {number}:
                _run(["scancel", job.id])

    def close(self) -> Sequence[str]:
        """Cancel the jobs whose cells have not ended, let the others tear down, and wait until none runs."""
        self._bundles.clear()
        running = [job.id for job in self.jobs.values() if job.left]
        if running:
            _run(["scancel", *running])
        deadline = time.monotonic() + PATIENCE
        while self.jobs and time.monotonic() < deadline:
            for job in list(self.jobs.values()):
                self._read(job)
                if job.is_over:
                    self.jobs.pop(job.id, None)
            found = _run(["squeue", "-h", "-o", "%i", f"--jobs={','.join(self.jobs)}"]) if self.jobs else None
            if found and not found.stdout.strip():
                break
            time.sleep(0.1)
        if self.jobs:
            _run(["scancel", *self.jobs])
        shutil.rmtree(self.folder, ignore_errors=True)
        return self._errors


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
