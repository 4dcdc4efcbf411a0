"""Files that are bets by what is in them and not by their name, which pytest would pass over without a word."""

import re
from pathlib import PurePath
from typing import Final

from pytest_bets.bet.intent import meant, whole
from pytest_bets.diagnostics import Fault

FORM: Final = "bet_<number>_<slug>.py, of letters, digits and underscores"
_NAMED: Final = re.compile(r"bets?(?![^\W\d_])", re.IGNORECASE)
"""The start of a name that says bet in another way: `Bet_01`, `bet-01-x`, `bet01`, `bets_01`."""
_START: Final = re.compile(r"(?:test[\W_]*)?(?:bets?(?![^\W\d_]))?[\W_]*", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(\d+)(?=[^\W\d_])")


def misnamed(file: str, text: str) -> Fault | None:
    """Return the fault of a file that is a bet under another name; None for any other file.

    A name that begins with `bet` needs as little as that of a bet file does. Any other file is a bet only if a function
    has all three tiers.
    """
    path = PurePath(file)
    named = _NAMED.match(path.name)
    if not (meant(text, numbered=any(map(str.isdecimal, path.stem))) if named else whole(text)):
        return None
    return Fault(file, 1, "this is not a bet file name, so pytest would not run it", path.name, FORM, right(path.name))


def right(name: str) -> str:
    """Return the bet file name that is nearest to a name."""
    rest = _START.sub("", PurePath(name).stem, count=1)
    rest = re.sub(r"[\W_]+", "_", rest).strip("_")
    return f"bet_{numbered(rest) or '01'}.py"


def numbered(slug: str) -> str:
    """Return a slug with an underscore after the number that it begins with: `1x` is no number, `1_x` is one."""
    return _NUMBER.sub(r"\1_", slug, count=1) if _NUMBER.match(slug) else slug
