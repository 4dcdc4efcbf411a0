"""The visible text of a Jupyter notebook: its Markdown cells, and the Markdown and HTML that its code cells show."""

import json
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pytest_bets.claims import html, markdown
from pytest_bets.claims.block import Block, bounded
from pytest_bets.diagnostics import PageError

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}(?:\\u[dD][c-fC-F][0-9a-fA-F]{2})?|.)|[^\\]+", re.DOTALL)
_SHOWN: "Final[dict[str, Callable[[str], list[Block]]]]" = {"text/markdown": markdown.blocks, "text/html": html.blocks}

Path = tuple[str | int, ...]
_Read = Callable[[str], list[Block]]


@dataclass
class _Level:
    """An open list or object: its path, and the key or the index that comes next."""

    path: Path
    is_list: bool
    key: str | int = 0
    value: bool = False


def blocks(source: str) -> list[Block]:
    """Return the blocks of a notebook that have text or comments, in order.

    Raises:
        PageError: if it is not a notebook.

    """
    try:
        page = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise PageError(f"this is no notebook: {error}") from None
    if not isinstance(page, dict) or not isinstance(page.get("cells"), list):
        raise PageError("this is no notebook of format 4: it has no list `cells`")
    found: list[Block] = []
    for read, text, places in _texts(source, page["cells"]):
        found += [_moved(block, places) for block in read(text)]
    return found


def _moved(block: Block, places: Sequence[int]) -> Block:
    """Move a block from a cell's text to the notebook's source."""
    block.places = array("q", [places[place] for place in block.places])
    block.comments = [
        replace(comment, start=places[comment.start], end=places[comment.end - 1] + 1) for comment in block.comments
    ]
    block.links = [(places[start], places[end - 1] + 1) for start, end in block.links]
    return block


def _texts(source: str, cells: list[object]) -> "Iterator[tuple[_Read, str, array[int]]]":
    strings: dict[Path, list[tuple[int, int]]] = {}
    for path, start, end in _strings(source):
        key = path[:-1] if path and isinstance(path[-1], int) and len(path) > 2 else path
        strings.setdefault(key, []).append((start, end))
    total = 0
    for index, cell in enumerate(cells):
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        parts: list[tuple[_Read, Path]] = []
        if kind == "markdown":
            parts = [(markdown.blocks, ("cells", index, "source"))]
        elif kind == "code" and isinstance(cell, dict) and isinstance(cell.get("outputs"), list):
            outputs = range(len(cell["outputs"]))
            parts = [
                (read, ("cells", index, "outputs", output, "data", mime))
                for output in outputs
                for mime, read in _SHOWN.items()
            ]
        for read, path in parts:
            if path in strings:
                text, places = _decoded(source, strings[path])
                total += len(text)
                bounded(text, total)
                yield read, text, places


def _strings(source: str) -> Iterator[tuple[Path, int, int]]:
    """Yield the path, the start and the end of every string that is a value."""
    levels: list[_Level] = []
    for match in _TOKEN.finditer(source):
        text, level = match[0], levels[-1] if levels else None
        if text in "{[":
            path = (*level.path, level.key) if level else ()
            levels.append(_Level(path, text == "[", value=text == "["))
        elif text in "}]":
            levels.pop()
        elif level is None:
            continue
        elif text == ":":
            level.value = True
        elif text == ",":
            if level.is_list and isinstance(level.key, int):
                level.key += 1
            level.value = level.is_list
        elif text[0] == '"':
            if level.value:
                if len(level.path) < 8:
                    yield (*level.path, level.key), match.start() + 1, match.end() - 1
            else:
                level.key = json.loads(text, strict=False)


def _decoded(source: str, strings: Sequence[tuple[int, int]]) -> "tuple[str, array[int]]":
    """Return the text of strings, and where each character of it stands in the source."""
    parts, places = [], array("q")
    for start, end in strings:
        for match in _ESCAPE.finditer(source, start, end):
            escaped = match[0].startswith("\\")
            shown = json.loads(f'"{match[0]}"', strict=False) if escaped else match[0]
            parts.append(shown)
            places.extend([match.start()] * len(shown) if escaped else range(match.start(), match.end()))
    return "".join(parts), places
