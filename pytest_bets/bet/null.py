"""The null of a bet: which columns could be exchanged, or what must never happen, if there is nothing to find."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_bets.bet import literals
from pytest_bets.bet.source import Mark
from pytest_bets.diagnostics import Faults, SentenceError, nearest
from pytest_bets.sentence.ast import Arithmetic, Groups, Name, Negative, Node, Number, Reducer, Sentence, names
from pytest_bets.sentence.parse import parse_value

MARKER: Final = "null"
CELL: Final = "cell"
"""The unit of a null whose cells change labels one by one."""
MAX_COLUMNS: Final = 5
_KEYWORDS: Final = ("swap", "unit", "none", "tries")
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FORMS: Final = 'null(swap="norm, full", unit="part"), or null(none="what must never happen", tries="sum(tampered)")'


@dataclass(frozen=True)
class Swap:
    """Columns that could be exchanged. The cells of a unit change labels together; `unit` is None if not given."""

    columns: tuple[str, ...]
    unit: tuple[str, ...] | None
    line: int = field(compare=False)

    @property
    def plain(self) -> dict[str, object]:
        """The null as JSON."""
        return {"swap": list(self.columns), **({} if self.unit is None else {"unit": list(self.unit)})}

    def __str__(self) -> str:
        unit = "" if self.unit is None else f', unit="{", ".join(self.unit)}"'
        return f'null(swap="{", ".join(self.columns)}"{unit})'


@dataclass(frozen=True)
class Absence:
    """What must never happen, and how often it could have happened."""

    none: str
    tries: str
    line: int = field(compare=False)

    @property
    def plain(self) -> dict[str, object]:
        """The null as JSON."""
        return {"none": self.none, "tries": self.tries}

    def __str__(self) -> str:
        return f'null(none="{self.none}", tries="{self.tries}")'


Null = Swap | Absence


def read(marks: Sequence[Mark], read_names: frozenset[str], parameters: Sequence[str], faults: Faults) -> list[Null]:
    """Return the nulls among the markers of an experiment.

    `read_names` are all names that its sentences read, `parameters` those of its sweep as far as the source gives them.
    """
    found: list[Null] = []
    for mark in marks:
        if mark.name != MARKER:
            continue
        texts = _arguments(mark, faults)
        if texts is None:
            continue
        null = _swap(mark, texts, read_names, parameters, faults) if "swap" in texts else _absence(mark, texts, faults)
        if null is not None and null in found:
            faults.add(mark.line, "this null stands twice", "each null once")
        elif null is not None:
            found.append(null)
    return found


def check_strict(nulls: Sequence[Null], strict: Sequence[Sentence], faults: Faults) -> None:
    """Add a fault for a null that no strict sentence can show, or that a strict sentence contradicts."""
    strict_names = frozenset[str]().union(*(names(sentence.value) for sentence in strict))
    for null in nulls:
        if isinstance(null, Swap) and strict and not strict_names & set(null.columns):
            faults.add(
                null.line,
                f"no strict sentence reads {_either(null.columns)}: exchanging them changes nothing that is claimed",
                f"at least one of {', '.join(sorted(strict_names))}",
            )
        if isinstance(null, Absence) and (allowing := _allowing(strict)):
            faults.add(
                null.line,
                f"`none` says that this never happens, and strict allows it: {allowing.text}",
                "a strict sentence that allows none, as in sum(faults) == 0, max(fault) <= 1e-5 or share(ok) == 1; "
                "without one, no null",
            )


def _allowing(strict: Sequence[Sentence]) -> Sentence | None:
    """Return a sentence that allows some faults, or any where none forbids them; None if strict forbids them."""
    if strict and not any(map(_forbids, strict)):
        return strict[0]
    return next(filter(_allows_some, strict), None)


def _allows_some(sentence: Sentence) -> bool:
    counted = isinstance(sentence.value, Reducer) and sentence.value.name in ("count", "sum")
    least = 1 if sentence.operator == "<" else 0
    return counted and sentence.operator in ("<", "<=") and sentence.threshold > least


def _forbids(sentence: Sentence) -> bool:
    """Return whether a sentence can hold only if nothing happens in any cell, or everything in all."""
    value, operator, threshold = sentence.value, sentence.operator, sentence.threshold
    while isinstance(value, Negative):
        value, operator, threshold = value.operand, _MIRRORED.get(operator, operator), -threshold
    nothing = threshold == 0 and operator in ("==", "<=")
    everything = threshold == 1 and operator in ("==", ">=")
    match value:
        case Name():  # of the only cell
            return True
        case Reducer("max"):
            return operator in ("==", "<=", "<")
        case Reducer("min"):
            return operator in ("==", ">=", ">")
        case Reducer("count" | "sum") | Groups():
            return nothing or (threshold == 1 and operator == "<")
        case Reducer("share" | "mean") | Arithmetic("/"):
            return nothing or everything
        case Arithmetic("-"):  # what was tried less what was caught
            return threshold == 0 and operator in ("==", "<=", ">=")
        case Arithmetic():
            return nothing
    return False


def _arguments(mark: Mark, faults: Faults) -> dict[str, str] | None:
    """Return the arguments of a marker by name, None if they are wrong."""
    keywords = mark.call.keywords if mark.call else []
    for keyword in keywords:
        if keyword.arg not in _KEYWORDS:
            name = keyword.arg or "**"
            faults.add(
                mark.line,
                f"`null` has no argument `{name}`",
                f"one of {', '.join(_KEYWORDS)}",
                nearest(name, _KEYWORDS),
            )
            return None
    given = {keyword.arg or "": literals.literal(keyword.value) for keyword in keywords}
    if mark.arguments or set(given) not in ({"swap"}, {"swap", "unit"}, {"none", "tries"}):
        found = ", ".join(given) or "nothing"
        faults.add(mark.line, f"`null` takes columns to swap, or what happens in no try; found {found}", _FORMS)
        return None
    for name, text in given.items():
        if not isinstance(text, str) or not text.strip():
            faults.add(mark.line, f"`{name}` of `null` is not a literal string", f"a string in quotes, as in {_FORMS}")
            return None
    return {name: " ".join(str(text).split()) for name, text in given.items()}


def _swap(
    mark: Mark, texts: Mapping[str, str], read_names: frozenset[str], parameters: Sequence[str], faults: Faults
) -> Swap | None:
    columns = tuple(name.strip() for name in texts["swap"].split(","))
    measured = sorted(read_names - set(parameters))
    before = len(faults.found)
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        faults.add(mark.line, f"`swap` has `{twice[0]}` twice", "each name once")
    elif len(columns) == 1:
        faults.add(
            mark.line,
            f"`swap` has one name, `{columns[0]}`, and exchanging needs two",
            f"two or more of {', '.join(measured)}",
        )
    elif len(columns) > MAX_COLUMNS:
        faults.add(mark.line, f"`swap` has {len(columns)} names", f"at most {MAX_COLUMNS}")
    for name in columns:
        if name in parameters:
            faults.add(
                mark.line,
                f"`swap` has `{name}`, which is a parameter of the sweep and not measured",
                f"two or more of {', '.join(measured)}",
            )
        elif name not in measured:
            faults.add(
                mark.line,
                f"`swap` has `{name}`, which no sentence of this bet reads",
                f"two or more of {', '.join(measured)}",
                nearest(name, measured),
            )
    unit = tuple(name.strip() for name in texts["unit"].split(",")) if "unit" in texts else None
    if unit:
        doubled = [name for name, count in Counter(unit).items() if count > 1]
        if doubled:
            faults.add(mark.line, f"`unit` has `{doubled[0]}` twice", "each name once")
        elif CELL in unit and len(unit) > 1:
            faults.add(
                mark.line, f"`unit` has `{CELL}` beside other names", f'unit="{CELL}", or parameters of the sweep'
            )
    return Swap(columns, unit, mark.line) if len(faults.found) == before else None


def _absence(mark: Mark, texts: Mapping[str, str], faults: Faults) -> Absence | None:
    tries = texts["tries"]
    expected = "sums or counts over the cells, as in sum(tampered) or count(faults >= 0)"
    try:
        value = parse_value(tries)
    except SentenceError as error:
        faults.add(mark.line, f"`tries` of `null`: {error.problem}", error.expected or expected, error.suggestion)
        return None
    if not _is_count(value):
        faults.add(mark.line, f"`tries` of `null` is not a count: {tries}", expected)
        return None
    return Absence(texts["none"], tries, mark.line)


def _is_count(value: Node) -> bool:
    match value:
        case Number(number):
            return number.is_integer()
        case Reducer("count" | "sum"):
            return True
        case Arithmetic("+" | "-" | "*", left, right):
            return _is_count(left) and _is_count(right)
        case Negative(operand):
            return _is_count(operand)
    return False


def moves(before: Sequence[Null], after: Sequence[Null]) -> Iterator[tuple[str, str, str]]:
    """Yield how each null changed: its kind and both sides.

    A finer unit makes luck look smaller: it is `loosened`.
    """
    left = [null for null in before if null not in after]
    right = [null for null in after if null not in before]
    for old in list(left):
        new = next((null for null in right if _same_columns(old, null)), None)
        if new is not None:
            left.remove(old)
            right.remove(new)
            yield _kind(old, new), str(old), str(new)
    for old, new in zip(left, right, strict=False):
        yield "replaced", str(old), str(new)
    yield from (("removed", str(null), "") for null in left[len(right) :])
    yield from (("added", "", str(null)) for null in right[len(left) :])
    if not left and not right and list(before) != list(after) and Counter(before) == Counter(after):
        yield "reworded", "; ".join(map(str, before)), "; ".join(map(str, after))


def _same_columns(old: Null, new: Null) -> bool:
    return isinstance(old, Swap) and isinstance(new, Swap) and set(old.columns) == set(new.columns)


def _kind(old: Null, new: Null) -> str:
    assert isinstance(old, Swap)  # noqa: S101  # as are both of a pair
    assert isinstance(new, Swap)  # noqa: S101
    if _parts(old) == _parts(new):
        return "reworded"
    finer, coarser = _is_finer(new, old), _is_finer(old, new)
    return "loosened" if finer else "tightened" if coarser else "replaced"


def _is_finer(one: Swap, other: Swap) -> bool:
    """Return whether every unit of one lies within a unit of the other, as far as their names say so."""
    mine, theirs = _parts(one), _parts(other)
    return mine != theirs and (mine is None or (theirs is not None and mine > theirs))


def _parts(swap: Swap) -> frozenset[str] | None:
    """Return the names of a unit; None for the cells, which are the finest."""
    return None if swap.unit in (None, (CELL,)) else frozenset(swap.unit or ())


def _either(columns: Sequence[str]) -> str:
    return " or ".join(f"`{name}`" for name in columns)
