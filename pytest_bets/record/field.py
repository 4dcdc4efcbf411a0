"""What a type hint alone does not say about a field: what its JSON Schema demands, and how its value is spelled.

A field's description is a plain string among the arguments of its `Annotated`.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal


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
"""On a list: its entries are checked, and the first alone is kept."""
LATER: Final = Note("later")
"""On a field that files of older versions lack."""

Sha256 = Annotated[str, limits(pattern="^[0-9a-f]{64}$")]
Count = Annotated[int, limits(minimum=0)]
CommitId = Annotated[str | None, limits(pattern="^[0-9a-f]{40,64}$")]


BetId = Annotated[str, "The bet's id: its file's stem without `bet_`, digits as written, as in 46_norm_replication."]
Number = Annotated[int | None, limits(minimum=0), "The number in the file's name; null where it has none."]
Title = Annotated[str, "The claim in one line."]
Links = Annotated[
    tuple[int | str, ...],
    "The bets whose claims a FAIL of this bet retracts, unless its control is not met; by number or id.",
]
State = Annotated[
    Literal["registered", "unregistered", "unknown"],
    "registered: the commit that the run began from holds this declaration. unregistered: it does not. unknown: there "
    "was no git to tell.",
]
Pilot = Annotated[bool, limits(const=True), "There for a rehearsal alone, which has no verdict."]
