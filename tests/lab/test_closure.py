"""The closure of a bet is sound: whatever a bet executes, in any thread and any process that it starts, is in it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pytest_bets.code.digest import WHOLE
from pytest_bets.code.index import CodeIndex, Disk
from pytest_bets.code.names import Function
from pytest_bets.code.program import Outlines
from tests.lab import executed

ROOT = Path(__file__).parents[2]
Closures = Mapping[str, Mapping[str, Mapping[str, str]]]
"""By the file of a bet: the digests of the definitions in its closure, by file."""
BETS = sorted((ROOT / "bets").glob("bet_*.py"))


@cache
def statements(path: Path) -> list[tuple[int, int, str]]:
    """Return the lines of every definition of a module, with its name."""
    nodes = [node for node in ast.parse(path.read_bytes()).body if isinstance(node, Function | ast.ClassDef)]
    return [(_first(node), node.end_lineno or node.lineno, node.name) for node in nodes]


def definition(path: Path, line: int) -> str | None:
    """Return which definition of a module has this line, None where it is another statement."""
    return next((name for first, last, name in statements(path) if first <= line <= last), None)


def noted(folder: Path) -> Iterator[tuple[str, str, int, str]]:
    """Yield the bet, file, first line and name of every function that was executed."""
    for notes in folder.glob("*.txt"):
        for line in notes.read_text(encoding="utf-8").splitlines():
            bet, path, first, name = line.split("\t")
            yield bet, Path(path).relative_to(ROOT).as_posix(), int(first), name


def mutant(path: Path, line: int) -> bytes | None:
    """Return a module whose function that begins in this line does one thing more; None for a lambda and the like."""
    source = path.read_text(encoding="utf-8").splitlines(keepends=True)
    functions = (node for node in ast.walk(ast.parse("".join(source))) if isinstance(node, Function))
    node = next((node for node in functions if line == _first(node)), None)
    if node is None or node.body[-1].lineno == node.lineno:
        return None
    at = node.body[-1].end_lineno or 0
    return "".join([*source[:at], f"{' ' * node.body[0].col_offset}print('mutant')\n", *source[at:]]).encode()


def _first(node: Function | ast.ClassDef) -> int:
    """Return the line that a function begins in, for its code object as well."""
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


class Mutated(Disk):
    """The files on disk, one of them with other bytes."""

    def __init__(self, root: Path, name: str, data: bytes) -> None:
        super().__init__(root)
        self.changed = name, data

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return self.changed[1] if name == self.changed[0] else super().read(name)


def rehearse(folder: Path, *arguments: str, noting: bool = False) -> dict[str, Any]:
    """Rehearse bets in sessions of their own and return their records, by the names of their files.

    With `noting`, every function that a process of the session executes is noted in `folder/notes`.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment |= {"BETS_CACHE": str(folder / "cache"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--bets-pilot", *arguments]
    if noting:
        environment |= executed.environment(folder, ROOT / "bets")
        # pytest keeps the byte code of what it rewrites, which has no marks
        command += ["-p", "tests.lab.executing", "--assert=plain"]
    results = folder / ("noted-results" if noting else "results")
    done = subprocess.run(
        [*command, "--bets-results", str(results)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert done.returncode == 0, done.stdout[-4_000:]
    paths = [path for path in results.glob("*.json") if path.stem != "SUMMARY"]
    return {f"bet_{path.stem}": json.loads(path.read_text()) for path in paths}


TRAINED = ("bet_13_ternary", "bet_31_weight_soup", "bet_49_adapter_shootout", "bet_61_personal_matrix")
"""Bets that between them train every kind of adapter, quantise, mix weights and share adapters among cells."""


def covering(closures: Closures) -> list[str]:
    """Return bets whose closures have every file of the laboratory that the closure of any bet has."""
    wanted = set().union(*closures.values()) - closures.keys()
    chosen = {*MUTATED, *(f"bets/{name}.py" for name in TRAINED)}
    left = wanted.difference(*(closures[bet] for bet in chosen))
    while left:
        best = max(closures, key=lambda bet: len(left & closures[bet].keys()))
        chosen.add(best)
        left -= closures[best].keys()
    return sorted(chosen)


def test_bets_rehearse_within_their_closures_and_one_process_measures_what_two_workers_do(tmp_path: Path) -> None:
    """One test, so that bets are rehearsed once, with their threads and the processes that they start.

    They are enough for every file of the laboratory. BETS_REHEARSE=all takes the whole catalogue.
    """
    index = CodeIndex(ROOT, [ROOT])
    closures = {bet.relative_to(ROOT).as_posix(): index.code(bet).definitions for bet in BETS}
    chosen = sorted(closures) if os.environ.get("BETS_REHEARSE") == "all" else covering(closures)
    two_workers = rehearse(tmp_path, *chosen, "-n", "2", noting=True)
    assert two_workers.keys() == {Path(bet).stem for bet in chosen}
    for name, record in two_workers.items():
        assert record["pilot"] is True, name
        assert record["void"] == "a rehearsal has no verdict", name
        assert record["cells"], name
    prove_that_what_was_executed_is_in_the_closures(tmp_path / "notes", {bet: closures[bet] for bet in chosen})
    one_process = rehearse(tmp_path, *(f"bets/{name}.py" for name in TRAINED))
    for name in TRAINED:
        assert one_process[name]["cells"] == two_workers[name]["cells"], name


def prove_that_what_was_executed_is_in_the_closures(notes: Path, closures: Closures) -> None:
    """Check every function that was noted.

    What runs while no bet is collected or run, as a conftest does, must be in the closure of every bet.
    """
    index = CodeIndex(ROOT, [ROOT])
    missing = set()
    counts = dict.fromkeys(closures, 0)
    for bet, file, line, function in noted(notes):
        name = definition(ROOT / file, line)
        for one in [bet] if bet else closures:
            counts[one] += 1
            held = closures[one].get(file, {})
            if WHOLE not in held and not (name in held if name else file in index.code(ROOT / one).files):
                missing.add((one, file, name, function))
    for bet, count in counts.items():
        print(f"{bet}: {count} functions executed, {sum(map(len, closures[bet].values()))} definitions in its closure")
    assert missing == set()
    assert len(list(notes.glob("*.txt"))) > 3, "of the controller, two workers and what they start, not all were noted"
    assert all(counts.values())
    _prove_that_every_change_is_seen({each for each in noted(notes) if each[0] in MUTATED})


MUTATED = ("bets/bet_13_ternary.py", "bets/bet_71_throttle_processes.py")


def _prove_that_every_change_is_seen(executed_by_bet: set[tuple[str, str, int, str]]) -> None:
    """Change each function that was executed, one after the other: the digest of the bet is another."""
    outlines = Outlines()
    before = {bet: CodeIndex(ROOT, [ROOT], None, outlines).of(bet).digest for bet in MUTATED}
    unseen, count = set(), 0
    for bet, file, line, function in sorted(executed_by_bet):
        data = mutant(ROOT / file, line)
        if data is not None:
            count += 1
            if CodeIndex(ROOT, [ROOT], Mutated(ROOT, file, data), outlines).of(bet).digest == before[bet]:
                unseen.add((bet, file, function))
    print(f"{count} functions changed, one after the other")
    assert unseen == set()
    assert count > 100
