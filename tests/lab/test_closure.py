"""The closure of a bet is sound: whatever a bet executes, in any thread and any process that it starts, is in it."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pytest_bets.pure.code.digest import WHOLE
from pytest_bets.world.code import CodeIndex
from tests.lab import executed

ROOT = Path(__file__).parents[2]
BETS = sorted((ROOT / "bets").glob("bet_*.py"))


@cache
def statements(path: Path) -> list[tuple[int, int, str]]:
    """Return the lines of every definition of a module, with its name."""
    found = []
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found.append((first, node.end_lineno or first, node.name))
    return found


def definition(path: Path, line: int) -> str | None:
    """Return which definition of a module has this line, None where it is another statement."""
    return next((name for first, last, name in statements(path) if first <= line <= last), None)


def noted(folder: Path) -> Iterator[tuple[str, Path, str | None, str]]:
    """Yield the bet, file, definition and name of every function that was executed."""
    for file in folder.glob("*.txt"):
        for line in file.read_text(encoding="utf-8").splitlines():
            bet, path, first, name = line.split("\t")
            yield bet, Path(path), definition(Path(path), int(first)), name


def test_every_function_that_a_rehearsal_executes_is_in_the_closure_of_its_bet(tmp_path: Path) -> None:
    """All bets in one session, each with its threads and the processes that it starts.

    What runs while no bet is collected or run, as a conftest does, must be in the closure of every bet.
    """
    notes, site = tmp_path / "notes", tmp_path / "site"
    for folder in (notes, site):
        folder.mkdir()
    (site / "sitecustomize.py").write_text(f"import sys\nsys.path.append({str(ROOT)!r})\nimport tests.lab.executed\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment = {
        **kept,
        "BETS_CACHE": str(tmp_path / "cache"),
        "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
        executed.FOLDER: str(notes),
        executed.UNDER: str(ROOT / "bets"),
    }
    command = [sys.executable, "-m", "pytest", "bets", "-q", "-p", "no:cacheprovider", "-p", "tests.lab.executing"]
    command += ["--bets-pilot", "-p", "no:xdist"]
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout[-4_000:]
    index = CodeIndex(ROOT, [ROOT])
    closures = {bet.relative_to(ROOT).as_posix(): index.code(bet).definitions for bet in BETS}
    missing = set()
    counts = dict.fromkeys(closures, 0)
    for bet, path, name, function in noted(notes):
        file = path.relative_to(ROOT).as_posix()
        for one in [bet] if bet else closures:
            counts[one] += 1
            held = closures[one].get(file, {})
            if WHOLE not in held and not (name in held if name else file in index.code(ROOT / one).files):
                missing.add((one, file, name, function))
    for bet, count in counts.items():
        print(f"{bet}: {count} functions executed, {sum(map(len, closures[bet].values()))} definitions in its closure")
    assert missing == set()
    assert len(list(notes.glob("*.txt"))) > 1, "no child process was noted"
    assert all(counts.values())
