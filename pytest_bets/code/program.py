"""Resolve names to definitions across the files of a project."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Final, Protocol

from pytest_bets.code.names import Imported
from pytest_bets.code.outline import outline
from pytest_bets.code.template import MODULE, PLACED, Outline, Readers, Ref, Unit

_INIT: Final = "__init__.py"
_HARMLESS: Final = re.compile(
    r"dataclasses\.dataclass|functools\.(cache|lru_cache|total_ordering)|contextlib\.(async)?contextmanager|enum\.unique"
    r"|typing\.(final|overload|runtime_checkable)|torch\.(no_grad|inference_mode)|pytest\.(fixture|mark\..+)"
)
"""External decorators that affect only what they decorate."""


class Files(Protocol):
    """The files of a project, on disk or in a commit. Names are relative to the root, with `/`."""

    def is_file(self, name: str) -> bool:
        """Return whether there is a file of this name."""
        ...

    def is_folder(self, name: str) -> bool:
        """Return whether there is a folder of this name."""
        ...

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        ...

    def below(self, folder: str) -> Sequence[str]:
        """Return every Python file in a folder and its subfolders."""
        ...


@dataclass(frozen=True)
class Place:
    """A module: its file, and the folder of its submodules; each is None if there is none.

    A folder without a file, with its dotted name, is a namespace package, or shares the name of an external package.
    """

    file: str | None
    folder: str | None
    dotted: str = ""


@dataclass(frozen=True)
class Definition:
    """The target of a name: a definition, or a variable of a module's statements."""

    path: str
    unit: str
    name: str


@dataclass(frozen=True)
class Elsewhere:
    """The target of a name outside the project, by its dotted name."""

    dotted: str


Target = Definition | Place | Elsewhere | None


@dataclass(frozen=True)
class Resolved:
    """The target of a gap in a template, and the attributes that remain to be looked up."""

    target: Target
    rest: tuple[str, ...]


class Outlines:
    """A cache of outlines by file content, shared by all commits."""

    def __init__(self) -> None:
        self.of = cache(outline)


