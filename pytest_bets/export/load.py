"""The results of a project as Python values: `pytest_bets.load`."""

import os
from pathlib import Path

from pytest_bets.export.results import Bet, Results
from pytest_bets.project import locate
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results as Store
from pytest_bets.record.summary import overview


def load(folder: str | os.PathLike[str] | None = None, *, rootdir: str | os.PathLike[str] | None = None) -> Results:
    """Read a folder of results, and the declarations of its project. No code of the project is run.

    Args:
        folder: The folder of results. By default the one that pytest uses from the working folder.
        rootdir: The root of the project, where the bets are searched. By default as pytest finds it from the folder.

    Raises:
        FileNotFoundError: if there is no such folder.
        pytest_bets.diagnostics.RecordError: if a record or a line of the journal cannot be read.
        pytest_bets.diagnostics.ProjectError: if a settings file cannot be read, or `rootdir` is not a folder.

    """
    named = None if folder is None else Path(folder).absolute()
    start = Path.cwd() if named is None or rootdir is not None else named.parent
    project = locate(start, None if named is None else str(named), None if rootdir is None else os.fspath(rootdir))
    if not project.results.is_dir():
        raise FileNotFoundError(f"there is no folder {project.results}: no bet was run, or name another folder")
    store = Store(project.results)
    declarations, unreadable = catalogue_of(project).declarations()
    records, journal = {record.id: record for record in store.records()}, store.journal()
    summary = overview(list(records.values()), journal, declarations, unreadable)
    declared = {declaration.id: declaration for declaration in declarations}
    bets = (
        Bet(row, records.get(row.id), tuple(run for run in journal if run.bet == row.id), declared.get(row.id))
        for row in summary.bets
    )
    return Results(project.results, summary, tuple(bets))
