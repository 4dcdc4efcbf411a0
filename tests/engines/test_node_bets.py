"""Bets of this repository on every engine: the records have the bytes of a plain run."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.engines import real, slurm_cluster
from tests.engines.slurm_cluster import SlurmCluster

TWO: Final = ("bets/bet_64_audit_nonrepudiation.py", "bets/bet_67_ledger_durability.py")
"""Two quick ones without torch: curves, strings and counts, asynchronous code, and processes of their own."""
QUICK: Final = ("bets/", "-m", "not slow", "--deselect", "bets/bet_17_audit_overhead.py")
"""All quick ones but the one whose verdict hangs on how busy the machine is: `BETS_QUICK=1`, with torch."""
TIMED: Final = ("45_throttle.json", "71_throttle_processes.json")
"""Records that say how often a throttled worker came in last, which may differ from run to run."""
ALL: Final = "BETS_QUICK" in os.environ
BETS: Final = QUICK if ALL else TWO
COUNT: Final = 11 if ALL else 2
NEEDED: Final = ("cryptography", "fastapi", "numpy", *(["torch"] if ALL else []))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clone of this repository, with the state of the working tree."""
    folder = tmp_path_factory.mktemp("checkout") / "bets"
    subprocess.run(["git", "clone", "-q", "--shared", str(real.ROOT), str(folder)], check=True)
    shutil.copytree(real.ROOT / "pytest_bets", folder / "pytest_bets", dirs_exist_ok=True)
    return folder


def recorded(checkout: Path, python: str, *arguments: str, variables: dict[str, str] | None = None) -> dict[str, bytes]:
    """Return the bytes of the records of a session that starts without any; of those that measure time, the verdict."""
    results = checkout.parent / "results"
    shutil.rmtree(results, ignore_errors=True)
    session = real.Session(checkout, python, {"PYTHONPATH": str(checkout), **(variables or {})})
    session.run(*BETS, "-q", "--bets-results", str(results), *arguments)
    found = {path.name: path.read_bytes() for path in results.glob("??_*.json")}
    assert len(found) == COUNT, sorted(found)
    return {name: verdict(data) if name in TIMED else data for name, data in found.items()}


def verdict(record: bytes) -> bytes:
    """Return the verdict of a record."""
    return str(json.loads(record)["verdict"]).encode()


@pytest.fixture(scope="module")
def plain() -> dict[str, dict[str, bytes]]:
    """Return the records of plain runs by the Python that they ran with, filled when they are needed."""
    return {}


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start Slurm, and return the variables with which it is found."""
    cluster = SlurmCluster(tmp_path_factory.mktemp("slurm"))
    cluster.start()
    yield {"SLURM_CONF": str(cluster.configuration)}
    cluster.stop()


def why_skipped(engine: str) -> str:
    """Return why a test of an engine is skipped."""
    package = {"ray": "ray", "dask": "distributed"}.get(engine, "pytest")
    if missing := slurm_cluster.missing() if engine == "slurm" else real.without(package):
        return real.why_skipped(missing)
    python = real.interpreter(package)
    code = f"import {', '.join(NEEDED)}"
    there = not subprocess.run([python, "-c", code], capture_output=True, check=False).returncode
    return real.why_skipped("" if there else f"no {', '.join(NEEDED)} beside {package}: .ci/engines installs them")


@pytest.mark.parametrize("engine", ["local", "slurm", "dask", "ray"])
def test_records_of_real_bets_are_those_of_a_plain_run(
    request: pytest.FixtureRequest, checkout: Path, plain: dict[str, dict[str, bytes]], engine: str
) -> None:
    """Byte for byte, with the same Python."""
    if reason := why_skipped(engine):
        pytest.skip(reason)
    python = real.interpreter({"ray": "ray", "dask": "distributed"}.get(engine, "pytest"))
    if python not in plain:
        plain[python] = recorded(checkout, python)
    variables = request.getfixturevalue("slurm") if engine == "slurm" else {}
    assert recorded(checkout, python, "--bets-on", engine, variables=variables) == plain[python]
