"""Compare the code of a record with other code: changed and moved definitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Definitions = Mapping[str, Mapping[str, str]]
"""The hashes of definitions, by file and name."""
_NAMED: Final = 3
"""How many definitions that moved between the same two files are named."""


@dataclass(frozen=True)
class Lock:
    """A lock file and its package versions."""

    file: str
    versions: Mapping[str, str]


@dataclass(frozen=True)
class Move:
    """A definition that moved to another file without a change of meaning."""

    name: str
    was: str
    now: str


@dataclass(frozen=True)
class Difference:
    """The changed, new and deleted definitions by file, and the moved ones."""

    changed: Mapping[str, tuple[str, ...]]
    moved: tuple[Move, ...]


def difference(was: Definitions, now: Definitions) -> Difference:
    """Return the difference between two closures."""
    before = {(file, name): sha for file, names in was.items() for name, sha in names.items()}
    after = {(file, name): sha for file, names in now.items() for name, sha in names.items()}
    gone = [place for place, sha in before.items() if after.get(place) != sha]
    new = [place for place, sha in after.items() if before.get(place) != sha]
    moved = []
    for file, name in gone:
        there = next((each for each in new if each[1] == name and after[each] == before[file, name]), None)
        if there and there[0] != file:
            new.remove(there)
            moved.append(Move(name, file, there[0]))
    left = {(move.was, move.name) for move in moved}
    changed: dict[str, list[str]] = {}
    for file, name in sorted({*(place for place in gone if place not in left), *new}):
        changed.setdefault(file, []).append(name)
    return Difference({file: tuple(names) for file, names in changed.items()}, tuple(moved))


def named(changed: Mapping[str, Sequence[str]]) -> str:
    """Return definitions as text, by file."""
    return "; ".join(f"{file}: {', '.join(names)}" for file, names in changed.items())


def moved_words(moved: Sequence[Move]) -> str:
    """Return moves as text, by file; of a file from which many definitions moved, their number."""
    by_files: dict[tuple[str, str], list[str]] = {}
    for move in moved:
        by_files.setdefault((move.was, move.now), []).append(move.name)
    return "; ".join(
        f"{', '.join(names) if len(names) <= _NAMED else f'{len(names)} definitions'} from {was} to {now}"
        for (was, now), names in by_files.items()
    )


def package_changes(was: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Return the changed versions of the packages that are in both, as text."""
    names = sorted(
        name for name in was.keys() & now.keys() if _public(was[name], now[name]) != _public(now[name], was[name])
    )
    return ", ".join(f"{name} {was[name]} -> {now[name]}" for name in names)


def _public(version: str, other: str) -> str:
    """Return a version without its local part (2.6.0+cpu) if the other has none."""
    return version if "+" in other else version.partition("+")[0]
