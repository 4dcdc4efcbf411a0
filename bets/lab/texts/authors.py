"""Twelve authors: Python packages that every machine with the laboratory has, each with a text of its own.

A module, comments and docstrings included, is in one split: `documents.split` says which, as in every corpus. Where a
small package has too few modules for a split, the next ones in the order of their names' hashes join it. A text is made
of pieces of whole lines, no two of a module before each module gave one. No line of LINE characters or more of any
author's evaluation text is in any author's own text or in the training text of a built-in corpus, and none of a
built-in corpus' evaluation texts is in an author's own text.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Final

from bets.lab import corpus, documents
from bets.lab.corpus import CorpusError

AUTHORS: Final = (
    "sympy",
    "scipy",
    "pygments",
    "numpy",
    "networkx",
    "setuptools",
    "pydantic",
    "hypothesis",
    "mpmath",
    "fastapi",
    "fsspec",
    "anyio",
)
PIECE: Final = 2_048  # bytes at most
SHORTEST: Final = 1_536  # bytes at least: the line behind it may be a long one
COUNTS: Final = {"held_out": 64, "validation": 32, "train": 32}  # pieces of each split, in the order they are taken
# Code of other people, and code that a program wrote.
FOREIGN: Final = {"_vendor", "vendor", "array_api_compat", "array_api_extra", "cobyqa", "pyprima", "_antlr"}
BUILT: Final = (".__config__", ".version", "._version")  # they differ from machine to machine
LITERAL: Final = re.compile(r"""[rbu]{0,2}'[^']*'|[rbu]{0,2}"[^"]*"|[-+]?[\d.][\w.+-]*""")


@dataclass(frozen=True)
class Author:
    """The text of a package in UTF-8: its own to learn from, validation to choose by, held-out pieces to judge by."""

    name: str
    own: bytes
    validation: bytes
    pieces: tuple[bytes, ...]

    @property
    def held_out(self) -> bytes:
        """All held-out pieces in a row."""
        return b"".join(self.pieces)

    @property
    def sha256(self) -> str:
        """The hash of the own text, the validation text and each piece, each after its length in 8 bytes."""
        digest = hashlib.sha256()
        for part in (self.own, self.validation, *self.pieces):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()


@functools.cache
def load(name: str) -> Author:
    """The text of one of AUTHORS; CorpusError for another name, or where a package is missing or too small."""
    if name not in AUTHORS:
        near = get_close_matches(name, AUTHORS, 1)
        hint = f", did you mean {near[0]!r}" if near else ""
        raise CorpusError(f"no author {name!r}{hint}: there are {', '.join(AUTHORS)}")
    drawn = _evaluated(name)
    others = {path for path in _modules(name) if path not in drawn["held_out"][1] | drawn["validation"][1]}
    own, _ = _draw(name, "train", others, _forbidden())
    held_out, validation = (drawn[split][0] for split in ("held_out", "validation"))
    return Author(name, b"".join(own), b"".join(validation), tuple(held_out))


def _modules(name: str) -> dict[str, Path]:
    """The modules of a package that its authors wrote, by dotted name."""
    try:
        folder = documents.installed(name)
    except CorpusError:
        raise CorpusError(f"author {name!r}: {name} is not installed: pip install 'pytest-bets[lab]'") from None
    found = documents.modules(folder, name)
    return {
        module: path
        for module, path in found
        if FOREIGN.isdisjoint(path.relative_to(folder).parts) and not module.endswith(BUILT)
    }


@functools.cache
def _evaluated(name: str) -> dict[str, tuple[list[bytes], frozenset[str]]]:
    """The pieces that an author is judged and chosen by, and the modules that were used for them."""
    trained, left = _trained(), set(_modules(name))
    found = {}
    for split in ("held_out", "validation"):
        found[split] = _draw(name, split, left, trained)
        left -= found[split][1]
    return found


@functools.cache
def _trained() -> frozenset[str]:
    """The lines that specialists may have learnt from: those of the training texts of the built-in corpora."""
    return frozenset().union(*(corpus.lines(text.decode()) for text in _built_in("train")))


@functools.cache
def _forbidden() -> frozenset[str]:
    """The lines that no own text may have: those of the evaluation texts of all authors and built-in corpora."""
    drawn = (found for name in AUTHORS for found, _ in _evaluated(name).values())
    lines = (corpus.lines(piece.decode()) for found in drawn for piece in found)
    return frozenset().union(*lines, *(corpus.lines(text.decode()) for text in _built_in("validation", "held_out")))


def _built_in(*splits: str) -> Iterator[bytes]:
    """These texts of the built-in corpora, whatever users a folder adds."""
    for name in corpus.NAMES:
        yield from (getattr(corpus.load(name), split) for split in splits)


def _draw(
    name: str, split: str, modules: Iterable[str], forbidden: frozenset[str]
) -> tuple[list[bytes], frozenset[str]]:
    """As many pieces as a split has, in rounds over its modules, without the forbidden lines; the modules used."""
    ranks, paths, count = list(COUNTS), _modules(name), COUNTS[split]
    ranked = ((ranks.index(documents.split(each)), documents.digest(each), each) for each in modules)
    taken: dict[str, list[bytes]] = {}
    for rank, _, module in sorted(each for each in ranked if each[0] >= ranks.index(split)):
        enough = sum(map(len, taken.values())) >= count
        if sum(map(bool, taken.values())) == count or (enough and rank > ranks.index(split)):
            break
        text = corpus.without(documents.normalised(documents.source(paths[module])), forbidden)
        found = enumerate(pieces(text))
        taken[module] = [piece for _, piece in sorted(found, key=lambda each: documents.digest(f"{module}:{each[0]}"))]
    rounds = (each[turn] for turn in range(count) for each in taken.values() if turn < len(each))
    drawn = list(islice(rounds, count))
    if len(drawn) < count:
        raise CorpusError(f"author {name!r}: found {len(drawn)} pieces of text for {split}, expected {count}")
    return drawn, frozenset(taken)


def pieces(text: str) -> Iterator[bytes]:
    """The pieces of a text in order: whole lines, from SHORTEST to PIECE bytes, without those that are tables."""
    piece, lines, tabular = b"", 0, 0
    for line in text.splitlines(keepends=True):
        data = line.encode()
        if len(piece) + len(data) > PIECE:
            if len(piece) >= SHORTEST and 2 * tabular <= lines:
                yield piece
            piece, lines, tabular = b"", 0, 0
        if len(data) <= PIECE:
            piece, lines, tabular = piece + data, lines + 1, tabular + tabulated(line)
    if len(piece) >= SHORTEST and 2 * tabular <= lines:
        yield piece


def tabulated(line: str) -> bool:
    """Whether a line has literals and what stands between those of a table, and nothing else."""
    rest = LITERAL.sub("", line)
    return rest != line and not rest.strip(" \t\n[](){}:,")
