"""SUMMARY.md and SUMMARY.json as they are, beside what the results of today and of their commit give."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname

from pytest_bets.audit.evidence import bet_content
from pytest_bets.audit.overview import Page
from pytest_bets.audit.present import Present, contents
from pytest_bets.audit.statements import statements
from pytest_bets.bet.declaration import Declaration, is_bet_name
from pytest_bets.diagnostics import DeclarationError, RecordError
from pytest_bets.git import log as history
from pytest_bets.git.revision import Commit
from pytest_bets.record.codec import file_sha256, load, load_line
from pytest_bets.record.filenames import BADGE, JOURNAL, NO_RECORDS, SUMMARY_JSON, SUMMARY_TEXT
from pytest_bets.record.journal import runs
from pytest_bets.record.line import Line, RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.summary import overview
from pytest_bets.render.badge import badge
from pytest_bets.render.summary import as_json, as_markdown


@dataclass(frozen=True)
class Place:
    """A project in its repository: the top folder, and from there its root and its folder of results; HEAD."""

    top: Path
    root: str
    results: str
    head: str


def pages(
    place: Place,
    now: Present,
    declarations: Sequence[Declaration],
    unreadable: Sequence[DeclarationError],
    commits: Mapping[str, Commit],
) -> Iterator[Page]:
    """Yield the files of the summary that are there and say something else than the results of today."""
    today = _Results(list(now.records.values()), [entry for _, entry in now.journal])
    for name, expected in _made(today, declarations, unreadable).items():
        path = _join(place.results, name)
        try:
            data = contents(place.top / path)
        except OSError:
            continue
        if file_sha256(data) == file_sha256(expected):
            continue
        (committed,) = history.contents(place.top, [f"{place.head}:{path}"])
        wrote = history.last_change(place.top, path) if committed is not None else None
        results, then, commit = today, [expected], None
        if wrote and committed is not None and file_sha256(committed) == file_sha256(data):
            results, commit = _results_of(place, wrote), commits.get(wrote)
            then = [_made(results, _bets_of(place, wrote))[name]]
        elif b"\n<<<<<<< " in b"\n" + data:  # a merge that is not finished; the command line says so
            continue
        # a session reads the bets of the commit that it runs from, and these may have changed before it is committed
        then += [_made(results, _bets_of(place, at))[name] for at in results.ran if at in commits]
        parents = commit.parents if commit and len(commit.parents) > 1 else ()
        merged = history.contents(place.top, [f"{parent}:{path}" for parent in parents])
        yield Page(
            path,
            statements(name, data),
            statements(name, expected),
            [statements(name, text) for text in then],
            [statements(name, text) for text in merged if text is not None],
            commit,
            partial=bool(now.faults),
        )


@dataclass(frozen=True)
class _Results:
    records: Sequence[Record]
    journal: Sequence[Line]

    @property
    def ran(self) -> list[str]:
        """The commit that the last run names, if there is one."""
        names = [line.environment.commit for line in self.journal if isinstance(line, RunLine)]
        return [name for name in names[-1:] if name]


def _made(
    results: _Results, declarations: Sequence[Declaration], unreadable: Sequence[DeclarationError] = ()
) -> dict[str, bytes]:
    """Return the files of the summary as a rollup writes them."""
    summary = overview(results.records, runs(results.journal), declarations, unreadable)
    texts = {SUMMARY_TEXT: as_markdown(summary, "../"), SUMMARY_JSON: as_json(summary), BADGE: badge(summary.counts)}
    return {name: text.encode() for name, text in texts.items()}


def _results_of(place: Place, commit: str) -> _Results:
    """Return the records and the journal of a commit, without what cannot be read."""
    records: list[Record] = []
    lines: list[Line] = []
    journal = _join(place.results, JOURNAL)
    for path, data in _read(place, commit, lambda path: path == journal or _is_record(place, path)):
        try:
            if path == journal:
                lines = [load_line(line, path) for line in data.splitlines()]
            else:
                records.append(load(data, path))
        except RecordError:
            continue
    return _Results(records, lines)


def _bets_of(place: Place, commit: str) -> list[Declaration]:
    found = (bet_content(data, path) for path, data in _read(place, commit, lambda path: _is_bet(place, path)))
    return [bet for bet in found if isinstance(bet, Declaration)]


def _read(place: Place, commit: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    blobs = {path: blob for path, blob in (history.blobs(place.top, commit) or {}).items() if wanted(path)}
    for path, data in zip(blobs, history.contents(place.top, list(blobs.values())), strict=True):
        if data is not None:
            yield path, data


def _is_record(place: Place, path: str) -> bool:
    name = basename(path)
    return (dirname(path) or ".") == place.results and name.endswith(".json") and name not in NO_RECORDS


def _is_bet(place: Place, path: str) -> bool:
    return is_bet_name(path) and (place.root == "." or path.startswith(f"{place.root}/"))


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
