"""Find, read and write the files of write-ups, without changing other bytes."""

from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pytest_bets.claims import html, markdown, notebook, rest
from pytest_bets.claims.block import Block
from pytest_bets.diagnostics import NoReaderError, PageError
from pytest_bets.walk import walk_folders

Read = Callable[[str], list[Block]]

READERS: Final[dict[str, Read]] = {
    **dict.fromkeys((".md", ".markdown", ".mdown", ".mdx", ".qmd", ".rmd"), markdown.blocks),
    **dict.fromkeys((".html", ".htm", ".xhtml"), html.blocks),
    ".ipynb": notebook.blocks,
    ".rst": rest.blocks,
}
_UNREADABLE: Final = {
    **dict.fromkeys((".tex", ".latex"), "LaTeX is not read"),
    **dict.fromkeys((".adoc", ".asciidoc"), "AsciiDoc is not read"),
    ".org": "Org files are not read",
    ".typ": "Typst is not read",
}
_GENERATED: Final = frozenset({"_build", "_site", "htmlcov"})
_MAX_BYTES: Final = 20_000_000


def pages(paths: Sequence[Path]) -> dict[Path, bool]:
    """Return the named files, and every write-up in the named folders, each once; true for those that were named.

    Raises:
        FileNotFoundError: if a path does not exist, or nothing was found.

    """
    found: dict[Path, tuple[Path, bool]] = {}
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no file or folder {path}")
        for page in _below(path) if path.is_dir() else [path]:
            found.setdefault(page.resolve(), (page, not path.is_dir()))
    if not found:
        endings = "*.md, *.rst, *.html, *.ipynb"
        raise FileNotFoundError(f"there is no write-up ({endings}) in {', '.join(map(str, paths))}")
    return dict(found.values())


def _below(folder: Path) -> Iterator[Path]:
    endings = (*READERS, *_UNREADABLE)
    yield from sorted(
        here / name
        for here, files in walk_folders(folder)
        if not _GENERATED & set(here.relative_to(folder).parts)
        for name in files
        if name.lower().endswith(endings)
    )


def reader(page: Path) -> Read:
    """Return what reads a file of this ending; a file with an unknown ending is read as Markdown.

    Raises:
        NoReaderError: if nothing reads it.

    """
    ending = page.suffix.lower()
    if ending in _UNREADABLE:
        raise NoReaderError(_UNREADABLE[ending])
    if ending == ".rst" and find_spec("docutils") is None:
        raise NoReaderError("docutils is not installed: pip install 'pytest-bets[claims]'")
    return READERS.get(ending, markdown.blocks)


def read(page: Path) -> str:
    """Return a page's text with its line ends and byte order mark.

    Raises:
        PageError: if it is not UTF-8, or too long.
        OSError: if it cannot be read.

    """
    if page.stat().st_size > _MAX_BYTES:
        raise PageError(f"it has more than {_MAX_BYTES:,} bytes: split it")
    try:
        return page.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise PageError(f"this is not UTF-8: {error.reason} at byte {error.start}") from None


def write(page: Path, text: str) -> None:
    """Replace a page's text.

    Raises:
        OSError: if it cannot be written.

    """
    page.write_bytes(text.encode())
