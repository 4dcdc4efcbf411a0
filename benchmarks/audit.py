"""What an audit costs: generated repositories of more and more commits, audited by the command itself.

    python benchmarks/audit.py [--commits 500,1000,2000,5000] [--json FILE]

A repository of n commits has n / 5 bets. Each bet is declared in a commit of its own; then sessions of two bets
each bring their records and their journal's lines; the other commits change bets, one in four by its threshold and the
others by their layout. Seconds are wall time, memory is the most of any one process, as the kernel counts them. The
exit status is 1 where a bar is missed: 5,000 commits in at most 10 s and 400 MB, and a cost per commit there that is at
most twice that of the smallest repository.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

from pytest_bets.bet.parse import read
from pytest_bets.code.index import CodeIndex
from pytest_bets.record.build import build, journal_line
from pytest_bets.record.codec import dump, dump_line, rows_of, sha256
from pytest_bets.record.record import CodeDefinitions, Environment, Registration
from pytest_bets.record.verdict import Cell, judge

SECONDS: Final = 10.0
MEGABYTES: Final = 400.0
LINEAR: Final = 2.0
COMMITS_A_BET: Final = 5
BET: Final = '''"""Bet {number}: the gain is positive in every part.

Hypothesis: the gain of method {number} is positive, whatever the part, and on average at least {threshold}.
Strict: the mean gain is at least {threshold}.
Lenient: the mean gain is at least 0.5.
Catastrophic: the mean gain is less than 0.
Run: pytest
"""

import pytest

STEPS = 100


@pytest.mark.strict("mean(gain) >= {threshold}")
@pytest.mark.lenient("mean(gain) >= 0.5")
@pytest.mark.catastrophic("mean(gain) < 0")
@pytest.mark.parametrize("part", range(15))
def experiment(part):
    # revision {revision}
    return {{"gain": part / 7}}
'''


class Texts:
    """The files of a project that is nowhere on disk."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts

    def is_file(self, name: str) -> bool:
        """Tell whether there is a file of this name."""
        return name in self.texts

    def is_folder(self, name: str) -> bool:
        """Tell whether there is a folder of this name."""
        return any(path.startswith(f"{name}/") for path in self.texts)

    def read(self, name: str) -> bytes:
        """Return the bytes of a file."""
        return self.texts[name].encode()

    def below(self, folder: str) -> Sequence[str]:
        """Return the files in a folder."""
        return [path for path in self.texts if path.startswith(f"{folder}/")]


class Repository:
    """The stream that `git fast-import` makes a repository from."""

    def __init__(self, bets: int) -> None:
        self.revisions = [0] * bets
        self.journal: list[bytes] = []
        self.last: dict[str, str] = {}
        self.count = 0

    def commits(self, total: int) -> Iterator[bytes]:
        """Yield every commit."""
        bets = len(self.revisions)
        for number in range(bets):
            yield self._commit(f"Declare bet {number}", [self._bet(number)])
        for number in range(0, bets, 2):
            files = [file for one in range(number, min(number + 2, bets)) for file in self._run(one)]
            yield self._commit(f"Run bet {number}", [*files, (b"results/journal.jsonl", b"".join(self.journal))])
        for step in range(total - self.count):
            number = step % bets
            self.revisions[number] += 1
            yield self._commit(f"Revise bet {number}", [self._bet(number)])

    def _source(self, number: int) -> str:
        revision = self.revisions[number]
        return BET.format(number=number, revision=revision, threshold=1 + revision // 4)

    def _bet(self, number: int) -> tuple[bytes, bytes]:
        return f"bets/bet_{number}_gain.py".encode(), self._source(number).encode()

    def _run(self, number: int) -> Iterator[tuple[bytes, bytes]]:
        bet = read(self._source(number), f"bets/bet_{number}_gain.py")
        assert bet is not None
        cells = [Cell({"part": part}, {"gain": part / 7}) for part in range(15)]
        environment = Environment("x", "x", {"pytest": "9"}, "x", 2, None, False)
        code = CodeIndex(Path(), [], Texts({bet.file: self._source(number)})).of(bet.file)
        record = build(
            bet,
            judge(bet.criteria, cells),
            cells,
            registration=Registration("unknown", None),
            code=CodeDefinitions(code.digest, code.definitions),
            environment=environment,
        )
        rows = rows_of(record)
        data = dump(record, rows)
        line = dump_line(
            journal_line(
                record,
                rows,
                record_sha256=sha256(data),
                time="2026-01-01T00:00:00Z",
                host="h",
                seconds=1.0,
                previous=self.last.get(bet.id),
            )
        )
        self.last[bet.id] = sha256(line)
        self.journal.append(line + b"\n")
        yield f"results/{bet.id}.json".encode(), data

    def _commit(self, message: str, files: Sequence[tuple[bytes, bytes]]) -> bytes:
        self.count += 1
        head = f"commit refs/heads/main\ncommitter a <a@example.org> {1_700_000_000 + self.count} +0000\n"
        parts = [head.encode(), b"data %d\n%s\n" % (len(message), message.encode())]
        parts += [b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(data), data) for name, data in files]
        return b"".join(parts)


def repository(folder: Path, commits: int) -> None:
    """Make a repository of so many commits, and check it out."""
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=folder, check=True)
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for commit in Repository(commits // COMMITS_A_BET).commits(commits):
            process.stdin.write(commit)
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=folder, check=True)


def audit(folder: Path) -> tuple[float, float, int]:
    """Return wall seconds, peak memory in MB and the number of commits that the audit read."""
    command = [sys.executable, "-m", "pytest_bets", "audit", "--format", "json"]
    with tempfile.TemporaryFile("w+") as output:
        began = perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=output)
        _, status, used = os.wait4(process.pid, 0)
        seconds = perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        report = json.load(output)
    if process.returncode not in (0, 1) or not report["bets"]:
        raise SystemExit(f"the audit ended with {process.returncode}")
    return seconds, used.ru_maxrss * 1024 / 1e6, report["commits"]


def main() -> int:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--commits", default="500,1000,2000,5000", help="sizes (default 500,1000,2000,5000)")
    parser.add_argument("--json", type=Path, default=Path("build/audit.json"), help="where the figures go")
    given = parser.parse_args()
    rows = []
    for size in map(int, given.commits.split(",")):
        with tempfile.TemporaryDirectory() as scratch:
            repository(Path(scratch) / "repository", size)
            seconds, memory, read_commits = audit(Path(scratch) / "repository")
        rows.append({"commits": read_commits, "seconds": seconds, "megabytes": memory})
        each = 1000 * seconds / read_commits
        print(f"{read_commits:6} commits  {seconds:6.2f} s  {each:6.2f} ms each  {memory:5.0f} MB")
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(rows, indent=1) + "\n")
    first, last = rows[0], rows[-1]
    growth = (last["seconds"] / last["commits"]) / (first["seconds"] / first["commits"])
    print(
        f"cost per commit grew {growth:.2f} times (bar {LINEAR:g}); bars at the last: {SECONDS:g} s, {MEGABYTES:g} MB"
    )
    return int(last["seconds"] > SECONDS or last["megabytes"] > MEGABYTES or growth > LINEAR)


if __name__ == "__main__":
    sys.exit(main())
