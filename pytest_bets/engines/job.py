"""A job of Slurm: it runs its cells, one after another, for as long as its session is alive.

`python -m pytest_bets.engines.job FOLDER JOB ARCHIVE SECONDS` ends after so many seconds without a sign of the session.
"""

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

LOOKS: Final = 30
"""How often the sign of the session is looked at before it is given up. Time does not count: a file server may hang."""


def main(folder: Path, job: str, archive: str, patience: float) -> None:
    """Run the cells of a job, unless the session that submitted it is gone."""
    if not _is_alive(folder, job, patience):
        return
    threading.Thread(target=_watch, args=(folder, patience), daemon=True).start()
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


def _is_alive(folder: Path, job: str, patience: float) -> bool:
    """Return whether the session was alive lately: by the clock of the file system, which dates both files."""
    events = folder / "events" / job
    events.touch()
    return events.stat().st_mtime - (folder / "alive").stat().st_mtime < patience


def _watch(folder: Path, patience: float) -> None:
    """End this process, and so its children, when the sign of the session does not change any more."""
    last, unchanged = 0, 0
    while unchanged < LOOKS:
        time.sleep(patience / LOOKS)
        try:
            now = (folder / "alive").stat().st_mtime_ns
        except FileNotFoundError:  # the session has ended, and given this job up
            unchanged += LOOKS // 3
            continue
        except OSError:  # the file server does not answer
            now = last
        unchanged = unchanged + 1 if now == last else 0
        last = now
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]))
