"""Find bets on a page: mentions in prose, stated verdicts, and marked values.

The forms of a verdict, with any emphasis and links:

    Bet 46: PASS      Bet 46 (LENIENT)      Bet 46 is void      Bet 46's verdict: FAIL, catastrophic
    Bets 11, 15 and 45: PASS                | Bet 46 | the norm wins | PASS |

In a table row with one bet, a cell with one verdict and nothing else belongs to that bet.

An id may replace the number, as in `Bet dropout: PASS`. Because it may be an ordinary word, it counts only with a
verdict, as the text of a link, or as the whole content of a table cell.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pytest_bets.claims.markdown import BREAK, CODE, Block, Comment

Span = tuple[int, int]
"""Start and end in a block's text."""

_NUMBER: Final = r"\#?\d{1,9}(?![\w%]|[.,]\d)"
_VERDICT: Final = r"""
    (?: (?:PASS(?:ED|ES)? | LENIENT | FAIL(?:ED|S)?)
      | [Vv]oid | VOID | [Nn]ever\ run | NEVER\ RUN )
    (?! \w | [-@]\w | / | \s+or\b )
    (?: ,\ (?:catastrophic | in\ the\ noise)\b )?
"""
_GAP: Final = rf"(?: ~~[^~\0]{{0,80}}~~ | [^\w.,;!?~\0{CODE}] )"
"""What may be in between: white space, dashes, brackets, signs, and deleted text."""
_LONE_VERDICT: Final = re.compile(rf"[^\w{CODE}]*(?P<verdict>{_VERDICT})[^\w{CODE}]*", re.VERBOSE)
_OPENING: Final = re.compile(r"bet\s+(?P<bet>[^\s:]+)\s*:(?P<sentence>.*)|bet\s+\d\w*(?:\s.*)?", re.DOTALL)
_CLOSING: Final = re.compile(r"/\s*bet")


@lru_cache(maxsize=8)
def _mention(ids: frozenset[str]) -> re.Pattern[str]:
    words = "|".join(map(re.escape, sorted(ids, key=lambda name: (-len(name), name))))
    named = rf"(?: {_NUMBER} | (?:{words})(?!\w|-\w) )" if ids else _NUMBER
    return re.compile(
        rf"""
        (?<![\w-])
        (?: [Bb]et\s+ (?P<one>{named})
          | [Bb]ets\s+ (?P<many>{named} (?:,\s*{named})* ,?\s+(?:and|or|&)\s+ {named}) )
        (?: (?:['’]s)? (?: {_GAP}{{1,40}} (?:verdict|is|was|still|now|an?)\b )*
          {_GAP}{{1,40}} (?P<verdict>{_VERDICT}) )?
        """,
        re.VERBOSE,
    )


@dataclass(frozen=True)
class Mention:
    """A bet's number or id in prose, its position, and its verdict, if there is one."""

    bet: str
    at: int
    verdict: Span | None


@dataclass(frozen=True)
class Marked:
    """A value between its marker's two comments; without a sentence or a closing comment it cannot be checked."""

    opening: Comment
    bet: str
    sentence: str | None
    closing: Comment | None


def mentions(block: Block, ids: frozenset[str] = frozenset()) -> list[Mention]:
    """Return every mention of a bet in a block, in order; `ids` are the ids of the bets."""
    cells = list(_cells(block.text)) if block.kind == "table row" else []
    found: list[Mention] = []
    for match in _mention(ids).finditer(block.text):
        verdict = match.span("verdict") if match["verdict"] else None
        certain = verdict or _is_linked(block, match.start()) or _is_alone(block, match.span(), cells)
        names = re.findall(r"\w+", match["one"] or re.sub(r"\b(?:and|or)\b", " ", match["many"]))
        named = [str(int(name)) if name.isdecimal() else name for name in names if name.isdecimal() or certain]
        found += [Mention(name, match.start(), verdict) for name in named]
    if cells and len({mention.bet for mention in found}) == 1 and not found[0].verdict:
        lone = (_LONE_VERDICT.fullmatch(block.text, *cell) for cell in cells)
        alone = [match.span("verdict") for match in lone if match]
        if len(alone) == 1:
            found[0] = Mention(found[0].bet, found[0].at, alone[0])
    return found


def _is_linked(block: Block, at: int) -> bool:
    return any(start <= block.places[at] < end for start, end in block.links)


def _is_alone(block: Block, span: Span, cells: Collection[Span]) -> bool:
    """Return whether a part of a block is the whole content of its cell."""
    around = (block.text[start : span[0]] + block.text[span[1] : end] for start, end in cells if start <= span[0] < end)
    return any(not re.search(r"\w", rest) for rest in around)


def word(verdict: str) -> str:
    """Return a written verdict in the words of the records: PASSED is PASS, VOID is void."""
    base, comma, tail = verdict.partition(", ")
    for known in ("PASS", "FAIL"):
        base = known if base.startswith(known) else base
    return (base if base in ("PASS", "FAIL", "LENIENT") else base.lower()) + comma + tail


def marked(block: Block) -> Iterator[Marked | Comment]:
    """Yield every marked value of a block, in order, and every closing comment without an opening one."""
    opened: tuple[Comment, str, str | None] | None = None
    for comment in block.comments:
        if opening := _OPENING.fullmatch(comment.text):
            if opened:
                yield Marked(*opened, None)
            sentence = None if opening["sentence"] is None else opening["sentence"].strip()
            opened = comment, opening["bet"] or comment.text.split()[1], sentence
        elif _CLOSING.fullmatch(comment.text):
            yield Marked(*opened, comment) if opened else comment
            opened = None
    if opened:
        yield Marked(*opened, None)


def _cells(text: str) -> Iterator[Span]:
    start = 0
    for cell in text.split(BREAK):
        yield start, start + len(cell)
        start += len(cell) + 1
