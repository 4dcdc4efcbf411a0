"""On which line of a record's file each cell, each judged sentence and what luck gives stands."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_LIST: Final = re.compile(rb' "(cells|criteria)": \[$')
_LUCK: Final = b' "luck": {'
_END: Final = re.compile(rb" \],?$")


@dataclass(frozen=True)
class Places:
    """The line, from 1, of each entry by its list and its place in it, as of `luck` 0; and the lines of the file."""

    lines: Mapping[tuple[str, int], int]
    count: int


def places(file: bytes) -> Places:
    """Return the lines of a record as the store writes it; a file of another layout has fewer, or none."""
    found: dict[tuple[str, int], int] = {}
    name, place = "", 0
    rows = file.split(b"\n")
    for number, row in enumerate(rows, start=1):
        if match := _LIST.fullmatch(row):
            name, place = match[1].decode(), 0
        elif row == _LUCK:
            name, found["luck", 0] = "", number
        elif _END.fullmatch(row):
            name = ""
        elif name and row.startswith(b"  {"):
            found[name, place] = number
            place += 1
    return Places(found, len(rows))
