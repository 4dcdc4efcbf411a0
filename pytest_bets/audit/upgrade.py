"""Upgrades of records, held against the runs that they say the records are of."""

from collections.abc import Iterator

from pytest_bets.audit.evidence import Evidence
from pytest_bets.audit.finding import Entry
from pytest_bets.record.codec import dump, rows_of, sha256
from pytest_bets.record.journal import before, upgrades
from pytest_bets.record.line import RunLine, UpgradeLine


class Upgrades:
    """The lines of a journal that are of upgrades."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        entries = [*(line.entry for line in evidence.lines), *(entry for _, entry in evidence.journal)]
        self.wrote = {(entry.bet, entry.record) for entry in entries if isinstance(entry, RunLine)}
        self.lines: dict[str, list[UpgradeLine]] = {}
        for entry in upgrades(entries):
            if entry not in self.lines.setdefault(entry.bet, []):
                self.lines[entry.bet].append(entry)
        self.pairs = {(line.was.record, line.record) for lines in self.lines.values() for line in lines}

    def joins(self, was: str, now: str) -> bool:
        """Return whether an upgrade made the one record of the other, by their hashes, in either direction."""
        return (was, now) in self.pairs or (now, was) in self.pairs

    def entries(self, bet: str) -> Iterator[Entry]:
        """Yield where an upgrade changed more than it may."""
        for line in self.lines.get(bet, ()):
            for text in self._faults(line):
                yield Entry("finding", "edited-record", bet, None, f"the upgrade of {line.time}: {text}")

    def _faults(self, line: UpgradeLine) -> Iterator[str]:
        if (line.bet, line.was.record) not in self.wrote:
            yield "no run in the journal wrote the record that it upgraded"
        upgraded = self.evidence.upgraded.get(line.record)
        if upgraded is None:
            return
        was = before(upgraded.record, line)
        if sha256(dump(was, rows_of(was))) != line.was.record:
            yield "the record says something else than the one that the run wrote"
        if isinstance(upgraded.code, str):
            yield upgraded.code
        elif upgraded.record.code != upgraded.code or line.code != upgraded.code.digest:
            yield "the code in the record is not what its commit gives"
