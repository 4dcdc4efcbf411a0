"""What engines cost: the time of a session over the ideal one, the overhead a cell, and the memory of the controller.

    python benchmarks/scale.py [--engines local,load,worksteal,ray,dask] [--quick] [--json FILE]

Cells sleep, so that two cores are enough. The makespan is counted from the start of the first cell to the end of the
last one: starting an engine and its processes is a figure of its own. The exit status is 1 where a bar is missed.
Ray and Dask need a Python that has them: run this file with it.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from figures import Figure, figure, report

ROOT: Final = Path(__file__).resolve().parents[1]
BET: Final = '''"""Bet {number}: the gain is positive in every part.

Hypothesis: the gain is positive, whatever the part.
Strict: the mean gain is at least 1.
Lenient: the mean gain is at least 0.5.
Catastrophic: the mean gain is less than 0.
Run: pytest
"""

import os
import pathlib
import time

import pytest


@pytest.mark.strict("mean(gain) >= 1")
@pytest.mark.lenient("mean(gain) >= 0.5")
@pytest.mark.catastrophic("mean(gain) < 0")
@pytest.mark.parametrize("part", range({cells}))
def experiment(part):
    arrived = pathlib.Path("{folder}")
    if not (arrived / str(os.getpid())).exists():  # all processes begin together: their start is no part of this
        (arrived / str(os.getpid())).touch()
        while len(list(arrived.iterdir())) < {slots}:
            time.sleep(0.002)
    begin = time.time()
    time.sleep({nap})
    return {{"gain": 1 + part, "begin": begin, "end": time.time()}}
'''
SIMULATED: Final = '''
import heapq
import json
import time

from pytest_bets.engines.event import Event
from pytest_bets.record.cell import encode_cell


def memory():
    return int(open("/proc/self/statm").read().split()[1]) * 4


def open_engine(argument, plan, site):
    return Simulated(int(argument))


class Simulated:
    """Slots on which cells sleep: they cost nothing, so that what is measured is the controller."""

    def __init__(self, slots):
        self.slots, self.ends, self.seen = slots, [], []

    def lacks(self, need):
        return ""

    def short(self, need):
        return ("cpus",) if len(self.ends) >= self.slots else ()

    def start(self, number, work, need):
        nap = float(work.file.rpartition("_")[2].removesuffix(".py")) / 1000
        heapq.heappush(self.ends, (time.monotonic() + nap, time.time(), number, work.cell))

    def events(self, timeout):
        if self.ends:
            time.sleep(max(0, min(timeout, self.ends[0][0] - time.monotonic())))
        while self.ends and self.ends[0][0] <= time.monotonic():
            _, begin, number, cell = heapq.heappop(self.ends)
            part = int(cell.partition("[")[2].rstrip("]"))
            measured = {"gain": 1 + part, "begin": begin, "end": time.time()}
            data = encode_cell(part, self.cells(cell), {"device": "cpu", "threads": 1}, {"part": part}, measured)
            yield Event(number, "at", "simulated")
            yield Event(number, "begun")
            for index, when in enumerate(("setup", "call", "teardown")):
                report = {"$report_type": "TestReport", "nodeid": cell, "location": [work(cell), 1, cell], "when": when}
                report |= {"keywords": {"experiment": 1}, "outcome": "passed", "longrepr": None, "sections": []}
                report |= {"user_properties": [], "duration": 0.001, "start": 0.0, "stop": 0.0}
                report |= {"bets_data": data} if when == "call" else {}
                yield Event(number, "report", json.dumps(report), index)
            yield Event(number, "done", count=3)
            self.seen.append(memory())

    def cells(self, cell):
        return int(cell.partition("_")[2].split("_")[1])

    def running(self):
        return {number for _, _, number, _ in self.ends}

    def cancel(self, number):
        pass

    def close(self):
        with open("memory.json", "w") as file:
            json.dump([self.seen[len(self.seen) // 4], self.seen[-1], len(self.seen)], file)
        return ()


def work(cell):
    return cell.partition("::")[0]
'''
BARS: Final = {"local": (1.05, 20.0), "ray": (1.25, 60.0), "dask": (1.25, 60.0)}
"""By engine: the makespan over the ideal one, and the milliseconds that a cell costs beside what it does."""
KEPT: Final = 12.0
"""KiB that the controller may keep of a finished cell: pytest's terminal keeps its three reports."""


