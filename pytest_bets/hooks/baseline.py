"""The state at session start, before any experiment runs: code, git, records and standings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_bets.bet.declaration import Declaration
from pytest_bets.code.digest import Code
from pytest_bets.code.index import CodeIndex
from pytest_bets.git.checkout import Tree
from pytest_bets.hooks.context import Context
from pytest_bets.record.places import known_folders
from pytest_bets.record.record import Record, Registration
from pytest_bets.record.standing import Standing
from pytest_bets.record.store import Results
from pytest_bets.record.summary import settle


@dataclass(frozen=True)
class Baseline:
    """By bet: its record, its claim's standing, its code, its registration, whether it runs from a dirty tree."""

    records: Mapping[str, Record] = field(default_factory=dict)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    code: Mapping[str, Code] = field(default_factory=dict)
    registration: Mapping[str, Registration] = field(default_factory=dict)
    dirty: Mapping[str, bool] = field(default_factory=dict)
    commit: str | None = None


def take_baseline(bets: Mapping[Path, Declaration], context: Context) -> Baseline:
    """Read the state for these bets, by their paths.

    Raises:
        RecordError: where a file of the results cannot be read.

    """
    settings, results = context.settings, context.results
    results.refresh()  # a journal that cannot be read is an error before hours of work, not after
    records = results.headers()
    context.catalogue.add(known_folders(settings.root, results, records))
    standing = settle(records, context.catalogue.declarations()[0])
    by_id = {record.id: record for record in records}
    if not settings.kept:
        return Baseline(by_id, standing)
    index = CodeIndex(settings.root, context.search)
    tree = context.registry.tree
    code = {bet.id: index.code(path) for path, bet in bets.items()}
    return Baseline(
        by_id,
        standing,
        code,
        context.registry.registrations(bets),
        _dirty(tree, settings.root, results, code) if tree else {},
        tree.commit if tree else None,
    )


def _dirty(tree: Tree, root: Path, results: Results, code: Mapping[str, Code]) -> dict[str, bool]:
    """Return which bets run from a tree that is not the commit: a tracked file differs, or their code is untracked."""
    differs = tree.differs(results.writes)
    paths = {name: (root / name).resolve() for own in code.values() for name in own.files}
    untracked = tree.among_untracked(paths.values())
    return {bet: differs or any(paths[name] in untracked for name in own.files) for bet, own in code.items()}
