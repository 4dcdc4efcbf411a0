"""Replications: runs with fresh seeds, numbered in order, and what they are evidence of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_bets.bet.declaration import SEED, Declaration
from pytest_bets.bet.null import CELL
from pytest_bets.chance import evidence
from pytest_bets.chance.result import Luck
from pytest_bets.record.line import Replicated, RunLine

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


def replicated(number: int, declaration: Declaration, luck: Luck | None) -> Replicated:
    """Return what a line of the journal holds of a replication."""
    chances = [luck.largest(tier) if luck and luck.swaps else None for tier in ("strict", "lenient")]
    strict, lenient = (found[1].chance if found else None for found in chances)
    return Replicated(number, strict, lenient, _is_fresh(declaration, luck))


def _is_fresh(declaration: Declaration, luck: Luck | None) -> bool:
    """Return whether every unit is measured for the first time: its name contains the seed, and no cells are alike."""
    if luck is None or not luck.swaps or not declaration.replicate:
        return False
    own = all(SEED in swap.unit or swap.unit == (CELL,) for swap in luck.swaps)
    return own and all(alike.by == SEED for swap in luck.swaps for alike in swap.alike)


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
    runs = [(line.replication, line.verdict) for line in first.values() if line.replication]
    strict = sum(verdict == "PASS" for _, verdict in runs)
    lenient = sum(verdict != "FAIL" for _, verdict in runs)
    if holes := missing(lines, declaration):
        return Evidence("missing", len(runs), strict, lenient, missing=tuple(holes))
    if not all(run.fresh for run, _ in runs):
        return Evidence("same units", len(runs), strict, lenient)
    replications = [
        evidence.Replication(verdict == "PASS", run.strict, verdict != "FAIL", run.lenient)
        for run, verdict in runs
        if run.strict is not None and run.lenient is not None
    ]
    if len(replications) < len(runs):
        return Evidence("not known", len(runs), strict, lenient)
    return Evidence("known", len(runs), strict, lenient, evidence.evidence(replications))


def _of(lines: Sequence[RunLine], declaration: str) -> list[RunLine]:
    return [line for line in lines if line.replication and line.declaration == declaration and not line.pilot]
