"""The folders in which bets were found before: the last summary names the file of each."""

import json
import os
from collections.abc import Iterable
from pathlib import Path

from pytest_bets.record.record import Record
from pytest_bets.record.store import SUMMARY_JSON, Results


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
