"""What an audit reads of code: of today, of the commits that runs name, and of records that upgrades wrote."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_bets.audit.committed import Committed
from pytest_bets.audit.evidence import BetRevision, Drift, JournalLine, OtherCode, RecordHeader
from pytest_bets.audit.imported import Relocated, relocated
from pytest_bets.audit.staleness import drift
from pytest_bets.code.index import CodeIndex
from pytest_bets.code.program import Outlines
from pytest_bets.code.staleness import Move
from pytest_bets.git.commit import commits as open_commits
from pytest_bets.git.revision import Commit
from pytest_bets.record.journal import Upgraded, runs, upgrades
from pytest_bets.record.record import Record
from pytest_bets.record.upgrade import Recorded


@dataclass(frozen=True)
class CodePlace:
    """Where a project is: its root, the top folder of the checkout, the root from there, where modules are found."""

    root: Path
    top: Path
    inside: str
    search: Sequence[Path]


@dataclass(frozen=True)
class CodeEvidence:
    """The parts of `Evidence` that are about code."""

    drift: Mapping[str, Sequence[Drift]]
    moved: Mapping[str, Sequence[Move]]
    upgraded: Mapping[str, Upgraded]
    other_code: Sequence[OtherCode]
    relocated: frozenset[Relocated]


def code_evidence(
    place: CodePlace,
    commits: Mapping[str, Commit],
    work: Commit,
    now: Mapping[str, Record],
    bets: Sequence[BetRevision],
    lines: Sequence[JournalLine],
    headers: Mapping[str, RecordHeader],
    contents: Iterable[bytes],
    files: Mapping[str, str],
) -> CodeEvidence:
    """Return what an audit reads of code; `contents` are the bytes of every revision of a record, `files` the files of
    the bets now by their ids.

    Files are parsed once for the working tree and all commits.
    """
    outlines = Outlines()
    index = CodeIndex(place.root, place.search, outlines=outlines)
    drifted, moved = drift(place.root, place.top, now, commits, work, index, files)
    entries = [line.entry for line in lines]
    with open_commits(place.top, place.inside) as found:
        source = Recorded(place.root, place.search, found, outlines)
        upgrading = {entry.record: entry for entry in upgrades(entries)}
        upgraded = source.upgraded(upgrading, contents) if upgrading else {}
        settled = [
            (each.record.id, each.record.environment.commit or "", each.code.digest)
            for each in upgraded.values()
            if not isinstance(each.code, str)
        ]
        places = {bet: files.get(bet, record.bet.file) for bet, record in now.items()}
        codes = {bet: index.of(file) for bet, file in places.items() if index.files.is_file(file)}
        committed = Committed(place.root, place.top, place.search, found, outlines, codes)
        other = committed.others(runs(entries), headers.values(), settled)
        same = relocated(bets, lambda commit: source.index(commit) if commit else index, place.inside)
        return CodeEvidence(drifted, moved, upgraded, other, frozenset(same))
