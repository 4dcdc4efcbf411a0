"""The audit: what a history says of bets, their records and their journal, and whether it can be believed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal

from pytest_bets.pure.changes import Change
from pytest_bets.pure.comparison import misjudged
from pytest_bets.pure.declaration import Declaration
from pytest_bets.pure.evidence import Ancestry, Commit, Evidence, JournalLine, RecordFacts
from pytest_bets.pure.lineage import Lineage, Moved, lineages
from pytest_bets.pure.overview import claims
from pytest_bets.pure.record import Json, cells_of
from pytest_bets.pure.standing import standings
from pytest_bets.pure.verdict import Verdict, judge

Level = Literal["finding", "note", "unknown"]
When = Literal["before", "same", "after", "unordered"]

_ALIKE: Final = 0.8
"""From where on two hypotheses with a common measured value are one claim told twice."""


@dataclass(frozen=True)
class Entry:
    """One thing that an audit says; `commit` is where it happened, None where it is so now."""

    level: Level
    kind: str
    bet: str | None
    commit: Commit | None
    text: str
    change: Change | None = None


@dataclass(frozen=True)
class BetReport:
    """What an audit says of one bet; `under_first` is the verdict of today's record under the first criteria."""

    id: str
    path: str
    declared: Commit | None
    first_result: Commit | None
    verdict: Verdict | None
    under_first: Verdict | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Report:
    """What an audit says of a catalogue."""

    bets: tuple[BetReport, ...]
    entries: tuple[Entry, ...]
    commits: int

    @property
    def all(self) -> list[Entry]:
        """Every entry, those of bets first."""
        return [*(entry for bet in self.bets for entry in bet.entries), *self.entries]

    @property
    def state(self) -> Literal["clean", "findings", "unknown"]:
        """Findings outweigh what cannot be told, which outweighs nothing."""
        levels = {entry.level for entry in self.all}
        return "findings" if "finding" in levels else "unknown" if "unknown" in levels else "clean"


def audit(evidence: Evidence) -> Report:
    """Judge a history."""
    return _Auditor(evidence).report()


