"""What the plugin costs beside plain pytest: real sessions, run in turn, compared pair by pair in one run.

    python benchmarks/overhead.py [--pairs N] [--quick] [--only cells,memory] [--json FILE]

A figure is the median over the pairs, with the lowest and the highest beside it. CPU seconds and memory are the
kernel's own count for a process and its children. No plugin is loaded but what is measured, the projects lie in a
temporary folder outside any checkout, and each side has run once before it counts. The exit status is 1 where a bar
is missed.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Final

from figures import Figure, figure, report

PLUGIN: Final = "pytest_bets.plugin"
PYTEST: Final = (sys.executable, "-m", "pytest", "-q")
NO_TESTS: Final = 5
BET: Final = '''"""Bet {number}: the gain is positive in every part.

Hypothesis: the gain is positive, whatever the part.
Strict: the mean gain is at least 1.
Lenient: the mean gain is at least 0.5.
Catastrophic: the mean gain is less than 0.
Run: pytest
"""

import pytest


@pytest.mark.strict("mean(gain) >= 1")
@pytest.mark.lenient("mean(gain) >= 0.5")
@pytest.mark.catastrophic("mean(gain) < 0")
@pytest.mark.parametrize("part", range({cells}))
def experiment(part):
    measured = {{"gain": part / 7}}
    return measured
'''
TESTS: Final = (
    BET.replace("@pytest.mark.strict", "# the claim is strict")
    .replace("@pytest.mark.lenient", "# the claim is lenient")
    .replace("@pytest.mark.catastrophic", "# catastrophic")
    .replace("experiment", "test_gain")
    .replace("    return measured\n", "")
)


@dataclass(frozen=True)
class Usage:
    """What a process and its children used: CPU and wall seconds, and the most memory of any one of them in MiB."""

    user: float
    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Side:
    """One side of a comparison; `leaves` is what a run writes and the next must not find."""

    folder: Path
    command: Sequence[str]
    plugins: Sequence[str] = ()
    leaves: str = ""


@dataclass(frozen=True)
class Plan:
    """Where to measure, how many pairs, and by what the sizes are divided."""

    scratch: Path
    pairs: int
    divisor: int

    def project(self, name: str, template: str, files: int, cells: int) -> Path:
        """Write a project of so many bet or test files with so many cells each."""
        folder = self.scratch / name
        folder.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\n")
        stem = "bet" if template == BET else "test"
        for number in range(1, files + 1):
            (folder / f"{stem}_{number}_gain.py").write_text(template.format(number=number, cells=cells))
        return folder


def once(side: Side) -> Usage:
    """Run one side in a process of its own."""
    if side.leaves:
        shutil.rmtree(side.folder / side.leaves, ignore_errors=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)  # a real plugin is imported from bytecode
    environment = kept | {
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": ",".join(side.plugins),
        "PYTHONHASHSEED": "0",
    }
    with tempfile.TemporaryFile("w+") as output:
        began = perf_counter()
        process = subprocess.Popen(
            side.command, cwd=side.folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, NO_TESTS):
            output.seek(0)
            raise SystemExit(f"{' '.join(side.command)} ended with {process.returncode}:\n{output.read()[-4000:]}")
    return Usage(used.ru_utime, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024)


def in_turn(sides: Mapping[str, Side], pairs: int) -> dict[str, list[Usage]]:
    """Run every side once unmeasured, which fills the caches, and then all sides in turn."""
    for side in sides.values():
        once(side)
    rounds = [{name: once(side) for name, side in sides.items()} for _ in range(pairs)]
    return {name: [usages[name] for usages in rounds] for name in sides}


def ratios(used: Mapping[str, Sequence[Usage]], kind: str, bars: Mapping[str, float], what: str) -> list[Figure]:
    """Compare each side with the plain one, pair by pair."""
    return [
        figure(
            f"{what}, {name}",
            "x",
            [getattr(one, kind) / getattr(plain, kind) for one, plain in zip(usages, used["plain"], strict=True)],
            bars.get(name),
        )
        for name, usages in used.items()
        if name != "plain"
    ]


def cells(plan: Plan) -> list[Figure]:
    """A bet of 10,000 cells against as many parametrized tests, and two plugins that write reports beside it."""
    count = 10_000 // plan.divisor
    tests = plan.project("tests", TESTS, 1, count)
    used = in_turn(
        {
            "plain": Side(tests, PYTEST),
            "bets": Side(plan.project("bets", BET, 1, count), PYTEST, [PLUGIN], "results"),
            "pytest-reportlog": Side(tests, (*PYTEST, "--report-log=log.jsonl"), ["pytest_reportlog.plugin"]),
            "pytest-json-report": Side(
                tests,
                (*PYTEST, "--json-report", "--json-report-file=report.json"),
                ["pytest_metadata.plugin", "pytest_jsonreport.plugin"],
            ),
        },
        plan.pairs,
    )
    return ratios(used, "user", {"bets": 1.10}, f"user CPU of {count:,} cells")


def xdist(plan: Plan) -> list[Figure]:
    """The same bet against the same tests on two workers."""
    count = 10_000 // plan.divisor
    command = (*PYTEST, "-n", "2")
    used = in_turn(
        {
            "plain": Side(plan.project("tests", TESTS, 1, count), command, ["xdist.plugin"]),
            "bets": Side(plan.project("bets", BET, 1, count), command, ["xdist.plugin", PLUGIN], "results"),
        },
        plan.pairs,
    )
    return ratios(used, "user", {"bets": 1.10}, f"user CPU of {count:,} cells under -n 2")


def start(plan: Plan) -> list[Figure]:
    """A session with nothing to collect, and a test beside a file that is no bet in spite of its name.

    Runs are short, so there are four times as many pairs.
    """
    empty = plan.project("empty", TESTS, 0, 0)
    beside = plan.project("beside", TESTS, 1, 1)
    (beside / "bet_util.py").write_text("LIMIT = 5\n")
    return [
        _added(plan, empty, "CPU added to an empty session", 6),
        _added(plan, beside, "CPU added beside a bet_util.py that is no bet", 20),
    ]


def _added(plan: Plan, folder: Path, what: str, bar: float) -> Figure:
    used = in_turn({"plain": Side(folder, PYTEST), "bets": Side(folder, PYTEST, [PLUGIN])}, 4 * plan.pairs)
    added = [1000 * (one.cpu - plain.cpu) for one, plain in zip(used["bets"], used["plain"], strict=True)]
    return figure(what, "ms", added, bar)


def collecting(plan: Plan) -> list[Figure]:
    """A thousand bet files against a thousand test files of like size, collected and not run."""
    files = 1000 // plan.divisor
    command = (*PYTEST, "--collect-only", "-q")
    used = in_turn(
        {
            "plain": Side(plan.project("tests", TESTS, files, 4), command),
            "bets": Side(plan.project("bets", BET, files, 4), command, [PLUGIN]),
        },
        plan.pairs,
    )
    return ratios(used, "user", {"bets": 2.0}, f"user CPU of collecting {files:,} files")


def rollup(plan: Plan) -> list[Figure]:
    """The summary of a thousand bets that have run, 15 cells each."""
    count = 1000 // plan.divisor
    folder = plan.project("bets", BET, count, 15)
    once(Side(folder, PYTEST, [PLUGIN]))
    used = in_turn({"bets": Side(folder, (sys.executable, "-m", "pytest_bets", "rollup"))}, plan.pairs)
    return [figure(f"wall time of rolling up {count:,} records", "s", [one.wall for one in used["bets"]], 1.0)]


def memory(plan: Plan) -> list[Figure]:
    """The most memory that a bet of 100,000 cells needs, against as many parametrized tests."""
    count = 100_000 // plan.divisor
    used = in_turn(
        {
            "plain": Side(plan.project("tests", TESTS, 1, count), PYTEST),
            "bets": Side(plan.project("bets", BET, 1, count), PYTEST, [PLUGIN], "results"),
        },
        plan.pairs,
    )
    return ratios(used, "memory", {"bets": 1.3}, f"memory of {count:,} cells")


BENCHMARKS: Final[dict[str, Callable[[Plan], list[Figure]]]] = {
    "cells": cells,
    "xdist": xdist,
    "start": start,
    "collecting": collecting,
    "rollup": rollup,
    "memory": memory,
}


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5, help="how often each side is run (default 5)")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of every size; its figures are not those of the bars"
    )
    parser.add_argument("--only", default=",".join(BENCHMARKS), help=f"some of {','.join(BENCHMARKS)}")
    parser.add_argument("--json", type=Path, default=Path("build/overhead.json"), help="where the figures go")
    given = parser.parse_args()
    strange = set(given.only.split(",")) - BENCHMARKS.keys()
    if strange:
        parser.error(f"--only {given.only}: expected some of {', '.join(BENCHMARKS)}")
    return given


def main() -> int:
    """Measure, print the table, write the JSON."""
    given = arguments()
    figures: list[Figure] = []
    for name in given.only.split(","):
        with tempfile.TemporaryDirectory() as scratch:
            figures += BENCHMARKS[name](Plan(Path(scratch), given.pairs, 10 if given.quick else 1))
    about = {
        "python": platform.python_version(),
        "pytest": version("pytest"),
        "pairs": given.pairs,
        "quick": given.quick,
    }
    return report(figures, about, given.json)


if __name__ == "__main__":
    sys.exit(main())
