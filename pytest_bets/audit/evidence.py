"""What an audit reads, as values: the commits of a history, what they did to bets, records and journal."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_bets.audit.outside import Outside, Unmerged
from pytest_bets.audit.overview import Page
from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.code.staleness import Definitions, Lock, Move
from pytest_bets.diagnostics import DeclarationError, MisfitError, RecordError
from pytest_bets.git.revision import Commit
from pytest_bets.record.codec import file_sha256, load
from pytest_bets.record.consistency import other_cells
from pytest_bets.record.decode import decode
from pytest_bets.record.journal import Upgraded
from pytest_bets.record.line import Line, RunLine
from pytest_bets.record.record import Code, CodeDefinitions, Record
from pytest_bets.record.verify import misjudged_by_itself


@dataclass(frozen=True)
class Unreadable:
    """A revision of a bet file that holds no declaration, and why."""

    reason: str


BetContent = Declaration | Unreadable
"""What a revision of a bet file holds."""


@dataclass(frozen=True)
class BetRevision:
    """What a commit did to a bet file; `before` or `after` is None where there is no file, `was` is its former path.

    Before is in the first parent; `others` is what the further parents of a merge hold.
    """

    commit: Commit
    path: str
    was: str | None
    before: BetContent | None
    after: BetContent | None
    others: tuple[BetContent, ...] = ()


@dataclass(frozen=True)
class MergeSide:
    """What a bet file holds in a parent of a merge and in the merge, where they differ; None where there is no file."""

    commit: Commit
    parent: Commit
    path: str
    before: BetContent | None
    after: BetContent | None


@dataclass(frozen=True)
class RecordHeader:
    """What an audit needs of a revision of a record; all but the hash is None where the file is no record.

    `misjudged` and `other_cells` say where the record contradicts what it declares itself.
    """

    sha256: str
    declaration: str | None
    code: str | None
    files: Mapping[str, str] | None
    verdict: str | None
    definitions: Definitions | None = None
    packages: Mapping[str, str] = field(default_factory=dict)
    record: Record | None = None
    misjudged: tuple[str, ...] = ()
    other_cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecordRevision:
    """What a commit did to the record of a bet; None where there is no file."""

    commit: Commit
    bet: str
    before: RecordHeader | None
    after: RecordHeader | None


@dataclass(frozen=True)
class JournalLine:
    """A line that a journal has or had: its SHA-256, what it says, the commits that added it and took it out.

    `elsewhere` is the path of the journal that it was last added to, None where that is the one that is audited.
    `adders` are the commits that added it to the audited one, without merges.
    """

    sha256: str
    entry: Line
    added: Commit | None
    removed: Commit | None = None
    elsewhere: str | None = None
    adders: tuple[Commit, ...] = ()


@dataclass(frozen=True)
class Drift:
    """Code of a bet that is not what its record was measured with, and the commits since that changed its file.

    `names` are the definitions; a record of schema 1 knows files alone. Without a file the definitions are the same,
    and what they use is not.
    """

    file: str
    commits: tuple[Commit, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class OtherCode:
    """A run whose code its commit does not hold, and what of it; undetermined where git stores other bytes."""

    run: RunLine
    what: str
    undetermined: bool = False


@dataclass(frozen=True)
class Evidence:
    """All that an audit judges.

    Of the history, `merges` are its merges as each parent sees them; `declared` gives, by commit and path, the
    declaration that was there. Of today, `present` has the paths of the bet files that HEAD or the working tree has,
    `unsearched` those of them where the catalogue does not look, `broken_lines` the commits that added lines to the
    journal which cannot be read and are gone, `ignored` the bets whose record git ignores, `unread` those whose record
    cannot be read, `pages` the files of the summary that say something else than the results. `drift` and `moved` are
    by bet, `upgraded` by the hash of the record that an upgrade wrote. `relocated` are imports that changed without
    their value: the commit, the text before, the text after. `unmerged` are results on other branches, `outside` bets
    and results that this audit does not cover, and `root` is the project's folder in the repository. `no_history` gives
    why the history of a bet cannot be read here, by its id; `unknown` what else is undetermined.
    """

    commits: Mapping[str, Commit]
    bets: Sequence[BetRevision]
    merges: Sequence[MergeSide]
    records: Sequence[RecordRevision]
    lines: Sequence[JournalLine]
    declarations: Sequence[Declaration]
    now: Mapping[str, Record]
    now_sha256: Mapping[str, str]
    journal: Sequence[tuple[str, Line]]
    declared: Mapping[tuple[str, str], Declaration | None]
    drift: Mapping[str, Sequence[Drift]] = field(default_factory=dict)
    moved: Mapping[str, Sequence[Move]] = field(default_factory=dict)
    upgraded: Mapping[str, Upgraded] = field(default_factory=dict)
    lock: Lock | None = None
    present: frozenset[str] = frozenset()
    unsearched: frozenset[str] = frozenset()
    broken_lines: Sequence[Commit] = ()
    ignored: frozenset[str] = frozenset()
    is_journal_ignored: bool = False
    unread: frozenset[str] = frozenset()
    pages: Sequence[Page] = ()
    unmerged: Sequence[Unmerged] = ()
    outside: Sequence[Outside] = ()
    root: str = "."
    no_history: Mapping[str, str] = field(default_factory=dict)
    unknown: Sequence[str] = ()
    other_code: Sequence[OtherCode] = ()
    relocated: frozenset[tuple[str, str, str]] = frozenset()


def bet_content(data: bytes, path: str) -> BetContent:
    """Return what the bytes of a bet file at this path hold."""
    try:
        return read(data.decode(), path, lenient=True) or Unreadable("nothing in it carries a criterion")
    except DeclarationError as error:
        return Unreadable(error.faults[0].problem)
    except UnicodeDecodeError:
        return Unreadable("it is not UTF-8")


@dataclass(frozen=True)
class _Declared:
    digest: str


@dataclass(frozen=True)
class _RanOn:
    packages: Mapping[str, str]


@dataclass(frozen=True)
class _Header:
    """The fields of a record that an audit reads of every revision; cells and sentences take time, and are left out."""

    declaration: _Declared
    code: Code
    environment: _RanOn
    verdict: str | None


def record_header(data: bytes) -> RecordHeader:
    """Return what the bytes of a record say."""
    try:
        whole = load(data, "")
    except RecordError:
        whole = None
    try:
        record: Record | _Header = whole or decode(_Header, json.loads(data))
    except (ValueError, MisfitError, RecursionError):
        return RecordHeader(file_sha256(data), None, None, None, None)
    code, packages = record.code, record.environment.packages
    files, definitions = (None, code.definitions) if isinstance(code, CodeDefinitions) else (code.files, None)
    digest = record.declaration.digest
    misjudged, cells = (tuple(misjudged_by_itself(whole)), tuple(other_cells(whole))) if whole else ((), ())
    return RecordHeader(
        *(file_sha256(data), digest, code.digest, files, record.verdict, definitions, packages),
        *(whole, misjudged, cells),
    )


class Ancestry:
    """Which of two commits came first, by their parents and never by their dates."""

    def __init__(self, commits: Mapping[str, Commit]) -> None:
        self.commits = commits
        earlier = [None, *commits]
        self._linear = all(
            commit.parents == ((before,) if before else ())
            for before, commit in zip(earlier, commits.values(), strict=False)
        )
        self._known: dict[tuple[str, str], bool] = {}

    def before(self, one: Commit, other: Commit) -> bool:
        """Return whether the first is a proper ancestor of the second."""
        if one.order >= other.order:
            return False
        if self._linear:
            return True
        key = one.id, other.id
        if key not in self._known:
            self._known[key] = self._walk(one, other)
        return self._known[key]

    def _walk(self, one: Commit, other: Commit) -> bool:
        waiting, seen = list(other.parents), set(other.parents)
        while waiting:
            commit = self.commits.get(waiting.pop())
            if commit is None or commit.order < one.order:
                continue
            if commit.id == one.id:
                return True
            fresh = [parent for parent in commit.parents if parent not in seen]
            seen.update(fresh)
            waiting += fresh
        return False
