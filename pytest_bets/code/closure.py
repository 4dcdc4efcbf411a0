"""The closure of a bet: every definition that the bet can reach by name."""

import re
from collections.abc import Sequence
from typing import Final

from pytest_bets.code.expressions import OWN_SOURCE
from pytest_bets.code.names import Imported
from pytest_bets.code.program import Definition, Elsewhere, Place, Program, Resolved
from pytest_bets.code.template import MAIN, PLACED, Readers, Ref, Unit
from pytest_bets.code.texts import MODULE_NAME, named, program_in

_OWN_NAMESPACE: Final = frozenset({"globals", "eval", "exec", "locals"})
"""Builtins that give a module access to all of its own names."""
FRAMES: Final = frozenset(
    {
        *("_getframe", "currentframe", "f_back", "f_globals", "f_locals", "tb_frame", "gi_frame", "__globals__"),
        *("__code__", "__subclasses__", "get_objects", "get_referrers"),
        *("getsource", "getsourcelines", "getsourcefile", "linecache", OWN_SOURCE),
    }
)
"""Names that give code access to frames, any object or source text: then every file counts by its bytes."""
_FRAMES_ELSEWHERE: Final = frozenset(
    {"sys.modules", "inspect.stack", "inspect.trace", "sys.settrace", "sys.setprofile"}
)
_DOCSTRINGS: Final = frozenset({"__doc__", "getdoc"})
_ANNOTATIONS: Final = frozenset(
    {"__annotations__", "get_type_hints", "get_annotations", "inspect", "annotationlib", "jit"}
    | {"typeguard", "beartype", "jaxtyping"}
)
"""Names that give code access to the annotations of any function."""
_ATTRIBUTES: Final = frozenset({"getattr", "attrgetter", "methodcaller", "__getattribute__"})
"""Names that get an attribute from a string."""
_LOADERS: Final = frozenset(
    {
        *("import_module", "__import__", "find_spec", "run_module", "run_path", "pytest_plugins", "iter_modules"),
        *("spec_from_file_location", "find_loader", "resolve_name", "walk_packages"),
    }
)
"""Names that import a module from a string."""
_HOOKS: Final = re.compile(r"(?i)pytest_|set_?up|tear_?down")
"""Functions that pytest calls by name."""
_INERT: Final = frozenset({"typing", "abc", "enum", "collections"})
"""Standard modules whose base classes affect only their subclasses."""

Key = tuple[str, str]


