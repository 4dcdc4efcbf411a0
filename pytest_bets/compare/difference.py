"""What differs between two sides: verdicts, values, margins, declarations, code, environments and cells."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Final, Literal

from pytest_bets.bet.declaration import bet_order, matching
from pytest_bets.code.staleness import difference, moved_words, named, package_changes
from pytest_bets.compare.side import Run, Side
from pytest_bets.diagnostics import CommandError
from pytest_bets.record.field import SPELLED, Count, limits
from pytest_bets.record.record import CodeDefinitions, DeclarationPart, Environment
from pytest_bets.record.verdict import Cell, Judged, MetField, SentenceField, TierField
from pytest_bets.sentence.reducers import high, low, mean
from pytest_bets.values import canonical

COMPARE_SCHEMA: Final = "pytest-bets/compare/1"
OTHER_FORM: Final = "one record names files, the other definitions"
_Number = Annotated[float, SPELLED]


@dataclass(frozen=True, slots=True)
class Judgement:
    """How a sentence was judged on one side."""

    value: Annotated[_Number, "The measured value."]
    margin: Annotated[_Number, "How far the value is on the claim's good side of the threshold."]
    met: MetField


@dataclass(frozen=True, slots=True)
class SentencePart:
    """A sentence on both sides; null where a side does not have it."""

    tier: TierField
    sentence: SentenceField
    before: Judgement | None
    after: Judgement | None


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % t interval of the mean difference, over the means of units."""

    low: _Number
    high: _Number
    units: Annotated[int, limits(minimum=2), "How many units."]
    unit: Annotated[str, "The sweep parameter whose values are the units, or `cell`."]


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """A measured number in the cells that both sides have."""

    name: Annotated[str, "The measured name."]
    cells: Annotated[int, limits(minimum=1), "Cells with the same parameters on both sides."]
    same: Annotated[Count, "Of them, cells with the same value to the last bit."]
    difference: Annotated[_Number, "The mean of after minus before; with a unit, of the means of units."]
    interval: Annotated[
        Interval | None, "Null for a single unit, and where the sweep has several parameters and no unit was named."
    ]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    verdict: Annotated[Literal["PASS", "LENIENT", "FAIL"] | None, "Null: no verdict."]
    catastrophic: bool
    noise_floor: bool | None
    void: str | None


