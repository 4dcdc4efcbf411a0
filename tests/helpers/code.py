"""Writes source files and reads the code of a bet from them."""

from pathlib import Path

from pytest_bets.code.digest import Code
from pytest_bets.code.index import CodeIndex


def write(root: Path, files: dict[str, str]) -> None:
    """Write files under a root; their names are relative to it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


def code(root: Path, bet: str, search: tuple[str, ...] = ()) -> Code:
    """Return the code of a bet, with folders of the root as import paths."""
    return CodeIndex(root, [root / folder for folder in search]).code(root / bet)
