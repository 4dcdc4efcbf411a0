"""What an audit reads, gathered from git, the bet files and the folder of results."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

from pytest_bets.pure.declaration import Declaration, bet_id, is_bet_name
from pytest_bets.pure.evidence import (
    BetRevision,
    Commit,
    Drift,
    Evidence,
    Held,
    JournalLine,
    Json,
    RecordFacts,
    RecordRevision,
    Unreadable,
)
from pytest_bets.pure.fault import DeclarationError
from pytest_bets.pure.reader import read
from pytest_bets.pure.record import RecordError, load_line, sha256
from pytest_bets.world import git, history
from pytest_bets.world.catalogue import Catalogue
from pytest_bets.world.history import Touch
from pytest_bets.world.results import JOURNAL, SUMMARY_JSON, Results

_DISK: Final = "disk:"
"""What stands before a path where a file's content is that of the working tree, and not a blob's."""


class EvidenceError(ValueError):
    """There is no history to audit; the message says why, and what helps."""


def gather(catalogue: Catalogue, results: Results) -> Evidence:
    """Return what an audit reads.

    Raises:
        EvidenceError: outside git, in a shallow clone, and where nothing was ever committed.
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
    return _Gatherer(catalogue, results, tree, tree.commit).evidence()


@dataclass(frozen=True)
class _Gatherer:
    catalogue: Catalogue
    results: Results
    tree: git.Tree
    head: str

    def evidence(self) -> Evidence:
        with ThreadPoolExecutor() as pool:  # git's processes take their time side by side
            later = pool.submit(self._line_touches)
            commits = history.commits(self.tree.top)
            touches = [*self._touches(), *self._uncommitted()]
            line_touches = later.result()
        work = Commit("", (self.head,), "", "not committed", len(commits))
        lines = self._lines(line_touches, commits, work)
        held = self._asked(touches, lines)
        known: dict[tuple[str, str], Held] = {}
        facts: dict[str, RecordFacts] = {}
        blobs = sorted({blob for touch in touches for blob in (touch.before, touch.after) if blob})
        bets = [touch for touch in touches if _is_bets(touch)]
        others = [touch for touch in touches if not _is_bets(touch)]
        wanted: dict[str, set[str]] = {}
        for touch in bets:
            for blob, path in ((touch.before, touch.was), (touch.after, touch.path)):
                if blob and path:
                    wanted.setdefault(blob, set()).add(path)
        requests = {f"{commit}:{path}": (commit, path) for commit, path in held}
        for name, data in self._contents(list(dict.fromkeys([*blobs, *requests]))):
            if data is None:
                continue
            if name in requests:
                found = _held(data, requests[name][1])
                held[requests[name]] = found.digest if isinstance(found, Declaration) else None
            if name in wanted:
                known.update({(name, path): _held(data, path) for path in wanted[name]})
            elif name not in requests:
                facts[name] = _facts(data)
        now = {record["bet"]["id"]: record for record in self.results.records()}
        declarations, unreadable = self.catalogue.declarations()
        return Evidence(
            commits=commits,
            bets=[_revision(touch, commits.get(touch.commit, work), known) for touch in bets],
            records=list(_records(others, commits, work, facts)),
            lines=lines,
            declarations=declarations,
            now=now,
            now_sha256={bet: _sha256(self.results.record_path(bet).read_bytes()) for bet in now},
            journal=[(sha256(line), load_line(line, JOURNAL)) for line in self.results.lines()],
            held=held,
            drift=self._drift(now, bets, commits, work),
            unreadable=[str(fault) for error in unreadable for fault in error.faults],
            unknown=list(self._unknown()),
        )

    def _inside(self, path: Path) -> str | None:
        resolved = path.resolve()
        return resolved.relative_to(self.tree.top).as_posix() if resolved.is_relative_to(self.tree.top) else None

    def _touches(self) -> list[Touch]:
        places = [(self._inside(self.catalogue.root), "**/bet_*.py"), (self._inside(self.results.folder), "*.json")]
        patterns = [
            f":(top,glob){'' if folder == '.' else f'{folder}/'}{name}" for folder, name in places if folder is not None
        ]
        return [touch for touch in history.touches(self.tree.top, patterns) if self._is_ours(touch)]

    def _is_ours(self, touch: Touch) -> bool:
        path = touch.path or touch.was or ""
        return _is_bets(touch) or (path.endswith(".json") and path.rpartition("/")[2] != SUMMARY_JSON)

    def _uncommitted(self) -> Iterator[Touch]:
        folder = self._inside(self.results.folder)
        bets = {name for path in self.catalogue.paths if (name := self._inside(path))}
        for path in self.tree.changed:
            on_disk = (self.tree.top / path).is_file()
            is_record = path.endswith(".json") and path.rpartition("/")[0] == (folder if folder != "." else "")
            if path in bets or (is_bet_name(path) and not on_disk) or is_record:
                touch = Touch("", path, path if on_disk else None, f"{self.head}:{path}", f"{_DISK}{path}")
                if self._is_ours(touch):
                    yield touch

    def _contents(self, names: Sequence[str]) -> Iterator[tuple[str, bytes | None]]:
        asked = [name for name in names if not name.startswith(_DISK)]
        yield from zip(asked, history.contents(self.tree.top, asked), strict=True)
        for name in names:
            if name.startswith(_DISK):
                path = self.tree.top / name.removeprefix(_DISK)
                yield name, path.read_bytes() if path.is_file() else None

    def _line_touches(self) -> list[tuple[str, bool, bytes]]:
        path = self._inside(self.results.folder / JOURNAL)
        return list(history.line_touches(self.tree.top, path)) if path else []

    def _lines(
        self, touched: Sequence[tuple[str, bool, bytes]], commits: Mapping[str, Commit], work: Commit
    ) -> list[JournalLine]:
        added: dict[bytes, Commit] = {}
        removed: dict[bytes, Commit] = {}
        for commit, came, line in touched:
            if came:
                added.setdefault(line, commits[commit])
            else:
                removed[line] = commits[commit]
        for line in self.results.lines():
            added.setdefault(line, work)
        found = []
        for line, since in added.items():
            try:
                entry = load_line(line, JOURNAL)
            except RecordError:  # a revision of the journal that was broken, or merged with its conflicts
                continue
            found.append(JournalLine(sha256(line), entry, since, removed.get(line)))
        return found

    def _asked(self, touches: Sequence[Touch], lines: Sequence[JournalLine]) -> dict[tuple[str, str], str | None]:
        paths: dict[str, set[str]] = {}
        for touch in touches:
            if touch.path and touch.path.endswith(".py"):
                paths.setdefault(bet_id(touch.path), set()).add(touch.path)
        ran = {(line.entry["bet"], line.entry["environment"]["commit"]) for line in lines}
        return {(commit, path): None for bet, commit in ran if commit for path in paths.get(bet, ())}

    def _drift(
        self, now: Mapping[str, Json], bets: Sequence[Touch], commits: Mapping[str, Commit], work: Commit
    ) -> dict[str, list[Drift]]:
        root = self.catalogue.root
        hashes: dict[str, str | None] = {}
        for record in now.values():
            for file in record["code"]["files"]:
                if file not in hashes:
                    path = root / file
                    hashes[file] = _sha256(path.read_bytes()) if path.is_file() else None
        changed = {
            bet: files
            for bet, record in now.items()
            if (files := [file for file, was in record["code"]["files"].items() if hashes[file] != was])
        }
        inside = {file: self._inside(root / file) for files in changed.values() for file in files}
        by: dict[str, list[str]] = {}
        for touch in reversed(bets):
            if touch.path and touch.commit:
                by.setdefault(touch.path, []).append(touch.commit)
        by |= history.changed_by(self.tree.top, sorted({path for path in inside.values() if path and path not in by}))
        found = {}
        for bet, files in changed.items():
            ran = commits.get(now[bet]["environment"]["commit"] or "")
            since = -1 if ran is None else ran.order
            found[bet] = [
                Drift(
                    file,
                    tuple(commits[commit] for commit in by.get(inside[file] or "", ()) if commits[commit].order > since)
                    or (work,),
                )
                for file in files
            ]
        return found

    def _unknown(self) -> Iterator[str]:
        for path in self.catalogue.paths:
            name = self.catalogue.name(path)
            folder = path.resolve().parent
            if not folder.is_relative_to(self.tree.top):
                yield f"{name} lies outside of the repository {self.tree.top}: its history is not here"
            elif any((here / ".git").exists() for here in takewhile(self.tree.top.__ne__, (folder, *folder.parents))):
                yield f"{name} lies in a repository of its own: run the audit there"


def _is_bets(touch: Touch) -> bool:
    return is_bet_name(touch.path or touch.was or "")


def _revision(touch: Touch, commit: Commit, known: Mapping[tuple[str, str], Held]) -> BetRevision:
    before = known.get((touch.before, touch.was)) if touch.before and touch.was else None
    after = known.get((touch.after, touch.path)) if touch.after and touch.path else None
    was = touch.was if touch.path and touch.was != touch.path else None
    return BetRevision(commit, touch.path or touch.was or "", was, before, after)


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


def _held(data: bytes, path: str) -> Held:
    try:
        return read(data.decode(), path) or Unreadable("nothing in it carries a criterion")
    except DeclarationError as error:
        return Unreadable(error.faults[0].problem)
    except UnicodeDecodeError:
        return Unreadable("it is not UTF-8")


def _facts(data: bytes) -> RecordFacts:
    try:
        record = json.loads(data)
        declaration, code = record["declaration"]["digest"], record["code"]
        return RecordFacts(_sha256(data), declaration, code["digest"], code["files"], record["verdict"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return RecordFacts(_sha256(data), None, None, None, None)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest()
