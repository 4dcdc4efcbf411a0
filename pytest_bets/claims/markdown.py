"""The visible text of a Markdown page, each character with its position in the source.

CommonMark with tables, parsed by markdown-it; the HTML in it is read like that of an HTML file. A code span becomes one
placeholder character, unless it is a word of prose in another font.
"""

import re
from array import array
from collections.abc import Callable, Sequence
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from pytest_bets.claims.block import BREAK, CODE, Block, Builder, bounded
from pytest_bets.claims.html import Markup, tag
from pytest_bets.diagnostics import PageError

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_MAX_WORK: Final = 20_000_000
_WORK: Final = 150
"""Limits of length times special characters, summed over the paragraphs of a page, and for each character of it."""

_MAX_SIGNS: Final = 300_000

_LINE_END: Final = re.compile(r"\r\n?|\n")
_SPECIAL: Final = re.compile(r"[\[\]`<&*_!\\~]")
_SIGN: Final = re.compile(r"[!-/:-@\[-`{-~]")
_KINDS: Final = {"list_item_open": "list item", "tr_open": "table row", "heading_open": "heading"}
_JOINED: Final = ("paragraph_open", "html_block")
"""Blocks that look like one paragraph if there is no blank line between them."""
_MAX_NESTING: Final = 100


def blocks(source: str) -> list[Block]:
    """Return the blocks of a page that have text or comments, in order.

    Raises:
        PageError: if it is too long, or would take too long to read.

    """
    bounded(source)
    return _Page(source).blocks()


def line_starts(source: str) -> list[int]:
    """Return the start of each line in the source."""
    return [0, *(match.end() for match in _LINE_END.finditer(source))]


class _Page:
    def __init__(self, source: str) -> None:
        self.source = source.replace("\0", "\N{REPLACEMENT CHARACTER}")  # like markdown-it
        ends = [(match.start(), match.end()) for match in _LINE_END.finditer(source)]
        line_ends = [(0, 0), *ends, (len(source), len(source))]
        self.lines = [(before[1], after[0]) for before, after in pairwise(line_ends)]
        self.text = source.removeprefix("\ufeff")
        self.inline = _Inline()
        self.builder = Builder()
        self.markup = Markup(self.builder)
        self.around: list[Block] = []
        self.last = ("", -1, -1)
        self.cursor = self.cells = self.work = self.signs = 0

    def blocks(self) -> list[Block]:
        env: dict[str, Any] = {}
        parent, header = "", None
        for token in self.inline.parser.parse(self.text, env):
            if token.type in ("list_item_open", "tr_open"):
                outer = self.around[-1] if self.around else None
                block = Block(_KINDS[token.type], around=outer)
                if token.type == "tr_open":
                    block.header, header = header, header or block
                self.around.append(self.builder.begin(block))
                self.cursor = self.cells = 0
            elif token.type in ("list_item_close", "tr_close"):
                self.around.pop()
            elif token.type == "table_close":
                header = None
            elif token.type in ("inline", "html_block") and token.map:
                self._add(token, parent, env)
            elif token.type in ("fence", "code_block"):
                self.builder.begin(Block("code"))
            parent = token.tag if token.type == "heading_open" else token.type
        return [block for block in self.builder.blocks if block.places or block.comments]

    def _add(self, token: "Token", parent: str, env: dict[str, Any]) -> None:
        assert token.map is not None  # noqa: S101  # checked by the caller
        is_html = token.type == "html_block"
        kind = token.type if is_html else parent
        here = (kind, token.map[0], token.level - (not is_html))
        joined = kind in _JOINED and here == (kind, *self.last[1:]) and self.last[0] in _JOINED
        places = self._places(token, self.cursor)
        is_cell = kind in ("th_open", "td_open")
        if self.around:
            block = self.around[-1]
            self.builder.resume(block)
            if self.cells if is_cell else block.places:
                block.add(" " if joined else BREAK, places[0] if places else 0)
            self.cells += is_cell
        elif joined:
            block = self.builder.block
            if block.places:
                block.add(" ", places[0] if places else 0)
        elif re.fullmatch(r"h\d", kind):
            self.builder.begin(Block("heading", level=int(kind[1])))
        else:
            self.builder.begin(Block("paragraph"))
        if is_html:
            self.markup.read(token.content, places, self.around[-1] if self.around else None)
        else:
            self.signs += len(_SIGN.findall(token.content))
            if self.signs > _MAX_SIGNS:
                raise PageError(f"it has more than {_MAX_SIGNS:,} punctuation marks: split it")
            self.work += len(token.content) * len(_SPECIAL.findall(token.content))
            if self.work > _MAX_WORK + _WORK * len(self.text):
                problem = f"the paragraph of line {token.map[0] + 1} has too many brackets, stars, tags or backticks"
                raise PageError(f"{problem}: split it")
            self.inline.read(token.content, env, places, self.builder)
        if is_cell and places:
            self.cursor = places[-1] + 1
        self.last = (kind, token.map[1], here[2])

    def _places(self, token: "Token", cursor: int) -> "array[int]":
        """Return the position in the source of each character of a block's content.

        Its lines are lines of the source without the signs of lists and quotes. The content of a table cell is a part
        of a line, in which a backslash escapes a bar.
        """
        assert token.map is not None  # noqa: S101  # checked by the caller
        places = array("q")
        for number, part in enumerate(token.content.split("\n"), start=token.map[0]):
            start, end = self.lines[min(number, len(self.lines) - 1)]
            bare = part.strip()
            at = self.source.find(bare, max(start, cursor), end)
            escaped = False
            if at < 0 and "|" in bare:
                at, escaped = self.source.find(bare.replace("|", "\\|"), max(start, cursor), end), True
            at = (start if at < 0 else at) - (len(part) - len(part.lstrip()))
            if escaped:
                for character in part:
                    at += character == "|"
                    places.append(at)
                    at += 1
            else:
                places.extend(range(at, at + len(part)))
            places.append(end)
        return places[:-1]


