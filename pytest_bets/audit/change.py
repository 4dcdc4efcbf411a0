"""A change of a declaration in one line."""

from typing import Final

from pytest_bets.bet.diff import Change
from pytest_bets.sentence.parse import parse

_CALLED: Final = {"constants": "constant", "words": "words of the"}


def shown(change: Change) -> str:
    """Return a change in one line, as in `strict loosened: count(norm < full) >= 12 -> >= 9`."""
    words = [_CALLED.get(change.subject, change.subject), change.name, change.kind]
    sides = [side.replace("\n", "\\n") for side in (change.before, _after(change)) if side]
    return f"{' '.join(filter(None, words))}: {' -> '.join(sides)}"


def _after(change: Change) -> str:
    if change.kind not in ("tightened", "loosened") or change.subject == "null":
        return change.after
    sentence = parse(change.after)
    return f"{sentence.operator} {sentence.threshold}"
