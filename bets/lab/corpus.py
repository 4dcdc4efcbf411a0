"""Real text that is on every machine that runs this: the built-in users, the general corpus, and users from a folder.

A document (module, topic, licence or story) is in the same split in every corpus, by the hash of its name. Of the
training texts, lines of LINE characters or more that any validation or held-out text has are left out.
"""

import functools
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from bets.lab import documents
from bets.lab.documents import CorpusError, Document

__all__ = ["LINE", "NAMES", "PIECE", "SLICES", "USERS", "Corpus", "CorpusError", "load", "spread", "users"]

USERS: Final = ("programmer", "scientist", "novelist")
NAMES: Final = (*USERS, "general")
SLICES: Final = tuple(documents.KINDS)  # of the programmer's text: functions without docstrings and comments, and these
SPLITS: Final = ("held_out", "validation", "train")  # as they are taken: of two equal documents the first stays
SIZES: Final = {"held_out": 128 << 10, "validation": 64 << 10, "train": 4_000_000}  # bytes at most
SLICE_SIZES: Final = {"held_out": 64 << 10, "validation": 32 << 10, "train": 1_000_000}
LINE: Final = 60  # characters, stripped, from which on a line that two texts share is a leak
PIECE: Final = 2_048  # bytes in a row, where a part of a text stands for it: its beginning is of one subject
SMALLEST: Final = 2_000  # bytes of a user's file
BLOCKS: Final = 10  # fewest paragraphs (or lines) that 80, 10 and 10 percent can be cut from


@dataclass(frozen=True)
class Corpus:
    """A text in three parts, UTF-8 with newlines as line feeds."""

    name: str
    train: bytes
    validation: bytes
    held_out: bytes

    @property
    def sha256(self) -> str:
        """The hash of all three parts, each after its length in 8 bytes."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.held_out):
            digest.update(len(part).to_bytes(8, "big") + part)
        return digest.hexdigest()


def load(name: str, part: str | None = None) -> Corpus:
    """The corpus of a user or `general`; part: one of SLICES, of the programmer. CorpusError where there is none."""
    known = (*NAMES, *users()[len(USERS) :])
    if name not in known:
        raise CorpusError(f"no corpus {name!r}{_nearest(name, known)}: there are {', '.join(known)}")
    if part is not None and name != "programmer":
        raise CorpusError(f"corpus {name!r} has no parts, found part {part!r}: only 'programmer' has")
    if part is not None and part not in SLICES:
        raise CorpusError(f"no part {part!r} of 'programmer'{_nearest(part, SLICES)}: there are {', '.join(SLICES)}")
    return _built_in(name, part) if name in NAMES else _users_own(_folder(), name)


def users() -> tuple[str, ...]:
    """USERS, then those that BETS_CORPUS adds, by name."""
    return (*USERS, *sorted(_files(_folder())))


def spread(text: bytes, size: int) -> bytes:
    """At most so many bytes of a text, in pieces at equal distances, in order; all of a text that is shorter."""
    count = size // PIECE
    if len(text) <= size or not count:
        return text[:size]
    starts = [i * (len(text) - PIECE) // max(1, count - 1) for i in range(count)]
    return b"".join(text[start : start + PIECE] for start in starts)


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f", did you mean {close[0]!r}" if close else ""


@functools.cache
def _built_in(name: str, part: str | None) -> Corpus:
    held_out, validation = (_evaluated(name, part, split)[0] for split in ("held_out", "validation"))
    seen = _evaluated(name, part, "held_out")[1] | _evaluated(name, part, "validation")[1]
    forbidden = _forbidden()
    train, _ = _take(_split(name, part)["train"], _sizes(part)["train"], seen, lambda text: without(text, forbidden))
    return Corpus(name if part is None else f"{name}/{part}", train.encode(), validation.encode(), held_out.encode())


def _sizes(part: str | None) -> dict[str, int]:
    return SIZES if part is None else SLICE_SIZES


@functools.cache
def _split(name: str, part: str | None) -> dict[str, list[Document]]:
    """The documents of each split, in the order of their names' hashes."""
    found = sorted(documents.of(name, part), key=lambda document: documents.digest(document.name))
    if name == "novelist":  # so few that a hash of each name would not give the shares: of its rank, then
        first, second = round(0.2 * len(found)), round(0.3 * len(found))
        return dict(zip(SPLITS, (found[:first], found[first:second], found[second:]), strict=True))
    return {split: [each for each in found if documents.split(each.name) == split] for split in SPLITS}


@functools.cache
def _evaluated(name: str, part: str | None, split: str) -> tuple[str, frozenset[str]]:
    """The text of a held-out or validation split, and its documents."""
    seen = _evaluated(name, part, "held_out")[1] if split == "validation" else frozenset()
    return _take(_split(name, part)[split], _sizes(part)[split], seen)


