"""A bet is selected whole: items that another plugin left out come back, none runs twice, and tiers follow cells."""

from collections import Counter
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_bets.hooks.bet_file import BetFile
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.tiers import Tier

_SHARDS: Final = ("splits", "num_shards", "test-group-count")
"""The options of pytest-split, pytest-shard and pytest-test-groups, which give every item to one shard."""
_REPEATED: Final = (
    "a plugin or a conftest.py has put them into the session more than once, and a bet is judged over one run of each. "
    "Count repetitions with @pytest.mark.replicate(n)."
)


class Grouping:
    """Decides what this session runs of each bet."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def regrouped(self, items: list[pytest.Item], before: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return the selected items with every bet whole; `before` are the items of bets that pytest collected."""
        here = set(map(id, items))
        removed = [item for item in before if id(item) not in here]
        left_out = _left_out_by_plugins(self.context.config, removed)
        if left_out:
            items = self._make_whole(items, before, left_out)
        return _tiers_last(_refuse_repeated(items))

    def _make_whole(
        self, items: list[pytest.Item], before: Sequence[pytest.Item], left_out: Sequence[pytest.Item]
    ) -> list[pytest.Item]:
        config = self.context.config
        here, missing = set(map(id, items)), set(map(id, left_out))
        in_shards = any(config.getoption(name, None) for name in _SHARDS)
        selected: dict[object, list[pytest.Item]] = {}
        for item in before:
            if id(item) in here or id(item) in missing:
                selected.setdefault(item.parent, []).append(item)
        restored: dict[object, list[pytest.Item]] = {}
        dropped: set[int] = set()
        elsewhere: list[str] = []
        for bet, own in selected.items():
            assert isinstance(bet, BetFile)  # noqa: S101  # it is the parent of an item in `before`
            kept = [item for item in own if id(item) in here]
            # each item is in one shard, so all shards agree that a bet belongs to the shard of its first item
            if not kept or (in_shards and kept[0] is not own[0]):
                dropped.update(map(id, kept))
                elsewhere += [bet.declaration.id] if bet.declaration and in_shards else []
            elif len(kept) < len(own):
                restored[bet] = own
        result = []
        for item in items:
            if item.parent not in restored:
                result += [item] if id(item) not in dropped else []
            elif id(item) in here:  # the first item of its bet
                result += restored[item.parent]
                here -= set(map(id, restored[item.parent]))
        self.context.leave(elsewhere)
        _count(config, [item for item in items if id(item) in dropped], result, missing)
        return result


def once(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the items, each of a bet once: --keep-duplicates collects a file as often as it is named."""
    seen: set[str] = set()
    result = []
    for item in items:
        if type(item.parent) is BetFile:
            if item.nodeid in seen:
                continue
            seen.add(item.nodeid)
        result.append(item)
    return result


def _refuse_repeated(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the items, each of a bet once; a bet does not run where a hook has repeated its cells."""
    kept = once(items)
    if len(kept) == len(items):
        return items
    counts = Counter(item.nodeid for item in items)
    cells: dict[BetFile, list[pytest.Item]] = {}
    for item in kept:
        if isinstance(item.parent, BetFile) and item.name in item.parent.places:
            cells.setdefault(item.parent, []).append(item)
    for bet, own in cells.items():
        if any(counts[item.nodeid] > 1 for item in own):
            bet.refuse(_REPEATED, own)
    return kept


def _count(
    config: pytest.Config, dropped: Sequence[pytest.Item], now: Sequence[pytest.Item], missing: set[int]
) -> None:
    """Keep pytest's count of deselected items right."""
    back = {id(item) for item in now} & missing
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and "deselected" in reporter.stats:
        reporter.stats["deselected"] = [item for item in reporter.stats["deselected"] if id(item) not in back]
    if dropped:
        config.hook.pytest_deselected(items=list(dropped))


def _left_out_by_plugins(config: pytest.Config, removed: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return what the user's own options, -k, -m, --deselect, --lf and --sw, would have kept."""
    if not removed or config.getoption("lf", False) or config.getoption("stepwise", False):
        return []
    chosen = list(removed)
    silent = _Silent(config)
    for name in ("mark", "main"):  # pytest's own plugins, asked again for these items
        plugin = config.pluginmanager.get_plugin(name)
        if plugin is not None:
            plugin.pytest_collection_modifyitems(items=chosen, config=silent)
    return chosen


class _Silent:
    """A configuration for which nothing is deselected twice: other plugins count what is."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.hook = SimpleNamespace(pytest_deselected=lambda items: None)  # noqa: ARG005  # the hook's signature

    def __getattr__(self, name: str) -> Any:
        return getattr(self._config, name)


def _tiers_last(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return the items with each bet's tiers after its last cell: a plugin may have shuffled them."""
    last: dict[object, int] = {}
    for index, item in enumerate(items):
        if type(item.parent) is BetFile and type(item) is not Tier:
            last[item.parent] = index
    early: dict[object, list[pytest.Item]] = {}
    result = []
    for index, item in enumerate(items):
        if type(item) is Tier and index < last.get(item.parent, -1):
            early.setdefault(item.parent, []).append(item)
            continue
        result.append(item)
        if early and last.get(item.parent) == index:
            result += early.pop(item.parent, [])
    return result
