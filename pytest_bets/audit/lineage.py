"""Bets followed through a history: one lineage from first declaration to today, whatever its file was called."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pytest_bets.audit.evidence import BetRevision, Unreadable
from pytest_bets.bet.declaration import Declaration, bet_id
from pytest_bets.bet.diff import Change, changes, prose_changes
from pytest_bets.git.revision import Commit


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
    readable: list[tuple[Commit, Declaration]] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    renamed: list[Renamed] = field(default_factory=list)
    unreadable: list[tuple[Commit, str]] = field(default_factory=list)
    returned: list[Commit] = field(default_factory=list)
    introduced: list[Commit] = field(default_factory=list)
    """The commits that brought the bet where it was not: more than one where branches got it, as by a cherry-pick."""
    reworded: list[Moved] = field(default_factory=list)
    """The commits that changed what people read, and no more."""
    left: bool = False
    """Whether the file is gone."""

    @property
    def id(self) -> str:
        """The bet's id, by its file's present or last name."""
        return bet_id(self.path)

    @property
    def ids(self) -> list[str]:
        """Every id that the bet has had, that of today last."""
        names = [bet_id(path) for renamed in self.renamed for path in (renamed.was, renamed.path)]
        return [*dict.fromkeys(name for name in names if name != self.id), self.id]

    @property
    def paths(self) -> set[str]:
        """Every path that the bet's file has had."""
        return {self.path, *(path for renamed in self.renamed for path in (renamed.was, renamed.path))}

    def take(self, revision: BetRevision) -> None:
        """Add what a commit did."""
        commit = revision.commit
        if revision.was and revision.path != self.path:
            self.renamed.append(Renamed(commit, revision.was, revision.path))
            self.path = revision.path
        if revision.after is None:
            self.gone = commit if revision.path == self.path else self.gone
            return
        if self.gone:
            self.returned.append(commit)
            self.gone = None
        if isinstance(revision.after, Unreadable):
            self.unreadable.append((commit, revision.after.reason))
            return
        if not isinstance(revision.before, Declaration) and not revision.others:
            self.introduced.append(commit)
        parents = [each for each in (revision.before, *revision.others) if isinstance(each, Declaration)]
        # where the file was gone or could not be read, against what could last be read of it
        before = parents or ([self.last] if self.last else [])
        if self.first is None:
            self.first, self.declared = revision.after, commit
        elif found := _everywhere([changes(parent, revision.after) for parent in before]):
            self.moved.append(Moved(commit, before[0], revision.after, found))
        if self.last and (words := _everywhere([prose_changes(parent, revision.after) for parent in before])):
            self.reworded.append(Moved(commit, before[0], revision.after, words))
        self.last = revision.after
        self.readable.append((commit, revision.after))

    def settle(self, present: Collection[str]) -> None:
        """Let the files that are there today decide between the branches of a merge."""
        if self.path not in present:
            self.path = next((renamed.was for renamed in self.renamed if renamed.was in present), self.path)
        elif self.gone:
            self.gone = None
        self.left = bool(self.gone) or self.path not in present


def _everywhere(sides: Sequence[Sequence[Change]]) -> tuple[Change, ...]:
    """Return the changes against the first parent of a merge that are changes against every other parent, too."""
    first, *others = [{(change.subject, change.name, change.after): change for change in side} for side in sides]
    return tuple(change for key, change in first.items() if all(key in other for other in others))


def lineages(revisions: Sequence[BetRevision], present: Collection[str]) -> list[Lineage]:
    """Return every bet that a history has declared, from what its commits did, parents first.

    `present` holds the paths of the files that are there today.
    """
    found: list[Lineage] = []
    by_path: dict[str, Lineage] = {}
    for revision in revisions:
        lineage = by_path.get(revision.was or revision.path)
        # a file that is new at the path of one that was renamed is another bet; a branch may still know it by that path
        if lineage is None or (revision.before is None and not revision.others and lineage.path != revision.path):
            lineage = Lineage(revision.path)
            found.append(lineage)
        by_path[revision.path] = lineage
        lineage.take(revision)
    for lineage in found:
        lineage.settle(present)
    return [lineage for lineage in found if lineage.first is not None]
