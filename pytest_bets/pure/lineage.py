"""Bets followed through a history: one lineage from first declaration to today, whatever its file was called."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pytest_bets.pure.changes import Change, changes
from pytest_bets.pure.declaration import Declaration, bet_id
from pytest_bets.pure.evidence import BetRevision, Commit, Unreadable


@dataclass(frozen=True)
class Moved:
    """A commit that changed what a bet declares."""

    commit: Commit
    before: Declaration
    after: Declaration
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Renamed:
    """A commit that renamed a bet's file."""

    commit: Commit
    was: str
    path: str


@dataclass
class Lineage:
    """One bet through its history; `path` is where its file lies, or last lay."""

    path: str
    first: Declaration | None = None
    declared: Commit | None = None
    last: Declaration | None = None
    gone: Commit | None = None
    moved: list[Moved] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    unreadable: list[tuple[Commit, str]] = field(default_factory=list)
    returned: list[Commit] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The bet's id, by its file's present or last name."""
        return bet_id(self.path)

    @property
    def ids(self) -> list[str]:
        """Every id that the bet has had, the first first."""
        return list(dict.fromkeys([*(bet_id(renamed.was) for renamed in self.renamed), self.id]))

    def take(self, revision: BetRevision) -> None:
        """Add what a commit did."""
        commit = revision.commit
        if revision.was:
            self.renamed.append(Renamed(commit, revision.was, revision.path))
            self.path = revision.path
        if revision.after is None:
            self.gone = commit
            return
        if self.gone:
            self.returned.append(commit)
            self.gone = None
        if isinstance(revision.after, Unreadable):
            self.unreadable.append((commit, revision.after.reason))
            return
        # where the file was gone or could not be read, against what could last be read of it
        before = revision.before if isinstance(revision.before, Declaration) else self.last
        if before is None:
            self.first, self.declared = revision.after, commit
        elif found := tuple(changes(before, revision.after)):
            self.moved.append(Moved(commit, before, revision.after, found))
        self.last = revision.after


def lineages(revisions: Sequence[BetRevision]) -> list[Lineage]:
    """Return every bet that a history has declared, from what its commits did, parents first."""
    found: list[Lineage] = []
    by_path: dict[str, Lineage] = {}
    for revision in revisions:
        lineage = by_path.pop(revision.was, None) if revision.was else by_path.get(revision.path)
        if lineage is None:
            lineage = Lineage(revision.path)
            found.append(lineage)
        by_path[revision.path] = lineage
        lineage.take(revision)
    return [lineage for lineage in found if lineage.first is not None]
