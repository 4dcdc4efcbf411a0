"""Turn the text of a sentence, which may be hostile, into Python's syntax tree.

The checks of characters and quotes ensure that Python's tokenizer splits the text at the same places, so that a quoted
string cannot hide a look-alike letter or a comment.
"""

import ast
import re
import warnings
from typing import Final

from pytest_bets.diagnostics import SentenceError

MAX_LENGTH: Final = 500
_MAX_RAW: Final = 10_000  # before folding removes white space

_QUOTED: Final = re.compile(r'"[^"]*"|\'[^\']*\'')
_QUOTED_OR_SPACE: Final = re.compile(rf"({_QUOTED.pattern})|\s+")


def fold(text: str) -> str:
    """Return the text with white space folded outside quotes."""
    if len(text) > _MAX_RAW:
        raise _too_long(text)
    return _QUOTED_OR_SPACE.sub(lambda match: match[1] or " ", text).strip()


def expression(folded: str) -> ast.expr:
    """Return the syntax tree of a folded text.

    Raises:
        SentenceError: if the text has other characters than the language, or is not an expression.

    """
    if not folded:
        raise SentenceError("it is empty")
    if len(folded) > MAX_LENGTH:
        raise _too_long(folded)
    bare = _QUOTED.sub(lambda match: " " * len(match[0]), folded)
    for column, (character, outside) in enumerate(zip(folded, bare, strict=True)):
        if character == "\\" or outside == "#" or not outside.isascii() or not character.isprintable():
            point = f"U+{ord(character):04X}"
            shown = f"`{character}` ({point})" if character.isprintable() else f"the character {point}"
            raise SentenceError(
                f"{shown} is not part of the language", "ASCII letters, digits and operators", column=column
            )
    for quotes in ('"""', "'''"):
        if quotes in folded:
            raise SentenceError(f"{quotes} does not quote a string here", "one quote", column=folded.index(quotes))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # `1or 2` is deprecated: it would warn or fail, depending on the settings
            return ast.parse(folded, mode="eval").body
    except SyntaxError as error:
        raise SentenceError(str(error.msg), column=(error.offset or 1) - 1) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SentenceError(f"it cannot be read: {error}") from None


def _too_long(text: str) -> SentenceError:
    return SentenceError(f"it has {len(text)} characters", f"at most {MAX_LENGTH} characters")
