"""What is so before any experiment of a session has run: code, git, records and standings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_bets.hooks.options import Settings
from pytest_bets.hooks.run import BetRun
from pytest_bets.pure.fault import DeclarationError
from pytest_bets.pure.overview import claims
from pytest_bets.pure.reader import read
from pytest_bets.pure.record import Json
from pytest_bets.pure.standing import Standing, standings
from pytest_bets.world import git
from pytest_bets.world.catalogue import Catalogue
from pytest_bets.world.code import Code, CodeIndex
from pytest_bets.world.results import Results


@dataclass(frozen=True)
class Beginning:
    """By bet: its record, its claim's standing, its code and its registration; and the tree that they come from."""

    records: Mapping[str, Json] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    code: Mapping[str, Code] = field(default_factory=dict)
    registration: Mapping[str, Json] = field(default_factory=dict)
    commit: str | None = None
    dirty: bool | None = None


NOTHING: Final = Beginning()


def look(
    runs: Sequence[BetRun], settings: Settings, catalogue: Catalogue, results: Results, search: Sequence[Path]
) -> Beginning:
    """Return what is so now.

    Raises:
        RecordError: where a file of the results cannot be read.

    """
    records = results.records()
    results.journal()  # a journal that cannot be read is told before hours of work, not after
    standing = standings(claims(records, catalogue.declarations()[0]))
    by_id = {record["bet"]["id"]: record for record in records}
    if not settings.kept:
        return Beginning(by_id, standing)
    index = CodeIndex(settings.root, search)
    tree = git.tree(settings.root.resolve())
    return Beginning(
        by_id,
        standing,
        {run.declaration.id: index.code(run.path) for run in runs},
        _registration(tree, runs),
        tree.commit if tree else None,
        tree.dirty(settings.results.resolve()) if tree else None,
    )


def _registration(tree: git.Tree | None, runs: Sequence[BetRun]) -> dict[str, Json]:
    if tree is None or tree.shallow:
        return {run.declaration.id: {"state": "unknown", "commit": None} for run in runs}
    paths = {run.declaration.id: run.path.resolve() for run in runs}
    committed = tree.committed(list(paths.values()))
    found: dict[str, Json] = {}
    for run in runs:
        held = committed[paths[run.declaration.id]]
        same = held is not None and _digest(held, run.declaration.file) == run.declaration.digest
        found[run.declaration.id] = {
            "state": "registered" if same else "unregistered",
            "commit": tree.commit if same else None,
        }
    return found


def _digest(source: bytes, file: str) -> str | None:
    try:
        declaration = read(source.decode(), file)
    except (DeclarationError, UnicodeDecodeError):
        return None
    return declaration.digest if declaration else None
