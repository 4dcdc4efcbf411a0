"""Where a page speaks of bets: mentions in prose, verdicts that it gives them, and values that it marks.

The forms of a verdict, emphasised and linked as one likes:

    Bet 46: PASS      Bet 46 (LENIENT)      Bet 46 is void      Bet 46's verdict: FAIL, catastrophic
    Bets 11, 15 and 45: PASS                | Bet 46 | the norm wins | PASS |

In a table row with one bet, a cell that holds one verdict and nothing else is that bet's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pytest_bets.pure.page import BREAK, CODE, Block, Comment

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
"""What may stand between: white space, dashes, brackets, signs, and what is struck out."""
_MENTION: Final = re.compile(
    rf"""
    (?<![\w-])
    (?: [Bb]et\s+ (?P<one>{_NUMBER})
      | [Bb]ets\s+ (?P<many>{_NUMBER} (?:,\s*{_NUMBER})* ,?\s+(?:and|or|&)\s+ {_NUMBER}) )
    (?: (?:['’]s)? (?: {_GAP}{{1,40}} (?:verdict|is|was|still|now|an?)\b )* {_GAP}{{1,40}} (?P<verdict>{_VERDICT}) )?
    """,
    re.VERBOSE,
)
_LONE_VERDICT: Final = re.compile(rf"[^\w{CODE}]*(?P<verdict>{_VERDICT})[^\w{CODE}]*", re.VERBOSE)
_OPENING: Final = re.compile(r"bet\s+(?P<bet>[^\s:]+)\s*:(?P<sentence>.*)|bet\s+\d\w*(?:\s.*)?", re.DOTALL)
_CLOSING: Final = re.compile(r"/\s*bet")


@dataclass(frozen=True)
class Mention:
    """A bet's number in prose, where it stands, and the verdict that stands with it, if any."""

    number: int
    at: int
    verdict: Span | None


@dataclass(frozen=True)
class Marked:
    """A value between its marker's two comments; without a sentence or a closing comment it cannot be held."""

    opening: Comment
    bet: str
    sentence: str | None
    closing: Comment | None


def mentions(block: Block) -> list[Mention]:
    """Return every mention of a bet in a block, in order."""
    found: list[Mention] = []
    for match in _MENTION.finditer(block.text):
        verdict = match.span("verdict") if match["verdict"] else None
        numbers = re.findall(r"\d+", match["one"] or match["many"])
        found += [Mention(int(number), match.start(), verdict) for number in numbers]
    if block.kind == "table row" and len({mention.number for mention in found}) == 1 and not found[0].verdict:
        lone = (_LONE_VERDICT.fullmatch(block.text, *cell) for cell in _cells(block.text))
        alone = [match.span("verdict") for match in lone if match]
        if len(alone) == 1:
            found[0] = Mention(found[0].number, found[0].at, alone[0])
    return found


def word(verdict: str) -> str:
    """Return a verdict as it was written in the words of the records: PASSED is PASS, VOID is void."""
    base, comma, tail = verdict.partition(", ")
    for known in ("PASS", "FAIL"):
        base = known if base.startswith(known) else base
    return (base if base in ("PASS", "FAIL", "LENIENT") else base.lower()) + comma + tail


def marked(block: Block) -> Iterator[Marked | Comment]:
    """Yield every marked value of a block, in order, and every closing comment that closes nothing."""
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
