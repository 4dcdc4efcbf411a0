"""Equal failures of the cells of a bet: the terminal shows the first one, and how many more there are."""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from typing import Any, Final

import pytest

from pytest_bets.hooks.measuring import REASON
from pytest_bets.render.visible import visible
from pytest_bets.render.words import cells_words

_SHOWN: Final[tuple[str, ...]] = ("failed", "error")
"""The categories whose reports pytest shows in full."""
_NAMED: Final = 5
"""The number of other cells that are named."""


class _Counted:
    """A failure as pytest shows it, with a line below it."""

    def __init__(self, shown: Any, line: str) -> None:
        self.shown = shown
        self.line = line

    def toterminal(self, writer: Any) -> None:
        if hasattr(self.shown, "toterminal"):
            self.shown.toterminal(writer)
        else:
            writer.line(str(self.shown))
        writer.line(self.line)

    def __str__(self) -> str:
        return str(self.shown)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shown, name)


@contextmanager
def folded(stats: dict[str, list[Any]], cells: Mapping[str, Collection[str]]) -> Generator[None, None, None]:
    """Within this block, leave out the reports of cells that fail as an earlier cell of the same bet does.

    `stats` are pytest's reports by category, `cells` the node ids of the cells by the node id of their file.
    """
    whole: dict[str, list[Any]] = {name: stats[name] for name in _SHOWN if name in stats}
    stats.update({name: _first(reports, cells) for name, reports in whole.items()})
    try:
        yield
    finally:
        stats.update(whole)


def _first(reports: Sequence[Any], cells: Mapping[str, Collection[str]]) -> list[Any]:
    groups: dict[object, list[Any]] = {}
    for report in reports:
        prefix = report.nodeid.partition("::")[0]
        is_cell = isinstance(report, pytest.TestReport) and report.nodeid in cells.get(prefix, ())
        groups.setdefault((prefix, *_failure(report)) if is_cell else id(report), []).append(report)
    return [_counted(group) if len(group) > 1 else group[0] for group in groups.values()]


def _failure(report: pytest.TestReport) -> tuple[object, ...]:
    """Return what two equal failures share: the phase, the place and the message."""
    crash = getattr(report.longrepr, "reprcrash", None)
    where = (crash.path, crash.lineno, crash.message) if crash else (str(report.longrepr),)
    return report.when, report.__dict__.get(REASON, where)


def _counted(group: Sequence[Any]) -> Any:
    first, *others = group
    names = [visible(report.nodeid.partition("::")[2]) for report in others[:_NAMED]]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    line = f"{cells_words(len(others), 'more')} failed in the same way: {', '.join(names)}{more} (-vv shows each)"
    shown = copy(first)
    shown.longrepr = _Counted(first.longrepr, line)
    return shown