class _Inline:
    """markdown-it with its inline rules wrapped, to record which rule consumed which part of the content."""

    def __init__(self) -> None:
        from markdown_it import MarkdownIt

        self.parser: MarkdownIt = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
        self.parser.disable(["inline", "text_join"])
        self.taken: list[tuple[str, int, int]] = []
        self.within = 0
        ruler = self.parser.inline.ruler
        ruler.push("rest", _rest)
        for name, rule in zip(ruler.get_active_rules(), ruler.getRules(""), strict=True):
            ruler.at(name, self._watched(name, rule))

    def _watched(self, name: str, rule: "Callable[[StateInline, bool], bool]") -> "Callable[[StateInline, bool], bool]":
        def watched(state: "StateInline", silent: bool) -> bool:
            start = state.pos
            self.within += name == "image"  # its text is parsed separately
            try:
                taken = rule(state, silent)
            finally:
                self.within -= name == "image"
            if taken and not silent and not self.within:
                shown = 2 if name == "image" else 0  # after the opening `![`: an image shows only its text
                end = start + shown + len(state.tokens[-1].content) if shown else state.pos
                self.taken.append((name, start + shown, end))
            return taken

        return watched

    def read(self, content: str, env: dict[str, Any], places: Sequence[int], builder: Builder) -> None:
        """Add the visible text of the content to the builder's block."""
        self.taken.clear()
        self.parser.inline.parse(content, self.parser, env, [])
        depth = builder.depth()
        for name, start, end in self.taken:
            piece = content[start:end]
            if name == "html_inline":
                self._html(piece, places[start], places[end - 1] + 1, builder)
            elif name == "backticks" and (ticks := len(piece) - len(piece.lstrip("`"))) < len(piece):
                builder.code(piece[ticks:-ticks], places[start + ticks : end - ticks])
            elif name == "autolink":
                builder.word(CODE, places[start])
            elif name == "newline":
                builder.word(" ", places[start])
            elif name == "escape":
                builder.word(piece[1:2], places[start + 1])
            elif name == "entity":
                builder.word(unescape(piece), places[start])
            elif name == "image":
                builder.image(piece, places[start:end])
            elif name in ("text", "rest", "backticks") or (name == "emphasis" and _is_shown(content, start, end)):
                builder.text(piece, places[start:end])
            elif name == "link":
                builder.block.links.append((places[start], places[end - 1] + 1))
        builder.close_to(depth)

    def _html(self, piece: str, start: int, end: int, builder: Builder) -> None:
        if piece.startswith("<!--"):
            builder.comment(piece.removeprefix("<!--").removesuffix("-->"), start, end)
        elif found := tag(piece):
            closing, name, attributes = found
            if closing:
                builder.end(name, start)
            else:
                builder.start(name, attributes, start)


def _is_shown(content: str, start: int, end: int) -> bool:
    """Return whether stars or underscores do not emphasise: between spaces, or underscores within an id."""
    if content[start - 1 : start].isspace() and content[end : end + 1].isspace():
        return True
    return content[start] == "_" and content[start - 1 : start].isalnum() and content[end : end + 1].isalnum()


def _rest(state: "StateInline", silent: bool) -> bool:
    """Consume the one character that no other rule consumed, as markdown-it does after the last rule."""
    if not silent:
        state.pending += state.src[state.pos]
    state.pos += 1
    return True
