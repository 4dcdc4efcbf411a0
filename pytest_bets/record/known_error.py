"""The known error rate of a verdict: the chance that it is what it is though there is nothing to find."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pytest_bets.bet.units import has_width
from pytest_bets.chance.result import Luck
from pytest_bets.diagnostics import SentenceError
from pytest_bets.record.record import Record
from pytest_bets.record.verdict import Cell, Judged, Outcome
from pytest_bets.sentence.ast import Node, Reducer
from pytest_bets.sentence.parse import parse
from pytest_bets.sentence.reducers import DEFAULT_LEVEL

TIER_OF: Final[Mapping[str, Literal["strict", "lenient"]]] = {"PASS": "strict", "LENIENT": "lenient"}
_LOW, _HIGH = ("low", (">", ">=")), ("high", ("<", "<="))


@dataclass(frozen=True, slots=True)
class KnownError:
    """How far a PASS or a LENIENT can be trusted."""

    kind: Annotated[
        Literal["luck", "absence", "interval"],
        "luck: the chance that the tier is met if the labels of columns do not matter. absence: the upper 95 % limit "
        "of a fault rate. interval: the error that the sentences have by design.",
    ]
    rate: Annotated[float, "The chance, the limit or the error."]
    bound: Annotated[bool, "Whether the rate is an upper limit and not exact."]
    units: Annotated[int | None, "luck: the number of units that change labels."] = None
    unit: Annotated[tuple[str, ...], "luck: what the cells of a unit share."] = ()
    alike: Annotated[bool, "luck: whether this is a coarser unit than the declared one, since its cells are alike."] = (
        False
    )
    tries: Annotated[int | None, "absence: in how many tries there was no fault."] = None


def known_error(
    verdict: Outcome | None,
    luck: Luck | None,
    criteria: Sequence[Judged],
    sweep: Mapping[str, object],
    cells: Sequence[Cell],
) -> KnownError | None:
    """Return the known error of a verdict; None where none is known.

    Of several nulls it is the one with the largest rate. `sweep` is as a record holds it, with `replicate`; a
    conftest.py may add to the parameters of the cells. Those of `telling` are enough.
    """
    if verdict is None or verdict not in TIER_OF:
        return None
    tier = TIER_OF[verdict]
    if luck is not None and luck.swaps:
        found = luck.largest(tier)
        if found is None:
            return None
        null, chance, alike = found
        bound = chance.method == "drawn"
        if alike is not None:
            return KnownError("luck", chance.chance, bound, alike.units, (alike.by,), alike=True)
        return KnownError("luck", chance.chance, bound, null.units, null.unit)
    if luck is not None and luck.absences:
        limits = [(item.limit, item.tries) for item in luck.absences if item.limit is not None]
        if verdict != "PASS" or len(limits) < len(luck.absences):
            return None
        limit, tries = max(limits, key=lambda item: item[0] or 0)
        return KnownError("absence", limit or 0, bound=True, tries=tries)
    count = max(_parameters(sweep), len(cells[0].params) if cells else 0)
    ends = [_right_end(item.sentence, count) for item in criteria if item.tier == tier]
    rows = [cell.row for cell in cells] if any(ends) else []
    errors = [_by_design(end) if end and has_width(end, rows) else None for end in ends]
    known = [error for error in errors if error is not None]
    if not known or len(known) < len(errors):
        return None
    return KnownError("interval", max(known), bound=False)


def telling(criteria: Iterable[Judged], cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return the first cell, and of the others those that show that an interval has a width: a sweep may be long."""
    ends = [end for item in criteria if (end := _right_end(item.sentence, 0))]
    kept: list[Cell] = []
    for cell in cells:
        showing = [end for end in ends if has_width(end, [each.row for each in (*kept[:1], cell)])]
        if showing or not kept:
            kept.append(cell)
        ends = [end for end in ends if end not in showing]
        if not ends:
            break
    return tuple(kept)


def _right_end(text: str, parameters: int) -> Reducer | None:
    """Return the end of an interval that a sentence bounds, if that is the right one; None for any other sentence.

    `parameters` is the number of those of the sweep.
    """
    try:
        sentence = parse(text)
    except SentenceError:  # of a record that another version wrote
        return None
    value: Node = sentence.value
    if not isinstance(value, Reducer) or (value.name, sentence.operator) not in _ends():
        return None
    if value.unit is None and parameters > 1:
        return None  # cells of one group are not independent, and the interval is too narrow
    return value


def _by_design(end: Reducer) -> float:
    return round((1 - (DEFAULT_LEVEL if end.level is None else end.level)) / 2, 12)


def error_of(record: Record) -> KnownError | None:
    """Return the known error of a record, or of its header."""
    return known_error(record.verdict, record.luck, record.criteria, record.declaration.sweep, record.cells)


def _ends() -> set[tuple[str, str]]:
    return {(name, operator) for name, operators in (_LOW, _HIGH) for operator in operators}


def _parameters(sweep: Mapping[str, object]) -> int:
    """Return the number of sweep parameters; a generator may add any number, and counts as two."""
    return sum(2 if name == "pytest_generate_tests" else len(name.split(", ")) for name in sweep)
