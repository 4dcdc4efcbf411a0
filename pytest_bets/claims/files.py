"""Read and write Markdown files without changing other bytes."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_bets.diagnostics import PageError
from pytest_bets.walk import walk_folders


def pages(paths: Sequence[Path]) -> list[Path]:
    """Return the named files and every *.md in the named folders, each once.

    Raises:
        FileNotFoundError: if a path does not exist, or nothing was found.

    """
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file or folder {path}")
        for page in _below(path) if path.is_dir() else [path]:
            found.setdefault(page.resolve(), page)
    if not found:
        raise FileNotFoundError(f"there is no *.md in {', '.join(map(str, paths))}")
    return list(found.values())


def _below(folder: Path) -> Iterator[Path]:
    yield from sorted(
        here / name for here, files in walk_folders(folder) for name in files if name.lower().endswith(".md")
    )


def read(page: Path) -> str:
    """Return a page's text with its line ends and byte order mark.

    Raises:
        PageError: if it is not UTF-8.
        OSError: if it cannot be read.

    """
    try:
        return page.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise PageError(f"{page}: this is not UTF-8: {error.reason} at byte {error.start}") from None


def write(page: Path, text: str) -> None:
    """Replace a page's text.

    Raises:
        OSError: if it cannot be written.

    """
    page.write_bytes(text.encode())
