"""Text as a reader sees it, in plain letters, cut into tokens.

Letters that look like Latin ones become these; marks, invisible characters, footnote marks and struck text are left
out. Every token knows its position in the block's text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from pytest_bets.claims.block import BREAK, CODE, LOWERED, RAISED

VERDICT: Final = r"""
    (?: P\s?A\s?S\s?S(?:ED|ES|es)? | L\s?E\s?N\s?I\s?E\s?N\s?T | F\s?A\s?I\s?L(?:ED|S|URE)?
      | [Vv]oid(?![ ]of\b) | V\s?O\s?I\s?D | [Nn]ever[ ]run | NEVER[ ]RUN ) (?!\w)
    (?: ,[ ] (?:catastrophic | in[ ]the[ ]noise)\b )?
"""
_TOKEN: Final = re.compile(
    rf"""
      (?P<verdict> (?<!\w) {VERDICT} )
    | (?P<end> (?:[.!?…]+ (?=[\s"'”’)\]*]|\Z)) | \0 )
    | (?P<word> \d+(?!\w) | \w+ (?:['’][a-z]{{1,2}}(?!\w))? )
    | (?P<sign> \S )
    """,
    re.VERBOSE,
)
_ABBREVIATED: Final = re.compile(r"\b(?:(?i:no|nr|nos|vs|cf|al|fig|eq|sec|ca|approx|resp|e\.g|i\.e|etc)|[A-Z])\Z")
_LEFT_OUT: Final = re.compile(
    r"(?<![\w~])(?P<struck>~{1,2})(?=\S)[^~\0]{0,200}(?<=\S)(?P=struck)(?![\w~])"
    r"|\[\^[^\]\s]{1,40}\]|\[@[^\]\0]{1,80}\]|(?<=\w)\ ?(?<![Bb]et )(?<![Bb]ets )\[\d{1,3}(?:,\ ?\d{1,3}){0,9}\]"
    rf"|{RAISED}[^{LOWERED}\0]{{0,12}}{LOWERED}"
)
_ALIKE: Final = {
    ord(other): latin
    for others, letters in (
        ("АВЕЅІЈКМНОРСТУХѴԌԚԜасеорѕіјхуѵһԁԛԝӏв", "ABESIJKMHOPCTYXVGQWaceopsijxyvhdqwlB"),
        ("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧϜαοινρυϲ", "ABEZHIKMNOPTYXFaoivpuc"),
        ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıɑƖ", "ABCDEFGHIJKLMNOPRSTUVWYZial"),
        ("ᎪᏴᎬᎢᏢᏚᏞᎠᏙᏦᎻᎷ", "ABETPSLDVKHM"),
        ("ꓮꓐꓰꓔꓑꓢꓡꓓꓦꓝꓲꓠꓳ", "ABETPSLDVFINO"),
        ("ՏՕօԼ", "SOoL"),
    )
    for other, latin in zip(others, letters, strict=True)
}
_SQUARED: Final = ((0x1F130, 26), (0x1F150, 26), (0x1F170, 26), (0x1F1E6, 26))
_INVISIBLE: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")


class Token(NamedTuple):
    """A word, a sign, a verdict, a break or the end of a sentence, with its start and end in the folded text.

    `low` is the text in lower case, with a plain apostrophe.
    """

    kind: str
    text: str
    start: int
    end: int
    low: str


@dataclass(frozen=True)
class Folded:
    """Folded text; `index[i]` is the position of `text[i]` in the block's text."""

    text: str
    index: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the part of the block's text that a part of the folded text stands for."""
        return self.index[start], self.index[end - 1] + 1


def fold(text: str) -> Folded:
    """Return the text in plain letters."""
    if not text.isascii():
        parts, index = [], []
        for at, char in enumerate(text):
            shown = char if char.isascii() else _plain(char)
            parts.append(shown)
            index += [at] * len(shown)
        folded: Sequence[int] = index
        text = "".join(parts)
    else:
        folded = range(len(text))
    if "[" not in text and "~" not in text and RAISED not in text:
        return Folded(text, folded)
    kept, last = [], 0
    for match in _LEFT_OUT.finditer(text):
        kept.append((last, match.start()))
        last = match.end()
    if not last:
        return Folded(text, folded)
    kept.append((last, len(text)))
    left = [place for start, end in kept for place in folded[start:end]]
    return Folded("".join(text[start:end] for start, end in kept), left)


@lru_cache(maxsize=65536)
def _plain(char: str) -> str:
    if char in (CODE, RAISED, LOWERED):
        return char
    if char in _INVISIBLE or unicodedata.category(char) in ("Cf", "Mn", "Me", "Cc", "Cn", "Co"):
        return " " if char in "\x85\x1c\x1d\x1e" else ""
    if char == "№":
        return "no "
    for first, count in _SQUARED:
        if first <= ord(char) < first + count:
            return chr(ord("A") + ord(char) - first)
    plain = unicodedata.normalize("NFKD", char)
    if unicodedata.decomposition(char).startswith("<super>") and plain.isdigit():
        return ""  # a footnote mark
    letters = (letter.translate(_ALIKE) for letter in plain)
    return "".join(letter for letter in letters if unicodedata.category(letter) not in ("Mn", "Me"))


def tokens(text: str) -> list[Token]:
    """Return the tokens of a folded text."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        kind, shown = match.lastgroup or "sign", match[0]
        if kind == "end" and shown == "." and _ABBREVIATED.search(text, max(0, match.start() - 8), match.start()):
            kind = "sign"
        if shown == BREAK:
            kind = "break"
        yield Token(kind, shown, match.start(), match.end(), shown.lower().replace("’", "'"))
