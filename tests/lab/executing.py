"""A plugin of pytest that lets `executed` know which bet is collected or run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from tests.lab import executed


def _bet(nodeid: str) -> str:
    name = nodeid.partition("::")[0]
    return name if name.rpartition("/")[2].startswith("bet_") else ""


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Collecting a bet's file imports it."""
    if executed.NOTES is not None and _bet(collector.nodeid):
        executed.NOTES.turn(_bet(collector.nodeid))
    try:
        return (yield)
    finally:
        if executed.NOTES is not None:
            executed.NOTES.turn("")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run a cell of a bet."""
    if executed.NOTES is not None and os.environ.get(executed.BET) != _bet(item.nodeid):
        executed.NOTES.turn(_bet(item.nodeid))
        print(f"\n{_bet(item.nodeid)}", file=sys.__stderr__, flush=True)
    return (yield)
