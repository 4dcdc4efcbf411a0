"""The records of one bet through its history, under whatever ids it had: what they measured, and what follows."""

from collections.abc import Iterator, Sequence

from pytest_bets.audit.code_notes import drifted
from pytest_bets.audit.evidence import Evidence, RecordHeader, RecordRevision
from pytest_bets.audit.finding import Entry
from pytest_bets.audit.meanings import Meanings
from pytest_bets.audit.upgrade import Upgrades
from pytest_bets.record.consistency import parameters
from pytest_bets.record.verify import misjudged_by_itself


class Measured:
    """Records held against themselves, and against the record before them."""

    def __init__(self, evidence: Evidence, meanings: Meanings, upgrades: Upgrades) -> None:
        self.evidence = evidence
        self.meanings = meanings
        self.upgrades = upgrades
        self.revisions: dict[str, list[RecordRevision]] = {}
        for revision in evidence.records:
            self.revisions.setdefault(revision.bet, []).append(revision)

    def entries(self, ids: Sequence[str]) -> Iterator[Entry]:
        """Yield what is to be said of the records of a bet that had these ids."""
        reported = set[str]()
        last: RecordHeader | None = None
        revisions = sorted(
            (revision for bet in ids for revision in self.revisions.get(bet, ())),
            key=lambda revision: revision.commit.order,
        )
        for revision in revisions:
            after = revision.after
            if after is None:
                continue
            if after.sha256 not in reported:
                reported.add(after.sha256)
                yield from _contradictions(revision.bet, revision, after)
            before = revision.before or last
            if before and before.sha256 != after.sha256:
                yield from self._changed(revision, before, after)
            last = after
        for bet in ids:
            yield from self._unknown_to_git(bet)

    def _changed(self, revision: RecordRevision, before: RecordHeader, after: RecordHeader) -> Iterator[Entry]:
        if not self.meanings.same(before.declaration, after.declaration):
            return
        if before.code != after.code and not self.upgrades.joins(before.sha256, after.sha256):
            yield Entry("note", "drift", revision.bet, revision.commit, drifted(before, after))
        if before.record is None or after.record is None or after.other_cells or not after.verdict:
            return
        seeds = before.record.id == after.record.id
        was, now = parameters(before.record, seeds=seeds), parameters(after.record, seeds=seeds)
        if before.verdict and was != now:
            verdicts = f"{before.verdict} before, {after.verdict} after"
            text = f"measured with other parameters under the same declaration, {_apart(was, now)}; {verdicts}"
            yield Entry("note", "other-sweep", revision.bet, revision.commit, text)

    def _unknown_to_git(self, bet: str) -> Iterator[Entry]:
        record = self.evidence.now.get(bet)
        if record and not self.revisions.get(bet):
            yield from (Entry("finding", "misjudged", bet, None, text) for text in misjudged_by_itself(record))


def _contradictions(bet: str, revision: RecordRevision, header: RecordHeader) -> Iterator[Entry]:
    for text in header.misjudged:
        yield Entry("finding", "misjudged", bet, revision.commit, text)
    for text in header.other_cells:
        yield Entry("finding", "other-cells", bet, revision.commit, text)


def _apart(was: Sequence[str], now: Sequence[str]) -> str:
    gone, new = sorted({*was} - {*now}), sorted({*now} - {*was})
    return f"{_shown(gone) or 'the same ones'} -> {_shown(new) or 'others of the same'}"


def _shown(cells: Sequence[str]) -> str:
    return ", ".join(cells[:2]) + (f" and {len(cells) - 2} more" if len(cells) > 2 else "")
