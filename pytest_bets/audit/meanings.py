"""What the digests of declarations stand for: other digests may mean the same."""

from collections.abc import Iterator

from pytest_bets.audit.evidence import Evidence
from pytest_bets.bet.declaration import Declaration
from pytest_bets.record.build import declared
from pytest_bets.record.consistency import Declared, spanned
from pytest_bets.record.record import Record


class Meanings:
    """The declarations of a history, by their digests."""

    def __init__(self, evidence: Evidence) -> None:
        self._declared: dict[str, Declared] = {}
        self._meanings: dict[str, str] = {}
        self._records: dict[str, Record] = {}
        for bet in _declarations(evidence):
            known = self._declared.get(bet.digest)
            if known is None or known.reading != bet.reading:
                reading = known.reading.merged(bet.reading) if known else bet.reading
                self._declared[bet.digest] = Declared(known.id if known else bet.id, declared(bet), reading)
        for revision in evidence.records:
            for header in (revision.before, revision.after):
                if header and header.record:
                    found = Declared(header.record.id, header.record.declaration)
                    if found.digest == found.part.digest:  # a forged record may claim any digest
                        self._declared.setdefault(found.digest, found)
                        self._records.setdefault(found.digest, header.record)

    def declared(self, digest: str) -> Declared | None:
        """Return what has this digest, None where nothing in the history has."""
        return self._declared.get(digest)

    def spanned(self, digest: str) -> int | None:
        """Return the number of cells of every run of what has this digest; None where only a run can tell."""
        record = self._records.get(digest)
        return spanned(record) if record else None

    def meaning(self, digest: str) -> str:
        """Return what all digests of the same meaning have in common."""
        if digest not in self._meanings:
            found = self._declared.get(digest)
            self._meanings[digest] = found.meaning if found else digest
        return self._meanings[digest]

    def same(self, one: str | None, other: str | None) -> bool:
        """Return whether two digests are of declarations that mean the same."""
        if one is None or other is None:
            return False
        return one == other or self.meaning(one) == self.meaning(other)


def _declarations(evidence: Evidence) -> Iterator[Declaration]:
    yield from evidence.declarations
    yield from (each for each in evidence.declared.values() if each)
    for revision in evidence.bets:
        yield from (each for each in (revision.before, revision.after) if isinstance(each, Declaration))
