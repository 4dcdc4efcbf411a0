"""The quick bets of this repository in one process, on two workers of xdist, and on two slots of an engine, in turns.

    python benchmarks/quick.py [--rounds 2] [--ways plain,xdist,local] [--bets bets/] [--json FILE]

Every session starts with the journal of this repository, as a user's does, and writes into a folder of its own. `first`
is when the first verdict was written. On a machine that does other work compare the ratios, and the CPU seconds, which
count those of all processes of a session.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
WAYS: Final = {
    "plain": (),
    "xdist": ("-n", "2", "--dist", "worksteal"),
    "local": ("--bets-on", "local=2"),
}


def session(bets: Sequence[str], results: Path, arguments: Sequence[str]) -> dict[str, float]:
    """Run a session; return in seconds wall time, CPU time of all its processes, and when the first verdict came."""
    shutil.copytree(ROOT / "results", results, ignore=shutil.ignore_patterns(".live"))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *bets, "-m", "not slow"]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    journal, first = results / "journal.jsonl", 0.0
    size = journal.stat().st_size
    with (results / "output").open("w+b") as output:
        process = subprocess.Popen(
            [*command, "--bets-results", str(results), *arguments], cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            if not first and journal.stat().st_size > size:
                first = time.monotonic() - begin
            time.sleep(0.1)
        wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        output.seek(0)
        if process.returncode not in (0, 1):
            raise SystemExit(output.read().decode())
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return {
        "wall": round(wall, 1),
        "cpu": round(used, 1),
        "first": round(first, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def main() -> int:
    """Measure all ways in turns, and show each with its ratio to the plain one of the same round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ways", default="plain,xdist,local")
    parser.add_argument("--bets", nargs="+", default=["bets/"])
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "quick.json")
    options = parser.parse_args()
    ways = options.ways.split(",")
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as name:
        for number in range(options.rounds):
            turn = ways if number % 2 == 0 else ways[::-1]
            own = {way: session(options.bets, Path(name) / f"{way}{number}", WAYS[way]) for way in turn}
            for way in ways:
                ratios = {what: round(own[way][what] / own[ways[0]][what], 2) for what in ("wall", "cpu")}
                found.append({"round": number, "way": way, **own[way], "ratios": ratios})
                print(f"{number} {way:6} {own[way]} to {ways[0]}: {ratios}", flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    about = {"python": platform.python_version(), "cpus": os.cpu_count()}
    options.json.write_text(json.dumps({"about": about, "sessions": found}, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