class Program:
    """A project's modules, found in the folders of `search`."""

    def __init__(self, files: Files, search: Sequence[str], outlines: Outlines) -> None:
        self.files = files
        self.search = search
        self._outlines = outlines
        self._outline: dict[str, Outline] = {}
        self._places: dict[tuple[str, str], Place | None] = {}
        self._resolved: dict[tuple[str, Ref], Resolved] = {}
        self._hashes: dict[tuple[str, str, bool, frozenset[str]], str] = {}

    def outline(self, path: str) -> Outline:
        """Return the outline of a file."""
        if path not in self._outline:
            self._outline[path] = self._outlines.of(self.files.read(path))
        return self._outline[path]

    def place(self, dotted: str, importer: str) -> Place | None:
        """Return the module of a dotted name as a file imports it, None if it is outside the project."""
        level = len(dotted) - len(dotted.lstrip("."))
        key = dotted, (posixpath.dirname(importer) if level else "")
        if key not in self._places:
            self._places[key] = self._find(dotted[level:], level, importer)
        return self._places[key]

    def _find(self, name: str, level: int, importer: str) -> Place | None:
        base = posixpath.dirname(importer)
        for _ in range(level - 1):
            base = posixpath.normpath(posixpath.join(base, ".."))
        parts = [part for part in name.split(".") if part]
        namespace = None
        for folder in [base] if level else self.search:
            found = self._at(folder, parts, name)
            if found and found.file:
                return found
            namespace = namespace or found
        return namespace

    def _at(self, folder: str, parts: Sequence[str], dotted: str = "") -> Place | None:
        last = posixpath.normpath(posixpath.join(folder, *parts)) if parts else folder
        if self.files.is_file(posixpath.join(last, _INIT)):
            return Place(posixpath.normpath(posixpath.join(last, _INIT)), last)
        if parts and self.files.is_file(f"{last}.py"):
            return Place(f"{last}.py", None)
        return Place(None, last, dotted) if self.files.is_folder(last) else None

    def packages(self, dotted: str, importer: str) -> Iterator[str]:
        """Yield the files that an import of this module runs: its packages, then its own."""
        level = len(dotted) - len(dotted.lstrip("."))
        parts = dotted[level:].split(".")
        for depth in range(1 if parts[0] else 0, len(parts) + 1):
            place = self.place("." * level + ".".join(parts[:depth]), importer)
            if place and place.file:
                yield place.file

    def attribute(self, place: Place, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> Target:
        """Return the target of a module's attribute, or the module itself if it cannot be resolved."""
        own = self._at(place.folder, [name], f"{place.dotted}.{name}") if place.folder is not None else None
        if place.file is None:
            return own or Elsewhere(f"{place.dotted}.{name}")
        if (place.file, name) in seen:
            return own or place
        if name not in self.outline(place.file).bound:
            return own or self._starred(place.file, name, seen | {(place.file, name)}) or place
        found = self.name(place.file, name, seen)
        if own is None or found is None:
            return found or own or place
        return found if found == own else place  # the import order decides between the two

    def _starred(self, path: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> Target:
        for star in self.outline(path).stars:
            place = self.place(star.module, path)
            if place and place.file and name in self.outline(place.file).bound:
                return self.name(place.file, name, seen)
        return None

    def name(self, path: str, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> Target:
        """Return the target of a name in a module's scope, None for a builtin."""
        if (path, name) in seen:
            return None
        known = self.outline(path)
        if name not in known.bound:
            return self._starred(path, name, seen | {(path, name)})
        if name in known.units:
            return Definition(path, name, name)
        imported = known.bound[name]
        if imported is None:
            return Definition(path, MODULE, name)
        return self.imported(path, imported, seen | {(path, name)})

    def imported(self, path: str, imported: Imported, seen: frozenset[tuple[str, str]] = frozenset()) -> Target:
        """Return the target of an import in this file."""
        place = self.place(imported.module, path)
        if place is None:
            dotted = imported.module if imported.name is None else f"{imported.module}.{imported.name}"
            return Elsewhere(dotted)
        if imported.name is None or imported.name == "*":
            return place
        return self.attribute(place, imported.name, seen)

    def resolve(self, path: str, ref: Ref) -> Resolved:
        """Return the target of a gap in a template of this file."""
        key = path, ref
        if key not in self._resolved:
            self._resolved[key] = self._resolve(path, ref)
        return self._resolved[key]

    def _resolve(self, path: str, ref: Ref) -> Resolved:
        target = self.name(path, ref.root) if isinstance(ref.root, str) else self.imported(path, ref.root)
        rest = ref.tail
        while isinstance(target, Place) and rest:
            further = self.attribute(target, rest[0])
            if further == target:
                break
            target, rest = further, rest[1:]
        if isinstance(target, Elsewhere):
            return Resolved(Elsewhere(".".join((target.dotted, *rest))), ())
        return Resolved(target, rest)

    def hash(self, path: str, name: str, readers: Readers) -> str:
        """Return the hash of a definition's text, independent of import names and of where its uses are defined."""
        unit = self.outline(path).units[name]
        key = path, name, readers.docstrings, unit.annotated(readers)
        if key not in self._hashes:
            text = "".join(self._rendered(path, unit, readers)) + (self._order(path) if name == MODULE else "")
            self._hashes[key] = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return self._hashes[key]

    def _order(self, path: str) -> str:
        """Return the order of the statements and of the definitions whose position matters."""
        known = self.outline(path)
        order = [name for name in known.order if not name or self._is_ordered(path, known.units[name])]
        return "|".join(["", *order]) if any(order) and len(order) > 1 else ""

    def _is_ordered(self, path: str, unit: Unit) -> bool:
        if unit.ordered:
            return True
        targets = [self.resolve(path, decorator).target for decorator in unit.decorators]
        return not all(isinstance(target, Elsewhere) and _HARMLESS.fullmatch(target.dotted) for target in targets)

    def _rendered(self, path: str, unit: Unit, readers: Readers) -> Iterator[str]:
        if "__module__" in unit.words:
            yield f"{path}:"
        for part in unit.parts(readers):
            if isinstance(part, str):
                yield part
                continue
            yield _spelled(self.resolve(path, part), part)
            if part.root in PLACED:
                yield f"{path}:"


def _spelled(resolved: Resolved, ref: Ref) -> str:
    """Return the text of a resolved name."""
    rest = "".join(f".{name}" for name in resolved.rest)
    match resolved.target:
        case Definition(_, unit, name):
            return f"{'D' if unit != MODULE else 'V'}{name}{rest};"
        case Elsewhere(dotted):
            return f"X{dotted};"
        case Place(None, _, dotted):
            return f"X{dotted}{rest};"
        case Place(file):
            return "I;" if ref.binds else f"M{file}{rest};"
        case _:
            root = ref.root if isinstance(ref.root, str) else f"{ref.root.module}.{ref.root.name}"
            return f"B{root}{rest};"
