"""Marked values: the numbers between two comments, and what stands around them.

<!-- bet 46: count(norm < full) -->15<!-- /bet -->
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pytest_bets.claims.block import BREAK, RAISED, Block, Comment

_OPENING: Final = re.compile(r"bet\s+(?P<bet>[^\s:]+)\s*:(?P<sentence>.*)|bet\s+\d\w*(?:\s.*)?", re.DOTALL)
_CLOSING: Final = re.compile(r"/\s*bet")
_BEFORE: Final = re.compile(
    r"(?:[^\s(\[{<\"'“”‘’«»*_|/,;:?!=~≈≤≥$€£¥…—–-]|(?<=\d)[,.:/]|(?<!\d)[-–]|<)\Z"
    r"|(?:[−±×√÷]|(?<=[\d)\]])\s[-–+*/x])\s?\Z|\b(?:minus|negative|times)\s\Z|\d[\u00a0\u2007\u2009\u202f]\Z",
    re.IGNORECASE,
)
"""Text right before a marked value with which it reads as another number."""
_AFTER: Final = re.compile(
    r"(?![×x](?!\w|\s?\d))(?:[\w^×·±√÷‰+\ue000²³¹⁰⁴-⁹⁻]|[-−](?=[\d])|[.,:'’](?=\d)|%\s?(?:of\s)?(?=\d)"
    r"|[\s\u00a0]*(?:[×·^*]\s?\d|x\s?10|‰|e[-+]?\d|000(?!\w))"
    r"|[\u00a0\u2007\u2009\u202f]\d{3}(?!\w)|[\s\u00a0]*"
    r"(?:hundred|thousand|million|billion|trillion|dozen|k|m|bn|mio|mrd)\b)",
    re.IGNORECASE,
)
"""Text right after a marked value with which it reads as another number."""
_PERCENT: Final = re.compile(r"[\s\u00a0]?(?:[%％﹪]|per ?cent\b|percentage points?\b|pp\b)")
_PERCENT_HEAD: Final = re.compile(
    r"(?i)(?:[(\[,]|\bin)\s*(?:[%％﹪]|pp\b)|[^\W\d]\s*[%％﹪]\s*\Z|\A\s*[%％﹪]"
    r"|(?<!\d)(?<!\d\s)\bper ?cent(?:age)?s?\b"
)
_JOINT: Final = re.compile(r"\s?(?:/|±|\+/-|[-–—])\s?")
"""What may stand between two marked values: a ratio, an error, a range."""
_WHOLE: Final = "put all of the number between the comments"
_INVISIBLE: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u115f\u1160\u3164\u2800]"
)


@dataclass(frozen=True)
class Marked:
    """A value between its marker's two comments; without a sentence or a closing comment it cannot be checked."""

    opening: Comment
    bet: str
    sentence: str | None
    closing: Comment | None


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


def around(block: Block, opening: Comment, closing: Comment) -> str:
    """Return what makes the reader see another number than the marked one; empty if nothing does."""
    if opening.hidden or closing.hidden or _has(block.gaps, opening.at, closing.at):
        return "hidden or struck text at the marker: expected the number alone, shown as it is"
    if _has(block.images, opening.at, closing.at - 1):
        return "an image at the marker: expected a number in text"
    inside = block.text[opening.at : closing.at]
    before, after = block.text[max(0, opening.at - 12) : opening.at], block.text[closing.at : closing.at + 24]
    if invisible := _INVISIBLE.search(inside) or _INVISIBLE.search(before[-1:] + after[:1]):
        return f"U+{ord(invisible[0]):04X} at the marker, which is not seen: expected the number alone"
    before = before.rpartition(BREAK)[2]
    if re.match(r"\s*\d{3}(?!\d)", inside) and re.search(r"(?<![\d.])\d{1,3}\s\Z", before):
        return "the number before the marker reads as a part of this one: put a word between them"
    if not _is_joined(block, opening, -1) and (match := _BEFORE.search(before)):
        return f'"{match[0].strip()}" before the marker changes the number: {_WHOLE}'
    if not _is_joined(block, closing, 1) and (match := _AFTER.match(after)):
        return f'"{match[0].strip(RAISED)}" after the marker changes the number: {_WHOLE}'
    return ""


def _is_joined(block: Block, comment: Comment, step: int) -> bool:
    """Return whether only a sign like `/`, `±` or `–` is between a comment of a marker and one of another marker."""
    at = bisect_left(block.comments, comment.start, key=lambda other: other.start) + step
    if not 0 <= at < len(block.comments) or not (_OPENING if step > 0 else _CLOSING).fullmatch(block.comments[at].text):
        return False
    first, last = sorted((comment.at, block.comments[at].at))
    return bool(_JOINT.fullmatch(block.text, first, last))


def _has(positions: list[int], first: int, last: int) -> bool:
    at = bisect_left(positions, first)
    return at < len(positions) and positions[at] <= last


def in_percent(block: Block, opening: Comment, closing: Comment) -> bool:
    """Return whether a percent sign, or the word, follows the marker, or is in the head of its column or row."""
    if _PERCENT.match(block.text, closing.at):
        return True
    if block.header is None:
        return False
    heads, row = block.header.text.split(BREAK), block.text.split(BREAK)
    column = block.text.count(BREAK, 0, opening.at)
    above = heads[column] if column < len(heads) else ""
    return bool(_PERCENT_HEAD.search(above) or (column and _PERCENT_HEAD.search(row[0])))