def _take(
    found: Iterable[Document], size: int, seen: frozenset[str], clean: Callable[[str], str] = str
) -> tuple[str, frozenset[str]]:
    """Documents in order up to `size` bytes, the last cut at a line's end; a text that was seen is left out."""
    texts: list[str] = []
    taken: set[str] = set()
    left = size
    for document in found:
        raw = documents.normalised(document.read())
        if not raw.strip() or raw in seen or raw in taken:
            continue
        taken.add(raw)
        text = clean(raw)
        length = len(text.encode())
        texts.append(text if length <= left else cut(text, left))
        left -= length
        if left <= 0:
            break
    return "".join(texts), frozenset(taken)


def cut(text: str, size: int) -> str:
    """The whole lines that fit into `size` bytes."""
    return text.encode()[: text.encode().rfind(b"\n", 0, size) + 1].decode()


def lines(text: str) -> set[str]:
    """The lines that must not be shared: stripped, of LINE characters or more."""
    return {line.strip() for line in text.split("\n") if len(line.strip()) >= LINE}


def without(text: str, forbidden: frozenset[str]) -> str:
    """The text without the forbidden lines."""
    return "\n".join(line for line in text.split("\n") if line.strip() not in forbidden)


@functools.cache
def _forbidden() -> frozenset[str]:
    """The lines of all built-in validation and held-out texts, the programmer's parts among them."""
    texts = [(name, None) for name in NAMES] + [("programmer", part) for part in SLICES]
    both = ("validation", "held_out")
    return frozenset().union(*(lines(_evaluated(name, part, split)[0]) for name, part in texts for split in both))


def _folder() -> Path | None:
    value = os.environ.get("BETS_CORPUS")
    return Path(value) if value else None


def _files(folder: Path | None) -> dict[str, Path]:
    """The file of each added user."""
    if folder is None:
        return {}
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise CorpusError(f"BETS_CORPUS={folder} {what}: expected a folder with a text file for each user")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or not path.is_file():
            continue
        if path.stem in NAMES:
            raise CorpusError(f"{path}: {path.stem!r} is a built-in corpus; expected a name other than {NAMES}")
        if path.stem in found:
            raise CorpusError(f"{path}: {found[path.stem].name} is user {path.stem!r} too; expected one file for each")
        found[path.stem] = path
    if not found:
        raise CorpusError(f"BETS_CORPUS={folder} has no file: expected a text file for each user")
    return found


@functools.cache
def _parts(path: Path) -> dict[str, str]:
    """A user's file in order: 80 % train, 10 % validation, 10 % held_out, cut between paragraphs."""
    text = documents.normalised(_text(path))
    blocks = re.findall(r"(?:[^\n]*\S[^\n]*\n)+(?:[^\S\n]*\n)*", text)
    if len(blocks) < BLOCKS:
        blocks = re.findall(r"[^\n]*\n", text)
    if len(blocks) < BLOCKS:
        raise CorpusError(f"{path}: found {len(blocks)} lines, expected {BLOCKS} or more to cut into three parts")
    total = len(text.encode())
    parts = {"train": "", "validation": "", "held_out": ""}
    done = 0
    for block in blocks:
        split = "train" if done < 0.8 * total else "validation" if done < 0.9 * total else "held_out"
        parts[split] += block
        done += len(block.encode())
    return {
        split: part if len(part.encode()) <= SIZES[split] else cut(part, SIZES[split]) for split, part in parts.items()
    }


def _text(path: Path) -> str:
    raw = path.read_bytes()
    if len(raw) < SMALLEST:
        found = f"{len(raw):,} bytes" if raw else "an empty file"
        raise CorpusError(f"{path}: found {found}, expected a text of {SMALLEST:,} bytes or more")
    if b"\0" in raw:
        raise CorpusError(f"{path}: found a NUL at byte {raw.index(0):,}, expected UTF-8 text")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"{path}: found byte 0x{raw[error.start]:02x} at {error.start:,}, expected UTF-8 text"
        ) from None


@functools.cache
def _users_own(folder: Path, name: str) -> Corpus:
    """An added user's corpus; the built-in ones stay as they are, so what they train on leaves its evaluation texts."""
    files = _files(folder)
    own = _parts(files[name])
    others = (lines(_parts(path)[split]) for path in files.values() for split in ("validation", "held_out"))
    trained = frozenset().union(*(lines(_built_in(each, None).train.decode()) for each in NAMES))
    train = without(own["train"], _forbidden().union(*others))
    corpus = Corpus(
        name, train.encode(), *(without(own[split], trained).encode() for split in ("validation", "held_out"))
    )
    for split in SPLITS:
        if not getattr(corpus, split).strip():
            raise CorpusError(f"{files[name]}: nothing is left for {split} without the lines that other texts have")
    return corpus