@dataclass(frozen=True, slots=True)
class BetPart:
    """A bet that both sides have."""

    id: str
    number: int | None
    title: str
    before: Ending
    after: Ending
    sentences: Annotated[tuple[SentencePart, ...], "Sentences with other values, or on one side alone."]
    declaration: Annotated[tuple[str, ...], "The parts of the declaration that differ."]
    code: Annotated[str, "The definitions that differ; empty where the code is the same."]
    environment: Annotated[tuple[str, ...], "What differs in the environment, a line each."]
    cells: Annotated[tuple[ColumnPart, ...], "Measured numbers that differ in some cell."]
    others: Annotated[
        tuple[str, ...],
        "Names that differ in some cell where they are no number on both sides: texts, lists, and what one side alone "
        "has measured.",
    ]
    unpaired: Annotated[Count, "Cells whose parameters only one side has."]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        parts = (self.sentences, self.declaration, self.code, self.environment, self.cells, self.others)
        return self.before == self.after and not self.unpaired and not any(parts)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sides, bet by bet."""

    schema: Annotated[str, limits(const=COMPARE_SCHEMA)]
    before: Annotated[str, "What the first side is."]
    after: Annotated[str, "What the second side is."]
    bets: Annotated[tuple[BetPart, ...], "The bets that both sides have, by number and id."]
    only_before: Annotated[tuple[str, ...], "Bets that only the first side has."]
    only_after: Annotated[tuple[str, ...], "Bets that only the second side has."]


def compare(before: Side, after: Side, chosen: Collection[str] = (), unit: str | None = None) -> Comparison:
    """Compare two sides.

    Args:
        before: The first side.
        after: The second side.
        chosen: The numbers or ids of bets; none means all.
        unit: The sweep parameter whose values are the units of the intervals.

    Raises:
        CommandError: if a chosen bet is on neither side, no compared bet has the unit, or two runs are of two bets.

    """
    ids = _chosen(before, after, chosen)
    both = [bet for bet in ids if bet in before.runs and bet in after.runs]
    if unit is not None and not any(unit in cell.params for bet in both for cell in after.runs[bet].cells or ()):
        params = sorted({name for bet in both for cell in (after.runs[bet].cells or ())[:1] for name in cell.params})
        known = f"there are {', '.join(params)}" if params else "there is none: only a record has cells"
        raise CommandError(f"--unit {unit}: no compared bet has this sweep parameter; {known}")
    return Comparison(
        COMPARE_SCHEMA,
        before.name,
        after.name,
        tuple(_bet(before.runs[bet], after.runs[bet], unit) for bet in both),
        tuple(bet for bet in ids if bet not in after.runs),
        tuple(bet for bet in ids if bet not in before.runs),
    )


def _chosen(before: Side, after: Side, chosen: Collection[str]) -> list[str]:
    runs = {**before.runs, **after.runs}
    ids = sorted(runs, key=lambda bet: bet_order(bet, runs[bet].number))
    if not chosen:
        single = [side for side in (before, after) if side.single]
        shared = [bet for bet in ids if all(bet in side.runs for side in single)]
        if not shared:
            has = [f"{side.name} has bet {', '.join(side.runs)}" for side in (before, after)]
            raise CommandError(f"nothing to compare: {has[0]}, {has[1]}")
        return shared
    names = {name: matching(name, ids) for name in chosen}
    missing = [name for name, found in names.items() if not found]
    if missing:
        raise CommandError(f"neither side has bet {', '.join(missing)}")
    return [bet for bet in ids if any(bet in found for found in names.values())]


def _bet(before: Run, after: Run, unit: str | None) -> BetPart:
    pairs = _paired(before.cells or (), after.cells or ())
    total = len(before.cells or ()) + len(after.cells or ())
    return BetPart(
        after.id,
        after.number,
        after.title or before.title,
        _ending(before),
        _ending(after),
        tuple(_sentences(before.criteria, after.criteria)),
        _declaration(before.declaration, after.declaration),
        _code(before, after),
        tuple(_environment(before.environment, after.environment)),
        tuple(_columns(pairs, unit)),
        tuple(_others(pairs)),
        total - 2 * len(pairs) if before.cells is not None and after.cells is not None else 0,
    )


def _ending(run: Run) -> Ending:
    return Ending(run.verdict, run.catastrophic, run.noise_floor, run.void)


def _sentences(before: Sequence[Judged], after: Sequence[Judged]) -> Iterator[SentencePart]:
    """Yield the sentences that were judged otherwise, in the order of the second side."""
    old = {(item.tier, item.sentence): _judgement(item) for item in before}
    new = {(item.tier, item.sentence): _judgement(item) for item in after}
    for key in {**new, **old}:
        if canonical(_plain(old.get(key))) != canonical(_plain(new.get(key))):  # NaN equals NaN
            yield SentencePart(*key, old.get(key), new.get(key))


def _judgement(item: Judged) -> Judgement:
    return Judgement(float(item.value), float(item.margin), item.met)


def _plain(item: Judgement | None) -> object:
    return item and [item.value, item.margin, item.met]


def _declaration(before: DeclarationPart | str, after: DeclarationPart | str) -> tuple[str, ...]:
    if isinstance(before, str) or isinstance(after, str):
        digests = {part if isinstance(part, str) else part.digest for part in (before, after)}
        return ("its digest",) if len(digests) > 1 else ()
    names = [part.name for part in fields(DeclarationPart) if part.name != "digest"]
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _code(before: Run, after: Run) -> str:
    old, new = before.code, after.code
    if _digest(before) == _digest(after):
        return ""
    if isinstance(old, str) or isinstance(new, str):
        return "its digest"
    if isinstance(old, CodeDefinitions) and isinstance(new, CodeDefinitions):
        found = difference(old.definitions, new.definitions)
        moved = f"moved {moved_words(found.moved)}" if found.moved else ""
        return "; ".join(filter(None, [named(found.changed), moved])) or "the same definitions, used otherwise"
    return OTHER_FORM


def _digest(run: Run) -> str:
    return run.code if isinstance(run.code, str) else run.code.digest


def _environment(before: Environment, after: Environment) -> Iterator[str]:
    if changes := package_changes(before.packages, after.packages):
        yield changes
    for name in ("python", "platform", "device", "threads"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield f"{name} {_joined(old)} -> {_joined(new)}"


def _joined(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


Pair = tuple[Cell, Cell]


def _paired(before: Sequence[Cell], after: Sequence[Cell]) -> list[Pair]:
    """Return the cells that both sides have, in the order of the second; of cells alike, the first with the first."""
    old: dict[str, list[Cell]] = {}
    for cell in reversed(before):
        old.setdefault(canonical(dict(cell.params)), []).append(cell)
    return [(same.pop(), cell) for cell in after if (same := old.get(canonical(dict(cell.params))))]


def _columns(pairs: Sequence[Pair], unit: str | None) -> Iterator[ColumnPart]:
    names = dict.fromkeys(name for _, cell in pairs for name in cell.measured)
    for name in names:
        found = [(old, new) for old, new in pairs if _is_number(old, name) and _is_number(new, name)]
        values = [(_number(old, name), _number(new, name)) for old, new in found]
        same = sum(canonical(old) == canonical(new) for old, new in values)
        if found and same < len(found):
            means = _means(found, [new - old for old, new in values], unit or "")
            yield ColumnPart(name, len(found), same, mean(means), _interval(means, found[0][1].params, unit or ""))


def _others(pairs: Sequence[Pair]) -> Iterator[str]:
    """Yield the names that differ in a cell and have no difference: they are no number on both sides."""
    for name in dict.fromkeys(name for pair in pairs for cell in pair for name in cell.measured):
        found = [pair for pair in pairs if not all(_is_number(cell, name) for cell in pair)]
        values = [[canonical(cell.measured.get(name)) for cell in pair] for pair in found]
        if any(old != new for old, new in values):
            yield name


def _means(pairs: Sequence[Pair], differences: Sequence[float], unit: str) -> list[float]:
    """Return the mean difference of each unit; a cell is one where the sweep has no such parameter."""
    groups: dict[str, list[float]] = {}
    for index, ((_, cell), item) in enumerate(zip(pairs, differences, strict=True)):
        groups.setdefault(canonical(cell.params[unit]) if unit in cell.params else str(index), []).append(item)
    return [mean(group) for group in groups.values()]


def _interval(means: Sequence[float], params: Mapping[str, object], unit: str) -> Interval | None:
    """Return the interval over units; cells of a sweep with several parameters are not independent by themselves."""
    if len(means) < 2 or (len(params) > 1 and unit not in params):
        return None
    return Interval(low(means), high(means), len(means), unit if unit in params else "cell")


def _is_number(cell: Cell, name: str) -> bool:
    return isinstance(cell.measured.get(name), int | float)


def _number(cell: Cell, name: str) -> float:
    value = cell.measured[name]
    assert isinstance(value, int | float)  # noqa: S101  # as `_is_number` found
    return float(value)
