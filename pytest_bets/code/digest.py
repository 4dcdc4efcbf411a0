"""The digest of a closure, by the meaning of its definitions."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final

from pytest_bets.code.closure import Closure, Key
from pytest_bets.code.program import Definition, Program
from pytest_bets.code.template import Readers

WHOLE: Final = "<whole>"
"""The entry for a module that is used in a way that cannot be followed."""
SHORT: Final = 16
"""The number of hexadecimal digits of a definition's hash in a record."""

_ONCE_STANDARD: Final = frozenset(
    {
        *("__future__", "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils"),
        *("imghdr", "imp", "lib2to3", "mailcap", "msilib", "nis", "nntplib", "ossaudiodev", "pipes", "smtpd"),
        *("sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
    }
)
"""Modules of some Python versions only: the digest must be the same in every version."""


@dataclass(frozen=True)
class Code:
    """The code of a bet: the hashes of its definitions by file, and the packages that it imports.

    `files` are the hashes of the whole files, which are not part of the digest.
    """

    digest: str
    definitions: Mapping[str, Mapping[str, str]]
    modules: frozenset[str]
    files: Mapping[str, str]


def close(program: Program, entries: Sequence[str], called: Sequence[str]) -> Code:
    """Return the code reached from these files; in those of `called`, pytest calls functions by name."""
    readers = Readers()
    while True:
        closure = Closure(program, readers)
        closure.start(entries, called)
        found = closure.readers()
        if found == readers:
            return _Digest(closure).code()
        readers = found


class _Digest:
    """The hashes of a closure, and their digest."""

    def __init__(self, closure: Closure) -> None:
        self.closure = closure
        self.program = closure.program
        self.readers = closure.assumed

    def code(self) -> Code:
        """Return the code of the bet."""
        sources = {path: self.program.outline(path).sha256 for path in sorted(self.closure.files)}
        modules = frozenset(self.closure.modules - sys.stdlib_module_names - _ONCE_STANDARD)
        if self.closure.by_bytes:
            definitions = {path: {WHOLE: sha[:SHORT]} for path, sha in sources.items()}
            digest = _hash(f"{path} {sha}" for path, sha in sources.items())
            return Code(digest, definitions, modules, sources)
        found: dict[str, dict[str, str]] = {}
        for (path, name), sha in sorted(self.hashes.items()):
            if path not in self.closure.whole and sha != _EMPTY:
                found.setdefault(path, {})[name] = sha[:SHORT]
        for path in self.closure.files:
            if path in self.whole or not self.program.outline(path).readable:
                found[path] = {WHOLE: self._whole(path)[:SHORT]}
        return Code(self._digest(modules), dict(sorted(found.items())), modules, sources)

    @cached_property
    def hashes(self) -> dict[Key, str]:
        """The hash of every definition by its own text, in which other definitions appear only by name."""
        found = {}
        for path, name in self.closure.reached:
            readers = Readers(self.readers.docstrings, None) if path in self.closure.whole else self.readers
            found[path, name] = self.program.hash(path, name, readers)
        return found

    @cached_property
    def whole(self) -> list[str]:
        """The files that count whole, without those in which nothing is: the `__init__.py` of a package often is."""
        names = {path: self.program.outline(path).units for path in self.closure.whole}
        return [path for path, own in names.items() if any(self.hashes[path, name] != _EMPTY for name in own)]

    def _whole(self, path: str) -> str:
        known = self.program.outline(path)
        if not known.readable:
            return known.sha256
        names = [*known.order, *(name for name in known.units if name not in known.order)]
        return _hash(f"{name} {self.hashes[path, name]}" if name else "" for name in names)

    def _digest(self, modules: frozenset[str]) -> str:
        """Return the digest of the definitions, each with the ones it uses, whichever files they are in.

        Definitions with the same name are distinguished by their text, by the text of the ones they use, and so on
        (colour refinement); if all of that is equal, by their files.
        """
        unread = [
            f"{path} {self._whole(path)}" for path in self.closure.files if not self.program.outline(path).readable
        ]
        whole = [f"{path} {self._whole(path)}" for path in self.whole]
        colours = {key: _hash([key[1], sha]) for key, sha in self.hashes.items() if sha != _EMPTY}
        colours = self._refined(colours)
        twice = {colour for colour, count in Counter(colours.values()).items() if count > 1}
        if twice:
            colours = {key: _hash([colour, key[0]]) if colour in twice else colour for key, colour in colours.items()}
            colours = self._refined(colours)
        return _hash([*sorted(unread), *sorted(whole), *sorted(colours.values()), *sorted(modules)])

    def _refined(self, colours: dict[Key, str]) -> dict[Key, str]:
        uses = {
            key: [
                (resolved.target.path, resolved.target.unit)
                for resolved in self.closure.reached[key]
                if isinstance(resolved.target, Definition)
            ]
            for key in colours
        }
        count = 0
        while count < (count := len(set(colours.values()))):
            colours = {
                key: _hash([colour, *(colours.get(used, "") for used in uses[key])]) for key, colour in colours.items()
            }
        return colours


def _hash(parts: Iterable[str]) -> str:
    return sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


_EMPTY: Final = _hash([])
