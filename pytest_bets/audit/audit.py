"""The audit: what a history says of bets, their records and their journal, and whether it can be believed."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from typing import Final

from pytest_bets.audit.chain import Chains
from pytest_bets.audit.code_notes import code_notes, drifted
from pytest_bets.audit.evidence import Ancestry, Evidence, RecordFacts, RecordRevision
from pytest_bets.audit.finding import BetReport, Entry, Kind, Level, Report
from pytest_bets.audit.journal import Runs
from pytest_bets.audit.lineage import Lineage, Moved, lineages
from pytest_bets.audit.merge import Merges
from pytest_bets.audit.order import Order, Result
from pytest_bets.audit.outside import outside_entries, unmerged_entries
from pytest_bets.audit.overview import overview_entries
from pytest_bets.audit.retraction import Retractions
from pytest_bets.audit.upgrade import Upgrades
from pytest_bets.bet.declaration import Declaration, bet_order
from pytest_bets.git.revision import Commit
from pytest_bets.record.standing import standings
from pytest_bets.record.summary import claims
from pytest_bets.record.verdict import judge
from pytest_bets.record.verify import misjudged

_ALIKE: Final = 0.8
"""From where on two hypotheses with a common measured value are the same claim."""


def audit(evidence: Evidence) -> Report:
    """Judge a history."""
    return _Auditor(evidence).report()


class _Auditor:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.order = Ancestry(evidence.commits)
        self.runs = Runs(evidence, self.order)
        self.chains = Chains(evidence, self.order)
        self.upgrades = Upgrades(evidence)
        self.bets = lineages(evidence.bets, evidence.present)
        self.records: dict[str, list[RecordRevision]] = {}
        for revision in evidence.records:
            self.records.setdefault(revision.bet, []).append(revision)
        self.results = Order(self.runs, self.records, self.order)
        self.merges = Merges(evidence.merges, self.results)
        self.declared = {declaration.id: declaration for declaration in evidence.declarations}

    def report(self) -> Report:
        """Return what is to be said, bets in the order of their numbers."""
        known = {bet for lineage in self.bets for bet in lineage.ids} | self.evidence.foreign.keys()
        ours = {line.entry.bet for line in self.evidence.lines if line.elsewhere is None}
        orphans = sorted({*self.evidence.now, *ours} - known)
        bets = [self._bet(lineage) for lineage in self.bets] + [self._orphan(bet) for bet in orphans]
        unknown = [*self.evidence.unknown, *self.evidence.foreign.values()]
        entries = [Entry("unknown", "unknown", None, None, text) for text in unknown]
        doubtful = {entry.bet or "" for bet in bets for entry in bet.entries if entry.kind in _OF_RESULTS}
        entries += overview_entries(self.evidence.pages, doubtful)
        others = [item for item in self.evidence.unmerged if item.bet not in known]
        if self.evidence.is_journal_ignored and any(revision.commit.id for revision in self.evidence.records):
            text = "git ignores the journal: records are committed, and the runs that wrote them are not"
            entries.append(Entry("finding", "vanished-line", None, None, text))
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
            *(entry for bet in lineage.ids for entry in self._recorded(bet)),
            *self.runs.entries(lineage.ids),
            *(entry for bet in lineage.ids for entry in self.chains.entries(bet)),
            *self._again(lineage),
            *self.retractions.entries(lineage.id),
            *unmerged_entries(self.evidence.unmerged, lineage.ids),
        ]
        if not results and not record and not self._left(lineage):
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

    def _left(self, lineage: Lineage) -> bool:
        return bool(lineage.gone) or lineage.path not in self.evidence.present

    def _orphan(self, bet: str) -> BetReport:
        text = "has results, and no commit has ever held its file"
        entries = [Entry("finding", "undeclared", bet, None, text), *self._recorded(bet)]
        return BetReport(bet, "", None, None, None, None, tuple(entries))

    def _file(self, lineage: Lineage, results: Sequence[Result]) -> Iterator[Entry]:
        def entry(level: Level, kind: Kind, commit: Commit | None, text: str) -> Entry:
            return Entry(level, kind, lineage.id, commit, text)

        declared = lineage.declared
        if declared and results:
            when = self.results.when(declared, results)
            if when == "same":
                text = "declared in the commit that brought its first result: git does not show which came first"
                yield entry("finding", "same-commit", declared, text)
            elif when != "before":
                text = "its first result is not a descendant of its declaration: it was not registered before it ran"
                yield entry("finding", "late", declared, text)
        if self._left(lineage):
            how = "was deleted" if lineage.gone else "is gone: a merge left it out"
            yield entry("finding", "vanished-bet", lineage.gone, f"the bet's file {lineage.path} {how}")
        for renamed in lineage.renamed:
            yield entry("note", "renamed", renamed.commit, f"renamed from {renamed.was} to {renamed.path}")
        for commit, reason in lineage.unreadable:
            yield entry("note", "unreadable", commit, f"this revision declares nothing that can be read: {reason}")
        for commit in lineage.returned:
            yield entry("note", "returned", commit, "the bet's file came back after it had been deleted")

    def _moved(self, lineage: Lineage, moved: Moved, results: Sequence[Result]) -> Iterator[Entry]:
        when, ran = self.results.when_changed(moved.commit, moved.after.digest, results)
        for change in moved.changes:
            if change.subject == "withdrawn" or when == "before":
                level: Level = "note"
                kind: Kind = "withdrawn" if change.subject == "withdrawn" else "changed"
                text = "" if kind == "withdrawn" else "before its first result" if results else "before it ran"
            elif change.kind == "reworded":
                level, kind, text = "note", "reworded", "after its first result: it says the same"
            else:
                level, kind, text = "finding", "goalposts", _WHEN[when].format(ran=ran.text if ran else "")
            yield Entry(level, kind, lineage.id, moved.commit, text, change)

    def _recorded(self, bet: str) -> Iterator[Entry]:
        revisions = self.records.get(bet, [])
        for before, after, commit in ((revision.before, revision.after, revision.commit) for revision in revisions):
            unreadable = after is not None and after.declaration is None and bet in self.evidence.unread
            if after and not unreadable and not self.runs.wrote(after.sha256, after.verdict):
                text = "the record's bytes are those of no run in the journal: it was edited, or its run's line is gone"
                yield Entry("finding", "edited-record", bet, commit, text)
            elif before and after and self._drifted(before, after):
                yield Entry("note", "drift", bet, commit, drifted(before, after))
        yield from self.upgrades.entries(bet)
        record = self.evidence.now.get(bet)
        if record is None:
            yield from self._without(bet, revisions)
            return
        declared = self.declared.get(bet)
        if declared and record.declaration.digest == declared.digest:
            for text in misjudged(record, declared):
                yield Entry("finding", "misjudged", bet, None, text)
        elif declared:
            text = "the record is of another declaration than the bet's file has now: run the bet again"
            yield Entry("note", "stale", bet, None, text)
        if not revisions and not self.runs.wrote(self.evidence.now_sha256[bet], record.verdict):
            yield Entry("finding", "edited-record", bet, None, "the record was written by no run in the journal")
        yield from code_notes(self.evidence, bet, record)

    def _drifted(self, before: RecordFacts, after: RecordFacts) -> bool:
        same = before.code == after.code or self.upgrades.joins(before.sha256, after.sha256)
        return before.declaration == after.declaration and not same

    def _without(self, bet: str, revisions: Sequence[RecordRevision]) -> Iterator[Entry]:
        held = [facts for revision in revisions for facts in (revision.before, revision.after) if facts]
        if held and bet not in self.evidence.unread:
            text = f"the record, which said {held[-1].verdict or 'void'}, is gone"
            deleted = revisions[-1].commit if revisions[-1].after is None else None  # a merge can leave it out
            yield Entry("finding", "vanished-record", bet, deleted, text)

    def _again(self, lineage: Lineage) -> Iterator[Entry]:
        """Tell where a bet repeats the claim of an older one that has fallen, without a challenge to it."""
        if lineage.declared is None or lineage.first is None:
            return
        for older in self.fallen:
            if older is lineage or older.declared is None or not self.order.before(older.declared, lineage.declared):
                continue
            if older.last is None or lineage.last is None or {older.id, older.last.number} & {*lineage.last.challenges}:
                continue
            if _same_claim(older.last, lineage.last):
                text = f"repeats the claim of {older.id}, which {self._fate(older)}"
                yield Entry("finding", "redeclared", lineage.id, lineage.declared, text)

    @cached_property
    def fallen(self) -> list[Lineage]:
        """The bets whose claim did not hold, is withdrawn or retracted, or whose file is gone."""
        return [lineage for lineage in self.bets if self._fate(lineage)]

    @cached_property
    def retractions(self) -> Retractions:
        """How the challenges to every bet ended."""
        found = standings(claims(list(self.evidence.now.values()), self.evidence.declarations))
        return Retractions(found, self.bets, self.runs)

    def _fate(self, lineage: Lineage) -> str:
        if self._left(lineage):
            return "was deleted"
        standing = self.retractions.standings.get(lineage.id)
        state = standing.state if standing else "stands"
        return {
            "withdrawn": "was withdrawn",
            "retracted": "was retracted",
            "falsified": "is falsified",
            "noise": "is a FAIL in the noise",
        }.get(state, "")


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


def _same_claim(one: Declaration, other: Declaration) -> bool:
    said, again = (bet.docstring.prose("Hypothesis").casefold() for bet in (one, other))
    if said == again:
        return True
    values, others = ({sentence.value for sentence in bet.sentences("strict")} for bet in (one, other))
    return bool(values & others) and SequenceMatcher(None, said, again, autojunk=False).ratio() >= _ALIKE


def _by_number(report: BetReport) -> tuple[bool, int, str]:
    number = report.id.partition("_")[0]
    return bet_order(report.id, int(number) if number.isdecimal() else None)
