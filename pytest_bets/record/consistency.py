"""What a record declares, and its cells and seeds held against that."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import Final

from pytest_bets.bet.axes import GENERATOR
from pytest_bets.bet.axes import idle as idle_axes
from pytest_bets.bet.declaration import CRITERIA, PREMISE, SEED, declaration_digest, seeds
from pytest_bets.bet.markers import MAX_REPLICATES
from pytest_bets.bet.meaning import meaning, meaning_digest
from pytest_bets.bet.reading import AS_WRITTEN, Reading
from pytest_bets.bet.world import meaning_of
from pytest_bets.diagnostics import count_noun
from pytest_bets.record.record import DeclarationPart, Record
from pytest_bets.values import row

_SHOWN: Final = 3
"""How many cells or seeds an error lists."""
_REPLICATE: Final = "replicate"


@dataclass(frozen=True)
class Declared:
    """What a record, or a declaration in the form of a record, declares."""

    id: str
    part: DeclarationPart
    reading: Reading = AS_WRITTEN
    """What is known of it where the bet's file is at hand."""

    @cached_property
    def replicate(self) -> int | None:
        """The number of seeds, None where the bet is not replicated."""
        count = self.part.sweep.get(_REPLICATE)
        return count if type(count) is int and 0 < count <= MAX_REPLICATES else None

    @cached_property
    def sweep(self) -> Mapping[str, object]:
        """The sweep as the bet's file declares it, without the number of seeds."""
        return {name: value for name, value in self.part.sweep.items() if self.replicate is None or name != _REPLICATE}

    @cached_property
    def texts(self) -> Mapping[str, Sequence[str]]:
        """The sentences by tier."""
        texts = {tier: list(self.part.sentences(tier)) for tier in CRITERIA}
        return {tier: sentences for tier, sentences in texts.items() if sentences or tier != PREMISE}

    @cached_property
    def optional(self) -> Mapping[str, object]:
        """The parts that are in the digest only where they are there."""
        part = self.part
        try:
            world = meaning_of(part.world) if part.world else None
        except (SyntaxError, ValueError):  # of a forged record
            world = part.world
        null = [dict(one) for one in part.null]
        parts = {"known": part.known, "null": null, "odds": dict(part.odds) if part.odds else None, "world": world}
        return {name: item for name, item in parts.items() if item}

    @cached_property
    def digest(self) -> str:
        """The digest that this declaration has."""
        part = self.part
        return declaration_digest(
            part.hypothesis, self.texts, part.constants, self.sweep, self.replicate, part.challenges, self.optional
        )

    @cached_property
    def meaning(self) -> str:
        """The SHA-256 of what it means."""
        part = self.part
        return meaning_digest(
            *(part.hypothesis, self.texts, part.constants, self.sweep, self.replicate, part.challenges),
            *(self.optional, self.reading),
        )

    @cached_property
    def seeds(self) -> Sequence[int]:
        """The seeds that it gives."""
        return seeds(self.id, self.texts, self.sweep, self.replicate or 0)

    @property
    def spans(self) -> Sequence[tuple[str, ...]]:
        """The parameters of each part of the sweep, whatever is known of their values."""
        names = [tuple(name.split(", ")) for name in self.sweep if name != GENERATOR]
        return [*names, *([(SEED,)] if self.replicate else [])]

    @cached_property
    def axes(self) -> Mapping[tuple[str, ...], Sequence[object]]:
        """The parts of the sweep whose values are known without running anything, by the names of their parameters."""
        found: dict[tuple[str, ...], Sequence[object]] = {}
        for name, value in self.sweep.items():
            values = meaning(value, self.part.constants)
            if isinstance(values, str) or (isinstance(values, Mapping) and values.keys() != {"source"}):
                values = list(values)  # pytest takes its letters, or its keys
            if isinstance(values, list):
                found[tuple(name.split(", "))] = values
        if self.replicate:
            found[(SEED,)] = self.seeds
        return found


