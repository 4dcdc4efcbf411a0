"""The code that records were measured with, beside the files as they are now."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_bets.audit.evidence import Drift
from pytest_bets.code.index import CodeIndex
from pytest_bets.code.staleness import Difference, Move, difference
from pytest_bets.git import log as history
from pytest_bets.git.revision import Commit
from pytest_bets.record.codec import file_sha256
from pytest_bets.record.record import CodeFiles, Record

Changed = Mapping[str, tuple[str, ...]]
"""What changed of a bet's code: by file its definitions, none for all of the file."""


def drift(
    root: Path,
    top: Path,
    now: Mapping[str, Record],
    commits: Mapping[str, Commit],
    work: Commit,
    index: CodeIndex,
) -> tuple[dict[str, list[Drift]], dict[str, tuple[Move, ...]]]:
    """Return, by bet, what is not what its record was measured with and the commits since, and what only moved."""
    changed: dict[str, Changed] = {}
    moved: dict[str, tuple[Move, ...]] = {}
    for bet, record in now.items():
        found = stale(record, index)
        if found.changed:
            changed[bet] = found.changed
        if found.moved:
            moved[bet] = found.moved
    places = {file: inside(root / file, top) for files in changed.values() for file in files}
    by = history.changed_by(top, sorted({path for path in places.values() if path}))
    drifted = {}
    for bet, files in changed.items():
        ran = commits.get(now[bet].environment.commit or "")
        since = -1 if ran is None else ran.order
        drifted[bet] = [
            Drift(file, tuple(_later(by.get(places[file] or "", ()), commits, since)) or (work,), names)
            for file, names in files.items()
        ]
    return drifted, moved


def stale(record: Record, index: CodeIndex) -> Difference:
    """Return what differs between the code of a record and that of its bet now; a file of schema 1 has no names."""
    recorded, bet = record.code, record.bet.file
    if isinstance(recorded, CodeFiles):
        return Difference({file: () for file, was in recorded.files.items() if _sha256(index, file) != was}, ())
    if not index.files.is_file(bet):
        return Difference({bet: tuple(recorded.definitions.get(bet, ()))}, ())
    code = index.of(bet)
    found = difference(recorded.definitions, code.definitions)
    if code.digest == recorded.digest:
        return Difference({}, found.moved)
    return Difference(found.changed or {"": ()}, found.moved)


def _sha256(index: CodeIndex, file: str) -> str | None:
    return file_sha256(index.files.read(file)) if index.files.is_file(file) else None


def _later(names: Sequence[str], commits: Mapping[str, Commit], since: int) -> Iterator[Commit]:
    return (commits[name] for name in names if commits[name].order > since)


def inside(path: Path, top: Path) -> str | None:
    """Return a path relative to the top folder of a checkout, None where it lies elsewhere."""
    resolved = path.resolve()
    return resolved.relative_to(top).as_posix() if resolved.is_relative_to(top) else None
