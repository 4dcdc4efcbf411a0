"""What the site costs: this catalogue, and a thousand generated bets of fifteen cells each.

    python benchmarks/report.py [--repeats N] [--bets N] [--json FILE]

The command runs as users run it, in a process of its own. Opening the index is measured in chromium, where it and
Selenium are installed (.ci/browser). The exit status is 1 where a bar is missed.
"""

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Final

from figures import Figure, figure, report

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.helpers.browser import Browser  # noqa: E402  # the helpers of the tests lie in the root
from tests.helpers.sites import write_catalogue  # noqa: E402

_LOADED: Final = """
const [found] = performance.getEntriesByType("navigation");
return found.loadEventEnd - found.startTime;
"""


def seconds(folder: Path, out: Path) -> tuple[float, float]:
    """Return the CPU seconds and the seconds of the clock that the command takes in a folder."""
    before, start = os.times(), os.times().elapsed
    command = (sys.executable, "-m", "pytest_bets", "report", "--out", str(out))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, env=environment)
    after = os.times()
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return cpu, after.elapsed - start


def size(folder: Path) -> float:
    """Return the size of the files in a folder, in MB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def opened(index: Path, profile: Path, repeats: int) -> list[float]:
    """Return in how many seconds the browser has loaded the page, each time."""
    browser = Browser(profile)
    try:
        found = []
        for _ in range(repeats):
            browser.show(index)
            found.append(browser.run(_LOADED) / 1000)
        return found
    finally:
        browser.close()


def measured(folder: Path, bets: int, repeats: int) -> list[Figure]:
    """Return the figures of both catalogues, made in a folder."""
    own = [seconds(ROOT, folder / f"own-{index}") for index in range(repeats)]
    count = len([path for path in (ROOT / "results").glob("*.json") if path.name != "SUMMARY.json"])
    found = [
        figure(f"{count} bets, CPU", "s", [cpu for cpu, _ in own], 5),
        figure(f"{count} bets, clock", "s", [clock for _, clock in own]),
        figure(f"{count} bets, size", "MB", [size(folder / "own-0")]),
    ]
    write_catalogue(folder / "many", bets)
    many = [seconds(folder / "many", folder / "site")]
    found += [
        figure(f"{bets} bets of 15 cells, CPU", "s", [cpu for cpu, _ in many], 60),
        figure(f"{bets} bets of 15 cells, clock", "s", [clock for _, clock in many]),
        figure(f"{bets} bets of 15 cells, size", "MB", [size(folder / "site")], 100),
    ]
    if find_spec("selenium") and which("chromium") and which("chromedriver"):
        loads = opened(folder / "site" / "index.html", folder / "profile", repeats)
        found.append(figure(f"index of {bets} bets, until it is loaded", "s", loads, 1))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="runs of this catalogue (default: 3)")
    parser.add_argument("--bets", type=int, default=1000, metavar="N", help="bets of the generated one (default: 1000)")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "report.json", metavar="FILE", help="the figures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = measured(Path(name), options.bets, options.repeats)
    about = {"python": platform.python_version(), "platform": platform.platform(), "cpus": os.cpu_count()}
    return report(found, about, options.json)


if __name__ == "__main__":
    sys.exit(main())
