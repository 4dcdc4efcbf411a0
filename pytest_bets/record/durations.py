"""How long cells took on this machine: no evidence, and only a hint at what an engine should run first."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from pytest_bets.walk import ignored

NAME: Final = "durations.json"
LARGEST: Final = 20_000
"""How many cells the file has at most; those of the last session are kept first."""


def read_durations(private: Path) -> dict[str, float]:
    """Return the seconds of each cell by its node id; nothing where the file cannot be read."""
    try:
        with (private / NAME).open("rb") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return {}
    items = found.items() if isinstance(found, dict) else ()
    return {name: seconds for name, seconds in items if isinstance(seconds, float) and seconds >= 0}


def write_durations(private: Path, new: Mapping[str, float]) -> None:
    """Add the seconds of cells, and keep those of earlier sessions as far as there is room."""
    kept = {name: round(seconds, 3) for name, seconds in new.items()}
    for name, seconds in read_durations(private).items():
        kept.setdefault(name, seconds)
    text = json.dumps(dict([*kept.items()][:LARGEST]), indent=0)
    draft = private / f"{NAME}.{os.getpid()}"
    try:
        ignored(private)
        draft.write_text(text, encoding="utf-8")
        draft.replace(private / NAME)
    except OSError:  # it is a convenience; writing the record reports a folder that cannot be written
        with suppress(OSError):
            draft.unlink()
