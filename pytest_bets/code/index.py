"""The code of bets, parsed from the working tree or a commit, and never imported."""

import itertools
from collections.abc import Iterable, Iterator, Sequence, Set
from functools import cache
from pathlib import Path, PurePosixPath

from pytest_bets.code.closure import Closure
from pytest_bets.code.digest import Code, close
from pytest_bets.code.program import Files, Outlines, Program
from pytest_bets.code.template import Readers
from pytest_bets.walk import relative


class Disk:
    """The files under a root on disk."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.is_file = cache(lambda name: (root / name).is_file())
        self.is_folder = cache(lambda name: (root / name).is_dir())

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return (self.root / name).read_bytes()

    def below(self, folder: str) -> Sequence[str]:
        """Return every Python file in a folder and its subfolders."""
        return [name_of(path, self.root) for path in sorted((self.root / folder).rglob("*.py"))]


class CodeIndex:
    """Finds the code of bets under `root`; searches modules in `search`, and reads each file once."""

    def __init__(
        self, root: Path, search: Sequence[Path], files: Files | None = None, outlines: Outlines | None = None
    ) -> None:
        self.root = root
        self.files = files or Disk(root)
        self._paths = search
        self._search = [name_of(path, root) for path in search]
        self._outlines = outlines or Outlines()
        self._programs: dict[tuple[str, ...], Program] = {}
        self._codes: dict[str, Code] = {}
        self._beside: dict[tuple[str, ...], CodeIndex] = {}

    def searching(self, folders: tuple[str, ...]) -> "CodeIndex":
        """Return the index that also searches modules in these folders, relative to the root."""
        if not folders:
            return self
        if folders not in self._beside:
            paths = [*self._paths, *(self.root / name for name in folders)]
            self._beside[folders] = CodeIndex(self.root, paths, self.files, self._outlines)
        return self._beside[folders]

    def code(self, bet: Path) -> Code:
        """Return the code reached from a bet file, its packages and the conftest.py files above it."""
        return self.of(name_of(bet, self.root))

    def of(self, bet: str) -> Code:
        """Return the code of the bet in this file, relative to the root."""
        if bet not in self._codes:
            self._codes[bet] = self._of(bet)
        return self._codes[bet]

    def _of(self, bet: str) -> Code:
        entries, conftests = self.entries(bet)
        return close(self.program(bet), entries, [bet, *conftests])

    def program(self, bet: str) -> Program:
        """Return the modules that the bet in this file can import."""
        entries, _ = self.entries(bet)
        # the folders that pytest puts on the path by default
        starts = [next(itertools.islice(_folders(path), len(self._packages(path)), None)) for path in entries]
        search = tuple(dict.fromkeys([*starts, *self._search, "."]))
        if search not in self._programs:
            self._programs[search] = Program(self.files, search, self._outlines)
        return self._programs[search]

    def entries(self, bet: str) -> tuple[list[str], list[str]]:
        """Return the files that pytest imports for a bet, and those of them that are conftest.py files."""
        folders = map(str, PurePosixPath(bet).parents)
        conftests = [name for folder in folders if self.files.is_file(name := _join(folder, "conftest.py"))]
        return [bet, *self._packages(bet), *conftests], conftests

    def _packages(self, path: str) -> list[str]:
        """Return the `__init__.py` of every package around the file, innermost first."""
        inits = (_join(folder, "__init__.py") for folder in _folders(path))
        return list(itertools.takewhile(self.files.is_file, inits))


class Imports:
    """The files that some files lead to, taken together: a look at each alone takes many times as long."""

    def __init__(self, index: CodeIndex) -> None:
        self._index = index
        self._closures: dict[Program, Closure] = {}
        self._known: set[str] = set()

    def less(self, left: Set[str], files: Iterable[str]) -> Set[str]:
        """Return what is left without the files that these and those of earlier calls lead to, as far as it takes."""
        for closure in self._closures.values():
            left = left - closure.files.keys()
        for file in files:
            if not left:
                break
            if file not in self._known:
                self._known.add(file)
                left = left - self._add(file).files.keys()
        return left

    def _add(self, file: str) -> Closure:
        program = self._index.program(file)
        closure = self._closures.setdefault(program, Closure(program, Readers()))
        entries, conftests = self._index.entries(file)
        if file.endswith(".py") and self._index.files.is_file(file):
            closure.start(entries, [file, *conftests])
        return closure


def name_of(path: Path, root: Path) -> str:
    """Return a path relative to the root, with `/`."""
    return Path(relative(path, root)).as_posix()


def _folders(path: str) -> Iterator[str]:
    """Yield the folders around a file, innermost first, and then those above the root."""
    yield from map(str, PurePosixPath(path).parents)
    yield from itertools.accumulate(itertools.repeat(".."), lambda folder, up: f"{folder}/{up}")


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
