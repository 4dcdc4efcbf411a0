"""Write exported files into a folder that is new or empty: nothing is overwritten."""

from collections.abc import Mapping
from pathlib import Path

from pytest_bets.diagnostics import CommandError


def check(folder: Path) -> None:
    """Check that nothing is there.

    Raises:
        CommandError: if the folder has files, or is one.

    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        what = "it is a file" if folder.is_file() else "it is not empty"
        raise CommandError(f"{folder}: {what}; remove it, or name another folder with --out")


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files by their path in the folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
