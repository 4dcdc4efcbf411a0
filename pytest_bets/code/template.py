"""Templates: the meaning of a definition as text, with a gap for every name that may refer to another one."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pytest_bets.code.names import Imported

MODULE: Final = "<module>"
"""The name of a module's statements outside its definitions."""
MAIN: Final = "<main>"
"""The name of the statements in `if __name__ == "__main__"`."""
PLACED: Final = frozenset({"__file__", "__name__", "__package__", "__spec__", "__path__", "__loader__", "__cached__"})
"""Names that make a definition depend on the module it is in."""


@dataclass(frozen=True)
class Ref:
    """A name of a module's scope, or the target of a local import, with its chain of attributes.

    `called` is true if it is called directly, so the object is not passed on. `binds` is true for an import statement
    itself, which does not use its target.
    """

    root: str | Imported
    tail: tuple[str, ...] = ()
    called: bool = False
    binds: bool = False


@dataclass(frozen=True)
class Annotations:
    """The annotations of a function, which count if code can read them: if the function is passed as a value.

    `function` is its name, with a leading dot for a method; for a constructor it is the name of the class.
    """

    function: str
    items: tuple["Item", ...]


@dataclass(frozen=True)
class Doc:
    """A docstring, which counts if code reads docstrings."""

    text: str


Item = str | Ref | Annotations | Doc


@dataclass(frozen=True)
class Readers:
    """What code can read at run time: docstrings, and the annotations of these functions."""

    docstrings: bool = False
    annotations: frozenset[str] | None = frozenset()
    """None means all functions."""

    def read(self, function: str) -> bool:
        """Return whether the annotations of functions with this name count."""
        return self.annotations is None or function in self.annotations


@dataclass(frozen=True)
class Unit:
    """A definition of a module, or all of its other statements.

    `always`: it counts whenever its module is imported. `ordered`: its position matters, for example under a decorator
    that may affect other definitions. `bases`: the bases of a class, which counts only if used as long as the same is
    true for every base. `imports` are the imports it runs, `strings` its string constants, `passed` the attributes
    (with a dot) and nested functions used without a call, and `words` all names and attributes in it.
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
        """Yield the text and gaps that count for these readers."""
        return _parts(self.items, readers)

    def annotated(self, readers: Readers) -> frozenset[str]:
        """Return its functions whose annotations count for these readers."""
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
    """A file: its definitions, the bindings of its module's scope, and its star imports."""

    sha256: str
    units: Mapping[str, Unit]
    bound: Mapping[str, Imported | None] = field(default_factory=dict)
    """The import of each name, None for a definition or variable."""
    stars: tuple[Imported, ...] = ()
    order: tuple[str, ...] = ()
    """The names of the definitions in order, with an empty one for each other statement."""
    readable: bool = True
