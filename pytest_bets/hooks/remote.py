"""Tiers on the controller, where other processes run the items."""

import pytest

from pytest_bets.hooks.bet_file import BetFile
from pytest_bets.hooks.run import BetRun
from pytest_bets.hooks.session import Session
from pytest_bets.hooks.tiers import Tier


class RemoteTiers:
    """Runs a tier's item again on the controller, after a worker ran it and its bet was judged.

    Allure and editors look at items and not at reports. So the hooks around an item must run once more where the
    outcome is known: then they see it, and it is the last word on the tier.
    """

    def __init__(self, config: pytest.Config, session: Session) -> None:
        self.config = config
        self.session = session
        self.waiting: dict[str, list[str]] = {}
        session.on_finished.append(self._run)

    def finish(self, nodeid: str) -> None:
        """Note that a worker has run a tier."""
        found = self.session.tier(nodeid)
        if found is not None:
            run, tier = found
            self.waiting.setdefault(run.prefix, []).append(tier)
            if self.session.outcome(nodeid) is not None:
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
            context=self.session.context,
        )
        for tier in tiers:
            item = Tier.from_parent(file, name=tier, declaration=run.declaration, marks=())
            item.remote = True
            self.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
