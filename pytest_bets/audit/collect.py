"""What an audit reads, gathered from git, the bet files and the folder of results."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Final

from pytest_bets.audit.code_evidence import CodePlace, code_evidence
from pytest_bets.audit.complete import check_complete
from pytest_bets.audit.evidence import (
    BetRevision,
    Evidence,
    Held,
    JournalLine,
    RecordFacts,
    RecordRevision,
)
from pytest_bets.audit.evidence import facts as facts_in
from pytest_bets.audit.evidence import held as held_in
from pytest_bets.audit.places import follow, is_candidate
from pytest_bets.audit.staleness import inside
from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration, bet_id, is_bet_name
from pytest_bets.code.lock import lock
from pytest_bets.diagnostics import EvidenceError, RecordError
from pytest_bets.git import checkout as git
from pytest_bets.git import log as history
from pytest_bets.git.log import Touch
from pytest_bets.git.revision import Commit
from pytest_bets.record.codec import file_sha256, load_line, sha256
from pytest_bets.record.model import RunLine
from pytest_bets.record.store import JOURNAL, SUMMARY_JSON, Results

_DISK: Final = "disk:"
"""What stands before a path where a file's content is that of the working tree, and not a blob's."""


def gather(catalogue: Catalogue, results: Results, search: Sequence[Path] = ()) -> Evidence:
    """Return what an audit reads; modules of the project are looked for in `search`.

    Raises:
        EvidenceError: outside git, in a shallow clone, where nothing was ever committed, and where the checkout lacks
            files that are committed.
        HistoryError: where git fails.
        RecordError: where a record or a line of the journal, as they are now, cannot be read.

    """
    root = catalogue.root.resolve()
    tree = git.tree(root)
    if tree is None:
        raise EvidenceError(f"{root} lies in no git checkout, or git does not answer: git is the registry of bets")
    if tree.shallow:
        raise EvidenceError(f"this clone of {tree.top} is shallow: `git fetch --unshallow` brings its history")
    if tree.commit is None:
        raise EvidenceError(f"nothing was ever committed in {tree.top}: git is the registry of bets")
    check_complete(tree, tree.commit, inside(root, tree.top), inside(results.folder, tree.top))
    return _Gatherer(catalogue, results, tree, tree.commit, search).evidence()


@dataclass(frozen=True)
class _Gatherer:
    catalogue: Catalogue
    results: Results
    tree: git.Tree
    head: str
    search: Sequence[Path]

    def evidence(self) -> Evidence:
        foreign = dict(self._foreign())
        with ThreadPoolExecutor() as pool:
            later = pool.submit(self._line_touches)  # git takes its time over this; the bets are read meanwhile
            commits = history.commits(self.tree.top)
            here = self._inside(self.results.folder / JOURNAL)
            committed, journals = follow(list(history.touches(self.tree.top, is_candidate)), self._is_ours, here)
            uncommitted, present = self._uncommitted(committed, foreign)
            touches = [*committed, *uncommitted]
            declared, facts = self._read(touches)
            work = Commit("", (self.head,), "", "not committed", len(commits))
            lines = self._lines(later.result(), commits, work, journals)
        now = {record.id: record for record in self.results.records()}
        declarations, unreadable = self.catalogue.declarations()
        bets = [_revision(touch, commits.get(touch.commit, work), declared) for touch in touches if _is_bet(touch)]
        blobs = sorted({touch.after for touch in touches if touch.after and not _is_bet(touch)})
        contents = (data for _, data in self._contents(blobs) if data)
        place = CodePlace(self.catalogue.root, self.tree.top, self._root or ".", self.search)
        code = code_evidence(place, commits, work, now, bets, lines, facts, contents)
        outside = (
            [] if self._inside(self.results.folder) else [f"{self.results.folder} lies outside of {self.tree.top}"]
        )
        return Evidence(
            commits=commits,
            bets=bets,
            records=list(_records([touch for touch in touches if not _is_bet(touch)], commits, work, facts)),
            lines=lines,
            declarations=declarations,
            now=now,
            now_sha256={bet: file_sha256(self.results.record_path(bet).read_bytes()) for bet in now},
            journal=[(sha256(line), load_line(line, JOURNAL)) for line in self.results.lines()],
            held=self._declared(sorted(self._asked(touches, lines))),
            drift=code.drift,
            moved=code.moved,
            upgraded=code.upgraded,
            other_code=code.other_code,
            relocated=code.relocated,
            lock=lock(self.catalogue.root),
            present=present,
            foreign=foreign,
            unknown=[*outside, *(str(fault) for error in unreadable for fault in error.faults)],
        )

    def _read(self, touches: Sequence[Touch]) -> tuple[dict[tuple[str, str], Held], dict[str, RecordFacts]]:
        """Return what bet files held by blob and path, and what records say by blob."""
        declared: dict[tuple[str, str], Held] = {}
        facts: dict[str, RecordFacts] = {}
        wanted: dict[str, set[str]] = {}
        for touch in touches:
            for blob, path in ((touch.before, touch.was), (touch.after, touch.path), *touch.others):
                if blob and path:
                    wanted.setdefault(blob, set()).add(path)
        for name, data in self._contents(list(wanted)):
            if data is None:
                raise EvidenceError(f"git has no object {name}: this clone is partial or damaged")
            for path in wanted[name]:
                if path.endswith(".py"):
                    declared[name, path] = held_in(data, path)
                else:
                    facts[name] = facts_in(data)
        return declared, facts

    def _declared(self, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Declaration | None]:
        """Return what was declared in a commit at a path, None where nothing was."""
        contents = history.contents(self.tree.top, [f"{commit}:{path}" for commit, path in asked])
        found = {
            place: None if data is None else held_in(data, place[1])
            for place, data in zip(asked, contents, strict=True)
        }
        return {place: held if isinstance(held, Declaration) else None for place, held in found.items()}

    def _inside(self, path: Path) -> str | None:
        return inside(path, self.tree.top)

    def _is_ours(self, path: str) -> bool:
        if path.endswith(".py"):
            return is_bet_name(path) and self._is_in_root(path)
        folder, _, name = path.rpartition("/")
        return name.endswith(".json") and name != SUMMARY_JSON and (folder or ".") == self._folder

    def _is_in_root(self, path: str) -> bool:
        return self._root == "." or path.startswith(f"{self._root}/")

    @cached_property
    def _root(self) -> str | None:
        return self._inside(self.catalogue.root)

    @cached_property
    def _folder(self) -> str | None:
        return self._inside(self.results.folder)

    def _uncommitted(
        self, committed: Sequence[Touch], foreign: Mapping[str, str]
    ) -> tuple[list[Touch], frozenset[str]]:
        """Return how the working tree differs from HEAD, whatever its index says, and the files that either has."""
        here = [path for path in self.catalogue.paths if bet_id(path.name) not in foreign]
        known = {self._inside(path) for path in (*here, *self.results.folder.glob("*.json"))}
        paths = sorted({*(touch.path or touch.was for touch in committed), *known} - {None}, key=str)
        ours = [path for path in paths if path and self._is_ours(path)]
        touches, present = [], set()
        heads = history.contents(self.tree.top, [f"{self.head}:{path}" for path in ours])
        for path, head in zip(ours, heads, strict=True):
            file = self.tree.top / path
            disk = file.read_bytes() if file.is_file() else None
            if (head, disk) != (None, None):
                present.add(path)
            if disk is None and (head is None or path not in self.tree.changed):  # a sparse check-out has not all
                continue
            if head is None or disk is None or file_sha256(head) != file_sha256(disk):
                before = None if head is None else f"{self.head}:{path}"
                after = None if disk is None else f"{_DISK}{path}"
                touches.append(Touch("", before and path, after and path, before, after))
        return touches, frozenset(present)

    def _contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        asked = [name for name in names if not name.startswith(_DISK)]
        yield from zip(asked, history.contents(self.tree.top, asked), strict=True)
        for name in names:
            if name.startswith(_DISK):
                yield name, (self.tree.top / name.removeprefix(_DISK)).read_bytes()

    def _line_touches(self) -> list[tuple[str, str, bool, bytes]]:
        return list(history.line_touches(self.tree.top, [f":(top,glob)**/{JOURNAL}"]))

    def _lines(
        self,
        touched: Sequence[tuple[str, str, bool, bytes]],
        commits: Mapping[str, Commit],
        work: Commit,
        journals: Collection[str],
    ) -> list[JournalLine]:
        """Return the lines of the journal, and those of any other under the root that is or was committed.

        `journals` are the paths that the journal has had.
        """
        added: dict[bytes, Commit] = {}
        removed: dict[bytes, Commit] = {}
        lies: dict[bytes, str | None] = {}
        for name, path, came, line in touched:
            if path not in journals and not self._is_in_root(path):
                continue
            commit = commits[name]
            if came:
                added.setdefault(line, commit)
                lies[line] = None if path in journals else lies.get(line, path)
            elif len(commit.parents) > 1:
                removed.setdefault(line, commit)
            else:
                removed[line] = commit
        for line in self.results.lines():
            added.setdefault(line, work)
        found = []
        for line, since in added.items():
            try:
                entry = load_line(line, JOURNAL)
            except RecordError:  # a revision of the journal that was broken, or merged with its conflicts
                continue
            found.append(JournalLine(sha256(line), entry, since, removed.get(line), lies.get(line)))
        return found

    def _asked(self, touches: Sequence[Touch], lines: Sequence[JournalLine]) -> set[tuple[str, str]]:
        paths: dict[str, set[str]] = {}
        for touch in touches:
            if touch.path and touch.path.endswith(".py"):
                paths.setdefault(bet_id(touch.path), set()).add(touch.path)
        ran = {(line.entry.bet, line.entry.environment.commit) for line in lines if isinstance(line.entry, RunLine)}
        return {(commit, path) for bet, commit in ran if commit for path in paths.get(bet, ())}

    def _foreign(self) -> Iterator[tuple[str, str]]:
        for path in self.catalogue.paths:
            name = self.catalogue.name(path)
            folder = path.resolve().parent
            if not folder.is_relative_to(self.tree.top):
                yield bet_id(name), f"{name} lies outside of the repository {self.tree.top}: its history is not here"
            elif any((here / ".git").exists() for here in takewhile(self.tree.top.__ne__, (folder, *folder.parents))):
                yield bet_id(name), f"{name} lies in a repository of its own: run the audit there"


def _is_bet(touch: Touch) -> bool:
    return is_bet_name(touch.path or touch.was or "")


def _revision(touch: Touch, commit: Commit, known: Mapping[tuple[str, str], Held]) -> BetRevision:
    before = known.get((touch.before, touch.was)) if touch.before and touch.was else None
    after = known.get((touch.after, touch.path)) if touch.after and touch.path else None
    was = touch.was if touch.path and touch.was != touch.path else None
    others = tuple(known[other] for other in touch.others)
    return BetRevision(commit, touch.path or touch.was or "", was, before, after, others)


def _records(
    touches: Sequence[Touch], commits: Mapping[str, Commit], work: Commit, facts: Mapping[str, RecordFacts]
) -> Iterator[RecordRevision]:
    for touch in touches:
        commit = commits.get(touch.commit, work)
        before, after = facts.get(touch.before or ""), facts.get(touch.after or "")
        if touch.was and touch.path and touch.was != touch.path:
            yield RecordRevision(commit, _bet(touch.was), before, None)
            before = None
        yield RecordRevision(commit, _bet(touch.path or touch.was or ""), before, after if touch.path else None)


def _bet(path: str) -> str:
    return path.rpartition("/")[2].removesuffix(".json")
