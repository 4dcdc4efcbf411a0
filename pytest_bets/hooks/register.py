"""Which part of the plugin lives in which process."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache, partial

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.hooks import xdist
from pytest_bets.hooks.collection import BetCollection
from pytest_bets.hooks.grouping import Grouping
from pytest_bets.hooks.judging import Judge, search_path
from pytest_bets.hooks.measuring import Measuring
from pytest_bets.hooks.options import Settings
from pytest_bets.hooks.overrides import Finder
from pytest_bets.hooks.parts import Parts
from pytest_bets.hooks.registration import Refusing
from pytest_bets.hooks.resume import resumed
from pytest_bets.hooks.terminal import Closing
from pytest_bets.hooks.tiers import TierProtocol


def register(config: pytest.Config, settings: Settings, patterns: Sequence[str]) -> Parts:
    """Register the parts of the plugin: collecting and measuring everywhere, judging where every report arrives."""
    plugins = config.pluginmanager
    judge: Judge | None = None
    finished: Mapping[str, str] = {}

    @lru_cache(maxsize=1)
    def catalogue() -> Catalogue:
        return Catalogue(settings.root, settings.searched)

    @lru_cache(maxsize=1)
    def registered() -> Collection[str]:
        return judge.registry.registered if judge else xdist.registered_bets(config)

    search = search_path(config, settings.root)
    grouping = Grouping(partial(xdist.tell_elsewhere, config))
    if xdist.is_worker(config):
        finished = xdist.finished_cells(config)
    else:
        if settings.resume:
            left = resumed(settings, catalogue(), search)
            plugins.register(left, "bets-resumed")
            finished = left.cells
        judge = Judge(config, settings, catalogue, search)
        plugins.register(judge, "bets-judge")
        plugins.register(Closing(judge), "bets-closing")
    collection = BetCollection(settings, catalogue, patterns, finished, search)
    plugins.register(collection, "bets-collection")
    plugins.register(grouping, "bets-grouping")
    plugins.register(TierProtocol(judge.outcome if judge else None), "bets-tiers")
    plugins.register(Measuring(), "bets-measuring")
    if settings.required:
        plugins.register(Refusing(registered), "bets-refusing")
    if settings.rehearsal:
        finder = Finder(settings, catalogue)
        finder.install()
        config.add_cleanup(finder.remove)
    return Parts(collection, grouping, finished, registered, judge)
