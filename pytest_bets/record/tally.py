"""What the journal says about one bet, in brief: all that runs, summaries and replays need from its many lines."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pytest_bets.record.journal import Given
from pytest_bets.record.line import Line, RunLine, UpgradeLine
from pytest_bets.record.record import Record
from pytest_bets.record.repetition import draw
from pytest_bets.record.summary_model import RunCounts

RECENT: Final = 20
"""How many of a bet's last runs `show` prints."""
_VERDICTS: Final = ("PASS", "LENIENT", "FAIL", None)
_FAIL: Final = _VERDICTS.index("FAIL")


@dataclass
class PairRuns:
    """The runs of one declaration and code: how many by verdict, and by draw and cells of those with a verdict.

    `measured` has beside each such number where the first of these lines begins.
    `first` and `wrote` are the first such run and the last of them that wrote a record: its place in the file, and its
    draw and cells.
    """

    verdicts: list[int] = field(default_factory=lambda: [0] * len(_VERDICTS))
    measured: dict[str, tuple[int, int]] = field(default_factory=dict)
    first: tuple[int, str] | None = None
    wrote: tuple[int, str] | None = None

    def add(self, line: RunLine, start: int) -> None:
        """Add a run whose line begins at this byte of the file."""
        self.verdicts[_VERDICTS.index(line.verdict)] += 1
        if line.verdict is not None:
            measured = f"{draw(line)}/{_key(str(line.cells.count), line.cells.sha256)}"
            count, begun = self.measured.get(measured, (0, start))
            self.measured[measured] = count + 1, begun
            self.first = self.first or (start, measured)
            self.wrote = (start, measured) if line.record else self.wrote


@dataclass
class Tally:
    """The lines of one bet, added in the order of the journal.

    `last` is the SHA-256 of its last line. `total` is the number of runs, `attempts` that of lost
    attempts at cells. `recent` and `replications` are where the
    lines of the last runs and of all replications begin in the file. `runs` has those of each declaration and code. Its
    keys and those of `wrote` are digests, so that no text of a stranger makes them long.
    """

    last: str | None = None
    total: int = 0
    attempts: int = 0
    recent: list[int] = field(default_factory=list)
    replications: list[int] = field(default_factory=list)
    runs: dict[str, PairRuns] = field(default_factory=dict)
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
        self.attempts += len(line.attempts)
        self.recent = [*self.recent[1 - RECENT :], start]
        if line.replication:
            self.replications.append(start)
        self.runs.setdefault(_key(*line.pair), PairRuns()).add(line, start)
        if line.record:
            self.wrote.pop(_key(line.record), None)  # so that the last one written stays the last
            self.wrote[_key(line.record)] = start

    def repeats(self, pair: tuple[str, str]) -> int:
        """Return how many runs there are of this declaration and code."""
        return sum(sum(runs.verdicts) for runs in self._of(pair))

    def judged(self) -> tuple[int, int]:
        """Return how many runs came to a verdict, and how many of them to FAIL."""
        verdicts = sum(sum(runs.verdicts) - runs.verdicts[_VERDICTS.index(None)] for runs in self.runs.values())
        return verdicts, _fails(self.runs.values())

    def counts(self, record: Record) -> RunCounts:
        """Return the number of runs, and what those of the record's declaration and code are to the record."""
        found = list(self._of(record.pair))
        measured: Counter[str] = Counter()
        firsts: dict[str, tuple[int, str]] = {}  # by draw, where its first run begins, and its draw and cells
        for key, (count, start) in (item for runs in found for item in runs.measured.items()):
            measured[key] += count
            firsts[_draw(key)] = min(firsts.get(_draw(key), (start, key)), (start, key))
        failed = _fails(self.runs.values()) - _fails(found)
        agreed = sum(runs.verdicts[_VERDICTS.index(record.verdict)] for runs in found) if record.verdict else 0
        origin = max((runs.wrote for runs in found if runs.wrote), default=None)
        origin = origin or min((runs.first for runs in found if runs.first), default=None)
        if origin is None:
            return RunCounts(self.total, 0, 0, 0, 0, self.attempts, failed)
        firsts[_draw(origin[1])] = origin
        again = sum(measured[key] - 1 for _, key in firsts.values())
        return RunCounts(self.total, measured.total(), agreed, again, len(firsts) - 1, self.attempts, failed)

    def _of(self, pair: tuple[str, str]) -> Iterator[PairRuns]:
        declaration, code = pair
        for was in self.given.codes_of(code):
            if runs := self.runs.get(_key(declaration, was)):
                yield runs

    def writer(self, record_sha256: str) -> int | None:
        """Return where the line begins of the last run that wrote this record, None where no run did."""
        starts = (self.wrote.get(_key(was)) for was in (record_sha256, *self.given.records_of(record_sha256)))
        return max((start for start in starts if start is not None), default=None)

    def last_writer(self) -> int | None:
        """Return where the line begins of the last run that wrote a record, None where no run did."""
        return next(reversed(self.wrote.values()), None)

    def is_last_written(self, record_sha256: str) -> bool:
        """Return whether the last run that wrote a record wrote this one."""
        return bool(self.wrote) and next(reversed(self.wrote)) == _key(record_sha256)


def _draw(measured: str) -> str:
    return measured.partition("/")[0]


def _fails(runs: Iterable[PairRuns]) -> int:
    return sum(each.verdicts[_FAIL] for each in runs)


def dump(tally: Tally) -> tuple[bytes, bytes]:
    """Return a tally as JSON in two parts: what every run reads, and `wrote`, which only some ask for."""
    given = tally.given
    runs = {pair: [each.verdicts, each.measured, each.first, each.wrote] for pair, each in tally.runs.items()}
    brief = [
        tally.last,
        tally.total,
        tally.attempts,
        tally.recent,
        tally.replications,
        runs,
        given.codes,
        given.records,
    ]
    wrote = tally.written
    return json.dumps(brief).encode(), wrote if isinstance(wrote, bytes) else json.dumps(wrote).encode()


def load(brief: bytes, written: bytes) -> Tally:
    """Return the tally in its JSON."""
    last, total, attempts, recent, replications, runs, codes, records = json.loads(brief)
    pairs = {
        pair: PairRuns(
            verdicts,
            {key: (count, start) for key, (count, start) in measured.items()},
            first and (first[0], first[1]),
            wrote and (wrote[0], wrote[1]),
        )
        for pair, (verdicts, measured, first, wrote) in runs.items()
    }
    return Tally(last, total, attempts, recent, replications, pairs, Given(codes, records), written)


def _key(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]
