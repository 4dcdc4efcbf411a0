"""Files followed over the root of a project: it was moved into a folder, or merged into another repository."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from posixpath import basename

from pytest_bets.bet.declaration import is_bet_name
from pytest_bets.git.revision import Touch
from pytest_bets.record.filenames import JOURNAL, NO_RECORDS


def is_candidate(path: str) -> bool:
    """Return whether a file of this path may be a bet, a record or a journal, wherever the project lay."""
    name = basename(path)
    return name == JOURNAL or (name.endswith(".json") and name not in NO_RECORDS) or is_bet_name(path)


def follow(
    touches: Sequence[Touch], ours: Callable[[str], bool], journal: str | None
) -> tuple[list[Touch], frozenset[str]]:
    """Return the changes of our files, also of what they were elsewhere, and the paths that the journal has had.

    `touches` are those of all candidates, parents first; `journal` is where the journal lies now. Only a file that kept
    its name is followed over the root: git takes bets of two projects for renames, since they look alike.
    """
    former: set[str] = set()
    journals = {journal} if journal else set()

    def mine(path: str | None) -> bool:
        return path is not None and (ours(path) or path in former)

    for touch in reversed(touches):
        sources = {touch.was, *(path for _, path in touch.others)} - {None, touch.path}
        same = {path for path in sources if path and touch.path and basename(path) == basename(touch.path)}
        if touch.path in journals:
            journals |= same
        elif mine(touch.path) and basename(touch.path or "") != JOURNAL:
            former |= {path for path in same if not ours(path)}
            if is_bet_name(touch.path or ""):
                journals |= {moved for path in same for moved in _moved(journals, touch.path or "", path)}
    kept = (_kept(touch, mine) for touch in touches if basename(touch.path or touch.was or "") != JOURNAL)
    return [touch for touch in kept if touch], frozenset(journals)


def _moved(journals: set[str], path: str, was: str) -> list[str]:
    """Return where journals lay when a bet lay at `was`, by the folders that its path has got or lost."""
    new, old = path.split("/"), was.split("/")
    while new and old and new[-1] == old[-1]:
        new.pop()
        old.pop()
    inside = "".join(f"{part}/" for part in new)
    outside = "".join(f"{part}/" for part in old)
    return [f"{outside}{each.removeprefix(inside)}" for each in journals if each.startswith(inside)]


def _kept(touch: Touch, mine: Callable[[str | None], bool]) -> Touch | None:
    """Return what a commit did to our files: what moves in from elsewhere is new, what moves out is gone."""
    if mine(touch.path):
        others = tuple((blob, path) for blob, path in touch.others if mine(path))
        if touch.before is None and not mine(touch.was):
            moved = next(((blob, path) for blob, path in others if path != touch.path), None)
            if moved:  # a merge brought it in under another path: it is the file of that parent
                rest = tuple(other for other in others if other != moved)
                return replace(touch, was=moved[1], before=moved[0], others=rest)
        if not mine(touch.was):
            return replace(touch, was=None, before=None, others=others)
        return replace(touch, others=others)
    return replace(touch, path=None, after=None, others=()) if mine(touch.was) else None
