"""Blocks of a page: the text that a reader sees, each character with its position in the source.

Readers of all formats fill blocks through a `Builder`. It knows which text of HTML is hidden or struck out, and which
code spans are only a word of prose in another font.
"""

import re
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from typing import Final

from pytest_bets.diagnostics import PageError

MAX_SIZE: Final = 750_000
MAX_LINES: Final = 100_000
MAX_BLOCKS: Final = 50_000
CODE: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
BREAK: Final = "\0"
"""Separates table cells and the paragraphs of a list item; it cannot appear in Markdown."""
RAISED: Final = "\ue000"
LOWERED: Final = "\ue001"
"""Around superscript text, in the private use area."""

_PROSE_CODE: Final = re.compile(
    r"(?i:pass(?:e[ds])?|lenient|fail(?:ed|s)?|void|never run)(?:, [a-z ]+)?"
    r"|(?i:bets?)?[ #]*[-+]?\d+(?:\.\d+)?%?|\d+_\w+"
)
"""Code spans that are read like prose: a verdict, a number, a bet."""
_HIDING: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|opacity:0?(?:\.0+)?(?:;|$)|color:transparent|"
    r"(?:font-size|width|height|max-height|max-width):0(?:px|em|rem|pt|%)?(?:;|$)|clip(?:-path)?:|"
    r"(?:text-indent|left|top|right|bottom|margin-left):-\d{3,}"
)
_HIDDEN_CLASSES: Final = frozenset(
    {"hidden", "d-none", "invisible", "sr-only", "visually-hidden", "screen-reader-text"}
)
_HIDDEN: Final = frozenset({"template", "script", "style", "textarea", "datalist", "noscript"})
_STRUCK: Final = frozenset({"del", "s", "strike"})
_CODE: Final = frozenset({"code", "kbd", "samp", "tt", "pre"})
_VOID: Final = frozenset({"br", "hr", "img", "input", "wbr", "meta", "link", "source", "col", "area", "base", "embed"})


def bounded(source: str, size: int | None = None) -> None:
    """Refuse a page that is too long to read in a few seconds.

    Raises:
        PageError: if it has more than 750,000 characters, or too many lines.

    """
    if (len(source) if size is None else size) > MAX_SIZE:
        raise PageError(f"it has more than {MAX_SIZE:,} characters: split it")
    if source.count("\n") + source.count("\r") > MAX_LINES:
        raise PageError(f"it has more than {MAX_LINES:,} lines: split it")


@dataclass(frozen=True)
class Comment:
    """A comment: its text, its start and end in the source, its position in the block's text; hidden if not shown."""

    text: str
    start: int
    end: int
    at: int
    hidden: bool = False


@dataclass
class Block:
    """A unit of text: a paragraph, a heading, a table row, or a list item with all its paragraphs.

    `places[i]` is the position of `text[i]` in the source; `links` are the starts and ends of links in the source.
    `codes` are the starts and ends of code spans in the text, `images` the starts of the texts of images, and `gaps`
    the positions at which hidden or struck text was left out. `level` is that of a heading. `around` is the list item
    around a list item, and `header` the first row of the table of a row. In a `fixed` block only the line of a
    character is known, so that nothing can be corrected.
    """

    kind: str
    level: int = 0
    around: "Block | None" = None
    header: "Block | None" = None
    fixed: bool = False
    pieces: list[str] = field(default_factory=list)
    places: "array[int]" = field(default_factory=lambda: array("q"))
    comments: list[Comment] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    gaps: list[int] = field(default_factory=list)
    codes: list[tuple[int, int]] = field(default_factory=list)
    images: list[int] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        """The visible text; read it only when the block is complete."""
        return "".join(self.pieces)

    def add(self, shown: str, *places: int) -> None:
        """Add text and one position for all of it."""
        self.pieces.append(shown)
        self.places.extend(places * len(shown))

    def extend(self, shown: str, places: Sequence[int]) -> None:
        """Add text and the position of each character."""
        self.pieces.append(shown)
        self.places.extend(places)


@dataclass
class _Element:
    name: str
    hidden: bool
    struck: bool
    code: bool


