"""The filters that a repository defines for itself: programs that git would run to compare a file with its blob."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import HistoryError
from pytest_bets.git.process import run

_MENTIONED: Final = re.compile(rb"filter|include", re.IGNORECASE)
_OURS: Final = ("local", "worktree")
"""Where the settings of the repository stand; those of the system and of the user are trusted."""
_LFS: Final = {
    "filter.lfs.clean": "git-lfs clean -- %f",
    "filter.lfs.smudge": "git-lfs smudge -- %f",
    "filter.lfs.process": "git-lfs filter-process",
    "filter.lfs.required": "true",
}
"""What `git lfs install --local` writes: the program is the user's own. An extension of it is the repository's."""


def filters_off(top: Path, folder: Path) -> list[str]:
    """Return the options that switch off the filters which a repository defines for itself.

    `folder` is its git folder. No process is started where its settings mention no filter and include no other file.

    Raises:
        HistoryError: if a filter cannot be switched off.

    """
    files = (folder / "config", *folder.glob("config.worktree"), *folder.glob("worktrees/*/config.worktree"))
    if not any(path.is_file() and _MENTIONED.search(path.read_bytes()) for path in files):
        return []
    own = dict(_own_settings(top))
    is_extended = any(key.startswith("lfs.extension.") for key in own)
    names = {
        key[len("filter.") : key.rindex(".")]
        for key, value in own.items()
        if key.startswith("filter.") and key.count(".") > 1 and (is_extended or _LFS.get(key) != value)
    }
    options = []
    for name in sorted(names):
        if "=" in name:  # git would take it for the end of the name
            raise HistoryError(f"the settings of {top} define the filter {name!r}, which runs a program; remove it")
        settings = (f"filter.{name}.{setting}" for setting in ("clean=", "smudge=", "process=", "required=false"))
        options += [part for setting in settings for part in ("-c", setting)]
    return options


def _own_settings(top: Path) -> Iterator[tuple[str, str]]:
    fields = run(top, "config", "--list", "-z", "--show-scope").decode(errors="surrogateescape").split("\0")
    for scope, setting in zip(fields[::2], fields[1::2], strict=False):
        if scope in _OURS:
            key, _, value = setting.partition("\n")
            yield key, value
