"""The history of bets, records and journal, asked of git in bulk: six processes, whatever its length."""

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import IO, Final

from pytest_bets.git.revision import Commit

_GIT: Final = (
    *("git", "--no-replace-objects", "--no-optional-locks", "-c", "log.showSignature=false"),
    *("-c", "log.showRoot=true", "-c", "i18n.logOutputEncoding=UTF-8", "-c", "core.quotePath=false"),
    *("-c", "advice.graftFileDeprecated=false"),
)
_LOG: Final = ("log", "--topo-order", "--reverse", "--no-color", "--no-ext-diff", "--no-textconv")
_NOTHING: Final = "0"


class HistoryError(ValueError):
    """A history that git cannot give; the message is git's own."""


@dataclass(frozen=True)
class Touch:
    """What a commit did to one file: its paths and its blobs before and after, None where there is none.

    Before is in the first parent; `others` are the blobs of the further parents of a merge, with their paths.
    """

    commit: str
    was: str | None
    path: str | None
    before: str | None
    after: str | None
    others: tuple[tuple[str, str], ...] = ()


def commits(top: Path) -> dict[str, Commit]:
    """Return every commit that HEAD is made of, parents first."""
    fields = _git(top, *_LOG, "-z", "--format=%H%x00%P%x00%cI%x00%s").decode(errors="replace").split("\0")
    groups = zip(*(fields[start : len(fields) // 4 * 4 : 4] for start in range(4)), strict=True)
    return {
        commit: Commit(commit, tuple(parents.split()), date, subject, order)
        for order, (commit, parents, date, subject) in enumerate(groups)
    }


def touches(top: Path, ours: Callable[[str], bool]) -> Iterator[Touch]:
    """Yield what every commit did to the files whose path is ours, parents first; of a merge, what no parent has.

    A file that came from elsewhere is new, and one that went elsewhere is gone.
    """
    # git is faster without a pattern than with one, which it holds against every file of every commit
    form = ("--full-history", "--format=%H", "--raw", "--no-abbrev", "-z", "-M", "-l1000")
    merges = ("--diff-merges=combined", "--combined-all-paths")
    fields = iter(_git(top, *_LOG, *form, *merges).split(b"\0"))
    commit = ""
    for told in fields:
        field = told.lstrip(b"\n")
        if not field.startswith(b":"):
            commit = field.decode() or commit
            continue
        parents = len(field) - len(field.lstrip(b":"))
        parts = field.decode().lstrip(":").split(" ")
        blobs, status = parts[parents + 1 : -1], parts[-1]
        before, after = _blob(blobs[0]), _blob(blobs[-1])
        others: tuple[tuple[str, str], ...] = ()
        if parents > 1:
            *paths, path = (os.fsdecode(next(fields)) for _ in range(parents + 1))
            was = path if path in paths else paths[0]
            others = tuple((blob, name) for blob, name in zip(blobs[1:-1], paths[1:], strict=True) if _blob(blob))
        else:
            was = os.fsdecode(next(fields))
            path = os.fsdecode(next(fields)) if status[0] in "RC" else was
        came = status.startswith("C") or not before or not ours(was)
        went = not after or not ours(path)
        if not (came and went):
            others = tuple((blob, name) for blob, name in others if ours(name))
            from_, to = (None, None) if came else (was, before), (None, None) if went else (path, after)
            yield Touch(commit, from_[0], to[0], from_[1], to[1], others)


def _blob(name: str) -> str | None:
    return name if name.strip(_NOTHING) else None


def line_touches(top: Path, patterns: Sequence[str]) -> Iterator[tuple[str, str, bool, bytes]]:
    """Yield every line that a commit added to a file (True) or took out of it (False), with its path, parents first.

    Of a merge, against every parent.
    """
    form = ("--full-history", "--format=%x00%H", "-p", "-U0", "--text", "--no-renames", "--diff-merges=separate")
    with _reading(top, [*_LOG, *form, "--src-prefix=", "--dst-prefix=", "--", *patterns]) as output:
        commit, path, inside = "", "", False
        for line in output:
            if line.startswith(b"\0"):
                commit, inside = line[1:].decode().strip(), False
            elif line.startswith(b"diff "):
                inside = False
            elif line.startswith(b"@@"):
                inside = True
            elif not inside and line.startswith((b"--- ", b"+++ ")) and line[4:] != b"/dev/null\n":
                path = os.fsdecode(line[4:]).rstrip("\t\n")
            elif inside and line[:1] in (b"+", b"-"):
                yield commit, path, line.startswith(b"+"), line[1:].rstrip(b"\r\n")


def tree(top: Path, commit: str) -> dict[str, str] | None:
    """Return the blobs of a commit by their paths, None where there is no such commit."""
    try:
        entries = _git(top, "ls-tree", "-r", "-z", "--full-tree", f"{commit}^{{commit}}").split(b"\0")
    except HistoryError:
        return None
    fields = (entry.partition(b"\t") for entry in entries if entry)
    return {os.fsdecode(path): head.split()[2].decode() for head, _, path in fields if head.split()[1] == b"blob"}


@contextmanager
def objects(top: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Start a process that is asked for objects by name, a line each, and answers as `cat-file --batch` does."""
    command = [*_GIT, "-C", str(top), "cat-file", "--batch"]
    with subprocess.Popen(  # noqa: S603  # fixed arguments
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_environment()
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
        yield process.stdin, process.stdout


def contents(top: Path, names: Sequence[str]) -> Iterator[bytes | None]:
    """Yield what each object holds, a blob's name or `commit:path`, in turn; None where there is no such blob."""
    with subprocess.Popen(  # noqa: S603  # fixed arguments
        [*_GIT, "-C", str(top), "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=_environment(),
    ) as process:
        asked, told = process.stdin, process.stdout
        assert asked is not None and told is not None  # noqa: S101, PT018  # both are pipes
        request = b"".join(os.fsencode(name) + b"\n" for name in names)
        asking = Thread(target=_ask, args=(asked, request), daemon=True)
        asking.start()
        for _ in names:
            header = told.readline().split()
            if len(header) != 3 or not header[-1].isdigit():
                yield None
                continue
            held = told.read(int(header[-1]) + 1)[:-1]
            yield held if header[1] == b"blob" else None
        asking.join()


def _ask(pipe: IO[bytes], request: bytes) -> None:
    with pipe:
        pipe.write(request)


def changed_by(top: Path, paths: Sequence[str]) -> dict[str, list[str]]:
    """Return, by path, the commits that changed a file, the last first."""
    found: dict[str, list[str]] = {path: [] for path in paths}
    form = ("log", "--no-renames", "--format=%x01%H", "--name-only", "-z")
    # by their folders: git holds every file of every commit against every path that it is given
    folders = sorted({path.rpartition("/")[0] or path for path in paths})
    literal = [f":(top,literal){folder}" for folder in folders]
    commit = ""
    for field in _git(top, *form, "--", *literal).split(b"\0") if paths else ():
        name = field.lstrip(b"\n")
        if name.startswith(b"\x01"):
            head, _, name = name[1:].partition(b"\n")
            commit = head.decode()
        if os.fsdecode(name) in found:
            found[os.fsdecode(name)].append(commit)
    return found


def _environment() -> dict[str, str]:
    return {**os.environ, "GIT_GRAFT_FILE": os.devnull}  # grafts make other parents than the commits name


def _git(top: Path, *arguments: str) -> bytes:
    command = [*_GIT, "-C", str(top), *arguments]
    done = subprocess.run(command, capture_output=True, check=False, env=_environment())  # noqa: S603
    if done.returncode:
        raise HistoryError(os.fsdecode(done.stderr).strip() or f"git {arguments[0]} failed")
    return done.stdout


@contextmanager
def _reading(top: Path, arguments: Sequence[str]) -> Iterator[IO[bytes]]:
    command = [*_GIT, "-C", str(top), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment()) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        yield process.stdout
    if process.returncode:
        raise HistoryError("git log failed")
