"""The report of an audit as one JSON object."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pytest_bets.audit.finding import BetReport, Entry, Kind, Level, Report
from pytest_bets.bet.diff import Change
from pytest_bets.git.revision import Commit
from pytest_bets.record.field import BetId, limits
from pytest_bets.record.verdict import Outcome

AUDIT_SCHEMA: Final = "pytest-bets/audit/1"


@dataclass(frozen=True, slots=True)
class CommitPart:
    """A commit."""

    id: Annotated[str | None, "The commit's full id; null for what is not committed."]
    date: Annotated[str | None, "The committer's date, ISO 8601."]
    subject: Annotated[str, "The first line of its message."]


@dataclass(frozen=True, slots=True)
class ChangePart:
    """A change of a declaration."""

    subject: Annotated[
        str,
        limits(
            enum=[
                *("strict", "lenient", "catastrophic", "control", "premise", "hypothesis"),
                *("constants", "sweep", "replicate", "challenges", "known", "withdrawn"),
                *("null", "odds", "world", "words"),
            ]
        ),
        "What changed.",
    ]
    kind: Annotated[
        str, limits(enum=["tightened", "loosened", "replaced", "added", "removed", "reworded"]), "How it changed."
    ]
    name: Annotated[str, "Of a constant, a sweep parameter or a section of the docstring; else empty."]
    before: Annotated[str, "What was declared before; empty where nothing was."]
    after: Annotated[str, "What is declared after; empty where nothing is."]


@dataclass(frozen=True, slots=True)
class EntryPart:
    """One finding, one note, or one thing that cannot be determined."""

    level: Annotated[Level, "finding: the history contradicts the claim. note: to know. unknown: cannot determine."]
    kind: Annotated[Kind, "What was found; docs/audit.md explains each."]
    text: Annotated[str, "The entry in words."]
    commit: Annotated[CommitPart | None, "Where it happened; null where it is so now."]
    change: Annotated[ChangePart | None, "The change of the declaration, where it is about one."]


@dataclass(frozen=True, slots=True)
class BetPart:
    """One bet through its history."""

    id: BetId
    file: Annotated[
        str,
        "Where the bet's file lies, or last lay, from the top of the repository; empty where no commit held it.",
    ]
    declared: Annotated[CommitPart | None, "The commit that declared it first."]
    first_result: Annotated[CommitPart | None, "The commit that brought the first verdict."]
    verdict: Annotated[Outcome | None, "Of the record's measurements under the criteria as they are now."]
    under_first_criteria: Annotated[
        Outcome | None,
        "Of the same measurements under the criteria as first declared, where they differ; else null.",
    ]
    entries: Annotated[tuple[EntryPart, ...], "What is said of it, in the order of its history."]


@dataclass(frozen=True, slots=True)
class Document:
    """What `pytest-bets audit --format json` prints."""

    schema: Annotated[str, limits(const=AUDIT_SCHEMA)]
    state: Annotated[
        Literal["clean", "findings", "unknown"], "Findings outweigh what cannot be determined, which outweighs nothing."
    ]
    commits: Annotated[int, limits(minimum=1), "How many commits HEAD is made of."]
    bets: Annotated[tuple[BetPart, ...], "By number."]
    entries: Annotated[tuple[EntryPart, ...], "What is of no single bet."]


def document(report: Report) -> Document:
    """Return the report in the form of its JSON."""
    bets = tuple(_bet(bet) for bet in report.bets)
    return Document(AUDIT_SCHEMA, report.state, report.commits, bets, tuple(map(_entry, report.entries)))


def _bet(bet: BetReport) -> BetPart:
    return BetPart(
        bet.id,
        bet.path,
        _commit(bet.declared),
        _commit(bet.first_result),
        bet.verdict.verdict if bet.verdict else None,
        bet.under_first.verdict if bet.under_first else None,
        tuple(map(_entry, bet.entries)),
    )


def _entry(entry: Entry) -> EntryPart:
    change = _change(entry.change) if entry.change else None
    return EntryPart(entry.level, entry.kind, entry.text, _commit(entry.commit), change)


def _change(change: Change) -> ChangePart:
    return ChangePart(change.subject, change.kind, change.name, change.before, change.after)


def _commit(commit: Commit | None) -> CommitPart | None:
    return CommitPart(commit.id or None, commit.date or None, commit.subject) if commit else None
