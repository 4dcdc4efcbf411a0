"""The state of the checkout that a session runs in, from at most two git processes."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import HistoryError
from pytest_bets.git.process import objects, run
from pytest_bets.walk import checkout

_STATUS: Final = ("--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames")

_ONLY_UNTRACKED: Final = "S..U"
"""How `status` shows a submodule that has untracked files and no other change."""


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
        status = run(top, "status", *_STATUS, raw=False)
    except HistoryError:
        return None
    commit = None
    changed: list[str] = []
    untracked: set[str] = set()
    for entry in os.fsdecode(status).split("\0"):
        if entry.startswith("# branch.oid ") and not entry.endswith(" (initial)"):
            commit = entry.rpartition(" ")[2]
        elif entry.startswith("1 "):
            _, _, submodule, *_, path = entry.split(" ", 8)
            if submodule == _ONLY_UNTRACKED:
                untracked.add(f"{path}/")
            else:
                changed.append(path)
        elif entry.startswith("u "):
            changed.append(entry.split(" ", 10)[10])
        elif entry.startswith("? "):
            untracked.add(entry[2:])
    return Tree(top, commit, tuple(changed), frozenset(untracked), (_common_folder(top) / "shallow").exists())


def _common_folder(top: Path) -> Path:
    git = top / ".git"
    if git.is_dir():
        return git
    git = (top / git.read_text().removeprefix("gitdir:").strip()).resolve()
    common = git / "commondir"
    return (git / common.read_text().strip()).resolve() if common.exists() else git
