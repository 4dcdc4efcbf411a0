"""Text as Markdown shows it: to the letter, whatever characters it has."""

import re
from typing import Final
from urllib.parse import quote

from pytest_bets.render.visible import visible

_MEANT: Final = re.compile(r"[\\`*<\[\]~$]|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown would take for a mark; an underscore within a word is none."""
_LINKED: Final = re.compile(r"(?:@|:/+|\b(?:www\.|mailto:|xmpp:))+", re.IGNORECASE)
"""What GitHub makes a link or a mention of, without any mark: in a code span it is text."""


def plain(text: str) -> str:
    """Return one line that shows the text, white space folded, and spells what does not print."""
    return _LINKED.sub(r"`\g<0>`", _MEANT.sub(r"\\\g<0>", _line(text)))


def code(text: str) -> str:
    """Return a span of code that shows the text, backticks too."""
    line = _line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


def link(text: str, path: str) -> str:
    """Return a link to a file; `path` leads there from the page's folder."""
    return f"[{plain(text)}]({quote(path)})"


def row(cells: list[str]) -> str:
    """Return the row of a table, whose cells are Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def section(title: str, items: list[str]) -> str:
    """Return a heading with its list, which says so where it is empty."""
    return f"## {title}\n\n" + ("\n".join(f"- {item}" for item in items) or "None.")