class Builder:
    """Collects blocks, and keeps track of the HTML elements that are open."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._shown: Block | None = None
        self._open: list[_Element] = []
        self._aside: Block | None = None
        self._code: list[tuple[str, Sequence[int]]] = []

    def begin(self, block: Block) -> Block:
        """Start a block, to which text is added from now on."""
        if len(self.blocks) >= MAX_BLOCKS:
            raise PageError(f"it has more than {MAX_BLOCKS:,} paragraphs, list items and rows: split it")
        self.blocks.append(block)
        self._shown, self._aside = block, None
        return block

    def resume(self, block: Block | None) -> None:
        """Add text to this block from now on."""
        self._shown, self._aside = block, None

    @property
    def block(self) -> Block:
        """The block that text is added to: a block of its own for text that is not shown."""
        if self._shown is None:
            self.begin(Block("paragraph"))
        assert self._shown is not None  # noqa: S101  # begin() has set it
        if not self._outside():
            return self._shown
        if self._aside is None:
            struck = self._open[-1].struck
            self._aside = Block("deleted text" if struck else "hidden text")
            if not struck:
                self.blocks.append(self._aside)
        return self._aside

    def text(self, shown: str, places: Sequence[int]) -> None:
        """Add text, with the position of each character."""
        if self._open and self._open[-1].code:
            self._code.append((shown, places))
        elif shown:
            self._gap()
            self.block.extend(shown, places)

    def word(self, shown: str, place: int) -> None:
        """Add text that has one position."""
        self.text(shown, array("q", [place]) * len(shown))

    def code(self, content: str, places: Sequence[int]) -> None:
        """Add a code span: its text if it is one word of prose, otherwise a placeholder."""
        bare = content.strip()
        if self._open and self._open[-1].code:
            self._code.append((content, places))
        elif bare and (_PROSE_CODE.fullmatch(bare) or (re.fullmatch(r"\w+", bare) and self._after_bet())):
            start = content.index(bare)
            self.text(bare, places[start : start + len(bare)])
            self.block.codes.append((len(self.block.places) - len(bare), len(self.block.places)))
        elif content:
            self.word(CODE, places[0])

    def _after_bet(self) -> bool:
        """Return whether the word `bet` comes right before, so that the next word may be an id."""
        return bool(re.search(r"(?i)\bbet\s\Z", "".join(piece[-5:] for piece in self.block.pieces[-5:])))

    def image(self, shown: str, places: Sequence[int]) -> None:
        """Add the text of an image."""
        self.block.images.append(len(self.block.places))
        self.text(shown, places)

    def comment(self, text: str, start: int, end: int) -> None:
        """Add a comment."""
        block = self.block
        hidden = block is not self._shown or bool(self._open and self._open[-1].code)
        block.comments.append(Comment(text.strip(), start, end, len(block.places), hidden))

    def depth(self) -> int:
        """Return how many elements are open."""
        return len(self._open)

    def close_to(self, depth: int) -> None:
        """Close the elements that were opened since there were so many."""
        while len(self._open) > depth:
            self._leave(self._open.pop())

    def start(self, name: str, attributes: Mapping[str, str | None], place: int) -> None:
        """Open an element."""
        if name == "br":
            self.word(" ", place)
        if name in _VOID:
            if name == "img" and attributes.get("alt"):
                shown = unescape(attributes["alt"] or "")
                self.image(shown, array("q", [place]) * len(shown))
            return
        if name == "sup":
            self.word(RAISED, place)
        parent = self._open[-1] if self._open else _Element("", hidden=False, struck=False, code=False)
        hidden = parent.hidden or name in _HIDDEN or _hides(attributes)
        struck = parent.struck or name in _STRUCK
        self._open.append(_Element(name, hidden, struck, parent.code or name in _CODE))
        if (hidden, struck) != (parent.hidden, parent.struck):
            self._aside = None

    def end(self, name: str, place: int) -> None:
        """Close the innermost element of this name, and those within it."""
        for index in range(len(self._open) - 1, max(-1, len(self._open) - 200), -1):
            if self._open[index].name == name:
                if name == "sup":
                    self.word(LOWERED, place)
                self.close_to(index)
                return

    def _leave(self, element: _Element) -> None:
        if element.code and not (self._open and self._open[-1].code):
            content = "".join(shown for shown, _ in self._code)
            places = array("q", [place for _, part in self._code for place in part])
            self._code.clear()
            if element.name == "pre" and content:
                self.word(CODE, places[0])
            else:
                self.code(content, places)
        if not self._outside():
            self._aside = None

    def _outside(self) -> bool:
        return bool(self._open) and (self._open[-1].hidden or self._open[-1].struck)

    def _gap(self) -> None:
        if self._outside() and self._shown is not None:
            place = len(self._shown.places)
            if self._shown.gaps[-1:] != [place]:
                self._shown.gaps.append(place)


def _hides(attributes: Mapping[str, str | None]) -> bool:
    style = re.sub(r"\s|!important", "", attributes.get("style") or "").lower()
    classes = set((attributes.get("class") or "").lower().split())
    return "hidden" in attributes or bool(_HIDING.search(style)) or bool(classes & _HIDDEN_CLASSES)
