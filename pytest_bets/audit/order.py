"""The order of results and changes: by the commit that brought a result, and by the commit that its run names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_bets.audit.evidence import Ancestry, RecordRevision
from pytest_bets.audit.journal import Runs
from pytest_bets.git.revision import Commit
from pytest_bets.record.judgement import premise_unmet
from pytest_bets.record.line import Line, RunLine

When = Literal["before", "same", "after", "ran", "unordered"]
"""Where a change is, seen from a result; `ran`: after the run, which was committed later."""


@dataclass(frozen=True)
class Result:
    """A result of a bet: the commit that brought it, and of a run its line and the commit that it ran from.

    A run that a premise made void is a result: from then on everything that it measured is known.

    `ran` is None where the run names no commit of this history; `is_declared` is whether that commit has its
    declaration.
    """

    commit: Commit
    declaration: str | None
    run: RunLine | None = None
    ran: Commit | None = None
    is_declared: bool = False

    @property
    def text(self) -> str:
        """The run in words."""
        return f"the run of {self.run.time} ({self.run.verdict or 'void'})" if self.run else "its first result"


class Order:
    """The results of every bet in the order that the parents of commits give."""

    def __init__(self, runs: Runs, records: Mapping[str, Sequence[RecordRevision]], order: Ancestry) -> None:
        self.runs = runs
        self.records = records
        self.order = order
        self._lines = {line.sha256: line.entry for lines in runs.lines.values() for line in lines}

    def results(self, ids: Sequence[str]) -> list[Result]:
        """Return every verdict on a bet that had these ids."""
        return [found for bet in ids for found in (*self._ran(bet), *self._kept(bet))]

    def _ran(self, bet: str) -> Iterator[Result]:
        for line in self.runs.lines.get(bet, ()):
            entry = line.entry
            if isinstance(entry, RunLine) and (entry.verdict or premise_unmet(entry)) and line.added:
                name = entry.environment.commit or ""
                is_declared = self.runs.declares(name, bet, entry.declaration)
                yield Result(line.added, entry.declaration, entry, self.order.commits.get(name), is_declared)

    def _kept(self, bet: str) -> Iterator[Result]:
        for revision in self.records.get(bet, ()):
            if revision.after and revision.after.verdict:
                yield Result(revision.commit, revision.after.declaration)

    def seen_before(self, ids: Sequence[str], commit: Commit, declaration: str) -> RunLine | None:
        """Return a run without a result that measured cells before the commit that changed its bet to a declaration."""
        for entry in (line for bet in ids for line in self.runs.lines.get(bet, ())):
            run = entry.entry
            if not isinstance(run, RunLine) or run.pilot or run.verdict or premise_unmet(run) or not run.cells.count:
                continue
            ran = self.order.commits.get(run.environment.commit or "")
            known = [found for found in (entry.added, ran) if found is not None]
            if run.declaration != declaration and any(self.order.before(found, commit) for found in known):
                return run
        return None

    def when(self, commit: Commit, results: Sequence[Result]) -> When:
        """Return where a commit is, seen from the commits that brought results."""
        if any(self.order.before(result.commit, commit) for result in results):
            return "after"
        if any(result.commit.id == commit.id for result in results):
            return "same"
        return "before" if all(self.order.before(commit, result.commit) for result in results) else "unordered"

    def when_changed(self, commit: Commit, declaration: str, results: Sequence[Result]) -> tuple[When, Result | None]:
        """Return where the commit that changed a bet to this declaration is, and the run that shows it."""
        # a run of what the change declares did not come before the change, on whatever branch that was committed
        others = [result for result in results if result.declaration != declaration]
        found = self.when(commit, results)
        if found == "unordered" and self.when(commit, others) == "before":
            found = "before"
        ran = next((result for result in results if self.ran_before(result, commit, declaration)), None)
        if found == "after" or ran:
            return ("after", None) if found == "after" else ("ran", ran)
        if found == "before" and any(self._ran_beside(result, commit) for result in others):
            found = "unordered"
        return found, None

    def ran_before(self, result: Result, commit: Commit, declaration: str) -> bool:
        """Return whether a run came before the commit that changed its bet to this declaration.

        The commit descends from the one that the run names. If that one does not hold what ran, the run was from a
        tree with uncommitted changes, which may be those of the commit.
        """
        if result.run is None or result.ran is None or not self.order.before(result.ran, commit):
            return False
        return (result.is_declared or result.declaration != declaration) and not self._follows(result.run, commit)

    def _ran_beside(self, result: Result, commit: Commit) -> bool:
        """Return whether a run names a commit of another branch than the change."""
        ran = result.ran
        if result.run is None or ran is None or not result.is_declared:
            return False
        return not self.has(ran, commit) and not self._follows(result.run, commit)

    def _follows(self, run: RunLine, commit: Commit) -> bool:
        """Return whether an earlier run of the chain names this commit or a later one: an old commit was run again."""
        entry: Line | None = self._lines.get(run.previous or "")
        while entry:  # hashes form no circle
            name = entry.environment.commit if isinstance(entry, RunLine) else None
            ran = self.order.commits.get(name or "")
            if ran and self.has(ran, commit):
                return True
            entry = self._lines.get(entry.previous or "")
        return False

    def has(self, commit: Commit, earlier: Commit) -> bool:
        """Return whether a commit has another one in its history, or is the same."""
        return commit.id == earlier.id or self.order.before(earlier, commit)
