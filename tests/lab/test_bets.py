"""The catalogue: every bet can be rehearsed at size tiny, declares itself on one screen, and keeps to eighty lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BETS = sorted((ROOT / "bets").glob("bet_*.py"))


TRAINED = ("bet_13_ternary", "bet_31_weight_soup", "bet_49_adapter_shootout", "bet_61_personal_matrix")
"""Bets that between them train every kind of adapter, quantise, mix weights and share adapters among cells."""


@pytest.fixture
def rehearse(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that rehearses bets and returns their records, by the names of their files."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment |= {"BETS_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}

    def run(name: str, *arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--bets-pilot", *arguments]
        command += ["--bets-results", str(tmp_path / name)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-4_000:]
        paths = [path for path in (tmp_path / name).glob("*.json") if path.stem != "SUMMARY"]
        return {f"bet_{path.stem}": json.loads(path.read_text()) for path in paths}

    return run


def test_the_whole_catalogue_rehearses_and_one_process_measures_what_two_workers_do_to_the_bit(
    rehearse: Callable[..., dict[str, Any]],
) -> None:
    """One test, so that the catalogue is rehearsed once, whichever worker has it."""
    two_workers = rehearse("two", "bets", "-n", "2")
    assert two_workers.keys() == {bet.stem for bet in BETS}
    for name, record in two_workers.items():
        assert record["pilot"] is True, name
        assert record["void"] == "a rehearsal has no verdict", name
        assert record["cells"], name
    one_process = rehearse("one", *(f"bets/{name}.py" for name in TRAINED))
    for name in TRAINED:
        assert one_process[name]["cells"] == two_workers[name]["cells"], name


@pytest.mark.parametrize("bet", BETS, ids=lambda bet: bet.stem)
def test_a_bet_is_eighty_lines_at_most_and_imports_no_plugin(bet: Path) -> None:
    source = bet.read_text()
    assert len(source.splitlines()) <= 80
    assert "pytest_bets" not in source
    assert "PILOT" in source
