"""What a step of the fixture `progress` costs: beside a bare loop, and beside tqdm where it is installed.

    python benchmarks/progress.py [--steps N] [--json FILE]

The loops run in turn in one process, while a thread looks at the progress as in a session. A figure is the median over
the rounds, with the lowest and the highest beside it. The exit status is 1 where a bar is missed.
"""

import argparse
import io
import platform
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from time import thread_time

from figures import figure, report

from pytest_bets.hooks.sampler import PAUSE
from pytest_bets.live.progress import Progress

ROUNDS = 9


def bare(steps: int) -> None:
    for _ in range(steps):
        pass


def counted(progress: Progress) -> Callable[[int], None]:
    def run(steps: int) -> None:
        for _ in progress(range(steps), "train"):
            pass

    return run


def updated(progress: Progress) -> Callable[[int], None]:
    def run(steps: int) -> None:
        for step in progress(range(steps), "train"):
            progress.update(loss=step)

    return run


def tqdm_loop() -> dict[str, Callable[[int], None]]:
    try:
        from tqdm import tqdm
    except ImportError:
        return {}

    def run(steps: int) -> None:
        for _ in tqdm(range(steps), file=io.StringIO()):
            pass

    return {"tqdm": run}


def nanoseconds(loops: Iterable[Callable[[int], None]], steps: int) -> list[list[float]]:
    """Return, for each round, the nanoseconds of CPU time that a step of each loop takes."""
    rounds = []
    for _ in range(ROUNDS):
        took = []
        for loop in loops:
            began = thread_time()
            loop(steps)
            took.append((thread_time() - began) / steps * 1e9)
        rounds.append(took)
    return rounds


def main() -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1_000_000, help="steps of a loop (default 1,000,000)")
    parser.add_argument("--json", type=Path, default=Path("build/progress.json"), help="where the figures go")
    given = parser.parse_args()
    watched, unwatched = Progress(time.monotonic), Progress(time.monotonic)
    watched.watched = True
    watched.begin("cell")
    threading.Thread(target=lambda: [(time.sleep(PAUSE), watched.sample()) for _ in iter(int, 1)], daemon=True).start()
    loops = {
        "a loop that is watched": counted(watched),
        "a loop that is watched, with a value": updated(watched),
        "a loop with --bets-progress off": counted(unwatched),
        **tqdm_loop(),
    }
    took = nanoseconds([bare, *loops.values()], given.steps)
    bars = {"a loop that is watched": 1000.0, "a loop that is watched, with a value": 1000.0, "tqdm": None}
    figures = [
        figure(f"a step added by {name}", "ns", [each[index] - each[0] for each in took], bars.get(name, 50.0))
        for index, name in enumerate(loops, 1)
    ]
    return report(figures, {"python": platform.python_version(), "steps": given.steps}, given.json)


if __name__ == "__main__":
    sys.exit(main())
