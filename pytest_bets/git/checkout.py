"""The state of the checkout that a session runs in, from at most two git processes."""

import os
from collections.abc import Iterable, Iterator, Sequence
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
_GITLINK: Final = "160000 "
"""The mode of a submodule."""


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

    def differs(self, but: Path) -> bool:
        """Return whether a tracked file outside the folder `but` differs from the commit."""
        return any(not (self.top / path).is_relative_to(but) for path in self.changed)

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
        status = run(top, *filters_off(top, common_folder(top)), "status", *_STATUS, raw=False)
        nested = dict(_submodules(top))
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
    return Tree(top, commit, tuple(changed), frozenset(untracked), (common_folder(top) / "shallow").exists())


def _submodules(top: Path) -> Iterator[tuple[str, Tree]]:
    """Yield the checkouts of the submodules, with their paths."""
    if not (top / ".gitmodules").exists():
        return
    for entry in os.fsdecode(run(top, "ls-files", "-s", "-z", raw=False)).split("\0"):
        head, _, path = entry.partition("\t")
        if head.startswith(_GITLINK) and (top / path / ".git").exists():
            inner = tree(top / path)
            if inner:
                yield path, inner


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
