"""Whether a file is meant as a bet: by what is in it, because its name may be a coincidence."""

import re
from typing import Final

_TIERS: Final = frozenset({"strict", "lenient", "catastrophic"})
_CRITERIA: Final = (*sorted(_TIERS), "control", "premise")
NAMES: Final = (*_CRITERIA, "challenges", "withdrawn", "replicate", "null")
"""The markers of bets. They are listed here again, because this module must import little: most files are no bets."""
_MENTION: Final = re.compile(
    rf"mark\s*\.\s*(?:{'|'.join(NAMES)})\b|\bmark\s+as\b|=\s*pytest\s*\.\s*mark\s*$", re.MULTILINE
)
_TEXT_MARK: Final = re.compile(rf"mark\s*\.\s*({'|'.join(_CRITERIA)})\b(?:\s*\(([^\n]*))?")
"""A criterion in a file that is not valid Python, and the rest of its line."""
_SECTION: Final = re.compile(r"^\W*(hypothesis|strict|lenient|catastrophic)\W*:", re.MULTILINE | re.IGNORECASE)
_COMPARISON: Final = re.compile(r"(?<!-)[<>\u2264\u2265]|==")
_SENTENCE: Final = re.compile(r"\w\s*\(.*(?:(?<!-)[<>\u2264\u2265]=?|==)\s*[-+\u2212]?\.?\d", re.DOTALL)
"""A call, and a comparison with a number, as in `mean(gain) >= 0.1`; the words may be misspelled."""
_SEVERAL: Final = 2


def hinted(text: str) -> bool:
    """Return whether the text may be that of a bet: quick, and never false for one."""
    return bool(_MENTION.search(text)) or _sections(text) >= _SEVERAL


def meant(text: str, *, numbered: bool) -> bool:
    """Return whether a file is meant as a bet, however many mistakes it has.

    A marker alone proves nothing: `strict` and `control` are common words, and another project may have markers of
    these names. A bet has all three tiers, or a sentence of the language in one of them, or the sections of its
    docstring.
    """
    text = text.removeprefix("\ufeff")
    if not hinted(text):
        return False
    from pytest_bets.bet import source  # here, because most files have no hint

    try:
        tree = source.parsed(text)
        found = [(name, source.strings(call)) for name, call in source.uses(tree, _CRITERIA)]
        docstring = source.docstring(tree)
    except (SyntaxError, RecursionError):
        found = [(match[1], [match[2] or ""]) for match in _TEXT_MARK.finditer(text)]
        docstring = text
    names = {name for name, _ in found}
    strings = [text for _, texts in found for text in texts]
    return (
        names >= _TIERS
        or any(map(_SENTENCE.search, strings))
        or (len(names) >= _SEVERAL and any(map(_COMPARISON.search, strings)))
        or ((numbered or bool(names)) and _sections(docstring) >= _SEVERAL)
    )


def whole(text: str) -> bool:
    """Return whether a function of the file has all three tiers, whatever the file is called."""
    if not {match[1] for match in _TEXT_MARK.finditer(text)} >= _TIERS:
        return False
    from pytest_bets.bet import source

    try:
        functions = source.functions(source.parsed(text))
        return any({mark.name for mark in source.marks(function.decorator_list)} >= _TIERS for function, _ in functions)
    except (SyntaxError, RecursionError):
        return False


def _sections(text: str) -> int:
    """Return how many sections of a bet's docstring the text has."""
    return len({name.lower() for name in _SECTION.findall(text)})