class Closure:
    """Everything reached from some files: definitions with their resolved names, and whole modules."""

    def __init__(self, program: Program, readers: Readers) -> None:
        self.program = program
        self.assumed = readers
        self.files: dict[str, None] = {}
        self.reached: dict[Key, list[Resolved]] = {}
        self.whole: set[str] = set()
        self.modules: set[str] = set()
        self._seen = False
        self._folders: set[str] = set()
        self._passed: set[str] = set()
        self._words: set[str] = set()
        self._texts: set[str] = set()
        self._strings: list[tuple[str, str]] = []
        self._names: dict[tuple[str, str], None] = {}
        self._waiting: list[Key] = []

    def start(self, entries: Sequence[str], called: Sequence[str]) -> None:
        """Compute the closure of these files; in those of `called`, pytest calls functions by name."""
        for path in entries:
            self._enter(path)
        for path in called:
            for name in self.program.outline(path).units:
                if _HOOKS.match(name):
                    self._reach(path, name)
            plugins = self.program.outline(path).units.get("pytest_plugins")
            for text in plugins.strings if plugins else ():
                self._module_named(path, text)
        self._run()

    @property
    def by_bytes(self) -> bool:
        """Whether the reached code has access to frames, any object or source text."""
        return self._seen or bool(self._words & FRAMES)

    def readers(self) -> Readers:
        """Return which docstrings and annotations the reached code can read at run time."""
        every = (self._words | self.modules) & _ANNOTATIONS
        passed = self._passed | (self._texts if self._words & _ATTRIBUTES else set())
        return Readers(bool(self._words & _DOCSTRINGS), None if every else frozenset(passed))

    def _run(self) -> None:
        while self._waiting or self._strings or (self._names and self._words & _LOADERS):
            while self._waiting:
                path, name = self._waiting.pop()
                self._unit(path, name, self.program.outline(path).units[name])
            strings, self._strings = self._strings, []
            for path, text in strings:
                self._follow_string(path, text)
            if self._words & _LOADERS:
                names, self._names = self._names, {}
                for path, text in names:
                    self._module_named(path, text)

    def _enter(self, path: str) -> None:
        if path in self.files:
            return
        self.files[path] = None
        known = self.program.outline(path)
        for name, unit in known.units.items():
            if unit.always or not all(self._is_inert(path, base) for base in unit.bases):
                self._reach(path, name)
        if any(path.startswith(f"{folder}/") for folder in self._folders):
            self._take_whole(Place(path, None))
        for star in known.stars:
            place = self.program.place(star.module, path)
            if place:
                self._take_whole(place)

    def _is_inert(self, path: str, base: Ref) -> bool:
        """Return whether subclassing this has no other effect."""
        target = self.program.resolve(path, base).target
        if isinstance(target, Definition):
            unit = self.program.outline(target.path).units.get(target.unit)
            if unit is None or unit.kind != "class" or unit.always:
                return False
            return all(self._is_inert(target.path, further) for further in unit.bases if further != base)
        if isinstance(target, Elsewhere):
            return target.dotted.partition(".")[0] in _INERT
        return target is None

    def _reach(self, path: str, name: str) -> None:
        if (path, name) not in self.reached:
            self.reached[path, name] = []
            self._waiting.append((path, name))

    def _unit(self, path: str, name: str, unit: Unit) -> None:
        for part in unit.parts(self.assumed):
            if isinstance(part, Ref):
                resolved = self.program.resolve(path, part)
                self.reached[path, name].append(resolved)
                self._follow(path, part, resolved)
                if part.root in PLACED and MAIN in self.program.outline(path).units:
                    self._reach(path, MAIN)  # it can start itself as a program
        for imported in unit.imports:
            self._import(path, imported)
            if imported.name not in (None, "*"):
                place = self.program.imported(path, imported)
                if isinstance(place, Place) and place == self.program.place(imported.module, path):
                    self._take_whole(place)  # it has no such name, but for a function of its own that gives it
                elif isinstance(place, Place) and place.file:
                    self._enter(place.file)
        self._passed |= unit.passed
        self._words |= unit.words
        self._strings += [(path, text) for text in unit.strings]
        self._texts.update(f".{text}" for text in unit.strings)

    def _import(self, path: str, imported: Imported) -> None:
        found = False
        for file in self.program.packages(imported.module, path):
            found = True
            self._enter(file)
        if imported.name and not found:
            target = self.program.imported(path, imported)
            found = isinstance(target, Place) and target.file is not None
        top = imported.module.partition(".")[0]
        if not found and top:
            self.modules.add(top)

    def _follow(self, path: str, ref: Ref, resolved: Resolved) -> None:
        match resolved.target:
            case Definition(file, unit):
                self._enter(file)
                self._reach(file, unit)
                if not ref.called and not resolved.rest:
                    self._passed.add(unit)
                elif not ref.called:
                    self._passed.add(f".{resolved.rest[-1]}")
            case Place() as place:
                if not ref.binds:
                    self._take_whole(place)
                if place.file is None and place.dotted:
                    self.modules.add(place.dotted.partition(".")[0])
            case Elsewhere(dotted):
                top = dotted.partition(".")[0]
                if top.isidentifier():
                    self.modules.add(top)
                self._words.update(dotted.split("."))
                self._seen |= any(dotted == name or dotted.startswith(f"{name}.") for name in _FRAMES_ELSEWHERE)
            case None:
                if ref.root in _OWN_NAMESPACE:
                    self._take_whole(Place(path, None))

    def _take_whole(self, place: Place) -> None:
        """Add a whole module with all its definitions and imports; a package with its modules."""
        if place.folder is not None and place.folder not in self._folders:
            self._folders.add(place.folder)
            for file in list(self.files):
                if file.startswith(f"{place.folder}/"):
                    self._take_whole(Place(file, None))
        if place.file is None or place.file in self.whole:
            return
        self.whole.add(place.file)
        self._enter(place.file)
        known = self.program.outline(place.file)
        for name in known.units:
            self._reach(place.file, name)
        for imported in filter(None, known.bound.values()):
            if imported.module:
                target = self.program.imported(place.file, imported)
                self._follow(place.file, Ref(imported), Resolved(target, ()))

    def _follow_string(self, path: str, text: str) -> None:
        """Follow a string that may be a program with imports, or the name of a module or file."""
        program = program_in(text) if "import" in text else None
        if program and any(self.program.place(each.module, path) for each in program.imports):
            for ref in program.refs:
                self._follow(path, ref, self.program.resolve(path, ref))
            for imported in program.imports:
                self._import(path, imported)
            self._words |= program.words
            self._strings += [(path, inner) for inner in program.strings]
            return
        for found in named(text):
            if found.endswith(".py"):
                self._file_named(path, found)
            else:
                self._module_named(path, found)
        if MODULE_NAME.fullmatch(text):
            self._names[path, text] = None

    def _file_named(self, path: str, text: str) -> None:
        folder = path.rpartition("/")[0]
        for name in (text, f"{folder}/{text}" if folder else text):
            if not name.startswith("/") and self.program.files.is_file(name):
                self._take_whole(Place(name, None))

    def _module_named(self, path: str, text: str) -> None:
        """Add a whole module if a string is its dotted name, or that of something in it."""
        parts = text.rstrip(".").split(".")
        for depth in (len(parts), len(parts) - 1):
            place = self.program.place(".".join(parts[:depth]), path) if any(parts[:depth]) else None
            if place is None or (depth < len(parts) and not self._has(place, parts[-1])):
                continue
            for file in self.program.packages(".".join(parts[:depth]), path):
                self._enter(file)
            if place.file:
                self._take_whole(place)
            if text.endswith(".") and place.folder is not None:  # it goes on with what is not known here
                for file in self.program.files.below(place.folder):
                    self._take_whole(Place(file, None))
            return

    def _has(self, place: Place, name: str) -> bool:
        return place.file is not None and name in self.program.outline(place.file).bound
