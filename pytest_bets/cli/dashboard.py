"""The live tables of `pytest-bets watch`, drawn by Rich."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pytest_bets.live.page import BETS, CELLS, bet_rows, cell_rows, failure_lines, head, log_lines, nothing, shown
from pytest_bets.live.view import Document, SessionView

PAUSE: Final = 1.0
"""Seconds between two looks."""
_LINES: Final = 12
"""Lines of the screen that are no rows of bets and cells."""
_FAILURES: Final = 5
_PRINTED: Final = 6
"""Lines of what failed attempts have printed: the last attempt's."""


def follow(look: Callable[[], Document], heights: str) -> None:
    """Show what there is, again and again, until Ctrl-C."""
    console = Console()
    try:
        with Live(console=console, auto_refresh=False, screen=False, vertical_overflow="crop") as live:
            while True:
                live.update(drawn(look(), heights, console.size.height), refresh=True)
                time.sleep(PAUSE)
    except KeyboardInterrupt:
        return


def drawn(document: Document, heights: str, lines: int) -> RenderableType:
    """Return the tables for a screen of so many lines."""
    sessions = shown(document)
    if not sessions:
        return Text(nothing(document.results))
    taken = sum(_LINES + len(log_lines(session)[:_PRINTED]) for session in sessions)
    rows = max(4, (lines - taken) // (2 * len(sessions)))
    return Group(*(part for session in sessions for part in _session(session, heights, rows)))


def _session(session: SessionView, heights: str, rows: int) -> Sequence[RenderableType]:
    command, where, counts = head(session)
    style = {"runs": "green", "ended": "", "died": "red"}[session.state]
    parts: list[RenderableType] = [Text(command, style="bold"), Text(where, style=style), Text(counts, style="cyan")]
    parts.append(_table(BETS, bet_rows(session, rows)))
    if session.running:
        parts.append(_table(CELLS, cell_rows(session, heights, rows)))
    parts += [
        Text(line, style="red", no_wrap=True, overflow="ellipsis") for line in failure_lines(session)[-_FAILURES:]
    ]
    parts += [Text(line, no_wrap=True, overflow="ellipsis") for line in log_lines(session)[:_PRINTED]]
    return parts


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    for heading in headings:
        table.add_column(heading, overflow="ellipsis", no_wrap=heading not in ("progress", "values"))
    for row in rows:
        table.add_row(*map(Text, row))
    return table
