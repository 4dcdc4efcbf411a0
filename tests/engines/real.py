"""Sessions on real engines, in which processes are really killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.helpers.results import prove_whole, records

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = int(os.environ.get("BETS_KILLS", "3"))
"""How often a test with random kills strikes; a long run takes more."""
CELLS: Final = max(8, 2 * KILLS)
"""How many cells such a test has."""
PARTS: Final = {"parametrize": f'"part", list(range(1, {CELLS + 1}))'}
PATIENCE: Final = float(os.environ.get("BETS_PATIENCE", 180 + 30 * KILLS))

NOTE: Final = """
guard = os.getppid()
supervisor = int(pathlib.Path(f"/proc/{guard}/stat").read_text().rpartition(")")[2].split()[1])
with open(f"FOLDER/ran_{part}", "a") as file:
    file.write(f"{os.getpid()} {guard} {supervisor} {os.environ.get('SLURMD_NODENAME', '')}\\n")
naps = [path for path in (pathlib.Path(f"FOLDER/nap_{part}"), pathlib.Path("FOLDER/nap")) if path.exists()]
end = time.monotonic() + float(naps[0].read_text())
while time.monotonic() < end and not pathlib.Path(f"FOLDER/go_{part}").exists():
    time.sleep(min(0.05, max(0, end - time.monotonic())))
with open(f"FOLDER/done_{part}", "a") as file:
    file.write(f"{os.getpid()}\\n")
