"""The files of bets as they are committed, from a few git processes, however many there are."""

from collections.abc import Sequence
from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.parse import read
from pytest_bets.diagnostics import DeclarationError, UndeterminedError
from pytest_bets.export.prml import Committed
from pytest_bets.git.checkout import tree
from pytest_bets.git.log import changed_by, commits, contents


def committed(catalogue: Catalogue, bets: Sequence[Declaration]) -> tuple[dict[str, Committed], dict[str, str]]:
    """Return the committed file of each bet by its id; and of the others, why there is none.

    Raises:
        UndeterminedError: outside a git checkout, and in a shallow clone.

    """
    found = tree(catalogue.root.resolve())
    if found is None:
        raise UndeterminedError(f"{catalogue.root} is in no git checkout: commit the bets first")
    if found.shallow:
        raise UndeterminedError("shallow clone: run `git fetch --unshallow`")
    left = {bet.id: "it is not committed" for bet in bets}
    if found.commit is None:
        return {}, left
    names = {bet.id: _name(catalogue.root / bet.file, found.top) for bet in bets}
    inside = {bet: name for bet, name in names.items() if name}
    blobs = dict(zip(inside, contents(found.top, [f"HEAD:{name}" for name in inside.values()]), strict=True))
    changes, dates = changed_by(found.top, list(inside.values())), commits(found.top)
    known: dict[str, Committed] = {}
    for bet in bets:
        data, changed = blobs.get(bet.id), changes.get(names[bet.id], [])
        if data is None or not changed:
            continue
        if _digest(data, bet.file) != bet.digest:
            left[bet.id] = "what it declares is not committed"
            continue
        known[bet.id] = Committed(data, changed[0], dates[changed[0]].date)
        del left[bet.id]
    return known, left


def _name(path: Path, top: Path) -> str:
    resolved = path.resolve()
    return resolved.relative_to(top).as_posix() if resolved.is_relative_to(top) else ""


def _digest(data: bytes, file: str) -> str | None:
    try:
        declaration = read(data.decode(), file)
    except (DeclarationError, UnicodeDecodeError):
        return None
    return declaration.digest if declaration else None
