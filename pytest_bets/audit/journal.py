"""The runs of a bet, in the journal and its history: what is gone, and what git contradicts."""

from collections.abc import Iterator, Sequence

from pytest_bets.audit.evidence import Ancestry, Evidence, JournalLine
from pytest_bets.audit.finding import Entry
from pytest_bets.audit.meanings import Meanings
from pytest_bets.bet.declaration import bet_id
from pytest_bets.record.journal import runs
from pytest_bets.record.judgement import premise_unmet
from pytest_bets.record.line import Line, RunLine
from pytest_bets.record.replication import missing


class Runs:
    """The lines of the journal, as they are and as they were."""

    def __init__(self, evidence: Evidence, order: Ancestry, meanings: Meanings) -> None:
        self.evidence = evidence
        self.order = order
        self.lines: dict[str, list[JournalLine]] = {}
        for line in evidence.lines:
            self.lines.setdefault(line.entry.bet, []).append(line)
        self.journal: dict[str, list[tuple[str, Line]]] = {}
        for sha256, entry in evidence.journal:
            self.journal.setdefault(entry.bet, []).append((sha256, entry))
        self.ran: dict[str, list[RunLine]] = {}
        """The lines of runs, by bet, with the code that upgrades gave them."""
        for entry in runs([entry for _, entry in evidence.journal]):
            self.ran.setdefault(entry.bet, []).append(entry)
        ours = [line.entry for line in evidence.lines if line.elsewhere is None] + [
            entry for _, entry in evidence.journal
        ]
        self._wrote = {entry.record for entry in ours if not _is_pilot(entry)}
        self._rehearsed = {entry.record for entry in ours if _is_pilot(entry)}
        self.meanings = meanings
        self._held: dict[tuple[str, str], set[str]] = {}
        for (commit, path), bet in evidence.declared.items():
            if bet:
                self._held.setdefault((commit, bet_id(path)), set()).add(meanings.meaning(bet.digest))

    def declares(self, commit: str, bet: str, declaration: str) -> bool:
        """Return whether a commit declares, under the id of a bet, what has this digest or means the same."""
        return self.meanings.meaning(declaration) in self._held.get((commit, bet), ())

    def wrote(self, sha256: str, verdict: str | None) -> bool:
        """Return whether a run of the audited journal wrote these bytes; those of a rehearsal have no verdict."""
        return sha256 in self._wrote or (verdict is None and sha256 in self._rehearsed)

    def entries(self, ids: Sequence[str]) -> Iterator[Entry]:
        """Yield what is to be said of the runs of a bet that had these ids."""
        for bet in ids:
            yield from self._vanished(bet)
            yield from self._chain(bet)
            yield from self._replications(bet)
            yield from self._registered(bet)
            yield from self._void(bet)

    def _vanished(self, bet: str) -> Iterator[Entry]:
        present = {sha256 for sha256, _ in self.journal.get(bet, ())}
        for line in self.lines.get(bet, ()):
            if line.sha256 in present or _is_pilot(line.entry):
                continue
            run = run_words(line.entry)
            if line.elsewhere and line.removed is None:
                text = f"{run} stands in {line.elsewhere}, and not in the journal that is audited"
                yield Entry("finding", "elsewhere", bet, line.added, text)
            else:
                yield Entry("finding", "vanished-line", bet, line.removed, f"the journal's line of {run} is gone")

    def _chain(self, bet: str) -> Iterator[Entry]:
        known = {line.sha256 for line in self.lines.get(bet, ())} | {sha256 for sha256, _ in self.journal.get(bet, ())}
        for _, entry in self.journal.get(bet, ()):
            if entry.previous is not None and entry.previous not in known:
                text = f"the line before that of {entry.time} is missing: its hash is in the chain, and it never was"
                yield Entry("finding", "broken-chain", bet, None, f"{text} committed")
        first: dict[str | None, JournalLine] = {}
        for line in (line for line in self.lines.get(bet, ()) if not _is_pilot(line.entry)):
            one = first.setdefault(line.entry.previous, line)
            if one is line or not one.added or not line.added:
                continue
            if self.order.before(one.added, line.added):
                text = f"{_named(line.entry)} did not know that of {one.entry.time}, committed before it"
                yield Entry("note", "forked-chain", bet, line.added, text)
            elif one.added.id == line.added.id and len(one.added.parents) < 2:  # no merge brought both
                text = f"{_named(line.entry)} did not know that of {one.entry.time}, committed with it"
                yield Entry("note", "forked-chain", bet, line.added, text)

    def _replications(self, bet: str) -> Iterator[Entry]:
        lines = self.ran.get(bet, ())
        for declaration in dict.fromkeys(line.declaration for line in lines if line.replication):
            for number in missing(lines, declaration):
                text = f"replication {number} has no line in the journal, and a later one has: its outcome is not known"
                yield Entry("finding", "missing-replication", bet, None, text)

    def _registered(self, bet: str) -> Iterator[Entry]:
        for entry in self.ran.get(bet, ()):
            if entry.pilot or not (entry.verdict or premise_unmet(entry)):
                continue
            ran, commit = f"the run of {entry.time} ({entry.verdict or 'void'})", entry.environment.commit
            if entry.registration == "unregistered":
                text = f"{ran} was of a declaration that was not committed"
                yield Entry("finding", "unregistered", bet, None, text)
            elif commit is None:
                text = f"{ran} does not know its commit: it ran outside git"
                yield Entry("finding", "unregistered", bet, None, text)
            elif commit not in self.evidence.commits:
                text = f"{ran} names commit {commit[:10]}, which is not in this history: amended, rebased or squashed"
                yield Entry("finding", "lost-commit", bet, None, text)
            elif not self.declares(commit, bet, entry.declaration):
                text = f"{ran} says {entry.registration}, and commit {commit[:10]} holds another declaration"
                yield Entry("finding", "unregistered", bet, self.evidence.commits[commit], text)
            if entry.environment.dirty:
                yield Entry("note", "dirty", bet, None, f"{ran} was from a tree with uncommitted changes")

    def _void(self, bet: str) -> Iterator[Entry]:
        void = [entry for entry in self.ran.get(bet, ()) if entry.verdict is None and not entry.pilot]
        if void:
            listed = "; ".join(f"{entry.time}, {entry.void}" for entry in void)
            yield Entry("note", "void", bet, None, f"{len(void)} of its runs came to no verdict: {listed}")


def run_words(entry: Line) -> str:
    """Return a line of the journal in words."""
    return f"{_named(entry)} ({entry.verdict or 'void'})" if isinstance(entry, RunLine) else _named(entry)


def _is_pilot(entry: Line) -> bool:
    return isinstance(entry, RunLine) and entry.pilot


def _named(entry: Line) -> str:
    return f"the {'run' if isinstance(entry, RunLine) else 'upgrade'} of {entry.time}"
