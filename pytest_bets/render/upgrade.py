"""What an upgrade of records did, in words."""

from collections.abc import Sequence
from typing import Protocol


class Outcome(Protocol):
    """What became of a record: whether it was upgraded, None where that was not needed, and in words."""

    @property
    def bet(self) -> str: ...  # noqa: D102
    @property
    def upgraded(self) -> bool | None: ...  # noqa: D102
    @property
    def text(self) -> str: ...  # noqa: D102


def as_text(outcomes: Sequence[Outcome], *, dry: bool = False) -> str:
    """Return a line for each record and one for them all."""
    done = "would be upgraded" if dry else "upgraded"
    words = {True: done, False: "not upgraded", None: "unchanged"}
    lines = [f"{each.bet}: {words[each.upgraded]}: {each.text}" for each in outcomes]
    counts = [(sum(each.upgraded is state for each in outcomes), text) for state, text in words.items()]
    total = ", ".join(f"{count} {text}" for count, text in counts if count) or "there is no record"
    return "\n".join([*lines, f"{total[0].upper()}{total[1:]}."]) + "\n"
