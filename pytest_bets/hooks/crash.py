"""Why a cell crashed, in one line that is the same on every machine."""

import re
from typing import Final

_MARK: Final = re.compile(r"E\s+(?=\S)")
"""Starts the error lines of a pytest failure; the other lines are its source and its place."""
_FOLDER: Final = re.compile(r"(?<![\w./:])/(?:[^/\s'\"`:,;()<>]+/)+")
"""The folders of an absolute path."""


def crash_reason(text: str, root: str) -> str:
    """Return the error line of a failure, with paths under `root` relative and others by their last part."""
    lines = text.strip().splitlines() or ["it failed"]
    line = next((_MARK.sub("", line, count=1) for line in lines if _MARK.match(line)), lines[0])
    return _FOLDER.sub(".../", line.replace(root, "") if root else line)
