"""Parse what a later Python wrote: from 3.12 on, an f-string may have its own quotes inside."""

import ast
import re
from typing import Final

_QUOTE: Final = re.compile(r"""(?P<prefix>\b[a-zA-Z]{0,2})?(?P<quote>'''|\"\"\"|'|\")""")
_LONGER: Final = ('"""', "'''")
"""The quotes of an f-string, and of one in it."""


def parsed(text: str) -> ast.Module:
    """Return the syntax tree of a text.

    Raises:
        SyntaxError: if it is not Python of any version that is known here.

    """
    try:
        return ast.parse(text)
    except SyntaxError:
        return ast.parse(_requoted(text, 0, 0, "")[0])


def _requoted(text: str, start: int, depth: int, end: str) -> tuple[str, int]:
    """Return a text up to `end`, with longer quotes around its f-strings, and the place after it."""
    found, place, braces = "", start, 0
    while place < len(text):
        if not braces and end and text.startswith(end, place):
            break
        string = _QUOTE.match(text, place)
        if string:
            part, place = _string(text, string, depth)
            found += part
            continue
        braces += (text[place] in "{[(") - (text[place] in "}])")
        found += text[place]
        place += 1
    return found, place


def _string(text: str, opening: "re.Match[str]", depth: int) -> tuple[str, int]:
    """Return a string with longer quotes, if it is an f-string, and the place after it."""
    prefix, quote = opening["prefix"] or "", opening["quote"]
    is_formatted = "f" in prefix.lower() and depth < len(_LONGER)
    place, found = opening.end(), ""
    while place < len(text) and not text.startswith(quote, place):
        if text[place] == "\\" or (is_formatted and text[place : place + 2] in ("{{", "}}")):
            step = 2
        elif is_formatted and text[place] == "{":
            inner, last = _requoted(text, place + 1, depth + 1, "}")
            found, place, step = f"{found}{{{inner}", last, 0
            if last >= len(text):
                break
            found, place = f"{found}}}", last + 1
        else:
            step = 1
        found += text[place : place + step]
        place += step
    outer = _LONGER[depth] if is_formatted else quote
    return f"{prefix}{outer}{found}{outer}", place + len(quote)
