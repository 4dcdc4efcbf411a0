"""The code that runs say they ran, held against the files of the commits that they name."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_bets.audit.evidence import OtherCode, RecordHeader
from pytest_bets.audit.staleness import inside, searches
from pytest_bets.code.digest import Code
from pytest_bets.code.index import CodeIndex
from pytest_bets.code.program import Outlines
from pytest_bets.code.staleness import difference, named
from pytest_bets.git import attributes
from pytest_bets.git.commit import CommitFiles, Commits
from pytest_bets.git.log import blob_id
from pytest_bets.record.codec import file_sha256
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import CodeDefinitions, CodeFiles

_OUTSIDE = "git stores it through a filter, as a link or in a submodule: git does not show what ran"


class Committed:
    """Finds runs whose code their commit does not hold, although they say that nothing differed from it."""

    def __init__(
        self,
        root: Path,
        top: Path,
        search: Sequence[Path],
        commits: Commits,
        outlines: Outlines,
        now: Mapping[str, Code],
    ) -> None:
        self.root = root
        self.top = top
        self.search = search
        self.commits = commits
        self.outlines = outlines
        self.now = now
        self.place = inside(root, top) or "."
        self._codes: dict[tuple[str, str, str, tuple[str, ...]], Code] = {}
        self._blobs: dict[str, str | None] = {}

    def others(
        self, runs: Iterable[RunLine], records: Iterable[RecordHeader], known: Iterable[tuple[str, str, str]]
    ) -> list[OtherCode]:
        """Return the runs whose code is not what their commit holds.

        `known` are bets, commits and digests of code that are settled already.
        """
        by_code = {header.record.code.digest: header for header in records if header.record}
        settled = set(known)
        found: list[OtherCode] = []
        for run in runs:
            commit = run.environment.commit
            key = run.bet, commit or "", run.code
            if commit is None or run.verdict is None or run.pilot or run.environment.dirty or key in settled:
                continue
            settled.add(key)
            files = self.commits.files(commit)
            if files is None:
                continue
            if not self._is_as_now(run, files):
                found += self._other(run, commit, by_code.get(run.code))
            found += self._other_unseen(run, files)
        return found

    def _other_unseen(self, run: RunLine, files: CommitFiles) -> Iterator[OtherCode]:
        for name, sha in (run.environment.unseen or {}).items():
            if files.is_odd(name) or not (files.is_file(name) or name.endswith(".py")):
                continue  # what is built in place, such as an extension module, is seldom in the commit
            if not files.is_file(name) or file_sha256(files.read(name)) != sha:
                yield OtherCode(run, name)

    def _is_as_now(self, run: RunLine, files: CommitFiles) -> bool:
        """Return whether the code of today has the run's digest, and the commit held the same files: that is quick."""
        code = self.now.get(run.bet)
        if code is None or code.digest != run.code:
            return False
        return all(files.blob(name) == self._blob(name) for name in code.files)

    def _blob(self, name: str) -> str | None:
        if name not in self._blobs:
            path = self.root / name
            self._blobs[name] = blob_id(path.read_bytes()) if path.is_file() else None
        return self._blobs[name]

    def _other(self, run: RunLine, commit: str, header: RecordHeader | None) -> Iterator[OtherCode]:
        code = header.record.code if header and header.record else None
        file = header.record.bet.file if header and header.record else None
        places = list(self._places(run.bet, commit, file))
        if not places:
            return
        if isinstance(code, CodeFiles):
            yield from self._other_files(run, commit, code, places[0][0])
            return
        definitions = code.definitions if isinstance(code, CodeDefinitions) else {}
        for root, bet in places:
            for search in searches(definitions):
                if self._code(commit, root, bet, search).digest == run.code:
                    return
        root, bet = places[0]
        nearest = min(
            (self._code(commit, root, bet, search) for search in searches(definitions)),
            key=lambda each: len(difference(definitions, each.definitions).changed),
        )
        if not definitions:
            yield OtherCode(run, "its code")
        elif changed := difference(definitions, nearest.definitions).changed:
            yield self._other_code(run, commit, root, changed)

    def _other_files(self, run: RunLine, commit: str, code: CodeFiles, root: str) -> Iterator[OtherCode]:
        files = self.commits.at(root).files(commit)
        assert files is not None  # noqa: S101  # the commit is here
        changed: dict[str, tuple[str, ...]] = {
            name: ()
            for name, sha in code.files.items()
            if not files.is_file(name) or file_sha256(files.read(name)) != sha
        }
        if changed:
            yield self._other_code(run, commit, root, changed)

    def _other_code(self, run: RunLine, commit: str, root: str, changed: Mapping[str, tuple[str, ...]]) -> OtherCode:
        files = self.commits.at(root).files(commit)
        odd = [name for name in changed if files is not None and files.is_odd(name)]
        odd += attributes.filtered(self.top, [posixpath.normpath(posixpath.join(root, name)) for name in changed])
        text = named(changed) if all(changed.values()) else ", ".join(changed)
        return OtherCode(run, f"{text} ({_OUTSIDE})" if odd else text, undetermined=bool(odd))

    def _code(self, commit: str, root: str, bet: str, search: tuple[str, ...]) -> Code:
        key = commit, root, bet, search
        if key not in self._codes:
            files = self.commits.at(root).files(commit)
            paths = [*self.search, *(self.root / name for name in search)]
            self._codes[key] = CodeIndex(self.root, paths, files, self.outlines).of(bet)
        return self._codes[key]

    def _places(self, bet: str, commit: str, file: str | None) -> Iterator[tuple[str, str]]:
        """Yield the roots that the project may have had in a commit, and the bet's file under each, today's first."""
        files = self.commits.at(".").files(commit)
        paths = sorted(path for path in (files.names if files else ()) if posixpath.basename(path) == f"bet_{bet}.py")
        found = []
        for path in paths:
            if file is not None and (path == file or path.endswith(f"/{file}")):
                found.append((path.removesuffix(file).rstrip("/") or ".", file))
            elif file is None and (self.place == "." or path.startswith(f"{self.place}/")):
                found.append((self.place, posixpath.relpath(path, self.place)))
        yield from sorted(found, key=lambda place: place[0] != self.place)
