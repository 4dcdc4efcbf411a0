"""What a type hint alone does not say of a field: what its JSON Schema demands, and how its value is spelled.

A field's description is a plain string among the arguments of its `Annotated`.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final


@dataclass(frozen=True)
class Limits:
    """Keywords that a schema adds to those of the type. The decoder does not check them: a type is enough to read."""

    keywords: tuple[tuple[str, object], ...]


def limits(**keywords: object) -> Limits:
    """Return limits by the names of their JSON Schema keywords."""
    return Limits(tuple((name, tuple(item) if isinstance(item, list) else item) for name, item in keywords.items()))


@dataclass(frozen=True)
class Note:
    """A property of a field that changes how it is read, written or described."""

    name: str


@dataclass(frozen=True)
class Values:
    """On a mapping: of which type its values are. They are scalars and lists of numbers, in which strings spell NaN."""

    kind: Any


SPELLED: Final = Note("spelled")
"""On a number: JSON has none for NaN and the infinities, so they are the strings "nan", "inf" and "-inf"."""
CHECKED: Final = Note("checked")
"""On a list: its entries are checked and not kept."""
LATER: Final = Note("later")
"""On a field that files of older versions lack."""

Sha256 = Annotated[str, limits(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, limits(minimum=0)]
CommitId = Annotated[str | None, limits(pattern="^[0-9a-f]{40,64}$")]
