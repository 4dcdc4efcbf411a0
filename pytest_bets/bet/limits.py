"""Limits of a bet file that no hostile one passes: the digits of its integers, and the number of its cells."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.bet import axes, literals
from pytest_bets.bet.source import Mark
from pytest_bets.diagnostics import Faults

MAX_CELLS: Final = 100_000
"""The maximum number of cells that the source alone shows: the lengths of its literal axes, multiplied."""
MAX_BITS: Final = 14_000
"""The maximum size of an integer: it has less than the 4,300 decimal digits that Python converts to text."""
MAX_SEEDED: Final = 1_000_000_000
"""The maximum number of characters that the seeds of a bet are derived from, over all of them."""
_LONG: Final = re.compile(r"0[xXoObB][0-9a-fA-F_]{3500}")


def check_integers(tree: ast.Module, faults: Faults) -> None:
    """Refuse an integer that neither JSON nor an error message can show; a decimal one is no Python at all."""
    if len(faults.source) < MAX_BITS // 4 or not _LONG.search(faults.source):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and node.value.bit_length() > MAX_BITS:
            faults.add(node.lineno, f"an integer has {node.value.bit_length():,} bits", f"at most {MAX_BITS:,} bits")
            faults.raise_any()


def check_cells(
    tree: ast.Module, own: Sequence[Mark], known: Mapping[str, object], replicate: int | None, faults: Faults
) -> None:
    """Add a fault where the sweep has more cells than a session can hold.

    `own` are the markers on the experiment, `known` the literal constants.
    """
    cells, line = replicate or 1, 1
    for mark, values in axes.axes(tree, own):
        cells, line = cells * _length(values, known), mark.line
        if cells > MAX_CELLS:
            faults.add(line, f"the sweep has at least {cells:,} cells", f"at most {MAX_CELLS:,}")
            return


def check_seeds(characters: int, replicate: int | None, line: int, faults: Faults) -> None:
    """Add a fault where deriving the seeds would take longer than seconds: each is derived from the whole sweep."""
    if replicate and replicate * characters > MAX_SEEDED:
        most = max(1, MAX_SEEDED // characters)
        problem = f"`replicate` has {replicate:,} seeds, and the sweep and the sentences {characters:,} characters"
        faults.add(line, problem, f"at most {most:,} seeds for so long a sweep")


def _length(node: ast.expr, known: Mapping[str, object]) -> int:
    """Return the number of an axis's values where the source shows it, otherwise 1."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return len(node.elts)
    if isinstance(node, ast.Name):
        value = known.get(node.id)
        return len(value) if isinstance(value, list) else 1
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("list", "tuple", "sorted") and len(node.args) == 1:
            return _length(node.args[0], known)
        numbers = list(_integers(node.args, known))
        if node.func.id == "range" and len(numbers) == len(node.args) in (1, 2, 3) and numbers[2:] != [0]:
            spanned = range(*numbers)  # its length may be beyond what `len` can say
            return -((spanned.start - spanned.stop) // spanned.step) if spanned else 0
    return 1


def _integers(nodes: Sequence[ast.expr], known: Mapping[str, object]) -> Iterator[int]:
    for node in nodes:
        value = _integer(node, known)
        if value is not None:
            yield value


def _integer(node: ast.expr, known: Mapping[str, object]) -> int | None:
    """Return the value of a literal, of a constant, or of a power of literals such as 10**9."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow | ast.Mult):
        left, right = _integer(node.left, known), _integer(node.right, known)
        if left is None or right is None:
            return None
        if isinstance(node.op, ast.Mult):
            return left * right
        return left**right if 0 <= right <= 64 and abs(left) <= MAX_CELLS else None
    value = known.get(node.id) if isinstance(node, ast.Name) else literals.literal(node)
    return value if type(value) is int else None
