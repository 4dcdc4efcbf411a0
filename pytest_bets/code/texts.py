"""String constants that may be a program, or the name of a module or file."""

import re
from dataclasses import dataclass
from typing import Final

from pytest_bets.bet.source import module
from pytest_bets.code.names import Imported, module_scope, running
from pytest_bets.code.template import Ref
from pytest_bets.code.writer import Writer

_NAMED: Final = re.compile(r"[\w/.-]+\.py\b|\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\.?")
"""Files and modules in a string."""
MODULE_NAME: Final = re.compile(r"\.*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.?")
"""A string that is the name of a module or the start of one."""


@dataclass(frozen=True)
class TextProgram:
    """A string that is a program: its imports, names and strings."""

    imports: tuple[Imported, ...]
    refs: tuple[Ref, ...]
    words: frozenset[str]
    strings: tuple[str, ...]


def named(text: str) -> list[str]:
    """Return everything that may be the name of a file or module."""
    return _NAMED.findall(text)


def program_in(text: str) -> TextProgram | None:
    """Return the program in a string, None if it is not one."""
    try:
        tree = module(text, "text")
    except SyntaxError:
        return None
    if "TYPE_CHECKING" in text:
        tree = running(tree)
    scope = module_scope(tree)
    writer = Writer(scope, [tree])
    writer.body(tree.body)
    refs = []
    for ref in (item for item in writer.items if isinstance(item, Ref)):
        imported = scope.imported(ref.root) if isinstance(ref.root, str) else None
        refs.append(Ref(imported or ref.root, ref.tail, ref.called, ref.binds))
    return TextProgram(tuple(writer.imports), tuple(refs), frozenset(writer.words), tuple(writer.strings))
