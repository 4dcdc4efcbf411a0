"""What `pytest-bets watch` shows, as tables: their rows, for plain text and for a terminal."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from pytest_bets.diagnostics import count_noun
from pytest_bets.live.left import Left
from pytest_bets.live.view import BetView, CellView, Document, SessionView
from pytest_bets.live.words import bar_words, clock_words, left_words, short_name, value_words
from pytest_bets.render.table import table
from pytest_bets.render.visible import cut, visible

BETS: Final = ("bet", "done", "running", "queued", "broken", "verdict")
CELLS: Final = ("cell", "where", "time", "left", "progress", "values")
BLOCKS: Final = "▁▂▃▄▅▆▇█"
PLAIN: Final = "_.-=+*#@"
"""Eight heights, where the terminal cannot show blocks."""
SPARKS: Final = 24
"""Columns of a curve."""
_WHY: Final = 200
_LOGS: Final = 3
"""How many logs are shown."""


def head(session: SessionView) -> list[str]:
    """Return the lines above the tables of a session."""
    if session.state == "runs":
        words = f"runs for {clock_words(session.seconds)}"
        words += f", and gave no sign for {clock_words(session.silent)}" if session.silent > 30 else ""
    elif session.state == "ended":
        words = f"ended after {clock_words(session.seconds)}, exit status {session.status}"
    else:
        words = f"died after {clock_words(session.seconds)}: the process is gone, and did not say how it ended"
    done = sum(bet.done for bet in session.bets)
    broken = sum(bet.broken for bet in session.bets)
    ended = sum(bool(bet.verdict) or bet.done >= bet.cells for bet in session.bets)
    counts = [f"bets {ended}/{len(session.bets)}", f"cells {done}/{sum(bet.cells for bet in session.bets)}"]
    counts += [f"{broken} broken"] if broken else []
    counts += (
        [left_words(Left(session.left, session.whole))]
        if session.left is not None and done < sum(bet.cells for bet in session.bets)
        else []
    )
    return [
        f"{visible(session.command)}",
        f"process {session.process} on {visible(session.host)} {words}",
        ", ".join(counts),
    ]


def bet_rows(session: SessionView, most: int | None = None) -> list[tuple[str, ...]]:
    """Return a row a bet: those that run first, then broken ones, then those that are queued, then the others."""
    ordered = sorted(session.bets, key=_rank)
    rows = [_bet_row(bet) for bet in ordered[:most]]
    if most is not None and len(ordered) > most:
        rows.append((f"and {count_noun(len(ordered) - most, 'bet')} more", "", "", "", "", ""))
    return rows


def _rank(bet: BetView) -> int:
    if bet.running:
        return 0
    if bet.broken:
        return 1
    return 2 if bet.queued and not bet.verdict else 3


def _bet_row(bet: BetView) -> tuple[str, ...]:
    counts = [str(count) if count else "" for count in (bet.running, bet.queued, bet.broken)]
    return visible(bet.bet), f"{bet.done}/{bet.cells}", *counts, visible(bet.verdict)


def cell_rows(session: SessionView, heights: str, most: int | None = None) -> list[tuple[str, ...]]:
    """Return a row a cell that runs, the one that runs longest first."""
    rows = [_cell_row(cell, heights) for cell in session.running[:most]]
    if most is not None and len(session.running) > most:
        rows.append((f"and {len(session.running) - most} more", "", "", "", "", ""))
    return rows


def _cell_row(cell: CellView, heights: str) -> tuple[str, ...]:
    values = "\n".join(
        " ".join([visible(name), value_words(value), *_curve(cell.series.get(name, ()), heights)])
        for name, value in cell.values.items()
    )
    where = " ".join(visible(part) for part in (cell.worker, cell.host) if part)
    left = "" if cell.left is None else clock_words(cell.left)
    bars = "\n".join(map(bar_words, cell.bars))
    return short_name(cell.bet, cell.cell), where, clock_words(cell.seconds), left, bars, values


def _curve(values: Sequence[float], heights: str) -> list[str]:
    return [sparkline(values, heights)] if len(values) > 1 else []


def sparkline(values: Sequence[float], heights: str) -> str:
    """Return a curve of at most `SPARKS` columns: the mean of each part of the values, low to high."""
    columns = min(SPARKS, len(values))
    edges = [index * len(values) // columns for index in range(columns + 1)]
    means = [sum(values[low:high]) / (high - low) for low, high in pairwise(edges)]
    lowest, span = min(means), max(means) - min(means)
    return "".join(heights[min(7, int(8 * (mean - lowest) / span)) if span > 0 else 3] for mean in means)


def failure_lines(session: SessionView) -> list[str]:
    """Return a line a cell that broke."""
    return [
        f"{short_name(failure.bet, failure.cell)}: {cut(visible(failure.why), _WHY)}" for failure in session.failures
    ]


def log_lines(session: SessionView) -> list[str]:
    """Return the ends of what the last failed attempts have printed, each below the name of its file."""
    lines: list[str] = []
    for log in session.logs[:_LOGS]:
        lines += [f"{visible(log.file)}: printed by a failed attempt"]
        lines += [f"  {cut(visible(line), _WHY)}" for line in log.lines]
    more = len(session.logs) - _LOGS
    return [*lines, f"and {count_noun(more, 'log')} more beside them"] if more > 0 else lines


def shown(document: Document) -> Sequence[SessionView]:
    """Return the sessions that run; if none does, the last one."""
    return [session for session in document.sessions if session.state == "runs"] or document.sessions[:1]


def page(document: Document, room: int, heights: str) -> str:
    """Return the sessions as plain text."""
    lines: list[str] = []
    for session in shown(document):
        lines += [*head(session), "", *table(bet_rows(session), room, BETS), ""]
        if session.running:
            lines += [*table(cell_rows(session, heights), room, CELLS), ""]
        if session.failures:
            lines += ["broken cells", *(f"  {line}" for line in failure_lines(session)), ""]
        if session.logs:
            lines += [*log_lines(session), ""]
    return "\n".join(lines).rstrip() + "\n" if lines else f"{nothing(document.results)}\n"


def nothing(results: str) -> str:
    """Return what to say where there is no session to see."""
    return (
        f"No session is seen in {results}. A session is seen as soon as it has run cells for a second; not with "
        "--bets-progress off, and neither a replay nor a rehearsal."
    )
