"""Why a cell crashed, in one line that says the same on every machine."""

import re
from typing import Final

_MARK: Final = re.compile(r"E\s+(?=\S)")
"""Starts the lines of a pytest failure that say what went wrong; the others are its source and its place."""
_FOLDER: Final = re.compile(r"(?<![\w./:])/(?:[^/\s'\"`:,;()<>]+/)+")
"""The folders of an absolute path."""


def crash_reason(text: str, root: str) -> str:
    """Return the line of a failure that says why, with paths under `root` relative and others by their last part."""
    lines = text.strip().splitlines() or ["it failed"]
    line = next((_MARK.sub("", line, count=1) for line in lines if _MARK.match(line)), lines[0])
    return _FOLDER.sub(".../", line.replace(root, "") if root else line)
