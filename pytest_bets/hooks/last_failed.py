"""Make --lf and --sw run a bet whole: without its cells there is nothing to judge."""

from collections.abc import Mapping
from typing import Final

import pytest

from pytest_bets.hooks.reports import REFUSED, REGISTRATION, RESULTS, TEARDOWN
from pytest_bets.hooks.run import BetRun

_LAST_FAILED: Final = "cache/lastfailed"
_STEPWISE: Final = "cache/stepwise"


class LastFailed:
    """Notes the files with a failed report, and puts all items of such a bet into pytest's cache."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.red: set[str] = set()

    def take(self, report: pytest.TestReport) -> None:
        """Note a failed report."""
        if report.outcome == "failed":
            self.red.add(report.nodeid.partition("::")[0])

    def remember(self, runs: Mapping[str, BetRun]) -> None:
        """Add the items of these bets, by the node ids of their files, to the cache that pytest has written."""
        cache = getattr(self.config, "cache", None)
        if cache is not None and self.config.getoption("stepwise", False):
            _step_back(cache, runs)
        red = self.red & runs.keys()
        if cache is None or not red:
            return
        failed = cache.get(_LAST_FAILED, {})
        for prefix in sorted(red):
            run = runs[prefix]
            for name in (REGISTRATION, RESULTS, REFUSED, TEARDOWN):  # these have no items that could pass
                failed.pop(f"{prefix}::{name}", None)
            failed.update(dict.fromkeys([*sorted(run.cells), *(f"{prefix}::{tier}" for tier in run.tiers)], True))
        cache.set(_LAST_FAILED, failed)


def _step_back(cache: pytest.Cache, runs: Mapping[str, BetRun]) -> None:
    """Let --sw go on from the first item of a bet where it stopped at a tier, which would be skipped and forgotten."""
    kept = cache.get(_STEPWISE, None)
    failed = kept.get("last_failed") if isinstance(kept, dict) else kept  # an older pytest keeps the id alone
    prefix, _, name = str(failed or "").partition("::")
    if prefix in runs and name in runs[prefix].tiers:
        first = runs[prefix].first
        cache.set(_STEPWISE, {**kept, "last_failed": first} if isinstance(kept, dict) else first)
