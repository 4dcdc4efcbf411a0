"""Records of schema 1 with their code by definition, as the commits give it that they name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_bets.code.index import CodeIndex
from pytest_bets.code.program import Outlines
from pytest_bets.diagnostics import RefusedError
from pytest_bets.git.commit import Commits, commits
from pytest_bets.record.codec import dump, file_sha256, load, load_line, rows_of, sha256
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.journal import Upgraded, upgrade_line, upgraded
from pytest_bets.record.line import Line, RunLine, UpgradeLine
from pytest_bets.record.record import RECORD_SCHEMA, Code, CodeDefinitions, CodeFiles, Record
from pytest_bets.record.store import Execution, Results


@dataclass(frozen=True)
class Outcome:
    """What became of a record: whether it was upgraded, None where it is of today's schema already, and in words."""

    bet: str
    upgraded: bool | None
    text: str


class Recorded:
    """The code of records, as the commits give it that they name."""

    def __init__(self, root: Path, search: Sequence[Path], found: Commits, outlines: Outlines | None = None) -> None:
        self.root = root
        self.search = search
        self.commits = found
        self._outlines = outlines or Outlines()
        self._indexes: dict[str, CodeIndex] = {}

    def code(self, record: Record, files: Mapping[str, str]) -> CodeDefinitions:
        """Return the code part of a record that was measured with files of these hashes.

        Raises:
            RefusedError: where the commit is not here, or does not hold these files.

        """
        commit, bet = record.environment.commit, record.bet.file
        if commit is None:
            raise RefusedError("it ran outside git: there is no commit to read its code from")
        held = self.commits.files(commit)
        if held is None:
            raise RefusedError(f"it names commit {commit[:10]}, which is not in this repository")
        for name, expected in files.items():
            found = file_sha256(held.read(name)) if held.is_file(name) else None
            if found != expected:
                what = "other bytes" if found else "no such file"
                raise RefusedError(f"{name}: it ran with sha256 {expected[:10]}, commit {commit[:10]} has {what}")
        index = self.index(commit)
        assert index is not None  # noqa: S101  # the commit is here
        code = index.of(bet)
        if unnamed := sorted(code.files.keys() - files.keys()):
            raise RefusedError(f"{unnamed[0]}: its code reaches this file, and the record does not name it")
        return CodeDefinitions(code.digest, code.definitions)

    def index(self, commit: str) -> CodeIndex | None:
        """Return the code of a commit, None if it is not here."""
        held = self.commits.files(commit)
        if held is not None and commit not in self._indexes:
            self._indexes[commit] = CodeIndex(self.root, self.search, held, self._outlines)
        return self._indexes.get(commit)

    def upgraded(self, lines: Mapping[str, UpgradeLine], contents: Iterable[bytes]) -> dict[str, Upgraded]:
        """Return which of these records upgrades wrote, by hash; `lines` are those of the upgrades, by the same."""
        found = {}
        for data in contents:
            line = lines.get(file_sha256(data))
            if line is None:
                continue
            record = load(data, line.bet)
            try:
                code: Code | str = self.code(record, line.was.code.files)
            except RefusedError as error:
                code = str(error)
            found[line.record] = Upgraded(record, code)
        return found


@contextmanager
def recorded(root: Path, top: Path, search: Sequence[Path]) -> Iterator[Recorded]:
    """Read the code of records from the commits of a checkout."""
    with commits(top, root.resolve().relative_to(top).as_posix()) as found:
        yield Recorded(root, search, found)


def upgrade(results: Results, source: Recorded, execution: Execution, *, dry: bool = False) -> list[Outcome]:
    """Upgrade every record that is not of today's schema; the journal has a line for each.

    The journal is written first, in one piece. A record that is still the old one then is as a run left it, and the
    next upgrade writes it without another line.

    Raises:
        RecordError: where a record or a line of the journal cannot be read.
        OSError: where the folder cannot be written.

    """
    with results.locked():
        raw = results.lines()
        journal = [
            (sha256(line), load_line(line, f"{results.folder / JOURNAL}:{at}")) for at, line in enumerate(raw, 1)
        ]
        outcomes: list[Outcome] = []
        added: list[UpgradeLine] = []
        files: dict[str, bytes] = {}
        for record in results.records():
            bet, files_then = record.id, record.code
            if isinstance(files_then, CodeDefinitions):
                outcomes.append(Outcome(bet, None, f"is of {RECORD_SCHEMA} already"))
                continue
            try:
                line, data, text = _upgraded(
                    record, files_then, results.record_path(bet).read_bytes(), journal, source, execution
                )
            except RefusedError as error:
                outcomes.append(Outcome(bet, False, str(error)))
                continue
            added += [line] if line else []
            files[bet] = data
            outcomes.append(Outcome(bet, True, text))
        if not dry:
            results.add(added, files)
    return outcomes


def _upgraded(
    record: Record,
    was: CodeFiles,
    data: bytes,
    journal: Sequence[tuple[str, Line]],
    source: Recorded,
    execution: Execution,
) -> tuple[UpgradeLine | None, bytes, str]:
    """Return the line to add, if any, the bytes of the upgraded record, and what became of it."""
    was_sha256 = file_sha256(data)
    own = [(digest, line) for digest, line in journal if line.bet == record.id]
    if was_sha256 not in {line.record for _, line in own if isinstance(line, RunLine)}:
        raise RefusedError("no run in the journal wrote these bytes: the record was edited, or its run's line is gone")
    if sha256(dump(record, rows_of(record))) != was_sha256:
        raise RefusedError("its bytes are not those that this version writes for the same record")
    code = source.code(record, was.files)
    new = upgraded(record, code)
    written = dump(new, rows_of(new))
    text = f"{sum(map(len, code.definitions.values()))} definitions in {len(code.definitions)} files"
    known = {(line.was.record, line.record) for _, line in own if isinstance(line, UpgradeLine)}
    if (was_sha256, sha256(written)) in known:
        return None, written, f"{text}; the journal has its line already"
    line = upgrade_line(
        new,
        was,
        was_sha256=was_sha256,
        record_sha256=sha256(written),
        time=execution.time,
        host=execution.host,
        previous=own[-1][0],
    )
    return line, written, text
