"""Compare the marks that pytest sees in a bet file with those in its source."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Final

import pytest

from pytest_bets.bet.declaration import CRITERIA, MARKERS, Declaration
from pytest_bets.bet.null import MARKER as NULL
from pytest_bets.bet.resources import RESOURCES
from pytest_bets.diagnostics import Fault, nearest

_READ: Final = (*MARKERS, RESOURCES)
"""The markers that are read from the source."""


def mark_faults(
    declaration: Declaration, module: ModuleType, pytestmark: Sequence[pytest.Mark], registered: Iterable[str]
) -> Iterator[Fault]:
    """Yield marks that would be ignored silently: ours that the source does not show, and misspelt ones."""
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
    known = set(map(_known, registered))
    for mark in _marks(getattr(module, declaration.function, None)):
        if mark.name not in known and (near := nearest(mark.name, _READ)):
            problem = f"`{mark.name}` is no marker that pytest knows"
            expected = "a marker of bets, or one that the setting `markers` lists"
            yield _fault(declaration, problem, expected, near, f"@pytest.mark.{mark.name}(...)")


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
