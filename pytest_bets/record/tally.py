"""What the journal says of one bet, in brief: all that a run, a summary or a replay asks without reading every line."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from pytest_bets.record.journal import Given
from pytest_bets.record.model import Line, Record, RunCounts, UpgradeLine

RECENT: Final = 20
"""How many of a bet's last runs `show` prints."""
_VERDICTS: Final = ("PASS", "LENIENT", "FAIL", None)


@dataclass
class Tally:
    """The lines of one bet, added in the order of the journal.

    `last` is the SHA-256 of its last line. `total` is the number of runs, `recent` where the lines of the last ones
    begin in the file. `runs` has the number of runs by verdict for each declaration and code. Its keys and those of
    `wrote` are digests, so that no text of a stranger makes them long.
    """

    last: str | None = None
    total: int = 0
    recent: list[int] = field(default_factory=list)
    runs: dict[str, list[int]] = field(default_factory=dict)
    given: Given = field(default_factory=Given)
    written: dict[str, int] | bytes = field(default_factory=dict)
    """What `wrote` returns, as JSON until it is needed: a bet may have written many records."""

    @property
    def wrote(self) -> dict[str, int]:
        """Where the line begins that wrote a record, the last one written last."""
        if isinstance(self.written, bytes):
            self.written = json.loads(self.written)
        return self.written  # type: ignore[return-value]  # the lines above make it a dict

    def add(self, line: Line, sha256: str, start: int) -> None:
        """Add the bet's next line, which has this hash and begins at this byte of the file."""
        self.last = sha256
        if isinstance(line, UpgradeLine):
            self.given.add(line)
            return
        self.total += 1
        self.recent = [*self.recent[1 - RECENT :], start]
        counts = self.runs.setdefault(_key(*line.pair), [0] * len(_VERDICTS))
        counts[_VERDICTS.index(line.verdict)] += 1
        if line.record:
            self.wrote.pop(_key(line.record), None)  # so that the last one written stays the last
            self.wrote[_key(line.record)] = start

    def repeats(self, pair: tuple[str, str]) -> int:
        """Return how many runs there are of this declaration and code."""
        return sum(sum(counts) for counts in self._of(pair))

    def counts(self, record: Record) -> RunCounts:
        """Return the number of runs, of those that are comparable with the record, and of those that agree with it."""
        found = list(self._of(record.pair))
        same = sum(sum(counts) - counts[_VERDICTS.index(None)] for counts in found)
        agreed = sum(counts[_VERDICTS.index(record.verdict)] for counts in found) if record.verdict else 0
        return RunCounts(self.total, same, agreed)

    def _of(self, pair: tuple[str, str]) -> Iterator[list[int]]:
        declaration, code = pair
        for was in self.given.codes_of(code):
            if counts := self.runs.get(_key(declaration, was)):
                yield counts

    def writer(self, record_sha256: str) -> int | None:
        """Return where the line begins of the last run that wrote this record, None where no run did."""
        starts = (self.wrote.get(_key(was)) for was in (record_sha256, *self.given.records_of(record_sha256)))
        return max((start for start in starts if start is not None), default=None)

    def last_writer(self) -> int | None:
        """Return where the line begins of the last run that wrote a record, None where no run did."""
        return next(reversed(self.wrote.values()), None)

    def is_last_written(self, record_sha256: str) -> bool:
        """Tell whether the last run that wrote a record wrote this one."""
        return bool(self.wrote) and next(reversed(self.wrote)) == _key(record_sha256)


def dump(tally: Tally) -> tuple[bytes, bytes]:
    """Return a tally as JSON in two parts: what every run reads, and `wrote`, which only some ask for."""
    given = tally.given
    brief = [tally.last, tally.total, tally.recent, tally.runs, given.codes, given.records]
    wrote = tally.written
    return json.dumps(brief).encode(), wrote if isinstance(wrote, bytes) else json.dumps(wrote).encode()


def load(brief: bytes, wrote: bytes) -> Tally:
    """Return the tally in its JSON."""
    last, total, recent, runs, codes, records = json.loads(brief)
    return Tally(last, total, recent, runs, Given(codes, records), wrote)


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
