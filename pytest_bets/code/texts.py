"""What a text constant may be: a program, or the name of a module or of a file."""

import re
from dataclasses import dataclass
from typing import Final

from pytest_bets.bet.source import module
from pytest_bets.code.names import Imported, module_scope
from pytest_bets.code.template import Ref
from pytest_bets.code.writer import Writer

_NAMED: Final = re.compile(r"[\w/.-]+\.py\b|\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+\.?")
"""Files and modules in a text."""
MODULE_NAME: Final = re.compile(r"\.*[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.?")
"""A text that is the name of a module, or the beginning of one, and nothing else."""


@dataclass(frozen=True)
class TextProgram:
    """A text that is a program: the modules that it imports, the names that it uses, and the texts in it."""

    imports: tuple[Imported, ...]
    refs: tuple[Ref, ...]
    words: frozenset[str]
    strings: tuple[str, ...]


def named(text: str) -> list[str]:
    """Return what may be the name of a file or of a module."""
    return _NAMED.findall(text)


def program_in(text: str) -> TextProgram | None:
    """Return the program that a text is, None where it is none."""
    try:
        tree = module(text, "text")
    except SyntaxError:
        return None
    scope = module_scope(tree)
    writer = Writer(scope, [tree])
    writer.body(tree.body)
    refs = []
    for ref in (item for item in writer.items if isinstance(item, Ref)):
        imported = scope.imported(ref.root) if isinstance(ref.root, str) else None
        refs.append(Ref(imported or ref.root, ref.tail, ref.called, ref.binds))
    return TextProgram(tuple(writer.imports), tuple(refs), frozenset(writer.words), tuple(writer.strings))
