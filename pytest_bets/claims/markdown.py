"""The visible text of a Markdown page, each character with its position in the source.

CommonMark with tables, parsed by markdown-it. Code becomes one placeholder character, because it claims nothing;
comments and tags are left out.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

CODE: Final = "\N{OBJECT REPLACEMENT CHARACTER}"
BREAK: Final = "\0"
"""Separates table cells and the paragraphs of a list item; it cannot appear in Markdown."""

_LINE_END: Final = re.compile(r"\r\n?|\n")
_TAG: Final = re.compile(r"<(/?)(?:code|kbd|pre|samp|script|style|textarea)\b", re.IGNORECASE)
_KINDS: Final = {"list_item_open": "list item", "tr_open": "table row", "heading_open": "heading"}
_JOINED: Final = ("paragraph_open", "html_block")
"""Blocks that look like one paragraph if there is no blank line between them."""
_MAX_NESTING: Final = 100


@dataclass(frozen=True)
class Comment:
    """An HTML comment: its text, its start and end in the source, and its position in the block's text."""

    text: str
    start: int
    end: int
    at: int


@dataclass
class Block:
    """A unit of text: a paragraph, a heading, a table row, or a list item with all its paragraphs.

    `places[i]` is the position of `text[i]` in the source; `links` are the starts and ends of links in the source.
    """

    kind: str
    pieces: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        """The visible text; read it only when the block is complete."""
        return "".join(self.pieces)

    def add(self, shown: str, *places: int) -> None:
        """Add text and the position of each character, or one position for all."""
        self.pieces.append(shown)
        self.places += places if len(places) == len(shown) else places * len(shown)


def blocks(source: str) -> list[Block]:
    """Return the blocks of a page that have text or comments, in order."""
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

    def blocks(self) -> list[Block]:
        env: dict[str, Any] = {}
        tokens = self.inline.parser.parse(self.text, env)
        found: list[Block] = []
        around: list[Block] = []
        parent, last, cursor = "", ("", -1, -1), 0
        for token in tokens:
            if token.type in ("list_item_open", "tr_open"):
                around.append(Block(_KINDS[token.type]))
                found.append(around[-1])
                cursor = 0
            elif token.type in ("list_item_close", "tr_close"):
                around.pop()
            elif token.type in ("inline", "html_block") and token.map:
                kind = parent if token.type == "inline" else token.type
                here = (kind, token.map[0], token.level - (token.type == "inline"))
                joined = kind in _JOINED and here == (kind, *last[1:]) and last[0] in _JOINED
                if around:
                    block = around[-1]
                elif not joined:
                    block = Block(_KINDS.get(kind, "paragraph"))
                    found.append(block)
                else:
                    block = found[-1]
                places = self._places(token, cursor)
                if block.places:
                    block.add(" " if joined else BREAK, places[0] if places else 0)
                self.inline.read(token.content, env, places, block)
                if kind in ("th_open", "td_open") and places:
                    cursor = places[-1] + 1
                last = (kind, token.map[1], here[2])
            parent = token.type
        return [block for block in found if block.places or block.comments]

    def _places(self, token: "Token", cursor: int) -> list[int]:
        """Return the position in the source of each character of a block's content.

        Its lines are lines of the source without the signs of lists and quotes. The content of a table cell is a part
        of a line, in which a backslash escapes a bar.
        """
        assert token.map is not None  # noqa: S101  # checked by the caller
        places: list[int] = []
        for number, part in enumerate(token.content.split("\n"), start=token.map[0]):
            start, end = self.lines[min(number, len(self.lines) - 1)]
            bare = part.strip()
            at = self.source.find(bare, max(start, cursor), end)
            escaped = False
            if at < 0 and "|" in bare:
                at, escaped = self.source.find(bare.replace("|", "\\|"), max(start, cursor), end), True
            at = (start if at < 0 else at) - (len(part) - len(part.lstrip()))
            for character in part:
                at += escaped and character == "|"
                places.append(at)
                at += 1
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

    def read(self, content: str, env: dict[str, Any], places: list[int], block: Block) -> None:
        """Add the visible text of the content to the block."""
        self.taken.clear()
        self.parser.inline.parse(content, self.parser, env, [])
        code = 0
        for name, start, end in self.taken:
            piece = content[start:end]
            if name == "html_inline":
                if piece.startswith("<!--"):
                    text = piece.removeprefix("<!--").removesuffix("-->").strip()
                    block.comments.append(Comment(text, places[start], places[end - 1] + 1, len(block.places)))
                elif match := _TAG.match(piece):
                    code = max(0, code + (-1 if match[1] else 1))
            elif code or name in ("backticks", "autolink"):
                block.add(CODE, places[start])
            elif name == "newline":
                block.add(" ", places[start])
            elif name == "escape":
                block.add(piece[1:2], places[start + 1])
            elif name == "entity":
                block.add(unescape(piece), places[start])
            elif name in ("text", "rest", "image") or (name == "emphasis" and _is_within_word(content, start, end)):
                block.add(piece, *places[start:end])
            elif name == "link":
                block.links.append((places[start], places[end - 1] + 1))


def _is_within_word(content: str, start: int, end: int) -> bool:
    """Return whether these are underscores between letters or digits, as in an id, which do not emphasise."""
    return content[start] == "_" and content[start - 1 : start].isalnum() and content[end : end + 1].isalnum()


def _rest(state: "StateInline", silent: bool) -> bool:
    """Consume the one character that no other rule consumed, as markdown-it does after the last rule."""
    if not silent:
        state.pending += state.src[state.pos]
    state.pos += 1
    return True
