"""How git merges the journal of two branches."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pytest_bets.diagnostics import HistoryError
from pytest_bets.git.process import run
from pytest_bets.walk import checkout

FILE: Final = ".gitattributes"
_PLAIN: Final = re.compile(r"[\w./-]+")
_CHANGING: Final = ("filter", "ident", "working-tree-encoding")
_MOST: Final = 500
"""The most paths of one call."""
_WHY: Final = "# A merge keeps the runs of both branches."


def unite(journal: Path) -> tuple[Path, str] | None:
    """Add a rule by which a merge keeps the lines of both branches; return the changed file and the added line.

    Return None if there is nothing to add: outside git, or if git already has a rule for this file.
    """
    top = checkout(journal.parent)
    if top is None or not _is_unset(top, journal):
        return None
    name = journal.relative_to(top).as_posix()
    if not _PLAIN.fullmatch(name):  # the pattern would need quotes
        return None
    path = top / FILE
    before = path.read_bytes() if path.exists() else b""
    end = "\r\n" if b"\r\n" in before else "\n"
    begin = end if before and not before.endswith(b"\n") else ""
    rule = f"{name if '/' in name else f'/{name}'} merge=union"
    path.write_bytes(before + f"{begin}{_WHY}{end}{rule}{end}".encode())
    return path, rule


def filtered(top: Path, paths: Sequence[str]) -> list[str]:
    """Return the paths that git stores in other bytes than a checkout has: through a filter, or in another encoding."""
    found = []
    for start in range(0, len(paths), _MOST):
        some = paths[start : start + _MOST]
        fields = os.fsdecode(run(top, "check-attr", "-z", *_CHANGING, "--", *some, raw=False)).split("\0")
        for path, _, value in zip(*(fields[place : len(fields) // 3 * 3 : 3] for place in range(3)), strict=True):
            if value not in ("unspecified", "unset"):
                found.append(path)
    return list(dict.fromkeys(found))


def is_united(top: Path, journal: Path) -> bool:
    """Return whether git has a rule by which a merge keeps the lines of both branches."""
    return _rule(top, journal) == b"union"


def _is_unset(top: Path, journal: Path) -> bool:
    return _rule(top, journal) == b"unspecified"


def _rule(top: Path, journal: Path) -> bytes:
    try:
        answer = run(top, "check-attr", "-z", "merge", "--", str(journal), raw=False)
    except HistoryError:
        return b""
    return b"".join(answer.split(b"\0")[2:3])
