"""Compare the constants of an imported bet file with those that it declares."""

from collections.abc import Iterator

from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.literals import jsonable
from pytest_bets.bet.meaning import source_of
from pytest_bets.diagnostics import Fault
from pytest_bets.values import row


def constant_faults(declaration: Declaration, module: object) -> Iterator[Fault]:
    """Yield the constants that have another value after the import than the text of the file gives them."""
    for name, declared in declaration.constants.items():
        if source_of(declared) is not None or not hasattr(module, name):
            continue
        value = getattr(module, name)
        try:
            is_same = row(jsonable(value)) == row(declared)
        except (ValueError, TypeError, RecursionError):
            is_same = False
        if not is_same:
            problem = f"`{name}` is {_short(value)} after the import, and the file declares {_short(declared)}"
            yield Fault(declaration.file, 1, problem, expected="one assignment of the value, and no change of it")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
