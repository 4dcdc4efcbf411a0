"""Text from strangers on a terminal: it cannot act there, and how wide it is."""

import re
import unicodedata
from typing import Final

_BLANK: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that show nothing, although they count as printable."""


def visible(text: str) -> str:
    r"""Return one line that shows the text: a character that does not show is spelled, an escape as `\x1b`."""
    if text.isascii() and text.isprintable():
        return text
    shown = _BLANK.sub(lambda found: _spelled(found[0]), text)
    return "".join(char if char.isprintable() else _spelled(char) for char in shown)


def visible_lines(text: str) -> str:
    """Return the text with its lines, each of which shows what is in it."""
    return "\n".join(map(visible, text.split("\n")))


def _spelled(char: str) -> str:
    return " " if unicodedata.category(char) == "Zs" else char.encode("unicode_escape").decode()


def encodable(text: str, encoding: str | None) -> str:
    """Return the text with what a stream of this encoding cannot print spelled out."""
    name = encoding or "utf-8"
    return text if text.isascii() else text.encode(name, "backslashreplace").decode(name)


def width(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):  # some marks have no class
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def padded(text: str, size: int) -> str:
    """Return the text with spaces behind it, up to so many columns."""
    return text + " " * (size - width(text))


def cut(text: str, size: int) -> str:
    """Return the text in at most so many columns, with `...` where something was left out."""
    if width(text) <= size:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > size - 3:
            break
        kept += char
    return f"{kept}..."
