"""Replications: runs with fresh seeds, numbered in order, and what they are evidence of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_bets.bet.declaration import SEED, Declaration
from pytest_bets.bet.null import CELL
from pytest_bets.chance import evidence
from pytest_bets.chance.result import Luck
from pytest_bets.chance.similarity import ALIKE, of_columns
from pytest_bets.chance.unit import groups
from pytest_bets.record.line import Replicated, RunLine
from pytest_bets.record.verdict import Cell

State = Literal["known", "same units", "missing", "not known"]


@dataclass(frozen=True)
class Evidence:
    """What the replications of a declaration say together; `value` is None unless it is known."""

    state: State
    runs: int
    strict: int = 0
    lenient: int = 0
    value: float | None = None
    missing: tuple[int, ...] = ()


def next_number(lines: Sequence[RunLine], declaration: str) -> int:
    """Return the number of the next replication of a declaration; a void run has kept its own."""
    return max((line.replication.number for line in _of(lines, declaration) if line.replication), default=0) + 1


def missing(lines: Sequence[RunLine], declaration: str) -> list[int]:
    """Return the numbers that no line has, below the highest."""
    numbers = {line.replication.number for line in _of(lines, declaration) if line.replication}
    return [number for number in range(1, max(numbers, default=0)) if number not in numbers]


def replicated(number: int, declaration: Declaration, luck: Luck | None, cells: Sequence[Cell]) -> Replicated:
    """Return what a line of the journal holds of a replication."""
    chances = [luck.largest(tier) if luck and luck.swaps else None for tier in ("strict", "lenient")]
    strict, lenient = (found[1].chance if found else None for found in chances)
    return Replicated(number, strict, lenient, _is_fresh(declaration, luck, cells))


def _is_fresh(declaration: Declaration, luck: Luck | None, cells: Sequence[Cell]) -> bool:
    """Return whether every unit is measured for the first time: its name contains the seed, and no cells are alike.

    Cells that are alike by a text were measured before, also where there are more texts than units.
    """
    if luck is None or not luck.swaps or not declaration.replicate:
        return False
    own = all(SEED in swap.unit or swap.unit == (CELL,) for swap in luck.swaps)
    if not own or any(alike.by != SEED for swap in luck.swaps for alike in swap.alike):
        return False
    params, rows = [cell.params for cell in cells], [cell.row for cell in cells]
    found = [
        of_columns(rows, swap.swap, groups(params, (name,)))
        for swap in luck.swaps
        for name in set[str]().union(*params) - {SEED}
    ]
    return not any(item and item.icc > ALIKE for item in found)


def evidence_of(lines: Sequence[RunLine], declaration: str) -> Evidence | None:
    """Return the evidence of a declaration's replications, None where there is none.

    Of two complete runs of one number the first counts. A void run says nothing and keeps its number.
    """
    own = _of(lines, declaration)
    if not own:
        return None
    first: dict[int, RunLine] = {}
    for line in own:
        if line.replication and line.verdict is not None:
            first.setdefault(line.replication.number, line)
    runs = list(first.values())
    strict, lenient = sum(line.verdict == "PASS" for line in runs), sum(map(_meets_lenient, runs))
    if holes := missing(lines, declaration):
        return Evidence("missing", len(runs), strict, lenient, missing=tuple(holes))
    if not all(line.replication.fresh for line in runs if line.replication):
        return Evidence("same units", len(runs), strict, lenient)
    replications = [found for line in runs if (found := _replication(line))]
    if len(replications) < len(runs):
        return Evidence("not known", len(runs), strict, lenient)
    return Evidence("known", len(runs), strict, lenient, evidence.evidence(replications))


def _replication(line: RunLine) -> evidence.Replication | None:
    run, strict, lenient = line.replication, line.verdict == "PASS", _meets_lenient(line)
    if run is None or run.strict is None or run.lenient is None:
        return None
    if (strict and run.strict <= 0) or (lenient and run.lenient <= 0):  # of a line that was edited
        return None
    return evidence.Replication(strict, run.strict, lenient, run.lenient)


def _meets_lenient(line: RunLine) -> bool:
    """Return whether a run is no FAIL and meets lenient, which a PASS need not: each tier has its own chance."""
    return line.verdict != "FAIL" and all(item.met for item in line.criteria if item.tier == "lenient")


def _of(lines: Sequence[RunLine], declaration: str) -> list[RunLine]:
    return [line for line in lines if line.replication and line.declaration == declaration and not line.pilot]
