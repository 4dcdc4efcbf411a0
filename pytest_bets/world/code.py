"""The code that a bet runs: the files that its own file imports, found by reading and never by importing."""

import ast
import hashlib
import itertools
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_bets.pure.measured import digest
from pytest_bets.pure.source import module


@dataclass(frozen=True)
class Code:
    """The files of a bet with their SHA-256, and the top-level modules from elsewhere that they import."""

    files: dict[str, str]
    modules: frozenset[str]

    @property
    def digest(self) -> str:
        """The SHA-256 over names and contents."""
        return digest(self.files)

    def as_json(self) -> dict[str, object]:
        """Return the record's `code`."""
        return {"digest": self.digest, "files": dict(self.files)}


@dataclass(frozen=True)
class _Source:
    sha256: str
    imports: frozenset[str]


class CodeIndex:
    """Finds the code of bets under `root`; modules are looked for in `search`, and each file is read once."""

    def __init__(self, root: Path, search: Sequence[Path]) -> None:
        self.root = root
        self.search = search
        self._sources: dict[Path, _Source] = {}

    def code(self, bet: Path) -> Code:
        """Return the bet's file, the packages and every conftest.py that it is under, and all that these import."""
        conftests = [folder / "conftest.py" for folder in bet.parents if folder.is_relative_to(self.root)]
        waiting = [bet, *_packages(bet), *(path for path in conftests if path.is_file())]
        # as pytest puts them on the path, unless it is told to leave the path alone
        starts = [_start(path) for path in waiting]
        search = list(dict.fromkeys([*starts, *self.search, self.root]))
        found: dict[str, str] = {}
        own: set[str] = set()
        modules: set[str] = set()
        while waiting:
            path = waiting.pop()
            name = Path(os.path.relpath(path, self.root)).as_posix()
            if name in found:
                continue
            source = self._source(path)
            found[name] = source.sha256
            for imported in source.imports:
                files = list(self._files(imported, path, search))
                waiting += files
                (own if files else modules).add(imported.partition(".")[0])
        elsewhere = modules - own - sys.stdlib_module_names - {"", "__future__"}
        return Code(dict(sorted(found.items())), frozenset(elsewhere))

    def _source(self, path: Path) -> _Source:
        if path not in self._sources:
            data = path.read_bytes().replace(b"\r\n", b"\n")
            try:
                imports = frozenset(_imports(module(data, path.name)))
            except (SyntaxError, RecursionError):
                imports = frozenset()
            self._sources[path] = _Source(hashlib.sha256(data).hexdigest(), imports)
        return self._sources[path]

    def _files(self, name: str, importer: Path, search: Sequence[Path]) -> Iterator[Path]:
        absolute = name.lstrip(".")
        level = len(name) - len(absolute)
        parts = [part for part in absolute.split(".") if part]
        for base in importer.parents[level - 1 : level] if level else search:
            last = base.joinpath(*parts)
            places = [last / "__init__.py", *([last.with_name(f"{last.name}.py")] if parts else [])]
            target = next((path for path in places if path.is_file()), None)
            if target:
                packages = (base.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts)))
                yield from (package for package in packages if package.is_file())
                yield target
                return


def _packages(path: Path) -> list[Path]:
    """Return the `__init__.py` of every package that the file is in, the innermost first."""
    return list(itertools.takewhile(Path.is_file, (folder / "__init__.py" for folder in path.parents)))


def _start(path: Path) -> Path:
    """Return the folder where the file's module name begins."""
    return path.parents[len(_packages(path))]


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            joint = "" if base.endswith(".") else "."
            yield from (f"{base}{joint}{alias.name}" for alias in node.names if alias.name != "*")
