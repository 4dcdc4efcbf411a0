"""Merges held against every parent: a merge can bring back what a bet declared before its result."""

from collections.abc import Iterator, Sequence
from typing import TypeGuard

from pytest_bets.audit.evidence import BetContent, MergeSide
from pytest_bets.audit.finding import Entry
from pytest_bets.audit.lineage import Lineage
from pytest_bets.audit.order import Order, Result
from pytest_bets.audit.reruns import Reruns
from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.diff import Change, changes
from pytest_bets.git.revision import Commit


class Merges:
    """What merges changed of bets, seen from each parent."""

    def __init__(self, sides: Sequence[MergeSide], order: Order, reruns: Reruns) -> None:
        self.order = order
        self.reruns = reruns
        self._by_parent: dict[tuple[str, str], list[MergeSide]] = {}
        for side in sides:
            self._by_parent.setdefault((side.commit.id, side.parent.id), []).append(side)

    def entries(self, lineage: Lineage, results: Sequence[Result]) -> Iterator[Entry]:
        """Yield the changes in merges since a result that a parent has, and that no commit of another parent made."""
        made = [(moved.commit, moved.changes) for moved in lineage.moved]
        for sides in self._by_parent.values():
            merge, parent = sides[0].commit, sides[0].parent
            own = [side for side in sides if side.path in lineage.paths]
            before, after = self._before(lineage, own), self._after(lineage, own)
            if before is None or after is None:
                continue
            known = [result for result in results if self._is_known(result, merge, parent, after)]
            if not known:
                continue
            explained = {_key(change) for commit, of in made if self._is_of(commit, merge, parent) for change in of}
            found = tuple(change for change in changes(before, after) if _key(change) not in explained)
            made.append((merge, found))
            for change in found:
                reseeds = change.kind == "reworded" and self.reruns.reseeds(lineage.ids, before, after, change)
                yield self._entry(lineage, merge, parent, change, reseeds)

    def _before(self, lineage: Lineage, own: Sequence[MergeSide]) -> Declaration | None:
        """Return what a bet declares in the parent, or what it did before, where that cannot be read."""
        contents = [side.before for side in own if side.before]
        earlier = (declared for commit, declared in reversed(lineage.readable) if self.order.has(own[0].parent, commit))
        return next(filter(_is_declared, contents), None) or (next(earlier, None) if contents else None)

    def _after(self, lineage: Lineage, own: Sequence[MergeSide]) -> Declaration | None:
        """Return what a bet declares in the merge, or what it does next, where the merge left it out or broke it."""
        contents = [side.after for side in sorted(own, key=lambda side: side.path != lineage.path)]
        later = (declared for commit, declared in lineage.readable if own and self.order.has(commit, own[0].commit))
        return next(filter(_is_declared, contents), None) or next(later, None)

    def _entry(self, lineage: Lineage, merge: Commit, parent: Commit, change: Change, reseeds: bool) -> Entry:
        if reseeds:
            text = f"after a result that the parent {parent.id[:10]} has: it says the same, and gives the replications"
            return Entry("finding", "goalposts", lineage.id, merge, f"{text} other seeds", change)
        if change.subject == "withdrawn":
            text = f"the merge leaves out what its parent {parent.id[:10]} has"
            return Entry("note", "withdrawn", lineage.id, merge, text, change)
        if change.kind == "reworded":
            return Entry("note", "reworded", lineage.id, merge, "after its first result: it says the same", change)
        text = f"the merge changed what its parent {parent.id[:10]} declares, which has a result"
        return Entry("finding", "goalposts", lineage.id, merge, f"{text}: the goalposts moved", change)

    def _is_known(self, result: Result, merge: Commit, parent: Commit, after: Declaration) -> bool:
        if self.order.has(parent, result.commit):
            return True
        ran = result.ran
        return ran is not None and self.order.has(parent, ran) and self.order.ran_before(result, merge, after.digest)

    def _is_of(self, commit: Commit, merge: Commit, parent: Commit) -> bool:
        """Return whether a commit is the merge or came with another parent."""
        return self.order.has(merge, commit) and not self.order.has(parent, commit)


def _is_declared(contents: BetContent | None) -> TypeGuard[Declaration]:
    return isinstance(contents, Declaration)


def _key(change: Change) -> tuple[str, str, str]:
    return change.subject, change.name, change.after
