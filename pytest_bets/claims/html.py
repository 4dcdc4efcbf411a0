"""The visible text of HTML: of a whole file, or of a part of a Markdown page."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

from pytest_bets.claims.block import BREAK, Block, Builder, bounded
from pytest_bets.claims.lexicon import words

_HEADINGS: Final = {"title": 1, **{f"h{level}": level for level in range(1, 7)}}
_LISTS: Final = ("ul", "ol", "menu", "dl")
_ITEMS: Final = ("li", "dd")
_TABLES: Final = ("table",)
_CELLS: Final = ("td", "th")
_BLOCKS: Final = words(
    "address article aside blockquote body button caption center details dialog div dt fieldset figcaption "
    "figure footer form head header hr html legend main nav option p pre search section select summary tbody "
    "tfoot thead"
)
_RAW: Final = ("script", "style", "textarea")
_SPECIAL: Final = re.compile("[<&]")
_TAG: Final = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_BOGUS: Final = re.compile(r"<[!?/]")
_COMMENT_END: Final = re.compile(r"--!?>")
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});?")
_ATTRIBUTE: Final = re.compile(r"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(["']|[^\s>"'][^\s>]*))?""")


def blocks(source: str) -> list[Block]:
    """Return the blocks of an HTML file that have text or comments, in order.

    Raises:
        PageError: if it is too long.

    """
    bounded(source)
    builder = Builder()
    Markup(builder).read(source, range(len(source)))
    return [block for block in builder.blocks if block.places or block.comments]


class _Container:
    """An open list, list item, table or row: its block, and how many elements were open before it."""

    def __init__(self, name: str, block: Block | None, depth: int) -> None:
        self.name, self.block, self.depth = name, block, depth
        self.header: Block | None = None
        self.cells = 0


class Markup:
    """Reads HTML into a builder; what is open at the end of one part stays open for the next."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.base: Block | None = None
        self.containers: list[_Container] = []

    def read(self, text: str, places: Sequence[int], base: Block | None = None) -> None:
        """Read a part of a page; `base` is the list item around it, if there is one."""
        self.base = base
        _read(self, text, places)

    def start(self, name: str, attributes: dict[str, str | None], place: int) -> None:
        """Open an element that may start a block."""
        builder = self.builder
        if name in _HEADINGS:
            self._separate()
            builder.begin(Block("heading", level=_HEADINGS[name]))
        elif name in _ITEMS:
            self._pop_to(_LISTS)
            around = next((item.block for item in reversed(self.containers) if item.name in _ITEMS), self.base)
            self._push(name, builder.begin(Block("list item", around=around)))
        elif name == "tr":
            self._pop_to(_TABLES)
            table = self.containers[-1] if self.containers else None
            row = builder.begin(Block("table row", header=table.header if table else None))
            if table and table.header is None:
                table.header = row
            self._push(name, row)
        elif name in _CELLS:
            self._pop_to(("tr",))
            if self.containers:
                row_container = self.containers[-1]
                if row_container.cells and row_container.block:
                    row_container.block.add(BREAK, place)
                row_container.cells += 1
                self._push(name, row_container.block)
        elif name in (*_LISTS, *_TABLES):
            self._separate()
            self._push(name, None)
        elif name in _BLOCKS:
            self._separate()
        builder.start(name, attributes, place)

    def end(self, name: str, place: int) -> None:
        """Close an element that may end a block."""
        container = name in (*_ITEMS, *_CELLS, *_LISTS, *_TABLES, "tr")
        if container and any(item.name == name for item in self.containers[-200:]):
            while self.containers.pop().name != name:
                pass
        self.builder.end(name, place)
        if container or name in _HEADINGS or name in _BLOCKS:
            self._separate()

    def _push(self, name: str, block: Block | None) -> None:
        self.containers.append(_Container(name, block, self.builder.depth()))

    def _pop_to(self, names: Sequence[str]) -> None:
        """Close the containers within the innermost one of these names: their end tags may be left out."""
        if any(item.name in names for item in self.containers[-200:]):
            while self.containers[-1].name not in names:
                self.builder.close_to(self.containers.pop().depth)

    def _separate(self) -> None:
        """End the running block; in a list item or a row, text goes on after a break."""
        inner = next((item.block for item in reversed(self.containers) if item.block), self.base)
        self.builder.resume(inner)
        if inner is not None and inner.places and inner.pieces[-1] not in (BREAK, " "):
            inner.add(" " if inner.kind == "table row" else BREAK, inner.places[-1])


def _read(markup: Markup, text: str, places: Sequence[int]) -> None:
    """Feed tags, texts and comments to the markup, in one pass: every character is looked at a few times at most.

    As in a browser, nothing is shown after a tag or a comment that is never closed.
    """
    builder, at = markup.builder, 0
    while at < len(text):
        found = _SPECIAL.search(text, at)
        start = found.start() if found else len(text)
        builder.text(text[at:start], places[at:start])
        if not found:
            return
        if text.startswith("<!--", start):
            close = _COMMENT_END.search(text, start + 2)
            if not close:
                return
            at = close.end()
            builder.comment(text[start + 4 : close.start()], places[start], places[at - 1] + 1)
        elif tag := _TAG.match(text, start):
            attributes, at = _attributes(text, tag.end())
            name = tag[2].lower()
            if tag[1]:
                markup.end(name, places[start])
                continue
            markup.start(name, attributes, places[start])
            if name in _RAW:
                close = re.compile(rf"(?i)</{name}(?=[\s/>])").search(text, at)
                at = close.start() if close else len(text)
        elif _BOGUS.match(text, start):
            at = text.find(">", start) + 1 or len(text)
        elif entity := _ENTITY.match(text, start):
            at = entity.end()
            builder.word(unescape(entity[0]), places[start])
        else:
            at = start + 1
            builder.text(text[start:at], places[start:at])


def tag(text: str) -> tuple[bool, str, dict[str, str | None]] | None:
    """Return whether a text is a closing tag, its name and its attributes; None if it is no tag."""
    found = _TAG.match(text)
    return (bool(found[1]), found[2].lower(), _attributes(text, found.end())[0]) if found else None


def _attributes(text: str, at: int) -> tuple[dict[str, str | None], int]:
    """Return the attributes of a tag from the end of its name, and where the tag ends."""
    found: dict[str, str | None] = {}
    while at < len(text) and text[at] != ">":
        match = _ATTRIBUTE.match(text, at)
        if not match or match.end() == at:
            at += 1
            continue
        value = match[2]
        if value and value[0] in "\"'":
            close = text.find(value[0], match.start(2) + 1)
            if close < 0:
                return found, len(text)
            value, at = text[match.start(2) + 1 : close], close + 1
        else:
            at = match.end()
        found.setdefault(match[1].lower(), None if value is None else unescape(value))
    return found, min(at + 1, len(text))
