"""What the simulated ledger gets out of one core: operations a second, under the weather of bets 67 and 68.

An operation is an offer, a delivery or a claim that the ledger answers, refused ones included, with all that is
simulated around it: traffic, messages, time-outs. For comparison, in turn with it, a plain loop that pushes an event
and pops one, which is the least that an event simulation does. Times are of the processor: the work is one thread.
"""

from __future__ import annotations

import argparse
import heapq
import platform
import sys
from pathlib import Path
from time import process_time
from typing import Final

from figures import Figure, figure, report

from bets.lab.ledger import simulation
from bets.lab.ledger.drift import Run
from bets.lab.ledger.traffic import Weather

NODES: Final = 1_000
RATE: Final = 2.0  # transfers that a node sends, an hour
SEED: Final = 1
CASES: Final = {
    "unacknowledged": (Weather(loss=0.01, duplicates=0.02), False),
    "acknowledged": (Weather(loss=0.01, duplicates=0.02), True),
    "acknowledged, hourly crashes": (Weather(loss=0.01, duplicates=0.02, crashes=24.0), True),
}
LOOPS: Final = 500_000
PENDING: Final = 64  # events in the heap of the plain loop


def loop() -> float:
    """Events a second of a plain loop over a heap."""
    heap = [(float(number), number) for number in range(PENDING)]
    began = process_time()
    for number in range(PENDING, LOOPS):
        time, _ = heapq.heappop(heap)
        heapq.heappush(heap, (time + PENDING, number))
    return LOOPS / (process_time() - began)


def timed(weather: Weather, acknowledged: bool, hours: float) -> tuple[Run, float]:
    """A run, and the seconds that it took."""
    began = process_time()
    run = simulation.simulate(NODES, hours, RATE, weather, SEED, acknowledged=acknowledged)
    return run, process_time() - began


def measured(hours: float, rounds: int) -> list[Figure]:
    """Round by round the plain loop, then each case."""
    loops: list[float] = []
    operations: dict[str, list[float]] = {case: [] for case in CASES}
    shares: dict[str, list[float]] = {case: [] for case in CASES}
    for _ in range(rounds):
        loops.append(loop())
        for case, (weather, acknowledged) in CASES.items():
            run, seconds = timed(weather, acknowledged, hours)
            operations[case].append(run.operations / seconds)
            shares[case].append(run.events / seconds / loops[-1])
    found = [figure("loop over a heap: events", "k/s", [each / 1e3 for each in loops])]
    for case in CASES:
        thousands = [each / 1e3 for each in operations[case]]
        found.append(figure(f"{case}: operations", "k/s", thousands, 100, at_least=True))
        found.append(figure(f"{case}: events over the loop", "x", shares[case]))
    return found


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each case is run (default 5)")
    parser.add_argument("--hours", type=float, default=12.0, help="simulated hours of a run (default 12)")
    parser.add_argument("--json", type=Path, default=Path("build/ledger.json"), help="where the figures go")
    return parser.parse_args()


def main() -> int:
    """Measure, print the table, write the JSON."""
    given = arguments()
    about = {"python": platform.python_version(), "nodes": NODES, "hours": given.hours, "rounds": given.rounds}
    return report(measured(given.hours, given.rounds), about, given.json)


if __name__ == "__main__":
    sys.exit(main())
