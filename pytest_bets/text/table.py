"""The table that closes a session, in plain text of a given width."""

import re
import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

HEADINGS: Final = ("bet", "verdict", "strict, and what was measured", "standing")
_GAP: Final = 2
_NARROW: Final = 10
_PIECES: Final = re.compile(r"(?:\b\d+_)?[^\s_]*_*")
"""What stays whole while there is room: a word, or a part of an id with its underscore and the number before it."""
_TIED: Final = re.compile(r"(?<=\(measured) |(?<=[<>=]) (?=[-.\d])")
"""The space before a number, which says nothing on a line of its own."""
_TIE: Final = "\N{NO-BREAK SPACE}"


def table(rows: Sequence[Sequence[str]], width: int, headings: Sequence[str] = HEADINGS) -> list[str]:
    """Return the lines of a table: columns wrap, and no line is longer than `width`, which is at least 60."""
    widths = _widths([headings, *rows], max(width, 60))
    lines = _lines(headings, widths) + _lines(["-" * size for size in widths], widths)
    for row in rows:
        lines += _lines(row, widths)
    return lines


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    columns = range(len(rows[0]))
    room = width - _GAP * (len(columns) - 1)
    sizes = [min(room, max(len(row[column]) for row in rows)) for column in columns]
    least = [max(len(piece) for row in rows for piece in _PIECES.findall(row[column])) for column in columns]

    def cost(column: int) -> tuple[bool, int, int]:
        narrower = [size - (other == column) for other, size in enumerate(sizes)]
        lines = sum(max(len(cell) // size for cell, size in zip(row, narrower, strict=True)) for row in rows)
        return sizes[column] <= max(least[column], _NARROW), lines, -sizes[column]

    while sum(sizes) > room:
        sizes[min(columns, key=cost)] -= 1
    return sizes


def _lines(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    wrapped = [_wrapped(cell, size) for cell, size in zip(cells, widths, strict=True)]
    return [
        (" " * _GAP).join(part.ljust(size) for part, size in zip(parts, widths, strict=True)).rstrip()
        for parts in zip_longest(*wrapped, fillvalue="")
    ]


def _wrapped(text: str, size: int) -> list[str]:
    lines = textwrap.wrap(_breakable(_TIED.sub(_TIE, text), size), size, break_on_hyphens=False)
    return [line.replace(_TIE, " ") for line in lines] or [""]


def _breakable(text: str, size: int) -> str:
    """Let a long id break after an underscore, where a reader would break it."""
    return " ".join(word if len(word) <= size else _broken(word, size) for word in text.split(" "))


def _broken(word: str, size: int) -> str:
    pieces = [""]
    for part in _PIECES.findall(word):
        if pieces[-1] and len(pieces[-1] + part) > size:
            pieces.append("")
        pieces[-1] += part
    return " ".join(pieces)
