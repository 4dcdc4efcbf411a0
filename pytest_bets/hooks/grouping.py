"""A bet is selected whole: what another plugin leaves out of it comes back, and its tiers follow its cells."""

from collections.abc import Callable, Generator, Sequence
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_bets.hooks.collection import BetFile
from pytest_bets.hooks.tiers import Tier

_SHARDS: Final = ("splits", "num_shards", "test-group-count")
"""The options of pytest-split, pytest-shard and pytest-test-groups, which give every item to one shard."""


class Grouping:
    """Decides what this session runs of each bet.

    `elsewhere` are the ids of the bets that belong to other shards; `tell` passes them on from a worker.
    """

    def __init__(self, tell: Callable[[Sequence[str]], None]) -> None:
        self.elsewhere: list[str] = []
        self.tell = tell

    @pytest.hookimpl(wrapper=True, tryfirst=True)  # outermost: the others have selected and shuffled when it goes on
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None, None, None]:
        """Put back what others than the user left out of a bet; then put the tiers behind the cells."""
        before = [item for item in items if type(item.parent) is BetFile]
        yield
        kept = set(map(id, items))
        removed = [item for item in before if id(item) not in kept]
        left_out = _left_out_by_plugins(config, removed)
        if left_out:
            self._make_whole(config, items, before, left_out)
        items[:] = _tiers_last(items)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say which bets this shard does not run."""
        if self.elsewhere:
            ids = ", ".join(self.elsewhere)
            count = "1 bet belongs" if len(self.elsewhere) == 1 else f"{len(self.elsewhere)} bets belong"
            terminalreporter.ensure_newline()
            terminalreporter.write_line(f"{count} to other shards, and a bet is judged whole: not run here: {ids}.")

    def _make_whole(
        self,
        config: pytest.Config,
        items: list[pytest.Item],
        before: Sequence[pytest.Item],
        left_out: Sequence[pytest.Item],
    ) -> None:
        here, missing = set(map(id, items)), set(map(id, left_out))
        in_shards = any(config.getoption(name, None) for name in _SHARDS)
        selected: dict[object, list[pytest.Item]] = {}
        for item in before:
            if id(item) in here or id(item) in missing:
                selected.setdefault(item.parent, []).append(item)
        restored: dict[object, list[pytest.Item]] = {}
        dropped: set[int] = set()
        for bet, own in selected.items():
            assert isinstance(bet, BetFile)  # noqa: S101  # it is the parent of an item in `before`
            kept = [item for item in own if id(item) in here]
            # each item is in one shard, so the shard of a bet's first item is one that all shards agree on
            if not kept or (in_shards and kept[0] is not own[0]):
                dropped.update(map(id, kept))
                self.elsewhere += [bet.declaration.id] if bet.declaration and in_shards else []
            elif len(kept) < len(own):
                restored[bet] = own
        result = []
        for item in items:
            if item.parent not in restored:
                result += [item] if id(item) not in dropped else []
            elif id(item) in here:  # the first of its bet that is met
                result += restored[item.parent]
                here -= set(map(id, restored[item.parent]))
        self.tell(self.elsewhere)
        self._count(config, [item for item in items if id(item) in dropped], result, missing)
        items[:] = result

    def _count(
        self, config: pytest.Config, dropped: Sequence[pytest.Item], now: Sequence[pytest.Item], missing: set[int]
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
    """Return the items with each bet's tiers behind its last cell: whoever shuffles may have put them before it."""
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
