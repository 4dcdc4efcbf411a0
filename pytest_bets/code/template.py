"""A definition as a template: its meaning as text, with a gap for every name that another definition may stand for."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pytest_bets.code.names import Imported

MODULE: Final = "<module>"
"""The name of a module's statements that are no definition of their own."""
MAIN: Final = "<main>"
"""The name of what runs where the module is the program: `if __name__ == "__main__"`."""
PLACED: Final = frozenset({"__file__", "__name__", "__package__", "__spec__", "__path__", "__loader__", "__cached__"})
"""Names by which a definition depends on the module that it stands in."""


@dataclass(frozen=True)
class Ref:
    """A name of a module's scope, or what a local import binds, with the attributes that are asked of it in turn.

    `called` tells that it is called at once, so that the object itself goes nowhere; `binds` that this is an import
    statement, and no use of what it imports.
    """

    root: str | Imported
    tail: tuple[str, ...] = ()
    called: bool = False
    binds: bool = False


@dataclass(frozen=True)
class Annotations:
    """The annotations of a function, which count where something can read them: where it is passed around.

    `function` is its name, after a dot for a method; for a constructor the name of its class.
    """

    function: str
    items: tuple["Item", ...]


@dataclass(frozen=True)
class Doc:
    """A docstring, which counts where something reads docstrings."""

    text: str


Item = str | Ref | Annotations | Doc


@dataclass(frozen=True)
class Readers:
    """What can be read at run time beside the code itself: docstrings, and the annotations of these functions."""

    docstrings: bool = False
    annotations: frozenset[str] | None = frozenset()
    """None for those of all functions."""

    def read(self, function: str) -> bool:
        """Tell whether the annotations of functions of this name count."""
        return self.annotations is None or function in self.annotations


@dataclass(frozen=True)
class Unit:
    """A definition of a module, or all of its other statements.

    `always` tells that it counts wherever its module is imported; `ordered` that its place among the others matters,
    as it does under a decorator that is not known to leave the others alone. `bases` are those of a class that counts
    only where it is used, if that holds for every base too. `imports` are run, `strings` are its text constants,
    `passed` the attributes, after a dot, and the nested functions that are used other than by a call, and `words` all
    names and attributes in it.
    """

    kind: Literal["module", "function", "class", "constant"]
    items: tuple[Item, ...]
    always: bool = False
    ordered: bool = False
    decorators: tuple[Ref, ...] = ()
    bases: tuple[Ref, ...] = ()
    imports: tuple[Imported, ...] = ()
    strings: tuple[str, ...] = ()
    passed: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def parts(self, readers: Readers) -> Iterator[str | Ref]:
        """Yield the text and the gaps that count for these readers."""
        return _parts(self.items, readers)

    def annotated(self, readers: Readers) -> frozenset[str]:
        """Return the functions in it whose annotations count for these readers."""
        return frozenset(
            item.function for item in self.items if isinstance(item, Annotations) and readers.read(item.function)
        )


def _parts(items: Collection[Item], readers: Readers) -> Iterator[str | Ref]:
    for item in items:
        if isinstance(item, Annotations):
            if readers.read(item.function):
                yield from _parts(item.items, readers)
        elif isinstance(item, Doc):
            if readers.docstrings:
                yield item.text
        else:
            yield item


@dataclass(frozen=True)
class Outline:
    """A file: its definitions, what its module's scope binds, and the modules of which it takes every name."""

    sha256: str
    units: Mapping[str, Unit]
    bound: Mapping[str, Imported | None] = field(default_factory=dict)
    """By name: the import that it is, None for a definition or a variable."""
    stars: tuple[Imported, ...] = ()
    order: tuple[str, ...] = ()
    """The names of the definitions in turn, with an empty one for each other statement."""
    readable: bool = True
