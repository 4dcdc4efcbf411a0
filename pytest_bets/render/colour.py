"""Colour for verdicts and findings on a terminal: added last, so that no text of a stranger can bring its own."""

import re
from collections.abc import Mapping
from typing import Final

_RED, _GREEN, _YELLOW, _BOLD = "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[1m"
_END: Final = "\x1b[0m"
_COLOURS: Final[Mapping[str, str]] = {
    "PASS": _GREEN,
    "LENIENT": _YELLOW,
    "FAIL": _RED,
    "void": _YELLOW,
    "FINDING": _RED + _BOLD,
    "UNKNOWN": _YELLOW + _BOLD,
    "PROBLEM": _RED + _BOLD,
    "Clean": _GREEN,
    "Not clean": _RED + _BOLD,
    "Cannot determine": _YELLOW + _BOLD,
    "not met": _RED,
    "tripped": _RED + _BOLD,
}
_WORDS: Final = re.compile(
    r"(?P<fall>FAIL, catastrophic)|(?<!\w)(?<!\b0 )(?P<verdict>PASS|LENIENT|FAIL)(?!\w)"
    r"|(?:(?<=^Verdict       )|(?<=Z  ))(?P<void>void)\b"
    r"|^ *(?P<level>FINDING|UNKNOWN|PROBLEM)(?=\s)|^(?P<end>Clean|Not clean|Cannot determine)(?=: )"
    r"|^[A-Z][a-z]+ +(?P<met>not met|tripped)(?=: )",
    re.MULTILINE,
)
"""A verdict, a void run of `show`, and what begins a line of an audit, of `doctor` and of a judged sentence."""


def coloured(text: str) -> str:
    """Return the text of a command with colours, which take no room."""
    return _WORDS.sub(_painted, text)


def _painted(match: re.Match[str]) -> str:
    kind = match.lastgroup or ""
    word = match[kind]
    colour = _RED + _BOLD if kind == "fall" else _COLOURS[word]
    return f"{match[0].removesuffix(word)}{colour}{word}{_END}"


def wanted(choice: str, environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to print colours, by the rules of pytest.

    `choice` is yes, no or auto; for auto, the variables PY_COLORS, NO_COLOR and FORCE_COLOR decide, and then whether
    the output is a `terminal`.
    """
    if choice != "auto":
        return choice == "yes"
    if environment.get("PY_COLORS") in ("0", "1"):
        return environment["PY_COLORS"] == "1"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR"):
        return True
    return terminal and environment.get("TERM") != "dumb"
