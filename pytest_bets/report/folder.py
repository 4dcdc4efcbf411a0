"""Write the files of a site into a folder, and remove those that an earlier site left there."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import CommandError

LIST: Final = ".pytest-bets-site"
"""The file that names the files of a site, by which a folder is known to be one."""


def write(folder: Path, files: Iterable[tuple[str, bytes]]) -> int:
    """Write the files and return their number. A file whose bytes are the same is left as it is.

    Raises:
        CommandError: if the folder holds something else than a site, or a link in it leads elsewhere.
        OSError: if it cannot be written.

    """
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder}: expected a folder for the site, found a file")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / LIST).is_file():
        raise CommandError(f"{folder}: it has files that are not of a site; name an empty folder with --out")
    _stay(folder, LIST)
    earlier = _listed(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LIST).touch()
    written = []
    for name, data in files:
        path = folder / name
        _stay(folder, name)
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
        if name not in earlier or not path.is_file() or path.read_bytes() != data:
            path.write_bytes(data)
        written.append(name)
    for name in earlier - set(written):
        _remove(folder, folder / name)
    (folder / LIST).write_text("".join(f"{name}\n" for name in sorted(written)), encoding="utf-8")
    return len(written)


def _listed(folder: Path) -> set[str]:
    """Return the names in the list that lie below the folder: the list may have been edited."""
    try:
        names = (folder / LIST).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return set()
    return {name for name in names if name and _is_inside(folder, name)}


def _stay(folder: Path, name: str) -> None:
    """Refuse a link that leads out of the folder: a clone may come with one, and what it names is no file of a site.

    Raises:
        CommandError: if there is one on the way to the file.

    """
    if not _is_inside(folder, name):
        raise CommandError(f"{folder / name}: a link leads out of the folder of the site; remove it")


def _is_inside(folder: Path, name: str) -> bool:
    return os.path.realpath(folder / name).startswith(f"{os.path.realpath(folder)}{os.sep}")


def _remove(folder: Path, path: Path) -> None:
    path.unlink(missing_ok=True)
    for parent in path.parents:
        if parent == folder or not parent.is_dir() or any(parent.iterdir()):
            break
        parent.rmdir()
