"""Why a cell crashed, in one line that is the same on every machine."""

import re
from typing import Any, Final

from pytest_bets.render.visible import visible, visible_lines

_MARK: Final = re.compile(r"E\s+(?=\S)")
"""Starts the error lines of a pytest failure; the other lines are its source and its place."""
_FOLDER: Final = re.compile(r"(?<![\w./:])/(?:[^/\s'\"`:,;()<>]+/)+")
"""The folders of an absolute path."""
_DRIVE: Final = re.compile(r"(?<!\w)[A-Za-z]:[\\/]+(?:[^\\/\s'\"`:,;()<>|?*]+[\\/]+)*")
"""The folders of an absolute path on Windows; the text of an exception doubles its separators."""

_LONGEST: Final = 2_000
"""How many characters of a reason are kept: a message may be a dump of megabytes, and a line of the journal may not."""


def crash_reason(text: str, root: str) -> str:
    """Return the error line of a failure, with paths under `root` relative and others by their last part."""
    lines = text.strip().splitlines() or ["it failed"]
    line = next((_MARK.sub("", line, count=1) for line in lines if _MARK.match(line)), lines[0])
    for spelled in (root, root.replace("\\", "\\\\"), root.replace("\\", "/")) if root else ():
        line = line.replace(spelled, "")
    return shortened(_DRIVE.sub(".../", _FOLDER.sub(".../", line)))


def shortened(reason: str) -> str:
    """Return a reason that fits into a line of the journal."""
    return reason if len(reason) <= _LONGEST else f"{reason[: _LONGEST - 3]}..."


def disarm(failure: Any) -> Any:
    """Return how pytest shows a failure or a skip, with text in it that cannot act on a terminal."""
    if isinstance(failure, str):
        return visible_lines(failure)
    if isinstance(failure, tuple):  # of a skip: the file, the line and the reason
        path, line, reason = failure
        return path, line, visible_lines(reason)
    links = [(failure.reprtraceback, failure.reprcrash)] if hasattr(failure, "reprtraceback") else []
    for traceback, crash, *_ in (*getattr(failure, "chain", ()), *links):
        if crash:
            crash.message = visible_lines(crash.message)
        for entry in traceback.reprentries:
            entry.lines[:] = [visible(line.expandtabs()) for text in entry.lines for line in text.split("\n")]
    return failure
