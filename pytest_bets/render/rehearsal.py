"""What a rehearsal shows of a bet: values, times and no verdict."""

from collections.abc import Mapping, Sequence
from typing import Final

from pytest_bets.bet.declaration import PREMISE, Criterion
from pytest_bets.record.columns import spread
from pytest_bets.record.verdict import Cell, judge
from pytest_bets.render.table import wrap
from pytest_bets.render.visible import visible
from pytest_bets.render.words import cells_words, measured_words

_INDENT: Final = "  "
_TITLE: Final = 14
_NARROWEST: Final = 20


def would_lines(criteria: Sequence[Criterion], cells: Sequence[Cell]) -> list[tuple[str, str]]:
    """Return for every sentence its tier, and what it would be on these cells; never a verdict."""
    return [(criterion.tier, _would(criterion, cells)) for criterion in criteria]


def _would(criterion: Criterion, cells: Sequence[Cell]) -> str:
    verdict = judge((criterion,), cells)
    if not verdict.criteria:
        reason = (verdict.void or "").partition(f'"{criterion.sentence.text}": ')[2]
        return f"{visible(criterion.sentence.text)} cannot be judged: {visible(reason)}"
    (judged,) = verdict.criteria
    if criterion.tier == "catastrophic":
        end = "be clear" if judged.good else "trip"
    else:
        end = "be met" if judged.good else "not be met"
    if criterion.tier == PREMISE and not judged.good:
        end += ", so there would be no verdict"
    return f"{measured_words(judged)}: would {end}"


def changed_words(constants: Mapping[str, object]) -> str:
    """Return the constants of a rehearsal."""
    return ", ".join(f"{name} = {visible(repr(value))}" for name, value in constants.items())


def ran_words(count: int, total: int) -> str:
    """Return how many of a bet's cells ran."""
    return cells_words(total) if count == total else f"{count} of {cells_words(total)}"


def times_words(seconds: Sequence[float]) -> str:
    """Return how long a cell took; of several cells on average, and the quickest and the slowest."""
    found = spread(seconds)
    least, most = seconds_words(found.least), seconds_words(found.most)
    if least == most:
        return f"{most} each" if len(seconds) > 1 else most
    return f"{seconds_words(found.mean)} each ({least} to {most})"


def seconds_words(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 0.001:
        return "<0.001 s"
    if seconds < 99.5:
        return f"{seconds:.2g} s"
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def page(head: str, entries: Sequence[tuple[str, str]], room: int) -> list[str]:
    """Return a heading with its entries below, each with its title at the left; an entry may have several lines."""
    size = _TITLE + len(_INDENT)
    lines = [head]
    for title, text in entries:
        wrapped = wrap(text, max(room - size, _NARROWEST))
        lines.append(f"{_INDENT}{title:<{_TITLE}}{wrapped[0]}")
        lines += [" " * size + line for line in wrapped[1:]]
    return lines
