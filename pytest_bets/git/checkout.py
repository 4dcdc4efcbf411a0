"""The state of the checkout that a session runs in, from at most three git processes."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import HistoryError
from pytest_bets.git.foreign import filters_off
from pytest_bets.git.process import objects, run
from pytest_bets.walk import checkout

_STATUS: Final = (
    *("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames"),
    "--ignore-submodules=dirty",  # a submodule has settings of its own, so its files are compared by a git of its own
)
_GITLINK: Final = "160000"
"""The mode of a submodule."""


_SHA1_LENGTH: Final = 40
_PART: Final = 2**20
"""The bytes that are read at once: a file may be larger than memory."""
_LIST: Final = ("ls-files", "-s", "-v", "-z")


@dataclass(frozen=True)
class _Entry:
    """A path of the index, with the two flags by which git does not compare a file with its blob.

    `is_assumed` is `git update-index --assume-unchanged`. `is_skipped` is `--skip-worktree`, as of the files that a
    sparse checkout leaves out.
    """

    mode: str
    blob: str
    path: str
    is_assumed: bool
    is_skipped: bool

    @classmethod
    def of(cls, line: str) -> "_Entry":
        """Return what a line of `git ls-files -s -v` says; a flag is a letter other than `H` at its start."""
        head, _, path = line.partition("\t")
        tag, mode, blob, _ = head.split(" ")
        is_skipped = tag in "Ss"
        return cls(mode, blob, path, tag.islower() and not is_skipped, is_skipped)


@dataclass(frozen=True)
class Tree:
    """A checkout: its top folder and its commit, if there is one.

    `changed` are the tracked paths that differ from the commit. `untracked` are the other paths that git does not
    ignore: files, and folders with a slash at the end, whose content git does not list. All are relative to the top.
    """

    top: Path
    commit: str | None
    changed: tuple[str, ...]
    untracked: frozenset[str]
    shallow: bool

    def differs(self, but: Callable[[Path], bool]) -> bool:
        """Return whether a tracked file differs from the commit, other than those that `but` holds for."""
        return not all(but(self.top / path) for path in self.changed)

    def among_untracked(self, paths: Iterable[Path]) -> set[Path]:
        """Return the resolved paths that are untracked."""
        folders = tuple(path for path in self.untracked if path.endswith("/"))
        inside = {path: path.relative_to(self.top).as_posix() for path in paths if path.is_relative_to(self.top)}
        return {path for path, name in inside.items() if name in self.untracked or name.startswith(folders)}

    def committed(self, paths: Sequence[Path]) -> dict[Path, bytes | None]:
        """Return the commit's content of each path, None if it has none."""
        if self.commit is None:
            return dict.fromkeys(paths)
        names = [path.relative_to(self.top).as_posix() if path.is_relative_to(self.top) else "" for path in paths]
        with objects(self.top, raw=False) as blobs:
            contents = blobs.read_all([f"{self.commit}:{name}" for name in names])
            return dict(zip(paths, contents, strict=True))


def tree(folder: Path) -> Tree | None:
    """Return the checkout that contains the folder; None outside a checkout or without git."""
    top = checkout(folder)
    if top is None:
        return None
    try:
        filters = filters_off(top, common_folder(top))
        status = run(top, *filters, "status", *_STATUS, raw=False)
        listed = [_Entry.of(line) for line in os.fsdecode(run(top, *_LIST, raw=False)).split("\0") if line]
        nested = dict(_submodules(top, listed))
        hidden = list(_hidden(top, listed, filters))
    except (HistoryError, OSError):
        return None
    commit = None
    changed: list[str] = []
    untracked = {f"{path}/" for path, inner in nested.items() if inner.untracked and not inner.changed}
    for entry in os.fsdecode(status).split("\0"):
        if entry.startswith("# branch.oid ") and not entry.endswith(" (initial)"):
            commit = entry.rpartition(" ")[2]
        elif entry.startswith("1 "):
            changed.append(entry.split(" ", 8)[8])
        elif entry.startswith("u "):
            changed.append(entry.split(" ", 10)[10])
        elif entry.startswith("? "):
            untracked.add(entry[2:])
    changed += [path for path, inner in nested.items() if inner.changed and path not in changed]
    changed += [path for path in hidden if path not in changed]
    return Tree(top, commit, tuple(changed), frozenset(untracked), (common_folder(top) / "shallow").exists())


def _submodules(top: Path, listed: Iterable[_Entry]) -> Iterator[tuple[str, Tree]]:
    """Yield the checkouts of the submodules, with their paths."""
    if not (top / ".gitmodules").exists():
        return
    for entry in listed:
        if entry.mode == _GITLINK and (top / entry.path / ".git").exists():
            inner = tree(top / entry.path)
            if inner:
                yield entry.path, inner


def _hidden(top: Path, listed: Iterable[_Entry], filters: Sequence[str]) -> Iterator[str]:
    """Yield the paths that differ from the index, and that it says git need not look at."""
    differ = {}
    for entry in listed:
        path = top / entry.path
        if not (entry.is_assumed or (entry.is_skipped and os.path.lexists(path))):
            continue
        if entry.mode == _GITLINK:
            inner = tree(path)
            if inner and inner.commit != entry.blob:
                yield entry.path
        elif not path.is_file() and not path.is_symlink():
            yield entry.path
        elif _blob(path, entry.blob) != entry.blob:
            differ[entry.path] = entry.blob
    # a filter or other line ends may explain it; git reads one name a line, and takes a quote for the start of escapes
    asked = [path for path in differ if path.isprintable() and path[0] != '"' and not (top / path).is_symlink()]
    if asked:
        names = os.fsencode("".join(f"{path}\n" for path in asked))
        blobs = run(top, *filters, "hash-object", "--stdin-paths", raw=False, given=names).decode().split()
        for name, blob in zip(asked, blobs, strict=True):
            if differ[name] == blob:
                del differ[name]
    yield from differ


def _blob(path: Path, like: str) -> str:
    """Return the id of a file as a blob, by the hash that another id was made with."""
    made = hashlib.new("sha1" if len(like) == _SHA1_LENGTH else "sha256", usedforsecurity=False)
    if path.is_symlink():
        content = os.fsencode(path.readlink())
        made.update(b"blob %d\0%b" % (len(content), content))
        return made.hexdigest()
    made.update(b"blob %d\0" % path.stat().st_size)
    with path.open("rb") as file:
        while part := file.read(_PART):
            made.update(part)
    return made.hexdigest()


def common_folder(top: Path) -> Path:
    """Return the git folder of a checkout, which linked worktrees share."""
    git = top / ".git"
    if git.is_dir():
        return git
    git = (top / _text(git).removeprefix("gitdir:").strip()).resolve()
    common = git / "commondir"
    return (git / _text(common).strip()).resolve() if common.exists() else git


def _text(file: Path) -> str:
    """Return what git wrote into a file: a path, in the encoding of file names."""
    return os.fsdecode(file.read_bytes())
