"""Names that must be one of some."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from difflib import get_close_matches


def check(what: str, name: str, known: Iterable[str]) -> None:
    """ValueError where a name is none of those known: it lists them, and names the nearest."""
    names = list(known)
    if name not in names:
        near = get_close_matches(name, names, 1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no {what} {name!r}: there are {', '.join(names)}{hint}")


def check_given(parser: argparse.ArgumentParser, what: str, given: Iterable[str], known: Iterable[str]) -> None:
    """End a command with its usage where a name that it was given is none of those known."""
    try:
        for name in given:
            check(what, name, known)
    except ValueError as error:
        parser.error(str(error))
