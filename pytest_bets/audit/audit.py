"""The audit: what a history says about bets, their records and their journal, and whether it can be believed."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

from pytest_bets.audit.chain import Chains
from pytest_bets.audit.code_notes import code_notes, other_code
from pytest_bets.audit.evidence import Ancestry, Evidence, RecordRevision
from pytest_bets.audit.finding import BetReport, Entry, Kind, Level, Report
from pytest_bets.audit.journal import Runs
from pytest_bets.audit.lineage import Lineage, Moved, lineages
from pytest_bets.audit.meanings import Meanings
from pytest_bets.audit.measured import Measured
from pytest_bets.audit.merge import Merges
from pytest_bets.audit.order import Order, Result
from pytest_bets.audit.outside import outside_entries, unmerged_entries
from pytest_bets.audit.overview import overview_entries
from pytest_bets.audit.redeclared import Redeclared
from pytest_bets.audit.reruns import Reruns
from pytest_bets.audit.retraction import Retractions
from pytest_bets.audit.upgrade import Upgrades
from pytest_bets.bet.declaration import bet_order, number_in
from pytest_bets.diagnostics import count_noun
from pytest_bets.git.revision import Commit
from pytest_bets.record.summary import settle
from pytest_bets.record.verdict import judge
from pytest_bets.record.verify import unlucky


def audit(evidence: Evidence) -> Report:
    """Judge a history."""
    return _Auditor(evidence).report()


class _Auditor:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.order = Ancestry(evidence.commits)
        self.meanings = Meanings(evidence)
        self.runs = Runs(evidence, self.order, self.meanings)
        self.chains = Chains(evidence, self.order)
        self.reruns = Reruns([entry for _, entry in evidence.journal], self.meanings, _recorded_code(evidence))
        self.upgrades = Upgrades(evidence)
        self.measured = Measured(evidence, self.meanings, self.upgrades)
        self.bets = lineages(evidence.bets, evidence.present)
        self.records = self.measured.revisions
        self.results = Order(self.runs, self.records, self.order)
        self.merges = Merges(evidence.merges, self.results, self.reruns)
        self.declared = {declaration.id: declaration for declaration in evidence.declarations}

    def report(self) -> Report:
        """Return what is to be said, bets in the order of their numbers."""
        known = {bet for lineage in self.bets for bet in lineage.ids} | self.evidence.no_history.keys()
        ours = {line.entry.bet for line in self.evidence.lines if line.elsewhere is None}
        orphans = sorted({*self.evidence.now, *ours} - known)
        bets = [self._bet(lineage) for lineage in self.bets] + [self._orphan(bet) for bet in orphans]
        unknown = [*self.evidence.unknown, *self.evidence.no_history.values()]
        entries = [Entry("unknown", "unknown", None, None, text) for text in unknown]
        doubtful = {entry.bet or "" for bet in bets for entry in bet.entries if entry.kind in _OF_RESULTS}
        entries += overview_entries(self.evidence.pages, doubtful)
        others = [item for item in self.evidence.unmerged if item.bet not in known]
        if self.evidence.is_journal_ignored and any(revision.commit.id for revision in self.evidence.records):
            text = "git ignores the journal: records are committed, and the runs that wrote them are not"
            entries.append(Entry("finding", "vanished-line", None, None, text))
        text = "a line of the journal that was committed here cannot be read, and is gone"
        entries += [Entry("note", "unreadable", None, commit, text) for commit in self.evidence.broken_lines]
        entries += unmerged_entries(others, None)
        entries += outside_entries(self.evidence.outside, self.evidence.root)
        return Report(tuple(sorted(bets, key=_by_number)), tuple(entries), len(self.evidence.commits))

    def _bet(self, lineage: Lineage) -> BetReport:
        results = self.results.results(lineage.ids)
        record = next((self.evidence.now[bet] for bet in reversed(lineage.ids) if bet in self.evidence.now), None)
        entries = [
            *self._file(lineage, results),
            *(entry for moved in lineage.moved for entry in self._moved(lineage, moved, results)),
            *self.merges.entries(lineage, results),
            *(entry for moved in lineage.reworded for entry in self._reworded(lineage, moved, results)),
            *(entry for bet in lineage.ids for entry in self._recorded(bet)),
            *self.measured.entries(lineage.ids),
            *self.runs.entries(lineage.ids),
            *(entry for bet in lineage.ids for entry in self.chains.entries(bet)),
            *self.reruns.entries(lineage.id, lineage.ids),
            *other_code(self.evidence, lineage.ids),
            *self.redeclared.entries(lineage),
            *self.retractions.entries(lineage.id),
            *unmerged_entries(self.evidence.unmerged, lineage.ids),
        ]
        if not results and not record and not lineage.left:
            entries.append(Entry("note", "never-run", lineage.id, None, "it has never come to a verdict"))
        verdict, under_first = None, None
        declared = self.declared.get(lineage.id)
        if record and record.verdict:
            cells = record.cells
            verdict = judge(declared.criteria, cells) if declared else None
            if lineage.first and lineage.first.digest != (declared or lineage.last or lineage.first).digest:
                under_first = judge(lineage.first.criteria, cells)
        first = min((result.commit for result in results), key=lambda commit: commit.order, default=None)
        ordered = tuple(
            sorted(entries, key=lambda entry: entry.commit.order if entry.commit else len(self.order.commits))
        )
        return BetReport(lineage.id, lineage.path, lineage.declared, first, verdict, under_first, ordered)

    def _orphan(self, bet: str) -> BetReport:
        text = "has results, and no commit has ever held its file"
        entries = [
            Entry("finding", "undeclared", bet, None, text),
            *self._recorded(bet),
            *self.measured.entries([bet]),
            *self.reruns.entries(bet, [bet]),
        ]
        return BetReport(bet, "", None, None, None, None, tuple(entries))

    def _file(self, lineage: Lineage, results: Sequence[Result]) -> Iterator[Entry]:
        def entry(level: Level, kind: Kind, commit: Commit | None, text: str) -> Entry:
            return Entry(level, kind, lineage.id, commit, text)

        # a cherry-pick brings the same declaration to a branch: one that precedes the result is enough
        late = [
            result.commit
            for result in results
            if not any(self.order.before(introduced, result.commit) for introduced in lineage.introduced)
        ]
        if late and {result.id for result in late} <= {introduced.id for introduced in lineage.introduced}:
            text = "declared in the commit that brought its first result: git does not show which came first"
            yield entry("finding", "same-commit", late[0], text)
        elif late:
            text = "its first result is not a descendant of its declaration: it was not registered before it ran"
            yield entry("finding", "late", lineage.declared, text)
        if lineage.left:
            how = "was deleted" if lineage.gone else "is gone: a merge left it out"
            yield entry("finding", "vanished-bet", lineage.gone, f"the bet's file {lineage.path} {how}")
        if results and not lineage.left and lineage.path in self.evidence.unsearched:
            text = f"the bet's file {lineage.path} is where bets are not looked for: no session runs it"
            yield entry("note", "outside", None, text)
        for renamed in lineage.renamed:
            yield entry("note", "renamed", renamed.commit, f"renamed from {renamed.was} to {renamed.path}")
        for commit, reason in lineage.unreadable:
            yield entry("note", "unreadable", commit, f"this revision declares nothing that can be read: {reason}")
        for commit in lineage.returned:
            yield entry("note", "returned", commit, "the bet's file came back after it had been deleted")

    def _moved(self, lineage: Lineage, moved: Moved, results: Sequence[Result]) -> Iterator[Entry]:
        when, ran = self.results.when_changed(moved.commit, moved.after.digest, results)
        relinked = self._relinked(moved)
        for change in moved.changes:
            if change.subject == "withdrawn" or when == "before":
                level: Level = "note"
                kind: Kind = "withdrawn" if change.subject == "withdrawn" else "changed"
                text = "" if kind == "withdrawn" else "before its first result" if results else "before it ran"
                seen = self.results.seen_before(lineage.ids, moved.commit, moved.after.digest)
                if seen and kind == "changed":
                    cells = count_noun(seen.cells.count, "cell")
                    text = f"after a run without a verdict had measured {cells} ({seen.time}), and {text}"
            elif change.subject == "challenges" and relinked:
                level, kind, text = "note", "reworded", "after its first result: the same bet by another number"
            elif change.kind == "reworded" and self.reruns.reseeds(lineage.ids, moved.before, moved.after, change):
                level, kind = "finding", "goalposts"
                text = "after its first result: it says the same, and gives the replications other seeds"
            elif change.kind == "reworded" or (moved.commit.id, change.before, change.after) in self.evidence.relocated:
                level, kind, text = "note", "reworded", "after its first result: it says the same"
            else:
                level, kind, text = "finding", "goalposts", _WHEN[when].format(ran=ran.text if ran else "")
            yield Entry(level, kind, lineage.id, moved.commit, text, change)

    def _reworded(self, lineage: Lineage, moved: Moved, results: Sequence[Result]) -> Iterator[Entry]:
        if results and self.results.when(moved.commit, results) != "before":
            for change in moved.changes:
                yield Entry("note", "reworded", lineage.id, moved.commit, "after its first result", change)

    def _relinked(self, moved: Moved) -> bool:
        """Return whether a bet challenges the same bets as before, of which one has another number now."""
        one, other = (
            {self.now_called.get(link, link) for link in bet.challenges} for bet in (moved.before, moved.after)
        )
        return one == other

    @cached_property
    def now_called(self) -> dict[int | str, str]:
        """The present id of every bet by the numbers and ids that it had."""
        found: dict[int | str, str] = {}
        for lineage in self.bets:
            for bet in lineage.ids:
                number = number_in(bet)
                found.update({bet: lineage.id} if number is None else {bet: lineage.id, number: lineage.id})
        return found

    def _recorded(self, bet: str) -> Iterator[Entry]:
        revisions = self.records.get(bet, [])
        for after, commit in ((revision.after, revision.commit) for revision in revisions):
            unreadable = after is not None and after.declaration is None and bet in self.evidence.unread
            if after and not unreadable and not self.runs.wrote(after.sha256, after.verdict):
                text = "the record's bytes are those of no run in the journal: it was edited, or its run's line is gone"
                yield Entry("finding", "edited-record", bet, commit, text)
        yield from self.upgrades.entries(bet)
        record = self.evidence.now.get(bet)
        if record is None:
            yield from self._without(bet, revisions)
            return
        declared = self.declared.get(bet)
        if declared and not self.meanings.same(record.declaration.digest, declared.digest):
            text = "the record is of another declaration than the bet's file has now: run the bet again"
            yield Entry("note", "stale", bet, None, text)
        elif declared:
            for text in unlucky(record, declared):
                yield Entry("finding", "misjudged", bet, None, text)
        if not revisions and not self.runs.wrote(self.evidence.now_sha256[bet], record.verdict):
            yield Entry("finding", "edited-record", bet, None, "the record was written by no run in the journal")
        yield from code_notes(self.evidence, bet, record)

    def _without(self, bet: str, revisions: Sequence[RecordRevision]) -> Iterator[Entry]:
        headers = [header for revision in revisions for header in (revision.before, revision.after) if header]
        if headers and bet not in self.evidence.unread:
            text = f"the record, which said {headers[-1].verdict or 'void'}, is gone"
            deleted = revisions[-1].commit if revisions[-1].after is None else None  # a merge can leave it out
            yield Entry("finding", "vanished-record", bet, deleted, text)

    @cached_property
    def redeclared(self) -> Redeclared:
        """The bets that make the claim of an older one again."""
        return Redeclared(self.bets, dict(self.evidence.now), self.order, self.results, self.retractions)

    @cached_property
    def retractions(self) -> Retractions:
        """How the challenges to every bet ended."""
        former = {bet: lineage.id for lineage in self.bets for bet in lineage.ids if bet != lineage.id}
        found = settle(list(self.evidence.now.values()), self.evidence.declarations, former)
        return Retractions(found, self.bets, self.runs)


_OF_RESULTS: Final = frozenset[Kind](
    (
        *("undeclared", "vanished-record", "vanished-line", "broken-chain"),
        *("copied-line", "edited-record", "wrong-record"),
    )
)
"""What says that the results of a bet are not what its runs gave."""
_WHEN: Final[Mapping[str, str]] = {
    "after": "after its first result: the goalposts moved",
    "ran": "after {ran}, which was committed later: the goalposts moved",
    "same": "in the commit that brought a result: git does not show which came first",
    "unordered": "on another branch than its results: git does not show which came first",
}


def _recorded_code(evidence: Evidence) -> set[str]:
    """Return the digests of the code of every record that there is or was."""
    headers = (header for revision in evidence.records for header in (revision.before, revision.after) if header)
    return {header.code for header in headers if header.code} | {record.code.digest for record in evidence.now.values()}


def _by_number(report: BetReport) -> tuple[bool, int, str]:
    number = report.id.partition("_")[0]
    return bet_order(report.id, int(number) if number.isdecimal() else None)
