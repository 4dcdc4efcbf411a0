"""What a block says about bets, read together with what stands around it: headings, lists, tables."""

import re
from dataclasses import dataclass
from typing import Final

from pytest_bets.claims.block import Block
from pytest_bets.claims.lexicon import LEADING_WORDS, soft, word, words
from pytest_bets.claims.mentions import Finder
from pytest_bets.claims.said import PLANNED, Said
from pytest_bets.claims.standing import title
from pytest_bets.claims.tables import Column, columns

_TITLE_WORDS: Final = LEADING_WORDS | words("bets bet following these those our claims list we here")
RELEASE: Final = re.compile(
    r"\W*(?i:version|release) v?\d+(?:\.\d+)*\W*|"
    r"\W*(?:version |release )?\[?v?\d+(?:\.\d+)+[\w.-]*\]?(?:\W+\(?\d{4}-\d\d-\d\d\)?)?\W*|\W*\d{4}-\d\d(?:-\d\d)?\W*"
)


@dataclass
class Frame:
    """A heading, or a paragraph that leads to a list: its bets, or the verdict of the bets below it."""

    level: int
    bets: list[str]
    allowed: frozenset[str]
    text: str
    gone: frozenset[str]
    planned: bool
    dated: bool


class Context:
    """The headings above a block, the paragraph that leads to it, and the list items around it."""

    def __init__(self) -> None:
        self.headings: list[Frame] = []
        self.intro: Frame | None = None
        self.title: Frame | None = None
        self.items: dict[int, Said] = {}
        self.titles: dict[int, Frame] = {}
        self.heads: dict[int, list[Column]] = {}

    def add(self, block: Block, said: Said) -> None:
        """Take note of a block for those that follow."""
        if block.kind == "list item":
            self.items[id(block)] = said
            self.titles[id(block)] = _frame(block, said)
        elif block.kind == "heading":
            while self.headings and self.headings[-1].level >= block.level:
                self.headings.pop()
            self.headings.append(_frame(block, said))
            self.intro = self.title = None
        elif block.kind == "paragraph":
            alone = len(said.mentions) == 1 and len(said.tokens) < 12 and not said.claims and said.mentions[0].first < 3
            self.title = (
                _frame(block, said) if alone and not any(token.kind == "end" for token in said.tokens) else None
            )
            ends = said.folded.text.rstrip().endswith(":")
            self.intro = _frame(block, said) if ends else None

    def frames(self, block: Block) -> list[Frame]:
        """Return what leads to a block, the nearest first."""
        outer = self.titles.get(id(block.around)) if block.around else None
        if outer and outer.allowed:
            return [outer, *reversed(self.headings)]
        intro = [self.intro] if self.intro and block.kind in ("list item", "table row") else []
        intro += [self.title] if self.title and block.kind != "heading" else []
        return [*intro, *reversed(self.headings)]

    def bets(self, block: Block) -> list[str]:
        """Return the bets that a block without any is about."""
        around = block.around
        for _ in range(100):
            if around is None:
                break
            outer = self.items.get(id(around))
            named = outer.subjects if outer else []
            if named:
                return named
            around = around.around
        return next((frame.bets for frame in self.frames(block) if frame.bets), [])

    def columns(self, block: Block, finder: Finder) -> list[Column]:
        """Return the columns of the table of a row."""
        if block.header is None:
            return []
        if id(block.header) not in self.heads:
            self.heads[id(block.header)] = columns(block.header.text, finder)
        return self.heads[id(block.header)]


def _frame(block: Block, said: Said) -> Frame:
    named = said.subjects
    allowed: frozenset[str] = frozenset()
    if not said.mentions and len(said.tokens) < 12:
        words = [token for token in said.tokens if token.kind not in ("sign", "end")]
        found = [token for token in words if token.kind == "verdict" or soft(token.low)]
        rest = [token for token in words if token not in found]
        if len(found) == 1 and all(token.low in _TITLE_WORDS for token in rest):
            verdict = found[0]
            allowed = (
                frozenset({word(verdict.text).partition(",")[0]}) if verdict.kind == "verdict" else soft(verdict.low)
            )
    planned = any(token.low in PLANNED for token in said.tokens[:12])
    dated = bool(RELEASE.fullmatch(said.folded.text))
    bets = named if len(said.mentions) - len(said.passing) == 1 or block.kind != "heading" else []
    return Frame(block.level, bets, allowed, said.folded.text.strip(), title(said.folded.text), planned, dated)
