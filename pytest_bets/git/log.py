"""The history of bets, records and journal, read from six git processes, whatever its length."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import HistoryError
from pytest_bets.git.process import objects, run, stream
from pytest_bets.git.revision import Commit, Side, Touch

_LOG: Final = ("log", "--topo-order", "--reverse", "--no-color", "--no-ext-diff", "--no-textconv")
_NOTHING: Final = "0"
_FROM: Final = re.compile(rb"([0-9a-f]{40,64}) \(from ([0-9a-f]{40,64})\)")
_LINK: Final = b"120000"
"""The mode of a symbolic link."""
_GITLINK: Final = "160000"
"""The mode of a submodule: its name is that of a commit of another repository."""


def commits(top: Path, revisions: Sequence[str] = ()) -> dict[str, Commit]:
    """Return every commit reachable from HEAD or in other revisions, parents first."""
    form = ("-z", "--format=%H%x00%P%x00%cI%x00%s")
    fields = run(top, *_LOG, *form, *revisions).decode(errors="replace").split("\0")
    groups = zip(*(fields[start : len(fields) // 4 * 4 : 4] for start in range(4)), strict=True)
    return {
        commit: Commit(commit, tuple(parents.split()), date, subject, order)
        for order, (commit, parents, date, subject) in enumerate(groups)
    }


def refs(top: Path, revisions: Sequence[str]) -> dict[str, str]:
    """Return the commits of revisions, each with the ref that leads to it."""
    fields = run(top, *_LOG, "-z", "--format=%H%x00%S", *revisions).decode(errors="replace").split("\0")
    return dict(zip(fields[:-1:2], fields[1::2], strict=False))


def touches(top: Path, ours: Callable[[str], bool], revisions: Sequence[str] = ()) -> Iterator[Touch]:
    """Yield each commit's changes of the files whose path is ours, parents first; of a merge, what no parent has.

    A file that was moved in is new, and a file that was moved out is deleted.
    """
    # git is faster without a pattern than with one, which it compares with every file of every commit
    form = ("--full-history", "--format=%H", "--raw", "--no-abbrev", "-z", "-M", "-l1000")
    merges = ("--diff-merges=combined", "--combined-all-paths")
    fields = iter(run(top, *_LOG, *form, *merges, *revisions).split(b"\0"))
    commit = ""
    for raw_field in fields:
        field = raw_field.lstrip(b"\n")
        if not field.startswith(b":"):
            commit = field.decode() or commit
            continue
        parents = len(field) - len(field.lstrip(b":"))
        parts = field.decode().lstrip(":").split(" ")
        blobs, status = _blobs(parts[: parents + 1], parts[parents + 1 : -1]), parts[-1]
        before, after = blobs[0], blobs[-1]
        others: tuple[tuple[str, str], ...] = ()
        if parents > 1:
            *paths, path = (os.fsdecode(next(fields)) for _ in range(parents + 1))
            was = path if path in paths else paths[0]
            others = tuple((blob, name) for blob, name in zip(blobs[1:-1], paths[1:], strict=True) if blob)
        else:
            was = os.fsdecode(next(fields))
            path = os.fsdecode(next(fields)) if status[0] in "RC" else was
        is_new = status.startswith("C") or not before or not ours(was)
        is_gone = not after or not ours(path)
        if not (is_new and is_gone):
            others = tuple((blob, name) for blob, name in others if ours(name))
            from_, to = (None, None) if is_new else (was, before), (None, None) if is_gone else (path, after)
            yield Touch(commit, from_[0], to[0], from_[1], to[1], others)


def _blobs(modes: Sequence[str], names: Sequence[str]) -> list[str | None]:
    """Return the blobs of a change; None where there is no file, and where there is a submodule."""
    return [
        name if name.strip(_NOTHING) and mode != _GITLINK else None for mode, name in zip(modes, names, strict=True)
    ]


def sides(top: Path, ours: Callable[[str], bool]) -> Iterator[Side]:
    """Yield how each merge differs from each of its parents in the files whose path is ours, parents first."""
    # of all formats only this one names the parent that a merge is compared with
    form = ("--merges", "--full-history", "--pretty=oneline", "--no-abbrev-commit", "--no-decorate")
    fields = iter(
        run(top, *_LOG, *form, "--diff-merges=separate", "--raw", "--no-abbrev", "-z", "--no-renames").split(b"\0")
    )
    merge, parent = "", ""
    for raw_field in fields:
        field = raw_field.lstrip(b"\n")
        if header := _FROM.match(field):
            merge, parent = header[1].decode(), header[2].decode()
        elif field.startswith(b":"):
            parts = field.decode().lstrip(":").split(" ")
            before, after = _blobs(parts[:2], parts[2:4])
            path = os.fsdecode(next(fields))
            if ours(path):
                yield Side(merge, parent, path, before, after)


def line_touches(
    top: Path, patterns: Sequence[str], revisions: Sequence[str] = ()
) -> Iterator[tuple[str, str, bool, bytes]]:
    """Yield every line that a commit added to a file (True) or removed from it (False), with its path, parents first.

    A merge is compared with every parent.
    """
    form = ("--full-history", "--format=%x00%H", "-p", "-U0", "--text", "--no-renames", "--diff-merges=separate")
    prefixes = ("--src-prefix=", "--dst-prefix=")
    with stream(top, *_LOG, *form, *prefixes, *revisions, "--", *patterns) as output:
        commit, path, inside = "", "", False
        for line in output:
            if line.startswith(b"\0"):
                commit, inside = line[1:].decode().strip(), False
            elif line.startswith(b"diff "):
                inside = False
            elif line.startswith(b"@@"):
                inside = True
            elif not inside and line.startswith((b"--- ", b"+++ ")) and line[4:] != b"/dev/null\n":
                path = _unquoted(line[4:].rstrip(b"\t\n"))
            elif inside and line[:1] in (b"+", b"-"):
                yield commit, path, line.startswith(b"+"), line[1:].rstrip(b"\r\n")


def _unquoted(name: bytes) -> str:
    """Return the path that a patch names: git quotes one with a quote, a backslash or a control character."""
    if name.startswith(b'"'):
        name = name[1:-1].decode("unicode_escape").encode("latin-1")  # the escapes are those of Python
    return os.fsdecode(name)


def blobs(top: Path, commit: str) -> dict[str, str] | None:
    """Return the blobs of a commit by path, None if there is no such commit."""
    found = listing(top, commit)
    return found[0] if found else None


def listing(top: Path, commit: str) -> tuple[dict[str, str], frozenset[str]] | None:
    """Return the blobs of a commit by path, and the paths of its links and submodules; None without such a commit."""
    try:
        entries = run(top, "ls-tree", "-r", "-z", "--full-tree", f"{commit}^{{commit}}").split(b"\0")
    except HistoryError:
        return None
    found: dict[str, str] = {}
    odd = set()
    for entry in entries:
        head, _, path = entry.partition(b"\t")
        if not head:
            continue
        mode, kind, blob = head.split()[:3]
        if kind == b"blob":
            found[os.fsdecode(path)] = blob.decode()
        if kind != b"blob" or mode == _LINK:
            odd.add(os.fsdecode(path))
    return found, frozenset(odd)


def files(top: Path, commit: str, folders: Sequence[str]) -> list[str]:
    """Return the paths of the files of a commit in these folders."""
    entries = run(top, "ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0") if folders else []
    names = [os.fsdecode(path) for head, _, path in (entry.partition(b"\t") for entry in entries) if b" blob " in head]
    inside = tuple(f"{folder}/" for folder in folders) if "." not in folders else ("",)
    return [name for name in names if name.startswith(inside)]


def blob_id(data: bytes) -> str:
    """Return the id that git gives to a file of these bytes, where it uses SHA-1."""
    return hashlib.sha1(b"blob %d\0%s" % (len(data), data), usedforsecurity=False).hexdigest()


def last_change(top: Path, path: str) -> str | None:
    """Return the commit that gave a file the content that it has in HEAD, None if HEAD does not have the file."""
    return run(top, "log", "-1", "--format=%H", "--", f":(top,literal){path}").decode().strip() or None


def contents(top: Path, names: Sequence[str]) -> Iterator[bytes | None]:
    """Yield the content of each blob in turn, named by id or as `commit:path`; None if there is no such blob."""
    with objects(top) as reader:
        yield from reader.read_all(names)


def changed_by(top: Path, paths: Sequence[str]) -> dict[str, list[str]]:
    """Return the commits that changed each file, the latest first."""
    found: dict[str, list[str]] = {path: [] for path in paths}
    form = ("log", "--no-ext-diff", "--no-textconv", "--no-renames", "--format=%x01%H", "--name-only", "-z")
    # by folder: git compares every file of every commit with every path that it gets
    folders = sorted({path.rpartition("/")[0] or path for path in paths})
    literal = [f":(top,literal){folder}" for folder in folders]
    commit = ""
    for field in run(top, *form, "--", *literal).split(b"\0") if paths else ():
        name = field.lstrip(b"\n")
        if name.startswith(b"\x01"):
            head, _, name = name[1:].partition(b"\n")
            commit = head.decode()
        if os.fsdecode(name) in found:
            found[os.fsdecode(name)].append(commit)
    return found
