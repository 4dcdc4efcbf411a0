"""What an audit reads, gathered from git, the bet files and the folder of results."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from pytest_bets.audit.code_evidence import CodePlace, code_evidence
from pytest_bets.audit.complete import check_complete
from pytest_bets.audit.evidence import (
    BetContent,
    BetRevision,
    Evidence,
    JournalLine,
    RecordHeader,
    RecordRevision,
    bet_content,
    record_header,
)
from pytest_bets.audit.lineage import lineages
from pytest_bets.audit.lines import Touched, broken_lines, foreign_runs, journal_lines
from pytest_bets.audit.outside import Outside, Unmerged
from pytest_bets.audit.overview import Page
from pytest_bets.audit.pages import Place, pages
from pytest_bets.audit.paths import Paths, paths
from pytest_bets.audit.places import follow, is_candidate
from pytest_bets.audit.present import Present, contents, present
from pytest_bets.audit.revisions import bet_revisions, is_bet, merge_sides, record_revisions
from pytest_bets.audit.staleness import inside
from pytest_bets.audit.surroundings import outside, unmerged
from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration, bet_id, is_bet_name
from pytest_bets.code.lock import lock
from pytest_bets.diagnostics import DeclarationError, EvidenceError
from pytest_bets.git import checkout as git
from pytest_bets.git import log as history
from pytest_bets.git.revision import Commit, Side, Touch
from pytest_bets.record.codec import file_sha256
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.line import RunLine
from pytest_bets.record.store import Results
from pytest_bets.walk import checkout

_DISK: Final = "disk:"
"""What stands before a path where a file's content is that of the working tree, and not a blob's."""


def gather(catalogue: Catalogue, results: Results, search: Sequence[Path] = ()) -> Evidence:
    """Return what an audit reads; modules of the project are looked for in `search`.

    Raises:
        EvidenceError: outside git, in a shallow clone, where the branch has no commit, and where the checkout lacks
            files that are committed.
        HistoryError: where git fails.

    """
    root = catalogue.root.resolve()
    tree = git.tree(root)
    if tree is None:
        raise EvidenceError(f"{root} is not in a git repository, or git does not answer (bets are registered in git)")
    if tree.shallow:
        raise EvidenceError(f"this clone of {tree.top} is shallow: `git fetch --unshallow` brings its history")
    if tree.commit is None:
        raise EvidenceError(f"the branch in {tree.top} has no commit yet (bets are registered in git)")
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
        no_history = dict(self._no_history())
        with ThreadPoolExecutor() as pool:
            later = pool.submit(self._line_touches)  # git takes its time over this; the bets are read meanwhile
            commits = history.commits(self.tree.top)
            touched = list(history.touches(self.tree.top, is_candidate))
            committed, journals = follow(touched, self.paths.is_ours, self.paths.journal)
            merged = list(history.sides(self.tree.top, self.paths.is_bet))
            uncommitted, present = self._uncommitted(committed, no_history)
            touches = [*committed, *uncommitted]
            declared, headers = self._read(touches, merged)
            work = Commit("", (self.head,), "", "not committed", len(commits))
            changed = later.result()
            lines = journal_lines(changed, self.now.lines, commits, work, journals, self.paths.is_in_root)
        now, elsewhere = self.now.records, self._elsewhere()
        ignored = frozenset[str]() if elsewhere else self._ignored()
        records = list(record_revisions(touches, commits, work, headers))
        declarations, unreadable = self.catalogue.declarations()
        bets = bet_revisions(touches, commits, work, declared)
        blobs = sorted({touch.after for touch in touches if touch.after and not is_bet(touch)})
        revisions = (data for _, data in self._contents(blobs) if data)
        place = CodePlace(self.catalogue.root, self.tree.top, self.paths.root or ".", self.search)
        code = code_evidence(place, commits, work, now, bets, lines, headers, revisions, self._bet_files(bets, present))
        return Evidence(
            commits=commits,
            bets=bets,
            merges=merge_sides(merged, commits, declared),
            records=records,
            lines=lines,
            declarations=declarations,
            now=now,
            now_sha256=self.now.sha256,
            journal=self.now.journal,
            declared=self._declared(sorted(self._asked(touches, lines))),
            drift=code.drift,
            moved=code.moved,
            upgraded=code.upgraded,
            other_code=code.other_code,
            relocated=code.relocated,
            lock=lock(self.catalogue.root),
            present=present,
            unsearched=self._unsearched(present),
            broken_lines=broken_lines(changed, self.now.lines, commits, journals),
            no_history=no_history,
            ignored=ignored - {JOURNAL},
            is_journal_ignored=JOURNAL in ignored,
            unread=self.now.unread,
            pages=self._pages(declarations, unreadable, commits),
            unmerged=self._unmerged(lines, records),
            outside=self._outside(changed, {bet.id for bet in declarations}, lines),
            root=self.paths.root or ".",
            unknown=[*elsewhere, *self.now.faults, *(str(fault) for error in unreadable for fault in error.faults)],
        )

    def _read(
        self, touches: Sequence[Touch], merged: Sequence[Side]
    ) -> tuple[dict[tuple[str, str], BetContent], dict[str, RecordHeader]]:
        """Return what bet files held by blob and path, and what records say by blob."""
        declared: dict[tuple[str, str], BetContent] = {}
        headers: dict[str, RecordHeader] = {}
        wanted: dict[str, set[str]] = {}
        for touch in touches:
            for blob, path in ((touch.before, touch.was), (touch.after, touch.path), *touch.others):
                if blob and path:
                    wanted.setdefault(blob, set()).add(path)
        for side in merged:
            for blob in (side.before, side.after):
                if blob:
                    wanted.setdefault(blob, set()).add(side.path)
        for name, data in self._contents(list(wanted)):
            if data is None:
                raise EvidenceError(f"git has no object {name}: this clone is partial or damaged")
            for path in wanted[name]:
                if path.endswith(".py"):
                    declared[name, path] = bet_content(data, path)
                else:
                    headers[name] = record_header(data)
        return declared, headers

    @cached_property
    def paths(self) -> Paths:
        """Which paths are the project's."""
        return paths(self.tree.top, self.catalogue.root, self.results.folder)

    @cached_property
    def now(self) -> Present:
        """The folder of results."""
        return present(self.results, self.catalogue.root)

    def _elsewhere(self) -> list[str]:
        """Return why the history of the folder of results is not in this repository; empty where it is."""
        folder, top = self.results.folder.resolve(), self.tree.top
        if not folder.is_relative_to(top):
            return [f"{self.results.folder} lies outside of {top}"]
        if checkout(folder) != top:
            return [f"{self.paths.folder} is in a repository of its own: its history is there"]
        return []

    def _bet_files(self, bets: Sequence[BetRevision], present: Collection[str]) -> dict[str, str]:
        """Return the files of the bets, relative to the root, by their ids; of two, that of the record.

        A record under a former name was measured with the code that a file of another name has now.
        """
        names = {self.catalogue.name(path): bet_id(path.name) for path in self.catalogue.paths}
        recorded = {bet: record.bet.file for bet, record in self.now.records.items() if record.bet.file in names}
        found = {bet: name for name, bet in names.items()}
        former = {bet: found[line.id] for line in lineages(bets, present) if line.id in found for bet in line.ids}
        return former | found | recorded

    def _unsearched(self, present: Collection[str]) -> frozenset[str]:
        """Return the bet files that are where the catalogue does not look for bets."""
        known = {f"{self.paths.inside(path.parent)}/{path.name}".removeprefix("./") for path in self.catalogue.paths}
        return frozenset(path for path in present if is_bet_name(path) and path not in known)

    def _ignored(self) -> frozenset[str]:
        """Return the bets whose record, and the journal if it is so, is not committed because git ignores it."""
        paths = {bet: self.results.record_path(bet).resolve() for bet in self.now.records}
        paths |= {JOURNAL: (self.results.folder / JOURNAL).resolve()} if self.now.lines else {}
        names = {bet: name for bet, path in paths.items() if (name := self.paths.inside(path))}
        heads = history.contents(self.tree.top, [f"{self.head}:{name}" for name in names.values()])
        new = [bet for bet, head in zip(names, heads, strict=True) if head is None]
        untracked = self.tree.among_untracked(paths[bet] for bet in new)
        return frozenset(bet for bet in new if paths[bet] not in untracked and names[bet] not in self.tree.changed)

    def _pages(
        self,
        declarations: Sequence[Declaration],
        unreadable: Sequence[DeclarationError],
        commits: Mapping[str, Commit],
    ) -> list[Page]:
        if self.paths.root is None or self.paths.folder is None:
            return []
        place = Place(self.tree.top, self.paths.root, self.paths.folder, self.head)
        return list(pages(place, self.now, declarations, unreadable, commits))

    def _unmerged(self, lines: Sequence[JournalLine], records: Sequence[RecordRevision]) -> list[Unmerged]:
        known = {header.sha256 for revision in records for header in (revision.before, revision.after) if header}
        wrote = {line.entry.record or "" for line in lines}
        found = {line.sha256 for line in lines}
        return unmerged(self.tree.top, self.paths.is_results, found, {*known, *wrote, *self.now.sha256.values()})

    def _outside(
        self, touched: Sequence[Touched], bets: Collection[str], lines: Sequence[JournalLine]
    ) -> list[Outside]:
        """Return the bets and results of the repository that belong to no bet or no journal of the project."""
        new = {path for path in self.tree.untracked if path.rpartition("/")[2] == JOURNAL} - {self.paths.journal}
        every = [*touched, *(("", path, True, line) for path in sorted(new) for line in self._lines_of(path))]
        # a committed journal under the root is a finding of its own
        runs = foreign_runs(
            every, lines, lambda path: path in new or (path != self.paths.journal and not self.paths.is_in_root(path))
        )
        return list(outside(self.tree.top, self.head, self.paths.root or ".", self.paths.folder or "", bets, runs))

    def _declared(self, asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Declaration | None]:
        """Return what was declared in a commit at a path, None where nothing was."""
        contents = history.contents(self.tree.top, [f"{commit}:{path}" for commit, path in asked])
        found = {
            place: None if data is None else bet_content(data, place[1])
            for place, data in zip(asked, contents, strict=True)
        }
        return {place: content if isinstance(content, Declaration) else None for place, content in found.items()}

    def _lines_of(self, path: str) -> list[bytes]:
        try:
            return contents(self.tree.top / path).splitlines()
        except OSError:
            return []

    def _uncommitted(
        self, committed: Sequence[Touch], no_history: Mapping[str, str]
    ) -> tuple[list[Touch], frozenset[str]]:
        """Return how the working tree differs from HEAD, whatever its index says, and the files that either has."""
        here = [path for path in self.catalogue.paths if bet_id(path.name) not in no_history]
        known = {self.paths.inside(path) for path in (*here, *self.results.folder.glob("*.json"))}
        paths = sorted({*(touch.path or touch.was for touch in committed), *known} - {None}, key=str)
        ours = [path for path in paths if path and self.paths.is_ours(path)]
        touches, present = [], set()
        heads = history.contents(self.tree.top, [f"{self.head}:{path}" for path in ours])
        for path, head in zip(ours, heads, strict=True):
            file = self.tree.top / path
            if is_bet_name(path) and file.is_symlink():  # `no_history` has it
                present.add(path)
                continue
            try:
                disk = contents(file) if file.is_file() else None
            except OSError:  # the catalogue or the folder of results reports it
                continue
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

    def _line_touches(self) -> list[Touched]:
        return list(history.line_touches(self.tree.top, [f":(top,glob)**/{JOURNAL}"]))

    def _asked(self, touches: Sequence[Touch], lines: Sequence[JournalLine]) -> set[tuple[str, str]]:
        paths: dict[str, set[str]] = {}
        for touch in touches:
            if touch.path and touch.path.endswith(".py"):
                paths.setdefault(bet_id(touch.path), set()).add(touch.path)
        ran = {(line.entry.bet, line.entry.environment.commit) for line in lines if isinstance(line.entry, RunLine)}
        return {(commit, path) for bet, commit in ran if commit for path in paths.get(bet, ())}

    def _no_history(self) -> Iterator[tuple[str, str]]:
        for path in self.catalogue.paths:
            name = self.catalogue.name(path)
            folder = path.resolve().parent
            if path.is_symlink() and self.catalogue.is_bet(path):
                yield bet_id(name), f"{name} is a link: git has where it leads to, and not what it declares"
            elif not folder.is_relative_to(self.tree.top):
                yield bet_id(name), f"{name} lies outside of the repository {self.tree.top}: its history is not here"
            elif checkout(folder) != self.tree.top:
                yield bet_id(name), f"{name} is in a repository of its own: run the audit there"
