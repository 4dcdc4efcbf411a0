"""Find what a side of a comparison names: a folder, a record, a line of the journal, or a commit."""

import posixpath
from pathlib import Path

from pytest_bets.compare.side import Side, of_line, of_records
from pytest_bets.diagnostics import CommandError, HistoryError
from pytest_bets.git.commit import json_files, resolve
from pytest_bets.project import Project
from pytest_bets.record.codec import load
from pytest_bets.record.filenames import JOURNAL, NO_RECORDS
from pytest_bets.record.store import Results
from pytest_bets.walk import checkout, relative

_LINE = "journal:"


def side(text: str, project: Project) -> Side:
    """Return the side that a text names.

    Raises:
        CommandError: if it names nothing, or a folder or commit without a record.
        RecordError: if a record or a line cannot be read.

    """
    path = Path(text)
    if text.startswith(_LINE):
        return _line(text, Results(project.results))
    if path.is_dir():
        records = Results(path).records()
        if not records:
            raise CommandError(f"folder {text} has no record; expected a folder of results")
        return of_records(f"folder {text}", records)
    if path.is_file():
        record = load(path.read_bytes(), text)
        return of_records(f"record {text}", [record], single=True)
    return _commit(text, project)


def _line(text: str, results: Results) -> Side:
    number = text.removeprefix(_LINE)
    runs = dict(results.numbered())
    line = runs.get(int(number)) if number.isdecimal() else None
    if line is None:
        last = max(runs, default=0)
        expected = "expected journal:N with the number of a line that is of a run, from 1 to"
        raise CommandError(f"{text}: {expected} {last} of {results.folder / JOURNAL}")
    return of_line(f"line {number} of the journal, {line.time} on {line.host}", line)


def _commit(text: str, project: Project) -> Side:
    expected = "expected a folder of results, a record, journal:N, or a commit"
    top = checkout(project.results)
    if top is None:
        raise CommandError(
            f"there is no file or folder {text}, and {project.results} is not in a git repository; {expected}"
        )
    if resolve(top, text) is None:
        raise CommandError(f"there is no file, folder or commit {text}; {expected}")
    return of_commit(text, top, project.results)


def of_commit(name: str, top: Path, results: Path) -> Side:
    """Return the records that a commit has in a folder of results.

    Raises:
        CommandError: if there is no such commit, or it has no record there.
        RecordError: if a record cannot be read.

    """
    commit = resolve(top, name)
    if commit is None:
        raise CommandError(f"there is no commit {name}")
    folder = Path(relative(results.resolve(), top)).as_posix()
    try:
        found = json_files(top, commit, folder)
    except HistoryError as error:
        raise CommandError(f"{name}: {error}") from None
    records = [
        load(data, f"{name}:{posixpath.join(folder, file)}") for file, data in found.items() if file not in NO_RECORDS
    ]
    if not records:
        raise CommandError(f"commit {name} has no record in {folder}")
    return of_records(f"commit {commit[:10]}" if commit.startswith(name) else f"{name}, commit {commit[:10]}", records)
