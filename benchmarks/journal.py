"""What a journal of 100,000 lines costs beside an empty one: real sessions and commands, run in turn, in one run.

    python benchmarks/journal.py [--pairs N] [--lines N] [--json FILE]

Both sides are the same project of one bet with one cell. The lines of the long journal are of 200 bets, one of which is
that bet. Each side runs once before it counts, which writes the index of the journal. A second table shows what that
first run costs: with the index deleted. The exit status is 1 where a bar is missed.
"""

import argparse
import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from figures import Figure, figure, report
from overhead import BET, PLUGIN, PYTEST, Plan, Side, Usage, in_turn, once

COMMAND: Final = (sys.executable, "-m", "pytest_bets")
WHAT: Final = {
    "run": (PYTEST, (PLUGIN,)),
    "--bets-replay": ((*PYTEST, "--bets-replay"), (PLUGIN,)),
    "show": ((*COMMAND, "show", "1"), ()),
    "rollup": ((*COMMAND, "rollup"), ()),
}
BETS: Final = 200


def lengthen(journal: Path, lines: int) -> None:
    """Add lines to a journal: replications of its first bet, and runs of others, each with other code."""
    pattern = json.loads(journal.read_bytes().splitlines()[-1])
    last = {pattern["bet"]: hashlib.sha256(journal.read_bytes().splitlines()[-1]).hexdigest()}
    with journal.open("ab") as file:
        for index in range(lines):
            bet = pattern["bet"] if index % BETS == 0 else f"{index % BETS + 1}_other"
            code = pattern["code"] if index % 3 else hashlib.sha256(str(index).encode()).hexdigest()
            line = pattern | {"bet": bet, "code": code, "record": None, "previous": last.get(bet)}
            data = json.dumps(line, sort_keys=True, separators=(",", ":")).encode()
            last[bet] = hashlib.sha256(data).hexdigest()
            file.write(data + b"\n")


def added(what: str, long: Sequence[Usage], short: Sequence[Usage], bars: bool = True) -> list[Figure]:
    """Return the CPU seconds and the memory that the long journal adds, pair by pair."""
    pairs = list(zip(long, short, strict=True))
    return [
        figure(f"CPU added to {what}", "s", [one.cpu - other.cpu for one, other in pairs], 0.3 if bars else None),
        figure(
            f"memory added to {what}", "MiB", [one.memory - other.memory for one, other in pairs], 60 if bars else None
        ),
        figure(f"CPU ratio of {what}", "x", [one.cpu / other.cpu for one, other in pairs]),
    ]


def main() -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=5, help="how often each side is run (default 5)")
    parser.add_argument("--lines", type=int, default=100_000, help="lines of the long journal (default 100000)")
    parser.add_argument("--json", type=Path, default=Path("build/journal.json"), help="where the figures go")
    given = parser.parse_args()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory() as scratch:
        plan = Plan(Path(scratch), given.pairs, 1)
        short, long = plan.project("short", BET, 1, 1), plan.project("long", BET, 1, 1)
        for folder in (short, long):
            once(Side(folder, (*PYTEST, "--bets-gate=none"), (PLUGIN,)))
        journal = long / "results" / "journal.jsonl"
        lengthen(journal, given.lines)
        before = journal.stat().st_size
        for what, (command, plugins) in WHAT.items():
            gated = (*command, "--bets-gate=none") if plugins else command
            used = in_turn(
                {name: Side(folder, gated, plugins) for name, folder in (("short", short), ("long", long))},
                given.pairs,
            )
            figures += added(what, used["long"], used["short"])
        grown = (journal.stat().st_size - before) / (given.pairs + 1)
        figures.append(figure("bytes that a run adds to the journal", "B", [grown], 2000))
        index = long / "results" / ".bets" / "journal-index"
        figures.append(figure("size of the index", "MiB", [index.stat().st_size / 2**20]))
        index.unlink()
        gated = (*PYTEST, "--bets-gate=none")
        rebuilt, usual = once(Side(long, gated, (PLUGIN,))), once(Side(short, gated, (PLUGIN,)))
        figures += added("the first run, without an index", [rebuilt], [usual], bars=False)
    about = {"python": platform.python_version(), "pytest": version("pytest"), "lines": given.lines}
    return report(figures, about, given.json)


if __name__ == "__main__":
    sys.exit(main())
