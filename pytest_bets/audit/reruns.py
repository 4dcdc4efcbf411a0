"""Runs of one bet that came to different verdicts, under whatever ids it had."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from pytest_bets.audit.finding import Entry
from pytest_bets.audit.meanings import Meanings
from pytest_bets.bet.declaration import CRITERIA, Declaration
from pytest_bets.bet.diff import Change
from pytest_bets.diagnostics import count_noun
from pytest_bets.record.journal import runs
from pytest_bets.record.line import Line, RunLine
from pytest_bets.record.verdict import RANK


class Reruns:
    """The runs of a bet that came to a verdict, in the order of the journal.

    `recorded` are the digests of the code of all records that the history or the working tree has.
    """

    def __init__(self, lines: Sequence[Line], meanings: Meanings, recorded: Collection[str]) -> None:
        self.recorded = recorded
        self.ran = [entry for entry in runs(lines) if entry.verdict is not None and not entry.pilot]
        self.meanings = meanings

    def entries(self, bet: str, ids: Sequence[str]) -> Iterator[Entry]:
        """Yield what is to be said of the verdicts of a bet that had these ids."""
        ran = [entry for entry in self.ran if entry.bet in ids]
        yield from self._disagreeing(bet, ran)
        yield from self._unrecorded(bet, ran)
        yield from self._reseeded(ran)
        yield from self._unseen(bet, ran)
        for entry in ran:
            yield from self._counted(entry)

    def reseeds(self, ids: Sequence[str], before: Declaration, after: Declaration, change: Change) -> bool:
        """Return whether other words for the same gave a replicated bet other seeds, which can be chosen that way.

        A linter can reword a sweep: that is a finding only where the new seeds gave a better verdict.
        """
        if not (before.replicate and after.replicate) or change.subject not in (*CRITERIA, "sweep"):
            return False
        if before.seeds(1) == replace(after, file=before.file).seeds(1):
            return False
        return change.subject != "sweep" or self._improved(ids, before.digest, after.digest)

    def _improved(self, ids: Sequence[str], before: str, after: str) -> bool:
        """Return whether a run of the declaration `after` came to more than one of `before`; both are digests."""
        ran = [entry for entry in self.ran if entry.bet in ids]
        was = [_rank(entry) for entry in ran if entry.declaration == before]
        now = [_rank(entry) for entry in ran if entry.declaration == after]
        return bool(was and now) and max(now) > min(was)

    def _disagreeing(self, bet: str, ran: Sequence[RunLine]) -> Iterator[Entry]:
        pairs: dict[tuple[str, str], list[str]] = {}
        for entry in ran:
            pair = self.meanings.meaning(entry.declaration), entry.code
            pairs.setdefault(pair, []).append(str(entry.verdict))
        for verdicts in pairs.values():
            if len(set(verdicts)) > 1:
                text = f"unstable: runs of the same declaration and code came to {', '.join(verdicts)}"
                yield Entry("note", "unstable", bet, None, text)
        found = [((self.meanings.meaning(entry.declaration), entry.code), str(entry.verdict)) for entry in ran]
        if _is_better_by_another(found):
            sequence = [verdict for (_, verdict), _ in groupby(found)]  # the same again is said once
            text = f"ran with {len(pairs)} versions of its code or declaration, which came to {', '.join(sequence)}"
            yield Entry("note", "retried", bet, None, text)

    def _unrecorded(self, bet: str, ran: Sequence[RunLine]) -> Iterator[Entry]:
        """Find runs of the same declaration with other code whose records were replaced before they were committed."""
        codes: dict[str, set[str]] = {}
        for entry in ran:
            codes.setdefault(self.meanings.meaning(entry.declaration), set()).add(entry.code)
        lost = [
            f"{entry.verdict} ({entry.time})"
            for entry in ran
            if entry.code not in self.recorded and entry.replication is None
            if len(codes[self.meanings.meaning(entry.declaration)]) > 1
        ]
        if lost:
            text = "metric drift: measured with other code, and the record of it was replaced before a commit had it"
            yield Entry("note", "drift", bet, None, f"{text}: {', '.join(lost)}")

    def _reseeded(self, ran: Sequence[RunLine]) -> Iterator[Entry]:
        """Find seeds that became better ones with another id: seeds are made from it, so ids can be tried out."""
        reported = set()
        for place, entry in enumerate(ran):
            for before in ran[:place]:
                if before.bet == entry.bet or _rank(entry) <= _rank(before) or (before.bet, entry.bet) in reported:
                    continue
                if self._is_replicated(before) and self._is_replicated(entry):
                    reported.add((before.bet, entry.bet))
                    text = (
                        f"as {before.bet} it came to {before.verdict}; its new id gave it other seeds, "
                        f"and with them it came to {entry.verdict}"
                    )
                    yield Entry("finding", "reseeded", entry.bet, None, text)

    def _unseen(self, bet: str, ran: Sequence[RunLine]) -> Iterator[Entry]:
        """Find code that took part in a run and is not in its digest, and what of it changed between runs."""
        last: RunLine | None = None
        for entry in ran:
            was, now = (dict(run.environment.unseen or {}) if run else {} for run in (last, entry))
            if now and now != was:
                text = f"the run of {entry.time} ({entry.verdict}) loaded code that its digest does not cover"
                yield Entry("note", "unseen-code", bet, None, f"{text}: {', '.join(now)}")
            changed = sorted(name for name in was.keys() & now.keys() if was[name] != now[name])
            if changed and last:
                text = f"measured again with other code that its digest does not cover ({', '.join(changed)})"
                yield Entry("note", "drift", bet, None, f"{text}; {last.verdict} before, {entry.verdict} after")
            last = entry

    def _is_replicated(self, entry: RunLine) -> bool:
        declared = self.meanings.declared(entry.declaration)
        return declared is not None and declared.replicate is not None

    def _counted(self, entry: RunLine) -> Iterator[Entry]:
        """Find a run whose number of cells its declaration cannot give."""
        spanned = self.meanings.spanned(entry.declaration)
        if spanned is not None and entry.cells.count != spanned:
            text = f"the run of {entry.time} ({entry.verdict}) measured {count_noun(entry.cells.count, 'cell')}"
            yield Entry("finding", "other-cells", entry.bet, None, f"{text}: its declaration spans {spanned}")


def _is_better_by_another(ran: Sequence[tuple[tuple[str, str], str]]) -> bool:
    """Return whether a run of another declaration or code came to a better verdict than one before it."""
    lowest: dict[tuple[str, str], int] = {}
    for pair, verdict in ran:
        if any(RANK[verdict] > low for other, low in lowest.items() if other != pair):
            return True
        lowest[pair] = min(RANK[verdict], lowest.get(pair, RANK[verdict]))
    return False


def _rank(entry: RunLine) -> int:
    return RANK["CATASTROPHE" if entry.catastrophic else str(entry.verdict)]
