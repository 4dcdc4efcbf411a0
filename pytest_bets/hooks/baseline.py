"""What is so before any experiment of a session has run: code, git, records and standings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.code.digest import Code
from pytest_bets.code.index import CodeIndex
from pytest_bets.git.checkout import Tree
from pytest_bets.hooks.options import Settings
from pytest_bets.hooks.registration import Registry
from pytest_bets.hooks.run import BetRun
from pytest_bets.record.model import Record, Registration, Standing
from pytest_bets.record.standing import standings
from pytest_bets.record.store import Results
from pytest_bets.record.summary import claims


@dataclass(frozen=True)
class Beginning:
    """By bet: its record, its claim's standing, its code, its registration, whether it ran from a dirty tree."""

    records: Mapping[str, Record] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    code: Mapping[str, Code] = field(default_factory=dict)
    registration: Mapping[str, Registration] = field(default_factory=dict)
    dirty: Mapping[str, bool] = field(default_factory=dict)
    commit: str | None = None


NOTHING: Final = Beginning()


def look(
    runs: Sequence[BetRun],
    settings: Settings,
    catalogue: Catalogue,
    results: Results,
    registry: Registry,
    search: Sequence[Path],
) -> Beginning:
    """Return what is so now.

    Raises:
        RecordError: where a file of the results cannot be read.

    """
    records = results.outlines()
    results.journal()  # a journal that cannot be read is told before hours of work, not after
    standing = standings(claims(records, catalogue.declarations()[0]))
    by_id = {record.id: record for record in records}
    if not settings.kept:
        return Beginning(by_id, standing)
    index = CodeIndex(settings.root, search)
    tree = registry.tree
    code = {run.declaration.id: index.code(run.path) for run in runs}
    return Beginning(
        by_id,
        standing,
        code,
        registry.registrations({run.path: run.declaration for run in runs}),
        _dirty(tree, settings, code) if tree else {},
        tree.commit if tree else None,
    )


def _dirty(tree: Tree, settings: Settings, code: Mapping[str, Code]) -> dict[str, bool]:
    """Return which bets run from a tree that is not the commit: a tracked file differs, or their code is untracked."""
    differs = tree.differs(settings.results.resolve())
    paths = {name: (settings.root / name).resolve() for own in code.values() for name in own.files}
    untracked = tree.among_untracked(paths.values())
    return {bet: differs or any(paths[name] in untracked for name in own.files) for bet, own in code.items()}