def means_same(one: DeclarationPart, other: DeclarationPart, rebound: frozenset[str] = frozenset()) -> bool:
    """Return whether two declarations mean the same, whichever version of Python or formatter wrote them.

    `rebound` are the builtins to which the bet's file gives another meaning.
    """
    reading = Reading(rebound)
    return one.digest == other.digest or Declared("", one, reading).meaning == Declared("", other, reading).meaning


def other_cells(record: Record) -> list[str]:
    """Return where the cells of a record are not those that its declaration spans; nothing for a sweep unknown here."""
    if record.verdict is None or record.pilot or not record.cells:
        return []
    declared = Declared(record.id, record.declaration)
    names = _names(record)
    axes = {axis: values for axis, values in declared.axes.items() if names.issuperset(axis)}
    if declared.replicate and (SEED,) not in axes:
        return [f"its cells have no `{SEED}`, and the declaration has {declared.replicate} of them"]
    if idle := [axis for axis in idle_axes(declared.spans, names) if axis in declared.axes]:
        return [f"the declaration sweeps `{', '.join(axis)}`, and no cell has a value of it" for axis in idle]
    known = {axis: shown for axis, values in axes.items() if (shown := _named(axis, values)) is not None}
    size = prod(len(values) for values in axes.values())
    if size > MAX_REPLICATES or not size:
        return []
    rounds, left = divmod(len(record.cells), size)
    found = []
    if left or not rounds or (rounds > 1 and names == {name for axis in axes for name in axis}):
        found.append(f"the declaration spans {count_noun(size, 'cell')}, the record has {len(record.cells)}")
        rounds = 1
    return [*found, *_difference(known, record, rounds * size // prod(map(len, known.values())))]


def spanned(record: Record) -> int | None:
    """Return the number of cells of every run of what a record declares; None where only a run can tell."""
    if record.verdict is None or record.pilot or other_cells(record):
        return None
    axes = Declared(record.id, record.declaration).axes
    known = {name for axis in axes for name in axis}
    return len(record.cells) if known and known >= _names(record) else None


def _names(record: Record) -> set[str]:
    return set[str]().union(*(cell.params for cell in record.cells))


def _named(axis: tuple[str, ...], values: Sequence[object]) -> list[dict[str, str]] | None:
    """Return the parameters of each value of an axis; None where pytest names a value, as it does with a list."""
    rows = [[value] for value in values] if len(axis) == 1 else values
    found = []
    for items in rows:
        if not isinstance(items, list) or len(items) != len(axis):
            return None
        if not all(item is None or isinstance(item, bool | int | float | str) for item in items):
            return None
        found.append({name: row(item) for name, item in zip(axis, items, strict=True)})
    return found


def _difference(axes: Mapping[tuple[str, ...], Sequence[dict[str, str]]], record: Record, times: int) -> Iterator[str]:
    """Yield the declared cells that are missing and those that were not declared, by the parameters that are known."""
    names = [name for axis in axes for name in axis]
    spanned = (tuple(value for part in parts for value in part.values()) for parts in product(*axes.values()))
    expected = Counter({key: count * times for key, count in Counter(spanned).items()})
    actual = Counter(tuple(row(cell.params.get(name)) for name in names) for cell in record.cells)
    if names == [SEED] and actual != expected:
        yield f"its seeds are not those of its declaration: {_list(actual - expected, names)}"
        return
    for kind, keys in (("missing", expected - actual), ("not declared", actual - expected)):
        if keys:
            yield f"cells that are {kind}: {_list(keys, names)}"


def _list(keys: Mapping[tuple[str, ...], int], names: Sequence[str]) -> str:
    shown = [", ".join(f"{name} {value}" for name, value in zip(names, key, strict=True)) for key in keys]
    more = f"; and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return "; ".join(shown[:_SHOWN]) + more


def parameters(record: Record, *, seeds: bool) -> tuple[str, ...]:
    """Return the parameters of a record's cells, sorted; with or without those of `seed`."""
    cells = ({name: value for name, value in cell.params.items() if seeds or name != SEED} for cell in record.cells)
    return tuple(sorted(map(row, cells)))