class _Auditor:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.order = Ancestry(evidence.commits)
        self.bets = lineages(evidence.bets)
        self.declared = {declaration.id: declaration for declaration in evidence.declarations}
        self.lines: dict[str, list[JournalLine]] = {}
        for line in evidence.lines:
            self.lines.setdefault(line.entry["bet"], []).append(line)
        self.journal: dict[str, list[tuple[str, Json]]] = {}
        for sha256, entry in evidence.journal:
            self.journal.setdefault(entry["bet"], []).append((sha256, entry))
        self.wrote = {line.entry["record"] for line in evidence.lines} | {
            entry["record"] for _, entry in evidence.journal
        }

    def report(self) -> Report:
        """Return what is to be said, bets in the order of their numbers."""
        known = {bet for lineage in self.bets for bet in lineage.ids}
        orphans = sorted({*self.evidence.now, *self.lines, *self.journal} - known)
        bets = [self._bet(lineage) for lineage in self.bets] + [self._orphan(bet) for bet in orphans]
        entries = [
            *(Entry("unknown", "unknown", None, None, text) for text in self.evidence.unknown),
            *(Entry("note", "unreadable", None, None, text) for text in self.evidence.unreadable),
        ]
        return Report(tuple(sorted(bets, key=_by_number)), tuple(entries), len(self.evidence.commits))

    def _bet(self, lineage: Lineage) -> BetReport:
        results = self._results(lineage.ids)
        record = self.evidence.now.get(lineage.id)
        entries = [
            *self._file(lineage, results),
            *(entry for moved in lineage.moved for entry in self._moved(lineage, moved, results)),
            *(entry for bet in lineage.ids for entry in self._recorded(bet)),
            *self._runs(lineage),
            *self._again(lineage),
        ]
        if not results and not record and lineage.gone is None:
            entries.append(Entry("note", "never-run", lineage.id, None, "it has never come to a verdict"))
        verdict, under_first = None, None
        if record and record["verdict"]:
            cells = cells_of(record)
            verdict = judge(self.declared[lineage.id].criteria, cells) if lineage.id in self.declared else None
            if lineage.moved and lineage.first and lineage.last and lineage.first.digest != lineage.last.digest:
                under_first = judge(lineage.first.criteria, cells)
        first = min(results, key=lambda commit: commit.order, default=None)
        told = tuple(sorted(entries, key=lambda entry: entry.commit.order if entry.commit else len(self.order.commits)))
        return BetReport(lineage.id, lineage.path, lineage.declared, first, verdict, under_first, told)

    def _orphan(self, bet: str) -> BetReport:
        text = "has results, and no commit has ever held its file"
        entries = [Entry("finding", "undeclared", bet, None, text), *self._recorded(bet)]
        return BetReport(bet, "", None, None, None, None, tuple(entries))

    def _results(self, ids: Sequence[str]) -> list[Commit]:
        """Return the commits that brought a verdict on a bet: a line of the journal, or a record."""
        found = [line.added for bet in ids for line in self.lines.get(bet, ()) if line.entry["verdict"] and line.added]
        found += [
            revision.commit
            for revision in self.evidence.records
            if revision.bet in ids and revision.after and revision.after.verdict
        ]
        return list({commit.id: commit for commit in found}.values())

    def _when(self, commit: Commit, results: Sequence[Commit]) -> When:
        if any(self.order.before(result, commit) for result in results):
            return "after"
        if any(result.id == commit.id for result in results):
            return "same"
        return "before" if all(self.order.before(commit, result) for result in results) else "unordered"

    def _file(self, lineage: Lineage, results: Sequence[Commit]) -> Iterator[Entry]:
        def entry(level: Level, kind: str, commit: Commit | None, text: str) -> Entry:
            return Entry(level, kind, lineage.id, commit, text)

        declared = lineage.declared
        if declared and results:
            when = self._when(declared, results)
            if when == "same":
                text = "declared in the commit that brought its first result: git cannot tell which came first"
                yield entry("finding", "same-commit", declared, text)
            elif when != "before":
                text = "its first result is not a descendant of its declaration: it was not registered before it ran"
                yield entry("finding", "late", declared, text)
        if lineage.gone:
            yield entry("finding", "vanished-bet", lineage.gone, f"the bet's file {lineage.path} was deleted")
        for renamed in lineage.renamed:
            yield entry("note", "renamed", renamed.commit, f"renamed from {renamed.was} to {renamed.path}")
        for commit, reason in lineage.unreadable:
            yield entry("note", "unreadable", commit, f"this revision declares nothing that can be read: {reason}")
        for commit in lineage.returned:
            yield entry("note", "returned", commit, "the bet's file came back after it had been deleted")

    def _moved(self, lineage: Lineage, moved: Moved, results: Sequence[Commit]) -> Iterator[Entry]:
        when = self._when(moved.commit, results) if results else "before"
        for change in moved.changes:
            if change.subject == "withdrawn" or when == "before":
                level: Level = "note"
                kind = "withdrawn" if change.subject == "withdrawn" else "changed"
                text = "" if kind == "withdrawn" else "before its first result" if results else "before it ran"
            else:
                level, kind, text = "finding", "goalposts", _WHEN[when]
            yield Entry(level, kind, lineage.id, moved.commit, text, change)

    def _recorded(self, bet: str) -> Iterator[Entry]:
        revisions = [revision for revision in self.evidence.records if revision.bet == bet]
        for revision in revisions:
            before, after = revision.before, revision.after
            if after is None:
                if bet not in self.evidence.now:
                    said = f", which said {before.verdict or 'void'}" if before else ""
                    yield Entry("finding", "vanished-record", bet, revision.commit, f"the record{said}, was deleted")
            elif after.sha256 not in self.wrote:
                text = "the record's bytes are those of no run in the journal: it was edited, or its run's line is gone"
                yield Entry("finding", "edited-record", bet, revision.commit, text)
            elif before and before.declaration == after.declaration and before.code != after.code:
                yield Entry("note", "drift", bet, revision.commit, _drifted(before, after))
        record = self.evidence.now.get(bet)
        if record is None:
            return
        if bet in self.declared and record["declaration"]["digest"] == self.declared[bet].digest:
            for text in misjudged(record, self.declared[bet]):
                yield Entry("finding", "misjudged", bet, None, text)
        elif bet in self.declared:
            text = "the record is of another declaration than the bet's file has now: run the bet again"
            yield Entry("note", "stale", bet, None, text)
        if not revisions and self.evidence.now_sha256[bet] not in self.wrote:
            yield Entry("finding", "edited-record", bet, None, "the record was written by no run in the journal")
        for drift in self.evidence.drift.get(bet, ()):
            commits = ", ".join(commit.id[:10] or "not committed" for commit in drift.commits) or "not committed"
            text = f"the record is stale: {drift.file} has changed since ({commits}); run the bet again"
            yield Entry("note", "stale", bet, None, text)

    def _runs(self, lineage: Lineage) -> Iterator[Entry]:
        present = {sha256 for bet in lineage.ids for sha256, _ in self.journal.get(bet, ())}
        for bet in lineage.ids:
            for line in self.lines.get(bet, ()):
                if line.sha256 not in present:
                    said = line.entry["verdict"] or "void"
                    text = f"the journal's line of {line.entry['time']} ({said}) is gone"
                    yield Entry("finding", "vanished-line", bet, line.removed, text)
            yield from self._chain(bet)
            yield from self._registered(bet)
            yield from self._disagreeing(bet)

    def _chain(self, bet: str) -> Iterator[Entry]:
        ever = {line.sha256 for line in self.lines.get(bet, ())}
        known = {sha256 for sha256, _ in self.journal.get(bet, ())} | ever
        for _, entry in self.journal.get(bet, ()):
            if entry["previous"] is not None and entry["previous"] not in known:
                text = f"the line before that of {entry['time']} is missing: its hash is in the chain, and it never was"
                yield Entry("finding", "broken-chain", bet, None, f"{text} committed")
        starts = [line for line in self.lines.get(bet, ()) if line.entry["previous"] is None and line.added]
        for one, other in pairwise(starts):
            if one.added and other.added and self.order.before(one.added, other.added):
                text = f"the chain begins anew with the line of {other.entry['time']}: earlier lines were set aside"
                yield Entry("finding", "broken-chain", bet, other.added, text)

    def _registered(self, bet: str) -> Iterator[Entry]:
        for _, entry in self.journal.get(bet, ()):
            if entry["verdict"] is None or entry.get("pilot"):
                continue
            ran, commit = f"the run of {entry['time']} ({entry['verdict']})", entry["environment"]["commit"]
            if entry["registration"] == "unregistered":
                text = f"{ran} was of a declaration that was not committed"
                yield Entry("finding", "unregistered", bet, None, text)
            elif commit is None:
                text = f"{ran} does not know its commit: it ran outside git"
                yield Entry("finding", "unregistered", bet, None, text)
            elif commit not in self.evidence.commits:
                text = f"{ran} names commit {commit[:10]}, which is not in this history: amended, rebased or squashed"
                yield Entry("finding", "lost-commit", bet, None, text)
            elif entry["registration"] == "registered" and not self._held(bet, commit, entry["declaration"]):
                text = f"{ran} says registered, and commit {commit[:10]} holds another declaration"
                yield Entry("finding", "unregistered", bet, self.evidence.commits[commit], text)
            if entry["environment"]["dirty"]:
                yield Entry("note", "dirty", bet, None, f"{ran} was from a tree with uncommitted changes")

    def _held(self, bet: str, commit: str, digest: str) -> bool:
        return any(
            held == digest for (at, path), held in self.evidence.held.items() if at == commit and _is_of(path, bet)
        )

    def _disagreeing(self, bet: str) -> Iterator[Entry]:
        pairs: dict[tuple[str, str], list[str]] = {}
        for _, entry in self.journal.get(bet, ()):
            if entry["verdict"] and not entry.get("pilot"):
                pairs.setdefault((entry["declaration"], entry["code"]), []).append(entry["verdict"])
        for verdicts in pairs.values():
            if len(set(verdicts)) > 1:
                text = f"unstable: runs of the same declaration and code came to {', '.join(verdicts)}"
                yield Entry("note", "unstable", bet, None, text)
        sequence = [verdicts[0] for verdicts in pairs.values()]
        if len(sequence) > 1 and "FAIL" in sequence[:-1] and sequence[-1] != "FAIL":
            text = f"ran with {len(sequence)} versions of its code or declaration, which came to {', '.join(sequence)}"
            yield Entry("note", "retried", bet, None, text)

    def _again(self, lineage: Lineage) -> Iterator[Entry]:
        """Tell where a bet repeats the claim of an older one that has fallen."""
        if lineage.declared is None or lineage.first is None:
            return
        for older in self.fallen:
            if older is lineage or older.declared is None or not self.order.before(older.declared, lineage.declared):
                continue
            if older.last and lineage.last and _same_claim(older.last, lineage.last):
                text = f"repeats the claim of {older.id}, which {self._fate(older)}"
                yield Entry("finding", "redeclared", lineage.id, lineage.declared, text)

    @cached_property
    def fallen(self) -> list[Lineage]:
        """The bets whose claim did not hold, is withdrawn or retracted, or whose file is gone."""
        return [lineage for lineage in self.bets if self._fate(lineage)]

    @cached_property
    def _standings(self) -> Mapping[str, str]:
        found = standings(claims(list(self.evidence.now.values()), self.evidence.declarations))
        return {bet: standing.state for bet, standing in found.items()}

    def _fate(self, lineage: Lineage) -> str:
        if lineage.gone:
            return "was deleted"
        state = self._standings.get(lineage.id, "stands")
        return {"withdrawn": "was withdrawn", "retracted": "was retracted", "falsified": "is falsified"}.get(state, "")


_WHEN: Final[Mapping[str, str]] = {
    "after": "after its first result: the goalposts moved",
    "same": "in the commit that brought a result: git cannot tell which came first",
    "unordered": "on another branch than its results: git cannot tell which came first",
}


def _drifted(before: RecordFacts, after: RecordFacts) -> str:
    old, new = before.files or {}, after.files or {}
    files = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    verdicts = f"{before.verdict or 'void'} before, {after.verdict or 'void'} after"
    return f"metric drift: measured again with other code ({', '.join(files)}); {verdicts}"


def _same_claim(one: Declaration, other: Declaration) -> bool:
    said, again = (bet.docstring.prose("Hypothesis").casefold() for bet in (one, other))
    if said == again:
        return True
    values, others = ({sentence.value for sentence in bet.sentences("strict")} for bet in (one, other))
    return bool(values & others) and SequenceMatcher(None, said, again, autojunk=False).ratio() >= _ALIKE


def _is_of(path: str, bet: str) -> bool:
    return path.rpartition("/")[2] == f"bet_{bet}.py"


def _by_number(report: BetReport) -> tuple[bool, int, str]:
    number = report.id.partition("_")[0]
    return not number.isdecimal(), int(number) if number.isdecimal() else 0, report.id
