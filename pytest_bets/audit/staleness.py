"""The code that records were measured with, beside the files as they are now."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, takewhile
from pathlib import Path

from pytest_bets.audit.evidence import Drift
from pytest_bets.code.index import CodeIndex
from pytest_bets.code.staleness import Definitions, Difference, Move, difference
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
    files: Mapping[str, str],
) -> tuple[dict[str, list[Drift]], dict[str, tuple[Move, ...]]]:
    """Return, by bet, what is not what its record was measured with and the commits since, and what only moved.

    `files` are the files of the bets now, by their ids.
    """
    changed: dict[str, Changed] = {}
    moved: dict[str, tuple[Move, ...]] = {}
    for bet, record in now.items():
        found = stale(record, index, files.get(bet))
        if found.changed:
            changed[bet] = found.changed
        if found.moved:
            moved[bet] = found.moved
    places = {file: inside(root / file, top) for differs in changed.values() for file in differs}
    paths = sorted({path for path in places.values() if path})
    by, dirty = history.changed_by(top, paths), _uncommitted(top, paths)
    drifted: dict[str, list[Drift]] = {}
    for bet, differs in changed.items():
        ran = commits.get(now[bet].environment.commit or "")
        since = -1 if ran is None else ran.order
        drifted[bet] = []
        for file, names in differs.items():
            later = tuple(_later(by.get(places[file] or "", ()), commits, since))
            drifted[bet].append(Drift(file, later or ((work,) if places[file] in dirty else ()), names))
    return drifted, moved


def _uncommitted(top: Path, paths: Sequence[str]) -> set[str]:
    """Return the paths whose files are not those of HEAD; a submodule has a HEAD of its own."""
    heads = history.contents(top, [f"HEAD:{path}" for path in paths])
    found = set()
    for path, head in zip(paths, heads, strict=True):
        disk = (top / path).read_bytes() if (top / path).is_file() else None
        if head is None and any((folder / ".git").exists() for folder in _folders(top / path, top)):
            continue
        if (head and file_sha256(head)) != (disk and file_sha256(disk)):
            found.add(path)
    return found


def _folders(path: Path, top: Path) -> Iterator[Path]:
    return takewhile(top.__ne__, path.parents)


def stale(record: Record, index: CodeIndex, file: str | None = None) -> Difference:
    """Return what differs between the code of a record and that of its bet now; a file of schema 1 has no names.

    `file` is the bet's file now, None where there is none: the record has the one that it was measured with.
    """
    recorded, bet = record.code, file or record.bet.file
    if isinstance(recorded, CodeFiles):
        return Difference({file: () for file, was in recorded.files.items() if _sha256(index, file) != was}, ())
    if not index.files.is_file(bet):
        return Difference({bet: tuple(recorded.definitions.get(bet, ()))}, ())
    nearest: Difference | None = None
    for folders in searches(recorded.definitions):
        code = index.searching(folders).of(bet)
        found = difference(recorded.definitions, code.definitions)
        if code.digest == recorded.digest:
            return Difference({}, found.moved)
        if nearest is None or len(found.changed) < len(nearest.changed):
            nearest = found
    assert nearest  # noqa: S101  # the folders of today are searched at least
    return Difference(nearest.changed or {"": ()}, nearest.moved)


def searches(definitions: Definitions) -> Iterator[tuple[str, ...]]:
    """Yield the folders in which modules may have been found, beside those of today: settings change."""
    yield ()
    folders = {folder for name in definitions for folder in _around(name)}
    if folders:
        yield tuple(sorted(folders))


def _around(name: str) -> Iterator[str]:
    """Yield the folders around a file, outermost first."""
    yield from accumulate(posixpath.dirname(name).split("/"), posixpath.join)


def _sha256(index: CodeIndex, file: str) -> str | None:
    return file_sha256(index.files.read(file)) if index.files.is_file(file) else None


def _later(names: Sequence[str], commits: Mapping[str, Commit], since: int) -> Iterator[Commit]:
    return (commits[name] for name in names if commits[name].order > since)


def inside(path: Path, top: Path) -> str | None:
    """Return a path relative to the top folder of a checkout, None where it lies elsewhere."""
    resolved = path.resolve()
    return resolved.relative_to(top).as_posix() if resolved.is_relative_to(top) else None
