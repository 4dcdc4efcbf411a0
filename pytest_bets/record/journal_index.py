"""The index of a journal: what its lines say about each bet, so that a session need not read 100,000 of them.

It can be thrown away at any time. It covers the first bytes of a journal, and has their SHA-256, which is compared
before every use. So no checkout, merge or edit makes it wrong, whatever the times of the files are. It is used in the
folder alone that it was written in: a repository of a stranger may have one that says what its journal does not.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from pytest_bets.record import tally
from pytest_bets.record.tally import Tally

SCHEMA: Final = "pytest-bets/journal-index/6"


@dataclass(frozen=True)
class Covered:
    """The part of a journal that was read: so many bytes and lines, with this SHA-256."""

    size: int = 0
    lines: int = 0
    sha256: str = hashlib.sha256().hexdigest()


class Index:
    """The tallies in the bytes of an index, each decoded when it is asked for."""

    def __init__(self, covered: Covered, places: Mapping[str, tuple[int, int, int]], body: bytes) -> None:
        self.covered = covered
        self._places = places
        self._body = body

    @property
    def bets(self) -> Collection[str]:
        """The bets that have a line."""
        return self._places.keys()

    def tally(self, bet: str) -> Tally | None:
        """Return the tally of a bet, None where the journal has no line of it."""
        if bet not in self._places:
            return None
        return tally.load(*self._parts(bet))

    def _parts(self, bet: str) -> tuple[bytes, bytes]:
        start, middle, end = self._places[bet]
        return self._body[start:middle], self._body[middle:end]

    def dump(self, covered: Covered, changed: Mapping[str, Tally], folder: int) -> bytes:
        """Return the bytes of the index of a longer part of the journal, in which some tallies changed.

        `folder` is the inode of the folder that it will lie in.
        """
        places: dict[str, tuple[int, int, int]] = {}
        parts: list[bytes] = []
        size = 0
        for bet in dict.fromkeys((*self._places, *changed)):
            brief, wrote = tally.dump(changed[bet]) if bet in changed else self._parts(bet)
            places[bet] = size, size + len(brief), size + len(brief) + len(wrote)
            parts += [brief, wrote]
            size = places[bet][2]
        body = b"".join(parts)
        head = {
            "schema": SCHEMA,
            "folder": folder,
            "covered": [covered.size, covered.lines, covered.sha256],
            "body": hashlib.sha256(body).hexdigest(),
            "bets": places,
        }
        return json.dumps(head).encode() + b"\n" + body


def load(data: bytes, folder: int) -> Index | None:
    """Return the index in these bytes, None where they are not a whole index of this version and this folder."""
    first, _, body = data.partition(b"\n")
    try:
        head = json.loads(first)
        if (head["schema"], head["folder"], head["body"]) != (SCHEMA, folder, hashlib.sha256(body).hexdigest()):
            return None
        return Index(Covered(*head["covered"]), {bet: tuple(place) for bet, place in head["bets"].items()}, body)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


EMPTY: Final = Index(Covered(), {}, b"")
