"""The visible text of reStructuredText, read by docutils, which is imported here alone.

docutils gives the line of a block and not the place of a word, so that nothing is corrected.
"""

import re
from array import array
from textwrap import dedent
from typing import TYPE_CHECKING, Any, Final

from pytest_bets.claims.block import BREAK, Block, Builder
from pytest_bets.diagnostics import PageError

if TYPE_CHECKING:
    from docutils.nodes import Node

MAX_SIZE: Final = 100_000
_MAX_WORK: Final = 5_000_000
"""The limit of length times special characters, summed over the parts between blank lines."""
_MAX_PARTS: Final = 2_000
_SPECIAL: Final = re.compile(r"[*|`_:\[\]]")
_SETTINGS: Final = {
    "report_level": 5,
    "halt_level": 5,
    "file_insertion_enabled": False,
    "raw_enabled": True,
    "_disable_config": True,
    "smart_quotes": False,
    "line_length_limit": MAX_SIZE,
}
_UNREAD: Final = (
    "comment",
    "literal_block",
    "doctest_block",
    "math_block",
    "substitution_definition",
    "target",
    "image",
)


def blocks(source: str) -> list[Block]:
    """Return the blocks of a page that have text, in order.

    Raises:
        PageError: if docutils cannot read it, or it is too long.

    """
    if len(source) > MAX_SIZE:
        raise PageError(f"it has more than {MAX_SIZE:,} characters: split it")
    if source.count("\n\n") > _MAX_PARTS:
        raise PageError(f"it has more than {_MAX_PARTS:,} paragraphs: split it")
    if sum(len(part) * len(_SPECIAL.findall(part)) for part in source.split("\n\n")) > _MAX_WORK:
        raise PageError("it has paragraphs with too many stars, bars or backticks: split them")
    starts = [0]
    for line in source.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    reader = _Reader(starts)
    reader.parse(source, 0)
    return [block for block in reader.builder.blocks if block.places]


class _Reader:
    def __init__(self, starts: list[int]) -> None:
        self.starts = starts
        self.builder = Builder()
        self.line = 1
        self.row: Block | None = None
        self.item: Block | None = None
        self.header: Block | None = None
        self.level = self.depth = self.offset = 0

    def parse(self, source: str, before: int) -> None:
        """Parse a page, or the content of a directive that docutils does not know, after so many lines."""
        from docutils.core import publish_doctree

        try:
            tree: Any = publish_doctree(source, settings_overrides=dict(_SETTINGS))
        except (RecursionError, Exception) as error:  # docutils raises many kinds
            raise PageError(f"docutils cannot read it: {type(error).__name__}: {error}") from None
        self.offset = before
        self.children(tree)

    def children(self, node: "Node") -> None:
        """Read the children of a node."""
        for child in node.children:
            self.node(child)

    def node(self, node: Any) -> None:
        """Read a node."""
        name = node.tagname
        if getattr(node, "line", None):
            self.line = max(1, node.line + self.offset)
        if name == "system_message":
            self._unknown(node)
        elif name in _UNREAD:
            return
        elif name == "section":
            self.level += 1
            self.children(node)
            self.level -= 1
        elif name in ("title", "subtitle", "rubric"):
            self.builder.begin(Block("heading", level=max(1, self.level), fixed=True))
            self._text(node)
        elif name in ("list_item", "definition_list_item", "field"):
            outer = self.item
            self.item = self.builder.begin(Block("list item", around=outer, fixed=True))
            self.children(node)
            self.item = outer
        elif name == "table":
            self.header = None
            self.children(node)
        elif name == "row":
            self.row = self.builder.begin(Block("table row", header=self.header, fixed=True))
            self.header = self.header or self.row
            for index, entry in enumerate(node.children):
                if index:
                    self.row.add(BREAK, self._place())
                self.children(entry)
            self.row = None
        elif name in ("paragraph", "term", "caption", "attribution", "line", "field_name"):
            self._paragraph(node)
        elif name == "raw":
            from pytest_bets.claims.html import Markup

            if "html" in node.attributes.get("format", ""):
                Markup(self.builder).read(node.astext(), array("q", [self._place()] * len(node.astext())), self.item)
        else:
            self.children(node)

    def _paragraph(self, node: Any) -> None:
        block = self.row or self.item
        if block is None:
            self.builder.begin(Block("paragraph", fixed=True))
        else:
            self.builder.resume(block)
            if block.places and block.pieces[-1] != BREAK:
                block.add(" " if self.row else BREAK, self._place())
        self._text(node)

    def _text(self, node: Any) -> None:
        for child in node.children:
            name = child.tagname
            if name == "#text":
                self.builder.word(child.astext(), self._place())
            elif name == "literal":
                text = child.astext()
                self.builder.code(text, array("q", [self._place()] * len(text)))
            elif name == "footnote_reference":
                continue
            elif name == "image":
                self.builder.word(child.attributes.get("alt", ""), self._place())
            elif name == "superscript":
                self.builder.start("sup", {}, self._place())
                self._text(child)
                self.builder.end("sup", self._place())
            else:
                self._text(child)

    def _place(self) -> int:
        return self.starts[min(self.line, len(self.starts) - 1) - 1]

    def _unknown(self, node: Any) -> None:
        """Read the content of a directive of Sphinx or another program."""
        literal = next((child for child in node.children if child.tagname == "literal_block"), None)
        if literal is None or self.depth > 4 or "Unknown directive" not in node.astext():
            return
        first, _, rest = literal.astext().partition("\n")
        lines = rest.split("\n")
        for at, line in enumerate(lines):
            if not line.strip().startswith(":"):
                break
            lines[at] = ""  # an option
        before, self.depth = self.offset, self.depth + 1
        here = node.attributes.get("line", 1) + self.offset
        self.parse(first.partition("::")[2].strip() + "\n\n" + dedent("\n".join(lines)), here - 2)
        self.offset, self.depth = before, self.depth - 1
