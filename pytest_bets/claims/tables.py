"""Tables: which bet a row is of, and which cell has its verdict."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.claims.fold import Token, fold, tokens
from pytest_bets.claims.lexicon import soft, word
from pytest_bets.claims.mentions import Finder, Mention
from pytest_bets.claims.standing import title

Cell = tuple[int, int]
"""The first token of a cell and the one after its last."""

_VERDICT: Final = re.compile(r"(?i)verdict|outcome|result|status|\bnow\b|record")
_OTHER: Final = re.compile(
    r"(?i)expect|predict|publish|before|\bold|previous|prior|\bwas\b|\bthen\b|first|initial|\bv\d|paper|their|rival|baseline|"
    r"\brun|register|declar|review|merge|done|replay|control|strict|lenient|catastroph|tier|goal|target|premise"
)
_BETS: Final = re.compile(r"(?i)\bbets?\b")
_NUMBER: Final = re.compile(r"(?i)\s*(?:#|no\.?|nr\.?|id|number)\s*")


@dataclass(frozen=True)
class Column:
    """What the head of a column says: the bets of its cells, and what kind of cell they are."""

    name: str
    bets: tuple[str, ...]
    names_bets: bool
    numbers: bool
    verdict: bool
    verdict_word: bool
    other: bool
    gone: frozenset[str]
    allowed: frozenset[str]


def cells(items: Sequence[Token]) -> list[Cell]:
    """Return the cells of a row."""
    found, start = [], 0
    for at, token in enumerate(items):
        if token.kind == "break":
            found.append((start, at))
            start = at + 1
    return [*found, (start, len(items))]


def columns(text: str, finder: Finder) -> list[Column]:
    """Return the columns of a table from the text of its first row."""
    folded = fold(text).text
    items = tokens(folded)
    heads = cells(items)
    transposed = bool(heads) and _BETS.fullmatch(_text(folded, items, heads[0]).strip() or "-") is not None
    numeric = [_text(folded, items, head).strip("# ") for head in heads[1:]]
    transposed = transposed and len(numeric) > 1 and all(head.isdecimal() for head in numeric)
    found = []
    for index, head in enumerate(heads):
        shown = _text(folded, items, head)
        named = [] if head[0] == head[1] else finder.find(folded, items[head[0] : head[1]])
        bets = [name for mention in named if not mention.others and mention.certain for name in mention.bets]
        if transposed and index:
            bets = [str(int(numeric[index - 1]))]
        found.append(
            Column(
                shown.strip().lower(),
                tuple(bets),
                bool(_BETS.search(shown)) and not bets,
                bool(_NUMBER.fullmatch(shown)),
                bool(_VERDICT.search(shown)),
                "verdict" in shown.lower(),
                bool(_OTHER.search(shown)),
                title(shown),
                _verdict(items[head[0] : head[1]]),
            )
        )
    return found


def repeats(heads: Sequence[Column]) -> bool:
    """Return whether a table has two columns of bets, or of verdicts, with the same name."""
    names = [head.name for head in heads if head.names_bets or head.verdict]
    return len(set(names)) < len(names)


def _verdict(head: Sequence[Token]) -> frozenset[str]:
    """Return the verdict that is the name of a column."""
    words = [token for token in head if token.kind != "sign"]
    if len(words) != 1:
        return frozenset()
    return frozenset({word(words[0].text)}) if words[0].kind == "verdict" else soft(words[0].low)


def _text(folded: str, items: Sequence[Token], cell: Cell) -> str:
    return folded[items[cell[0]].start : items[cell[1] - 1].end] if cell[0] < cell[1] else ""


def numbered(
    items: Sequence[Token], row: Sequence[Cell], heads: Sequence[Column], finder: Finder, *, among_bets: bool
) -> list[Mention]:
    """Return the bets that a row names by a number or an id alone in a cell."""
    found = []
    listed = any((head.verdict and among_bets) or head.verdict_word for head in heads)
    for index, (first, end) in enumerate(row):
        if index < len(heads) and heads[index].names_bets:
            mention = finder.cell(items, first, end)
            if mention:
                mention.certain = all(name in finder.known or name in finder.ids for name in mention.bets)
                found.append(mention)
                continue
        words = [at for at in range(first, end) if items[at].kind != "sign"]
        if len(words) != 1 or items[words[0]].kind != "word":
            continue
        at, head = words[0], heads[index] if index < len(heads) else None
        text = items[at].text
        tight = {items[near].text for near in range(first, end) if near != at} <= set("#.*_()[]")
        column = head is not None and (head.names_bets or (head.numbers and listed and index == 0))
        if text.isdecimal() and len(text) < 10 and tight and column:
            number = str(int(text))
            if number in finder.known or (head is not None and head.names_bets):
                found.append(Mention([number], at, at, certain=False))
        elif text in finder.ids and column and not ("_" in text and text[0].isdigit()):
            found.append(Mention([text], at, at, certain=False))
    return found
