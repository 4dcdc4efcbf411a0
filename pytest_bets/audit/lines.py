"""The lines of journals through a history: which commit added each, which took it out, and in which journal it is."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.audit.evidence import JournalLine
from pytest_bets.diagnostics import RecordError
from pytest_bets.git.revision import Commit
from pytest_bets.record.codec import load_line, sha256
from pytest_bets.record.line import RunLine

Touched = tuple[str, str, bool, bytes]
"""A commit, the path of a journal, whether the commit added the line, and the line."""


_CONFLICT: Final = (b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||")
"""How a line begins that git wrote into a merge which was committed with its conflicts."""


def journal_lines(
    touched: Sequence[Touched],
    present: Sequence[bytes],
    commits: Mapping[str, Commit],
    work: Commit,
    journals: Collection[str],
    ours: Callable[[str], bool],
) -> list[JournalLine]:
    """Return the lines of the audited journal, and those of any other under the root, whose path is ours.

    `journals` are the paths that the audited journal has had.
    """
    added: dict[bytes, Commit] = {}
    removed: dict[bytes, Commit] = {}
    lies: dict[bytes, str | None] = {}
    adders: dict[bytes, Counter[str]] = {}
    for name, path, came, line in _parted(touched):
        if path not in journals and not ours(path):
            continue
        commit = commits[name]
        is_merge = len(commit.parents) > 1
        if path in journals and not is_merge:
            adders.setdefault(line, Counter())[name] += 1 if came else -1
        if came:
            added.setdefault(line, commit)
            lies[line] = None if path in journals else lies.get(line, path)
        elif is_merge:
            removed.setdefault(line, commit)
        else:
            removed[line] = commit
    for line in present:
        added.setdefault(line, work)
    found = []
    for line, since in added.items():
        try:
            entry = load_line(line, "a line")
        except RecordError:  # a revision of the journal that was broken, or merged with its conflicts
            continue
        own = tuple(commits[name] for name, count in adders.get(line, Counter()).items() if count > 0)
        found.append(JournalLine(sha256(line), entry, since, removed.get(line), lies.get(line), own))
    return found


def broken_lines(
    touched: Sequence[Touched], present: Sequence[bytes], commits: Mapping[str, Commit], journals: Collection[str]
) -> list[Commit]:
    """Return the commits that added a line to the audited journal which cannot be read, and is not there today."""
    here, found = {*present}, dict[str, Commit]()
    for name, path, came, line in touched:
        if not came or path not in journals or line in here or not line.strip() or line.startswith(_CONFLICT):
            continue
        try:
            load_line(line, "a line")
        except RecordError:
            here.add(line)
            found[name] = commits[name]
    return list(found.values())


def _parted(touched: Sequence[Touched]) -> Iterator[Touched]:
    """Yield lines that carriage returns joined one by one: each was a line of the journal."""
    for name, path, came, line in touched:
        for part in line.split(b"\r"):
            yield name, path, came, part


def foreign_runs(
    touched: Sequence[Touched], lines: Sequence[JournalLine], is_foreign: Callable[[str], bool]
) -> dict[str, list[RunLine]]:
    """Return the runs with a verdict that are only in journals of foreign paths, by path."""
    known = {line.sha256 for line in lines}
    found: dict[str, list[RunLine]] = {}
    for _, path, came, line in touched:
        digest = sha256(line)
        if came and digest not in known and is_foreign(path):
            known.add(digest)
            if run := run_of(line):
                found.setdefault(path, []).append(run)
    return found


def run_of(line: bytes) -> RunLine | None:
    """Return the run with a verdict in a line of a journal, None where it is anything else."""
    try:
        entry = load_line(line, "a line")
    except RecordError:
        return None
    return entry if isinstance(entry, RunLine) and entry.verdict and not entry.pilot else None
