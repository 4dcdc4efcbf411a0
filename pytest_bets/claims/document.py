"""The findings in write-ups as one JSON object."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

from pytest_bets.claims.finding import Checked, FindingKind
from pytest_bets.record.field import Count, limits

CLAIMS_SCHEMA: Final = "pytest-bets/claims/1"
_Text = Annotated[str, limits(minLength=1)]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much was read, and what was found."""

    files: Annotated[Count, "Files that were read."]
    mentions: Annotated[Count, "Mentions of a bet in prose."]
    values: Annotated[Count, "Values between markers."]
    findings: Annotated[Count, "Findings, fixed ones among them."]
    fixed: Annotated[Count, "Findings that --fix has corrected."]
    unread: Annotated[Count, "Files that were not read."]


@dataclass(frozen=True, slots=True)
class FindingPart:
    """One thing that a file says and the records do not."""

    file: Annotated[_Text, "The file, relative to where the command ran."]
    line: Annotated[int, limits(minimum=1), "The line on which it stands, from 1."]
    kind: Annotated[
        FindingKind,
        "A wrong verdict; a wrong verdict that is not next to its bet; a claim that is gone, which is not said; a "
        "wrong number; a marker that cannot be checked; a bet that does not exist; a bet whose file cannot be read.",
    ]
    bet: Annotated[str | None, "The bet's id; null where there is no such bet, or a comment closes nothing."]
    stands: Annotated[_Text, "What the file says."]
    record: Annotated[_Text, "What is of record instead, or what was expected."]
    due: Annotated[str | None, "The number or the verdict that --fix writes; null where it takes prose."]
    fixed: Annotated[bool, "Whether the file says so now."]


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """A file that was not read."""

    file: Annotated[_Text, "The file, relative to where the command ran."]
    reason: Annotated[_Text, "Why."]


@dataclass(frozen=True, slots=True)
class Document:
    """What pytest-bets claims --format json prints."""

    schema: Annotated[str, limits(const=CLAIMS_SCHEMA)]
    counts: Counts
    findings: Annotated[tuple[FindingPart, ...], "By file, in the order of its lines."]
    unread: Annotated[
        tuple[UnreadPart, ...], "Files of write-ups without a reader, too long ones, and ones that are no text."
    ]


def document(checked: Mapping[str, Checked], unread: Mapping[str, str], *, fixed: bool) -> Document:
    """Return the findings in the form of their JSON, by file; `fixed` says whether edits were made."""
    findings = tuple(
        FindingPart(
            file,
            finding.line,
            finding.kind,
            finding.bet,
            finding.stands,
            finding.record,
            finding.edit.text if finding.edit else None,
            fixed and finding.edit is not None,
        )
        for file, page in checked.items()
        for finding in page.findings
    )
    left_out = tuple(UnreadPart(file, reason) for file, reason in unread.items())
    return Document(CLAIMS_SCHEMA, counts(checked, unread, fixed=fixed), findings, left_out)


def counts(checked: Mapping[str, Checked], unread: Mapping[str, str], *, fixed: bool) -> Counts:
    """Return how much was read, and what was found."""
    found = [finding for page in checked.values() for finding in page.findings]
    return Counts(
        len(checked),
        sum(page.mentions for page in checked.values()),
        sum(page.values for page in checked.values()),
        len(found),
        sum(finding.edit is not None for finding in found) if fixed else 0,
        len(unread),
    )
