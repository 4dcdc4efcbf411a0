"""Folders: the ones to search, the checkout around one, and ones that git ignores."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset({"node_modules", "__pycache__", "build", "dist", "venv"})


def walk_folders(root: Path) -> Iterator[tuple[Path, Sequence[str]]]:
    """Yield every folder under `root` with its file names.

    Hidden folders, virtual environments and linked worktrees are left out: those hold other commits of the same files.
    """
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not _exists(here / name / "pyvenv.cfg")
            and not _is_linked(here / name)
        ]
        yield here, files


def _is_linked(folder: Path) -> bool:
    """Return whether a folder is a linked worktree of a repository."""
    git = folder / ".git"
    try:
        return git.is_file() and "/worktrees/" in git.read_text(encoding="utf-8", errors="replace").replace("\\", "/")
    except OSError:
        return False


def checkout(folder: Path) -> Path | None:
    """Return the top folder of the git checkout that contains the folder."""
    return next((here for here in (folder, *folder.parents) if _exists(here / ".git")), None)


def _exists(path: Path) -> bool:
    """Return whether a path is there; False in a folder that cannot be read, where `Path.exists` raises an error."""
    return os.path.exists(path)  # noqa: PTH110


def relative(path: Path, start: Path | None = None) -> str:
    """Return a path relative to a folder, by default the working one; the path itself on another drive of Windows."""
    try:
        return os.path.relpath(path, start)
    except ValueError:
        return str(path)


def ignored(folder: Path) -> Path:
    """Create a folder that git ignores, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    ignore = folder / ".gitignore"
    if not (ignore.exists() and ignore.stat().st_size):  # a killed process may have left it empty
        ignore.write_bytes(b"*\n")
    return folder


def is_ignored(folder: Path, top: Path) -> bool:
    """Return whether a .gitignore between a folder and the top of its checkout has a line with its name alone.

    Git knows more patterns; it is not started for this.
    """
    for above in folder.parents:
        ignore = above / ".gitignore"
        if ignore.is_file():
            name = folder.relative_to(above).as_posix()
            lines = ignore.read_text(encoding="utf-8", errors="replace").splitlines()
            if any(line.strip() in (name, f"{name}/", f"/{name}", f"/{name}/", f"{name}/*") for line in lines):
                return True
        if above == top:
            break
    return False
