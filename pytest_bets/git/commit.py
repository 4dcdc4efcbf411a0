"""The files of a project in any commit, read by one git process per commit and one for all contents."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pytest_bets.diagnostics import HistoryError
from pytest_bets.git.log import contents, listing
from pytest_bets.git.process import Objects, objects, run


class CommitFiles:
    """The files of a commit under the project's root."""

    def __init__(self, blobs: dict[str, str], root: str, reader: "_Blobs", odd: frozenset[str] = frozenset()) -> None:
        self._blobs = blobs
        self._odd = odd
        self._root = root
        self._reader = reader
        self._folders = {folder for name in blobs for folder in _around(name)}

    def is_file(self, name: str) -> bool:
        """Return whether the commit has a file of this name."""
        return self._path(name) in self._blobs

    def is_folder(self, name: str) -> bool:
        """Return whether the commit has a folder of this name."""
        return self._path(name) in self._folders

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return self._reader.read(self._blobs[self._path(name)])

    @property
    def names(self) -> Iterable[str]:
        """Every file of the commit, from the top of the checkout."""
        return self._blobs

    def blob(self, name: str) -> str | None:
        """Return the id of a file's content, None if the commit has no file of this name."""
        return self._blobs.get(self._path(name))

    def is_odd(self, name: str) -> bool:
        """Return whether a file is a link, or lies behind one or in a submodule: its content is not in the commit."""
        path = self._path(name)
        return path in self._odd or any(folder in self._odd for folder in _around(path))

    def below(self, folder: str) -> Sequence[str]:
        """Return every Python file in a folder and its subfolders."""
        path = self._path(folder)
        inside = "" if path == "." else f"{path}/"
        names = sorted(name for name in self._blobs if name.startswith(inside) and name.endswith(".py"))
        return [posixpath.relpath(name, self._root) for name in names]

    def _path(self, name: str) -> str:
        return posixpath.normpath(posixpath.join(self._root, name))


class Commits:
    """The commits of a checkout; `root` is the project's folder in it."""

    def __init__(self, top: Path, root: str, blobs: "_Blobs") -> None:
        self.top = top
        self._root = root
        self._blobs = blobs
        self._found: dict[str, CommitFiles | None] = {}
        self._listed: dict[str, tuple[dict[str, str], frozenset[str]] | None] = {}
        self._at: dict[str, Commits] = {root: self}

    def files(self, commit: str) -> CommitFiles | None:
        """Return the files of a commit, None if the repository does not have it."""
        if commit not in self._found:
            if commit not in self._listed:
                self._listed[commit] = listing(self.top, commit)
            has = self._listed[commit]
            self._found[commit] = CommitFiles(has[0], self._root, self._blobs, has[1]) if has else None
        return self._found[commit]

    def at(self, root: str) -> "Commits":
        """Return the same commits with the project in another folder."""
        if root not in self._at:
            self._at[root] = Commits(self.top, root, self._blobs)
            self._at[root]._listed, self._at[root]._at = self._listed, self._at
        return self._at[root]


class _Blobs:
    """Reads blobs by id, each once."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._contents: dict[str, bytes] = {}

    def read(self, blob: str) -> bytes:
        if blob not in self._contents:
            content = self._objects.read(blob)
            if content is None:
                raise HistoryError(f"git has no object {blob}: this clone is partial or damaged")
            self._contents[blob] = content
        return self._contents[blob]


@contextmanager
def commits(top: Path, root: str) -> Iterator[Commits]:
    """Read commits of a checkout; `root` is the project's folder in it."""
    with objects(top) as reader:
        yield Commits(top, root, _Blobs(reader))


def _around(name: str) -> Iterator[str]:
    while name := posixpath.dirname(name):
        yield name
    yield "."


def resolve(top: Path, name: str) -> str | None:
    """Return the id of the commit that a branch, tag or other revision names; None if there is none."""
    try:
        return run(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}").decode().strip()
    except HistoryError:
        return None


def json_files(top: Path, commit: str, folder: str) -> dict[str, bytes]:
    """Return the JSON files that a commit has in a folder, by name, without those of subfolders."""
    listed = listing(top, commit)
    found = listed[0] if listed else {}
    paths = [path for path in found if posixpath.dirname(path) == ("" if folder == "." else folder)]
    names = sorted(path for path in paths if path.endswith(".json"))
    files = {}
    for path, data in zip(names, contents(top, [found[path] for path in names]), strict=True):
        if data is None:
            raise HistoryError(f"git has no object {found[path]}: this clone is partial or damaged")
        files[posixpath.basename(path)] = data
    return files
