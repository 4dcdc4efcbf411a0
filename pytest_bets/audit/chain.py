"""The chain of a bet's runs, replayed: which of them may have written a record, and which record they leave."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_bets.audit.evidence import Ancestry, Evidence, JournalLine
from pytest_bets.audit.finding import Entry
from pytest_bets.audit.journal import run_words
from pytest_bets.git.revision import Commit
from pytest_bets.record.due import due
from pytest_bets.record.journal import runs
from pytest_bets.record.line import Line, RunLine


@dataclass
class _Link:
    """A line of the journal.

    `run` has the digests that upgrades gave it, `before` is the line that it names, and `wrote` the last one up to here
    whose run wrote a record.
    """

    sha256: str
    entry: Line
    run: RunLine | None
    line: JournalLine | None
    before: "_Link | None" = None
    wrote: "_Link | None" = None

    @property
    def writes(self) -> bool:
        """Whether this run wrote a record."""
        return self.run is not None and self.run.record is not None

    @property
    def records(self) -> set[str]:
        """The hashes of the record that this run wrote: as it wrote it, and upgraded."""
        assert isinstance(self.entry, RunLine) and self.run  # noqa: S101, PT018  # it wrote one
        return {found for found in (self.entry.record, self.run.record) if found}

    @property
    def text(self) -> str:
        """The run in words."""
        return run_words(self.entry)

    def settle(self) -> None:
        """Find the last run up to here that wrote a record."""
        passed, link = [], self
        while not link.writes and link.wrote is None and link.before:
            passed.append(link)
            link = link.before
        link.wrote = link if link.writes else link.wrote
        for one in passed:
            one.wrote = link.wrote

    def follows(self, other: "_Link") -> bool:
        """Return whether this line comes after another one in the chain, or is the same."""
        link: _Link | None = self
        while link and link is not other:
            link = link.before
        return link is not None


class Chains:
    """The lines of the journal by bet, each after the line that it names."""

    def __init__(self, evidence: Evidence, order: Ancestry) -> None:
        self.evidence = evidence
        self.order = order
        lines = {line.sha256: line for line in evidence.lines}
        upgraded = iter(runs([entry for _, entry in evidence.journal]))
        self.links: dict[str, dict[str, _Link]] = {}
        self.copies: dict[str, int] = {}
        for digest, entry in evidence.journal:
            run = next(upgraded) if isinstance(entry, RunLine) else None
            own = self.links.setdefault(entry.bet, {})
            self.copies[digest] = self.copies.get(digest, 0) + 1
            if digest not in own:
                own[digest] = _Link(digest, entry, run, lines.get(digest))
        for own in self.links.values():
            for link in own.values():
                link.before = own.get(link.entry.previous or "")  # a merge may have put it after this one
            for link in own.values():
                link.settle()

    def entries(self, bet: str) -> Iterator[Entry]:
        """Yield where the record or a line is not what the rule for records allows."""
        links = list(self.links.get(bet, {}).values())
        yield from self._copied(bet, links)
        for link in links:
            over = self._over(link, links)
            if over:
                text = f"{link.text} wrote over the record of {over.text}, of the same declaration and code"
                yield Entry("finding", "wrong-record", bet, self._added(link), text)
        left = self._left(links)
        if left:
            yield from self._record(bet, links, left)

    def _copied(self, bet: str, links: Sequence[_Link]) -> Iterator[Entry]:
        for link in links:
            adders = link.line.adders if link.line else ()
            # a merge of two branches that both have a line may keep it twice
            united = [one for one in adders if not any(self.order.before(other, one) for other in adders)]
            copies = self.copies[link.sha256]
            if copies > 1:
                text = f"the line of {link.text} is in the journal {copies} times: it is one run"
                yield Entry("finding" if copies > len(united) else "note", "copied-line", bet, None, text)

    def _over(self, link: _Link, links: Sequence[_Link]) -> _Link | None:
        """Return the run whose record this one wrote over against the rule."""
        if not link.run or not link.writes or (link.before and _may(link.before.wrote, link.run)):
            return None
        standing_runs = (
            self._seen(link, links) if link.before is None else [link.before.wrote, *self._beside(link, links)]
        )
        return (
            None if any(_may(one, link.run) for one in standing_runs) else standing_runs[0] if standing_runs else None
        )

    def _seen(self, link: _Link, links: Sequence[_Link]) -> list[_Link | None]:
        """Return whose record stood for a run that begins a chain: its commit may hold lines that it ignores."""
        ran, later = self._commit(link), _following(link, links)
        seen = [one for one in links if ran and one.sha256 not in later and self._has(ran, one)]
        return [seen[-1].wrote] if seen else []

    def _beside(self, link: _Link, links: Sequence[_Link]) -> list[_Link | None]:
        """Return whose records may have stood because a merge took them from another branch."""
        later = _following(link, links)
        ends = self._ends([one for one in links if one.sha256 not in later])
        return [end.wrote for end in ends if end.wrote and not link.follows(end)]

    def _left(self, links: Sequence[_Link]) -> list[_Link]:
        """Return the runs whose records may stand now: one, or one a branch where branches were united since."""
        ends = [end for end in self._ends(links) if end.wrote]
        left = ends if len(ends) < 2 else [end for end in ends if not self._superseded(end, links)]
        return list({end.wrote.sha256: end.wrote for end in left if end.wrote}.values())

    def _superseded(self, end: _Link, links: Sequence[_Link]) -> bool:
        """Return whether a run of another branch wrote a record when the line of this one was there."""
        later = (link for link in links if link.writes and not end.follows(link))
        return any((ran := self._commit(link)) is not None and self._has(ran, end) for link in later)

    def _ends(self, links: Sequence[_Link]) -> list[_Link]:
        followed = {link.before.sha256 for link in links if link.before}
        return [link for link in links if link.sha256 not in followed]

    def _record(self, bet: str, links: Sequence[_Link], left: Sequence[_Link]) -> Iterator[Entry]:
        last = left[-1]
        digest = self.evidence.now_sha256.get(bet)
        if digest is None:
            revised = any(revision.bet == bet for revision in self.evidence.records)
            if bet not in self.evidence.unread and not revised:
                text = f"{last.text} wrote a record, which is not here and was never committed"
                text = f"{text}: add it, or run the bet again if the run was killed"
                yield Entry("finding", "vanished-record", bet, None, text)
            return
        if bet in self.evidence.ignored and any(link.line and link.line.added and link.line.added.id for link in left):
            text = f"git ignores the record that {last.text} wrote: the journal is committed, and the record is not"
            yield Entry("finding", "vanished-record", bet, None, text)
        if not any(digest in link.records for link in left):
            older = next((link for link in reversed(links) if link.writes and digest in link.records), None)
            if older:
                text = f"the record is that of {older.text}; {last.text} wrote a later one"
                yield Entry("finding", "wrong-record", bet, None, text)

    def _commit(self, link: _Link) -> Commit | None:
        return self.order.commits.get(link.run.environment.commit or "") if link.run else None

    def _has(self, commit: Commit, link: _Link) -> bool:
        added = self._added(link)
        return added is not None and (added.id == commit.id or self.order.before(added, commit))

    def _added(self, link: _Link) -> Commit | None:
        return link.line.added if link.line else None


def _following(link: _Link, links: Sequence[_Link]) -> set[str]:
    """Return a line and all that come after it in the chain, by hash."""
    found = {link.sha256}
    for one in links:
        if one.before and one.before.sha256 in found:
            found.add(one.sha256)
    return found


def _may(standing: _Link | None, run: RunLine) -> bool:
    """Return whether a run may write its record where that of another stands.

    The record of a run that was killed before it wrote one is missing: to measure the same again is harmless.
    """
    if standing is None or standing.run is None or due(standing.run, run):
        return True
    return standing.run.cells == run.cells and standing.run.verdict == run.verdict
