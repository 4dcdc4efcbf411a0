"""Tiers where other processes run the items."""

import pytest

from pytest_bets.hooks.collection import BetCollection, BetFile
from pytest_bets.hooks.judging import Judge
from pytest_bets.hooks.run import BetRun
from pytest_bets.hooks.tiers import Tier


class RemoteTiers:
    """Runs a tier's item on the controller, after a worker's turn with it and after the judgement of its bet.

    So Allure and editors, which look at items and not at reports, see the judgement as the last word on each tier.
    """

    def __init__(self, config: pytest.Config, judge: Judge, collection: BetCollection) -> None:
        self.config = config
        self.judge = judge
        self.collection = collection
        self.waiting: dict[str, list[str]] = {}
        judge.on_judged = self._run

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Note that a worker had its turn with a tier."""
        found = self.judge.tier(nodeid)
        if found is not None:
            run, tier = found
            self.waiting.setdefault(run.prefix, []).append(tier)
            if self.judge.outcome(nodeid) is not None:
                self._run(run)

    def _run(self, run: BetRun) -> None:
        tiers = self.waiting.pop(run.prefix, [])
        if not tiers:
            return
        file = BetFile.from_parent(
            self.config.pluginmanager.get_plugin("session"),
            path=run.path,
            nodeid=run.prefix,
            declaration=run.declaration,
            collection=self.collection,
        )
        for tier in tiers:
            item = Tier.from_parent(file, name=tier, declaration=run.declaration, marks=())
            item.remote = True
            self.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
