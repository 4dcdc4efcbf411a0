"""Where the bets of a project are: as the settings say, and where the last summary found them."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.project import Project
from pytest_bets.record.filenames import SUMMARY_JSON
from pytest_bets.record.record import Record
from pytest_bets.record.store import Results


def catalogue_of(project: Project) -> Catalogue:
    """Return the bet files of a project."""
    catalogue = Catalogue(project.root, project.searched, project.homes)
    if project.homes:  # a session may have run bets that lie elsewhere, too
        catalogue.add(known_folders(project.root, Results(project.results)))
    return catalogue


def known_folders(root: Path, results: Results, records: Iterable[Record] = ()) -> set[Path]:
    """Return the folders, under the root, of the bets in the last summary and of these records.

    So the summary has the same bets whichever of them a session collects. A summary that cannot be read names none.
    """
    try:
        rows = json.loads((results.folder / SUMMARY_JSON).read_bytes())["bets"]
        files = [row["file"] for row in rows if row["file"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        files = []
    paths = [Path(os.path.normpath(root / str(file))) for file in (*files, *(record.bet.file for record in records))]
    return {path.parent for path in paths if path.is_relative_to(root)}