def session(folder: Path, *arguments: str) -> None:
    """Run a session in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pytest_bets.plugin", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "RAY_USAGE_STATS_ENABLED": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def project(folder: Path, bets: Sequence[tuple[int, float]], slots: int) -> Path:
    """Write bets of so many cells that sleep so long; their names say both."""
    folder.mkdir()
    for number, (cells, nap) in enumerate(bets, 1):
        arrived = folder / "arrived"
        text = BET.format(number=number, cells=cells, nap=nap, slots=slots, folder=arrived)
        (folder / f"bet_{number}_{cells}_{round(nap * 1000)}.py").write_text(text, encoding="utf-8")
    return folder


def spread(folder: Path, *arguments: str) -> float:
    """Run a session and return the seconds from the start of its first cell to the end of its last one."""
    shutil.rmtree(folder / "arrived", ignore_errors=True)
    (folder / "arrived").mkdir()
    results = folder / "measured"
    shutil.rmtree(results, ignore_errors=True)
    if (folder / "results").exists():  # the durations of the first run are in its journal, its records would stand
        shutil.copytree(folder / "results", results)
        for path in results.glob("[0-9]*.json"):
            path.unlink()
    session(folder, *arguments, "--bets-results", str(results))
    cells = [cell for path in results.glob("[0-9]*.json") for cell in json.loads(path.read_text())["cells"]]
    measured = [cell["measured"] for cell in cells]
    return max(cell["end"] for cell in measured) - min(cell["begin"] for cell in measured)


def mixed(work: Path, engine: str) -> Figure:
    """Return the makespan of 8 short and 4 long cells over the ideal one: 4 slots, or as many as there are CPUs."""
    slots = 4 if engine not in ("ray", "dask") else os.cpu_count() or 1
    folder = project(work / f"mixed-{engine}", [(8, 0.3), (4, 3.0)], slots)
    how = ("--bets-on", f"{engine}=4") if engine == "local" else ("--bets-on", engine)
    if engine in ("load", "worksteal"):
        how = ("-p", "xdist", "-n", "4", "--dist", engine)
    shutil.rmtree(folder / "arrived", ignore_errors=True)
    (folder / "arrived").mkdir()
    session(folder, *how)
    bar = BARS[engine][0] if engine in BARS else None
    ideal = (4 * 3.0 + 8 * 0.3) / slots
    values = [spread(folder, *how) / ideal for _ in range(3)]
    return figure(f"4 x 3 s + 8 x 0.3 s on {slots} slots, {engine}", "x", values, bar)


def overhead(work: Path, engine: str, slots: int) -> Figure:
    """Return what a cell costs beside what it does, in a process that is kept."""
    cells = 200
    folder = project(work / f"overhead-{engine}", [(cells, 0.0)], 1)
    how = ("--bets-on", f"{engine}=1") if engine == "local" else ("--bets-on", engine)
    values = [spread(folder, *how) / cells * (1 if engine == "local" else slots) * 1000 for _ in range(3)]
    return figure(f"a cell that does nothing, {engine}", "ms", values, BARS[engine][1])


def simulated(work: Path, *, quick: bool) -> list[Figure]:
    """Return what the controller costs where there is room for many cells."""
    (work / "simulated.py").write_text(SIMULATED, encoding="utf-8")
    made = work / "simulated-1.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: simulated\nVersion: 1\n", encoding="utf-8")
    (made / "entry_points.txt").write_text(
        "[pytest_bets.engines]\nsimulated = simulated:open_engine\n", encoding="utf-8"
    )
    os.environ["PYTHONPATH"] = str(work)
    folder = project(work / "many", [(500, 1.0)] * 4, 1)
    for path in (made, work / "simulated.py"):
        path.rename(folder / path.name)
    ratio = spread(folder, "--bets-on", "simulated=200") / 10
    figures = [figure("2,000 cells of 1 s on 200 simulated slots", "x", [ratio], 1.15)]
    if not quick:
        bets = project(work / "flat", [(500, 0.002)] * 40, 1)
        for path in (folder / made.name, folder / "simulated.py"):
            path.rename(bets / path.name)
        spread(bets, "--bets-on", "simulated=50")
        early, late, cells = json.loads((bets / "memory.json").read_text())
        kept = (late - early) / (cells * 3 / 4)
        figures.append(figure("memory of the controller a finished cell", "KiB", [kept], KEPT))
    return figures


def main() -> int:
    """Measure, and return 1 where a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", default="local,load,worksteal")
    parser.add_argument("--quick", action="store_true", help="leave out what takes more than a minute")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "scale.json")
    options = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for engine in options.engines.split(","):
            figures.append(mixed(work, engine))
            if engine in BARS:
                figures.append(overhead(work, engine, os.cpu_count() or 1))
        figures += simulated(work, quick=options.quick)
    about = {"python": platform.python_version(), "cpus": os.cpu_count(), "load": os.getloadavg()[0]}
    return report(figures, about, options.json)


if __name__ == "__main__":
    raise SystemExit(main())
