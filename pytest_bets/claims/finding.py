"""What a check of a page knows and finds, as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

FindingKind = Literal["verdict", "unbound", "standing", "value", "marker", "unknown", "unreadable"]


@dataclass(frozen=True)
class Bet:
    """A bet as the records have it: its verdict and standing in words, and its cells.

    `gone` has `retracted` or `withdrawn` if the claim is, and `by` the numbers and ids of the bets that retracted it.
    `cells` is empty if the bet was never run or is void. `reason` is why it is void, or why its file cannot be read.
    `noise` says that a control of its FAIL is not met.
    """

    id: str
    number: int | None
    verdict: str
    standing: str
    gone: frozenset[str]
    cells: Sequence[Mapping[str, object]]
    reason: str = ""
    readable: bool = True
    noise: bool = False
    by: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Edit:
    """A replacement of the source from `start` to `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Finding:
    """A contradiction between a page and the records: the text on that line, and what the record says.

    `edit` fixes it, if a replacement is enough.
    """

    line: int
    kind: FindingKind
    bet: str | None
    stands: str
    record: str
    edit: Edit | None = None


@dataclass(frozen=True)
class Checked:
    """A page's findings in line order, and its numbers of mentions and marked values."""

    findings: tuple[Finding, ...]
    mentions: int
    values: int


def apply_edits(source: str, findings: Sequence[Finding]) -> str:
    """Return the page with the edits of its findings applied, and no other change."""
    kept, last = [], 0
    for edit in sorted({finding.edit for finding in findings if finding.edit}, key=lambda edit: (edit.start, edit.end)):
        if edit.start >= last:
            kept += [source[last : edit.start], edit.text]
            last = edit.end
    return "".join([*kept, source[last:]])
