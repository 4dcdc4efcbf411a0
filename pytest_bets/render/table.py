"""A table in plain text of a given width, whose cells wrap."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from typing import Final

from pytest_bets.render.visible import padded, width

HEADINGS: Final = ("bet", "verdict", "what decided", "standing")
Paint = Callable[[str], str]
"""Adds colour to a text, which takes no room."""

_GAP: Final = 2
_NARROW: Final = 10
_LEAST: Final = 60
_HANG: Final = 2
"""How far a line of a cell with several paragraphs is indented where its paragraph began on an earlier line."""
_PIECES: Final = re.compile(r"(?:\b\d+_)?[^\s_]*_*")
"""What stays whole while there is room: a word, or a part of an id with its underscore and the number before it."""
_TIED: Final = re.compile(r"(?<=\(measured) |(?<=[<>=]) (?=[-.\d])")
"""The space before a number, which says nothing on a line of its own."""
_TIE: Final = "\0"


class Table:
    """Columns of a fixed width, which are made for the rows given; no line is longer than `room`, at least 60."""

    def __init__(self, headings: Sequence[str], rows: Sequence[Sequence[str]], room: int) -> None:
        self.headings = headings
        self.sizes = _sizes([headings, *rows], max(room, _LEAST))

    def head(self) -> list[str]:
        """Return the lines above the first row."""
        return [*self.row(self.headings), *self.row(["-" * size for size in self.sizes])]

    def row(self, cells: Sequence[str], paint: Mapping[int, Paint] | None = None) -> list[str]:
        """Return the lines of a row; `paint` colours what stands in a column."""
        paints = paint or {}
        wrapped = [wrap(cell, size) for cell, size in zip(cells, self.sizes, strict=True)]
        lines = []
        for parts in zip_longest(*wrapped, fillvalue=""):
            fields = []
            for column, (part, size) in enumerate(zip(parts, self.sizes, strict=True)):
                blank = padded(part, size)[len(part) :]
                fields.append((paints[column](part) if part and column in paints else part) + blank)
            lines.append((" " * _GAP).join(fields).rstrip())
        return lines


def table(rows: Sequence[Sequence[str]], room: int, headings: Sequence[str] = HEADINGS) -> list[str]:
    """Return the lines of a table: columns wrap, and no line is longer than `room`, which is at least 60."""
    made = Table(headings, rows, room)
    return [*made.head(), *(line for row in rows for line in made.row(row))]


def _sizes(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    columns = range(len(rows[0]))
    left = room - _GAP * (len(columns) - 1)
    widths = [[[width(part) for part in cell.split("\n")] for cell in row] for row in rows]
    sizes = [min(left, max(max(row[column]) for row in widths)) for column in columns]
    least = [max(width(piece) for row in rows for piece in _PIECES.findall(row[column])) for column in columns]

    def cost(column: int) -> tuple[bool, int, int]:
        narrower = [max(size - (other == column), 1) for other, size in enumerate(sizes)]
        lines = sum(
            max(sum(1 + part // size for part in cell) for cell, size in zip(row, narrower, strict=True))
            for row in widths
        )
        return sizes[column] <= max(least[column], _NARROW), lines, -sizes[column]

    while sum(sizes) > left:
        sizes[min(columns, key=cost)] -= 1
    return sizes


def wrap(text: str, size: int) -> list[str]:
    """Return the text in lines of so many columns: each paragraph on lines of its own, words and numbers whole."""
    paragraphs = text.split("\n")
    hang = _HANG if len(paragraphs) > 1 and size > 2 * _HANG else 0
    return [line for paragraph in paragraphs for line in _wrapped(paragraph, size, hang)]


def _wrapped(text: str, size: int, hang: int) -> list[str]:
    lines = [""]

    def fits(more: str) -> bool:
        return width(lines[-1].replace(_TIE, " ") + more) <= size - (hang if len(lines) > 1 else 0)

    for word in _TIED.sub(_TIE, text).split():
        if lines[-1] and fits(f" {word}"):
            lines[-1] += f" {word}"
            continue
        if lines[-1]:
            lines.append("")
        for piece in _pieces(word, size - hang):
            if lines[-1] and not fits(piece):
                lines.append("")
            lines[-1] += piece
    return [" " * (hang if index else 0) + line.replace(_TIE, " ").strip() for index, line in enumerate(lines)]


def _pieces(word: str, size: int) -> list[str]:
    """Break a word that is too long: at a tie, after an underscore, where a reader would break an id, or anywhere."""
    found = []
    for part in word.split(_TIE):
        for piece in _PIECES.findall(part):
            found += [piece] if width(piece) <= size else list(piece)
        found.append(" ")
    return found[:-1]
