"""Run git: a command for its output, a command whose lines are read as they arrive, a reader of objects.

The repository may be a stranger's: no program that its settings name is run, and nothing is fetched.
"""

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import IO, Final

from pytest_bets.diagnostics import HistoryError

_COMMITS_ALONE: Final = ("--no-replace-objects", "-c", "core.commitGraph=false")
"""Read the commits themselves: replacements and the commit-graph are local files that can give them other parents."""
_RAW: Final = (
    *("-c", "log.showRoot=true", "-c", "log.follow=false"),
    *("-c", "i18n.logOutputEncoding=UTF-8", "-c", "core.quotePath=false", "-c", "advice.graftFileDeprecated=false"),
)
"""Show history as the commits have it, whatever the user's settings are."""
_SAFE: Final = (
    *("--no-optional-locks", "--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
    *("-c", "log.showSignature=false", "-c", "diff.external=", "-c", "safe.bareRepository=explicit"),
)
"""Run no program that the repository names: monitors, hooks, pagers, signature checkers, differs."""
_OFFLINE: Final = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "GIT_TERMINAL_PROMPT": "0"}
"""Fetch no missing object: git would run the programs that reach the remote. Git before 2.45 knows only the second."""
_OF_ANOTHER: Final = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE"),
    *("GIT_LITERAL_PATHSPECS", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS"),
)
"""Variables that a hook or a shell may have set for the repository that it works on, and how that one reads paths."""
_PARTIAL: Final = re.compile(r"promisor|transport '")


def run(folder: Path, *arguments: str, raw: bool = True, given: bytes | None = None) -> bytes:
    """Return the output of a git command that reads these bytes.

    Raises:
        HistoryError: if git is not installed or fails.

    """
    try:
        done = subprocess.run(  # noqa: S603  # fixed arguments
            _command(folder, arguments, raw), input=given, capture_output=True, check=False, env=_environment()
        )
    except OSError as error:
        raise HistoryError(f"git cannot be started: {error}") from None
    if done.returncode:
        raise HistoryError(_message(os.fsdecode(done.stderr).strip()) or f"git {arguments[0]} failed")
    return done.stdout


@contextmanager
def stream(folder: Path, *arguments: str) -> Iterator[IO[bytes]]:
    """Start a git command and give its output, to be read line by line.

    Raises:
        HistoryError: at the end, if git failed.

    """
    command = _command(folder, arguments, raw=True)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=_environment()) as process:  # noqa: S603
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        yield process.stdout
    if process.returncode:
        raise HistoryError(f"git {arguments[0]} failed")


class Objects:
    """Reads blobs from one `git cat-file --batch` process, by blob id or as `commit:path`."""

    def __init__(self, requests: IO[bytes], answers: IO[bytes]) -> None:
        self._requests = requests
        self._answers = answers

    def read(self, name: str) -> bytes | None:
        """Return the content of a blob, None if there is no such blob."""
        self._request([name])
        return self._answer()

    def read_all(self, names: Sequence[str]) -> Iterator[bytes | None]:
        """Yield the content of each blob in turn, without waiting for an answer before the next request.

        A request is a line, so that a path with a line feed cannot be asked for.
        """
        asked = [name for name in names if "\n" not in name]
        requesting = Thread(target=self._request, args=(asked,), daemon=True)
        requesting.start()
        for name in names:
            yield None if "\n" in name else self._answer()
        requesting.join()

    def _request(self, names: Sequence[str]) -> None:
        with suppress(BrokenPipeError):  # git ended early: the answers are missing too
            self._requests.write(b"".join(os.fsencode(name) + b"\n" for name in names))
            self._requests.flush()

    def _answer(self) -> bytes | None:
        header = self._answers.readline().split()  # name, type and size; or the name and `missing`
        if len(header) != 3 or not header[2].isdigit():
            return None
        content = self._answers.read(int(header[2]) + 1)[:-1]
        return content if header[1] == b"blob" else None


@contextmanager
def objects(folder: Path, *, raw: bool = True) -> Iterator[Objects]:
    """Start a process that reads blobs."""
    command = _command(folder, ["cat-file", "--batch"], raw)
    pipe = subprocess.PIPE
    quiet = subprocess.DEVNULL  # what is missing is seen in the answers
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, env=_environment()) as process:  # noqa: S603
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  # both are pipes
        yield Objects(process.stdin, process.stdout)


def _command(folder: Path, arguments: Sequence[str], raw: bool) -> list[str]:
    return ["git", *_SAFE, *_COMMITS_ALONE, *(_RAW if raw else ()), "-C", str(folder), *arguments]


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    # a graft gives a commit other parents than it names
    return {**own, **_OFFLINE, "GIT_GRAFT_FILE": os.devnull}


def _message(error: str) -> str:
    if _PARTIAL.search(error):
        return f"{error}\nThis clone is partial, and nothing is fetched here: run `git fetch --refetch --no-filter`"
    return error
