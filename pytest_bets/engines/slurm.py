"""Slurm as an engine: a job an attempt, or minutes of short ones; events are lines of files that both sides see."""

import shlex
import shutil
import sys
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pytest_bets.bet.resources import Need
from pytest_bets.diagnostics import EngineError
from pytest_bets.engines.child import PATIENCE
from pytest_bets.engines.event import Event, Kind, Work
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site
from pytest_bets.engines.slurm_commands import Commands, Refusal, State, cancel_named
from pytest_bets.engines.slurm_folder import ABANDONED, SessionFolder, remove_orphans
from pytest_bets.engines.slurm_job import ENDED, Job

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
REST: Final = 30.0
"""Seconds without submissions after Slurm was too busy to take one."""


def open_engine(argument: str, plan: Plan, site: Site) -> "Slurm":
    """Return the engine for `--bets-on slurm[=FLAGS]`.

    Raises:
        EngineError: if there is no `sbatch`, or the controller of Slurm does not answer.

    """
    if not shutil.which("sbatch"):
        raise EngineError("there is no `sbatch` on the path: run this on a machine that submits jobs to Slurm")
    return Slurm(plan, site, [*shlex.split(site.flags), *shlex.split(argument)])


class Slurm:
    """Submits jobs that Slurm never repeats, and reads what they write."""

    def __init__(self, plan: Plan, site: Site, flags: Sequence[str]) -> None:
        for name in remove_orphans(Path(site.folder)):
            cancel_named(name)
        archive = site.pack()
        self.folder = SessionFolder(Path(site.folder))
        self.archive = self.folder.fill(plan.text(), archive)
        self.commands = Commands(self.folder.name, self.folder.path, flags)
        self.jobs: dict[str, Job] = {}
        self._bundles: dict[Need, Job] = {}
        self._events: list[Event] = []
        self._errors: list[str] = []
        self._polled = self._resting = 0.0
        self._names = 0

    def lacks(self, need: Need) -> str:
        """Return why Slurm refuses a job with these needs."""
        return self.commands.lacks(need)

    def short(self, _: Need) -> Collection[str]:
        """Return `cpus` while enough jobs wait."""
        if time.monotonic() < self._resting:
            return ("cpus",)
        waiting = sum(job.waits for job in self.jobs.values()) + len(self._bundles)
        return ("cpus",) if waiting >= INSIDE else ()

    def start(self, number: int, work: Work, need: Need) -> None:
        """Submit an attempt, a short one together with others."""
        is_short = work.seconds is not None and work.seconds < SHORT and not need.gpus
        job = (self._bundles.pop(need, None) if is_short else None) or self._job(need)
        job.add(number, work)
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
        self.folder.write_job(job.name, items)
        arguments = [str(self.folder.path), job.name, self.archive, str(ABANDONED)]
        script = f"exec {shlex.join([sys.executable, '-m', 'pytest_bets.engines.job', *arguments])}"
        submitted = self.commands.submit(job.need, len(job.works), script)
        if isinstance(submitted, Refusal):
            kind: Kind = "impossible"
            if submitted.is_busy:
                kind, self._resting = "lost", time.monotonic() + REST
            self._events += [Event(number, kind, f"sbatch says: {submitted.words}") for number in job.works]
            return
        job.id = submitted
        self.jobs[job.id] = job

    def events(self, timeout: float) -> Iterable[Event]:
        """Return what has happened: new lines of the events of every job, and jobs that have ended without them."""
        for need in list(self._bundles):
            self._start(self._bundles.pop(need))
        deadline = time.monotonic() + timeout
        while True:
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
        """Take the new events of a job."""
        self._events += job.new_events(self.folder.path / "events" / job.name)
        if job.is_over and not job.left:
            self._forget(job)

    def _forget(self, job: Job) -> None:
        if self.jobs.pop(job.id, None):
            self._errors += job.errors

    def _poll(self) -> None:
        """Ask once for the states of all jobs."""
        self._polled = time.monotonic()
        states = self.commands.states(self.jobs) if self.jobs else None
        if states is None:  # it does not answer at present
            return
        for number, job in list(self.jobs.items()):
            job.see(states.get(number, State("GONE")))
            settled = POLL if job.is_over else SETTLE
            if job.state in ENDED and job.ended is not None and time.monotonic() - job.ended >= settled:
                self._events += job.given_up(self.folder.log(job.id))
                self._forget(job)

    def running(self) -> Collection[int]:
        """Return the attempts that have not ended."""
        jobs = (*self.jobs.values(), *self._bundles.values())
        return {number for job in jobs for number in job.left}

    def cancel(self, number: int) -> None:
        """Cancel the job of an attempt, if no other attempt of it goes on."""
        self.commands.cancel([job.id for job in self.jobs.values() if number in job.works and job.left <= {number}])

    def close(self) -> Sequence[str]:
        """Cancel the jobs whose cells have not ended, let the others tear down, and wait until none runs."""
        self._bundles.clear()
        self.commands.cancel([job.id for job in self.jobs.values() if job.left])
        deadline = time.monotonic() + PATIENCE
        while self.jobs and time.monotonic() < deadline:
            for job in list(self.jobs.values()):
                self._read(job)
                if job.is_over:
                    self._forget(job)
            if not self.jobs or not self.commands.any_left(self.jobs):
                break
            time.sleep(0.1)
        self.commands.cancel([*self.jobs])
        for job in list(self.jobs.values()):
            self._forget(job)
        self.folder.close()
        return self._errors