return {"gain": part, "pid": os.getpid()}
"""
ABOVE: Final = "import os, pathlib, time"


def needs(missing: str) -> pytest.MarkDecorator:
    """Return the mark that skips tests where an engine is missing, or they were not asked for."""
    reason = why_skipped(missing)
    return pytest.mark.skipif(bool(reason), reason=reason or "-")


def why_skipped(missing: str) -> str:
    """Return why a test is skipped: something is missing, or it was not asked for. Such tests take minutes."""
    asked = "BETS_ENGINES" in os.environ
    return missing or ("" if asked else "tests on real engines take minutes: .ci/engines runs them")


def without(package: str) -> str:
    """Return why there is no session with a package, and the command that changes that; empty where there is one."""
    return "" if interpreter(package) else f"no {package}: pip install 'pytest-bets[{package}]', or run .ci/engines"


def body(folder: Path) -> str:
    """Return an experiment that notes which processes run it, and takes as long as the file `nap` says.

    A file `nap_3` is for part 3 alone, and `go_3` ends its sleep.
    """
    (folder / "nap").write_text("0.3")
    return NOTE.replace("FOLDER", str(folder))


@cache
def interpreter(package: str) -> str:
    """Return a Python that has a package: that of the tests, or the one that `.ci/engines` makes; empty for none."""
    for python in (sys.executable, str(ROOT / "build" / "engines" / "bin" / "python")):
        if (
            Path(python).exists()
            and not subprocess.run([python, "-c", f"import {package}"], capture_output=True).returncode
        ):
            return python
    return ""


@dataclass
class Session:
    """A session in a process of its own."""

    folder: Path
    python: str = sys.executable
    variables: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start it."""
        left_out = ("PYTEST_", "COV_")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(left_out) and not name.lower().endswith("_proxy")  # its nodes are on this machine
        }
        return subprocess.Popen(
            [self.python, "-m", "pytest", "-p", "pytest_bets.plugin", "-p", "no:cacheprovider", *arguments],
            cwd=self.folder,
            env={
                **kept,
                "PYTHONPATH": str(ROOT),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PYTHONDONTWRITEBYTECODE": "1",
                "RAY_USAGE_STATS_ENABLED": "0",
                **self.variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run it to its end."""
        return ended(self.start(*arguments), expect)

    def plain(self) -> dict[str, bytes]:
        """Return the bytes of all records of a plain run, and forget that it ever was."""
        self.run("-q")
        found = recorded(self.folder)
        for path in (self.folder / "results").iterdir():
            if path.is_file():
                path.unlink()
        for path in (*self.folder.glob("ran_*"), *self.folder.glob("done_*")):
            path.unlink()
        return found

    def line(self) -> dict[str, Any]:
        """Return the last line of the journal."""
        return prove_whole(self.folder / "results")[-1]

    def record(self, bet: str = "1_first") -> dict[str, Any]:
        """Return a record."""
        return records(self.folder / "results")[bet]


def recorded(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all records."""
    return {path.name: path.read_bytes() for path in (folder / "results").glob("?_*.json")}


def ended(session: "subprocess.Popen[str]", expect: int = 0) -> str:
    """Wait for the end of a session, and return what it printed."""
    shown = session.communicate(timeout=PATIENCE)[0]
    assert session.returncode == expect, shown
    assert "INTERNALERROR" not in shown
    return shown


def runs(folder: Path) -> dict[str, list[list[str]]]:
    """Return which processes ran each cell: child, guard, supervisor and node of each run."""
    return {
        path.name.removeprefix("ran_"): [line.split() for line in path.read_text().splitlines()]
        for path in folder.glob("ran_*")
    }


def running(folder: Path) -> list[tuple[str, list[str]]]:
    """Return the cells that have begun and not ended, with the processes of their last run."""
    found = []
    for part, own in runs(folder).items():
        done = folder / f"done_{part}"
        finished = done.read_text().split() if done.exists() else []
        if own and own[-1][0] not in finished and Path(f"/proc/{own[-1][0]}").exists():
            found.append((part, own[-1]))
    return found


def until(true: Callable[[], object], session: "subprocess.Popen[str] | None" = None) -> None:
    """Wait until something is true, or the session has ended."""
    deadline = time.monotonic() + PATIENCE
    while not true() and (session is None or session.poll() is None):
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def strike(folder: Path, session: "subprocess.Popen[str]", kill: Callable[[list[str]], None], times: int) -> int:
    """Kill something of running cells at random moments; return how often there was something to kill."""
    chance = random.Random(7)
    struck = 0
    while struck < times and session.poll() is None:
        until(lambda: running(folder), session)
        time.sleep(chance.uniform(0, 0.3))
        targets = running(folder)
        if targets and session.poll() is None:
            kill(chance.choice(targets)[1])
            struck += 1
            time.sleep(chance.uniform(0.3, 1.0))
    return struck


def kill_supervisor(processes: list[str]) -> None:
    """Kill the process that supervises a cell, as a node that dies does; its guard must kill the child."""
    with suppress(ProcessLookupError):
        os.kill(int(processes[2]), signal.SIGKILL)


def kill_child(processes: list[str]) -> None:
    """Kill the process of a cell."""
    with suppress(ProcessLookupError):
        os.kill(int(processes[0]), signal.SIGKILL)


def gone(folder: Path) -> bool:
    """Tell whether no process that ran a cell is there any more."""
    return not any(Path(f"/proc/{own[0]}").exists() for found in runs(folder).values() for own in found)


def half_done(session: Session, *arguments: str) -> "subprocess.Popen[str]":
    """Return a session that has two finished cells, and two that run."""
    for part in (1, 2):
        (session.folder / f"nap_{part}").write_text("0")
    (session.folder / "nap").write_text("900")
    process = session.start(*arguments)
    noted = session.folder / "results" / ".bets" / "unfinished"
    until(
        lambda: (
            sum(len(path.read_bytes().splitlines()) for path in noted.glob("*.cells")) == 2
            and {part for part, _ in running(session.folder)} == {"3", "4"}
        ),
        process,
    )
    assert process.poll() is None, process.communicate()[0]
    (session.folder / "nap").write_text("0")
    return process


def kill_controller(session: Session, *arguments: str) -> None:
    """Kill a session -9 when it has two finished cells, and two that run."""
    process = half_done(session, *arguments)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


def prove_resumed(session: Session, *arguments: str) -> None:
    """Prove that a session goes on that was `half_done`: what was finished is not measured again."""
    session.run(*arguments, "--bets-resume")
    record = session.record()
    assert record["verdict"] == "PASS", json.dumps(record)
    found = {part: [run[0] for run in own] for part, own in runs(session.folder).items()}
    assert {part: len(own) for part, own in found.items()} == {"1": 1, "2": 1, "3": 2, "4": 2}
    measured = {str(cell["params"]["part"]): str(cell["measured"]["pid"]) for cell in record["cells"]}
    assert measured == {part: own[-1] for part, own in found.items()}


def prove_measured_once(session: Session, cells: int) -> None:
    """Prove that the record has the measurement of one run of every cell, and the journal all other runs."""
    record = session.record()
    assert record["verdict"] == "PASS", json.dumps(record)
    assert [cell["params"]["part"] for cell in record["cells"]] == list(range(1, cells + 1))
    found = runs(session.folder)
    measured = {str(cell["params"]["part"]): str(cell["measured"]["pid"]) for cell in record["cells"]}
    for part, own in found.items():
        assert measured[part] in {run[0] for run in own}
    attempts = session.line().get("attempts", [])
    for part, own in found.items():
        lost = [one for one in attempts if one["cell"] == f"experiment[{part}]" and not one["measured"]]
        assert len(lost) >= len(own) - 1, (attempts, found)
    assert all(attempt["end"] for attempt in attempts)
