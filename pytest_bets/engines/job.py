"""A job of Slurm: `python -m pytest_bets.engines.job FOLDER JOB ARCHIVE` runs its cells, one after another."""

import json
import os
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any, Final

from pytest_bets.bet.resources import Need
from pytest_bets.engines.event import Event, Work
from pytest_bets.engines.node import Task, attempt, leave

ABANDONED: Final = 900.0
"""Seconds without a sign of the controller after which a job ends: nothing would take its results."""


def main(folder: Path, job: str, archive: str) -> None:
    """Run the cells of a job."""
    threading.Thread(target=_watch, args=(folder / "alive",), daemon=True).start()
    plan = (folder / "plan.json").read_text(encoding="utf-8")
    emit = partial(write, folder / "events" / job)
    for item in json.loads((folder / "jobs" / f"{job}.json").read_text(encoding="utf-8")):
        work: dict[str, Any] = item["work"]
        task = Task(
            plan, archive, item["number"], Work(**{**work, "modules": tuple(work["modules"])}), Need(**item["need"])
        )
        attempt(task, (folder / archive).read_bytes, emit)
    for error in leave(plan, archive):
        append(folder / "events" / job, 0, "teardown", error, 0)
    append(folder / "events" / job, 0, "over", "", 0)


def write(path: Path, event: Event) -> None:
    """Append an event."""
    append(path, event.number, event.kind, event.text, event.count)


def append(path: Path, *parts: object) -> None:
    """Append a line; the file is closed each time, which makes other machines see it."""
    line = json.dumps(parts).encode() + b"\n"
    with path.open("ab", buffering=0) as file:
        file.write(line)


def _watch(alive: Path) -> None:
    """End this process when the controller's file does not change any more: by the clock of this machine alone."""
    last, since = None, time.monotonic()
    while time.monotonic() - since < ABANDONED:
        time.sleep(ABANDONED / 30)
        try:
            now = alive.stat().st_mtime_ns
        except OSError:
            now = None
        if now is not None and now != last:
            last, since = now, time.monotonic()
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
