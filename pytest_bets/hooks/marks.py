"""Compare the marks that pytest sees in a bet file with those in its source."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from inspect import unwrap
from types import FunctionType, ModuleType
from typing import Final

import pytest

from pytest_bets.bet.declaration import CRITERIA, MARKERS, Declaration
from pytest_bets.bet.null import MARKER as NULL
from pytest_bets.bet.resources import RESOURCES
from pytest_bets.bet.source import Function
from pytest_bets.bet.source import marks as written_marks
from pytest_bets.diagnostics import Fault, nearest

_READ: Final = (*MARKERS, RESOURCES)
"""The markers that are read from the source."""


def mark_faults(
    declaration: Declaration, module: ModuleType, pytestmark: Sequence[pytest.Mark], registered: Iterable[str]
) -> Iterator[Fault]:
    """Yield marks that would be ignored silently: ours that the source does not show, and misspelt ones.

    And the reverse: marks of the source that the function which pytest runs does not carry, or another function.
    """
    own = [(name, _marks(member)) for name, member in vars(module).items() if _is_of(module, member)]
    for name, marks in [("pytestmark", pytestmark), *own]:
        written = declaration if name == declaration.function else None
        hidden = next((mark for mark in marks if mark.name in _READ and not _stands(mark, written)), None)
        if hidden:
            what = f"a {hidden.name} sentence" if hidden.name in CRITERIA else f"the marker {hidden.name}"
            yield _fault(
                declaration,
                f"`{name}` carries {what} that does not stand on it in the source",
                f"@pytest.mark.{hidden.name}(...) above the experiment, literally",
            )
    if found := _other(declaration, module):
        yield _fault(declaration, *found)
    known = set(map(_known, registered))
    for mark in _marks(getattr(module, declaration.function, None)):
        if mark.name not in known and (near := nearest(mark.name, _READ)):
            problem = f"`{mark.name}` is no marker that pytest knows"
            expected = "a marker of bets, or one that the setting `markers` lists"
            yield _fault(declaration, problem, expected, near, f"@pytest.mark.{mark.name}(...)")


def _other(declaration: Declaration, module: ModuleType) -> tuple[str, str] | None:
    """Return how what pytest runs is not the experiment that the source shows, and what is expected; None if it is."""
    name, shown = declaration.function, declaration.experiment
    if not isinstance(shown, Function):
        return None
    member = getattr(module, name, None)
    written = written_marks(shown.decorator_list)
    # A decorator may put any function in the place of this one, and the source shows it. Markers return what they get.
    if len(written) == len(shown.decorator_list) and not _is_definition(member, name, module):
        return f"`{name}` is not the function of the source when pytest runs it", "no other value for it at run time"
    needed = Counter(mark.name for mark in written if mark.name in (*MARKERS, "parametrize"))
    missing = needed - Counter(mark.name for mark in _marks(member))
    if missing:
        problem = f"`{name}` is without the marker {min(missing)} of the source when pytest runs it"
        return problem, "a decorator that keeps the markers, with functools.wraps"
    return None


def _is_definition(member: object, name: str, module: ModuleType) -> bool:
    """Return whether this is a function that stands in the module's own scope, under its own name.

    Import hooks that check types wrap every function of a module: what they wrap is looked at.
    """
    inner = unwrap(member)  # type: ignore[arg-type]  # it returns what has no `__wrapped__` as it is
    own = isinstance(inner, FunctionType) and inner.__globals__ is vars(module)
    return own and inner.__code__.co_qualname == name


def _stands(mark: pytest.Mark, written: Declaration | None) -> bool:
    if written is None:
        return False
    if mark.name in CRITERIA:
        texts = [sentence.text for sentence in written.sentences(mark.name)]
        return all(" ".join(str(argument).split()) in texts for argument in mark.args)
    if mark.name == RESOURCES:
        return mark.kwargs in written.resources
    if mark.name == "challenges":
        return set(mark.args) <= set(written.challenges)
    return bool(written.nulls) if mark.name == NULL else getattr(written, mark.name) is not None


@cache
def _known(line: str) -> str:
    """Return the name of the marker in a line of the setting `markers`; cached, the lines are few."""
    return line.partition(":")[0].partition("(")[0].strip()


def _is_of(module: ModuleType, member: object) -> bool:
    return callable(member) and getattr(member, "__module__", None) == module.__name__


def _marks(member: object) -> Sequence[pytest.Mark]:
    marks = getattr(member, "pytestmark", ())
    return marks if isinstance(marks, list) else ()


def _fault(declaration: Declaration, problem: str, expected: str, suggestion: str = "", text: str = "") -> Fault:
    text = text or f"def {declaration.function}(...)"
    return Fault(declaration.file, declaration.line, problem, text, expected, suggestion)
