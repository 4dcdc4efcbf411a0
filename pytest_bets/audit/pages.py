"""SUMMARY.md and SUMMARY.json as they are, beside what the results of today and of their commit give."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from posixpath import basename, dirname

from pytest_bets.audit.evidence import Held, held
from pytest_bets.audit.overview import Page
from pytest_bets.audit.present import Present, contents
from pytest_bets.audit.statements import Statements, statements
from pytest_bets.bet.declaration import Declaration, is_bet_name
from pytest_bets.diagnostics import DeclarationError, RecordError
from pytest_bets.git import log as history
from pytest_bets.git.revision import Commit
from pytest_bets.record.codec import file_sha256, load, load_line
from pytest_bets.record.journal import runs
from pytest_bets.record.model import Line, Record
from pytest_bets.record.store import JOURNAL, SUMMARY_JSON, SUMMARY_TEXT
from pytest_bets.record.summary import overview
from pytest_bets.render.markdown import plain
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
    declared: Iterable[Held],
) -> Iterator[Page]:
    """Yield the files of the summary that are there and say something else than the results of today.

    `declared` is what revisions of bet files held.
    """
    entries = [entry for _, entry in now.journal]
    made = _made(list(now.records.values()), entries, declarations, unreadable)
    for name, expected in made.items():
        path = _join(place.results, name)
        try:
            data = contents(place.top / path)
        except OSError:
            continue
        if file_sha256(data) == file_sha256(expected):
            continue
        today = statements(name, expected)
        then: Statements | None = None
        commit = None
        wrote = history.last_change(place.top, path)
        (committed,) = history.contents(place.top, [f"{place.head}:{path}"])
        if wrote and committed is not None and file_sha256(committed) == file_sha256(data):
            commit = commits.get(wrote)
            then = statements(name, _as_of(place, wrote)[name])
        elif b"\n<<<<<<< " in b"\n" + data:  # a merge that is not finished; the command line says so
            continue
        texts = {text for bet in declared if isinstance(bet, Declaration) for text in _texts(bet)}
        yield Page(path, statements(name, data), today, then or today, commit, texts, partial=bool(now.faults))


def _texts(bet: Declaration) -> Iterator[str]:
    for text in (bet.title, bet.docstring.prose("Scope")):
        yield from (" ".join(text.split()), plain(text), plain(text).replace("|", "\\|"))


def _made(
    records: Sequence[Record],
    journal: Sequence[Line],
    declarations: Sequence[Declaration],
    unreadable: Sequence[DeclarationError] = (),
) -> dict[str, bytes]:
    """Return both files as a rollup writes them."""
    summary = overview(records, runs(journal), declarations, unreadable)
    return {SUMMARY_TEXT: as_markdown(summary, "../").encode(), SUMMARY_JSON: as_json(summary).encode()}


def _as_of(place: Place, commit: str) -> dict[str, bytes]:
    """Return both files as a rollup would have written them in a commit."""
    blobs = history.blobs(place.top, commit) or {}
    wanted = [path for path in blobs if _is_record(place, path) or _is_bet(place, path)]
    journal = _join(place.results, JOURNAL)
    wanted += [journal] if journal in blobs else []
    records: list[Record] = []
    lines: list[Line] = []
    declarations: list[Declaration] = []
    for path, data in zip(wanted, history.contents(place.top, [blobs[path] for path in wanted]), strict=True):
        try:
            if data is None:
                continue
            if path == journal:
                lines = [load_line(line, path) for line in data.splitlines()]
            elif path.endswith(".json"):
                records.append(load(data, path))
            elif isinstance(found := held(data, path), Declaration):
                declarations.append(found)
        except RecordError:
            continue
    return _made(records, lines, declarations)


def _is_record(place: Place, path: str) -> bool:
    name = basename(path)
    return dirname(path) == place.results.rstrip(".") and name.endswith(".json") and name != SUMMARY_JSON


def _is_bet(place: Place, path: str) -> bool:
    return is_bet_name(path) and (place.root == "." or path.startswith(f"{place.root}/"))


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
