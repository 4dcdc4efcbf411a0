"""When each bet was declared and when it was run, on one axis of time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.render.visible import cut
from pytest_bets.render.words import short
from pytest_bets.report.scale import Scale
from pytest_bets.report.svg import Figure, drawing, line, point, text
from pytest_bets.report.words import days, stamp

_ROW: Final = 20
_TOP: Final = 24
_LEFT, _RIGHT = 22.0, 96.0
_MOST: Final = 60
_NAME: Final = 12
"""Columns of the name of a bet without a number."""


@dataclass(frozen=True)
class Dates:
    """A bet's first declaration in git and its runs in the journal, as seconds since 1970; None where not known."""

    bet: str
    declared: float | None
    runs: tuple[float, ...]


def timeline_figure(bets: Sequence[Dates]) -> Figure | None:
    """Return the drawing of all bets, a row a bet; None where no date is known."""
    known = [bet for bet in bets if bet.declared is not None or bet.runs]
    if not known:
        return None
    shown = known[-_MOST:]
    times = [time for bet in shown for time in (*bet.runs, *([] if bet.declared is None else [bet.declared]))]
    room = max((max(times) - min(times)) * 0.03, 3600.0)
    scale = Scale(min(times) - room, max(times) + room, _LEFT, _RIGHT)
    bottom = _TOP + _ROW * len(shown)
    parts = list(_days(scale, bottom))
    for place, bet in enumerate(shown):
        parts += _row(bet, scale, _TOP + _ROW * (place + 0.5))
    title = "Declarations and runs over time"
    note = f"The last {len(shown)} of {len(known)} bets are drawn; the CSV has all." if len(shown) < len(known) else ""
    note = f"Circle: declared in git. Diamond: a run. {note}".strip()
    words = " ".join(_words(bet) for bet in shown)
    rows = [
        (bet.bet, kind, stamp(time))
        for bet in known
        for kind, time in (
            *([] if bet.declared is None else [("declared", bet.declared)]),
            *(("run", at) for at in bet.runs),
        )
    ]
    svg = drawing("timeline", title, words, bottom + 24, parts)
    return Figure("timeline", title, words, svg, ("bet", "what", "time"), rows, note)


def _days(scale: Scale, bottom: float) -> Iterator[str]:
    """Yield the midnights; where there is none, as on a first day, the times at both ends."""
    found = list(days(scale.low, scale.high, 5))
    for time, name in found:
        yield line(scale.place(time), _TOP, scale.place(time), bottom, "grid")
        yield text(name, scale.place(time), bottom + 18, "tick", "middle")
    if not found:
        yield text(stamp(scale.low), _LEFT, bottom + 18, "tick", "start")
        yield text(stamp(scale.high), _RIGHT, bottom + 18, "tick", "end")


def _row(bet: Dates, scale: Scale, y: float) -> Iterator[str]:
    yield text(cut(short(bet.bet), _NAME), 2, y + 4, "tick")
    times = [*bet.runs, *([] if bet.declared is None else [bet.declared])]
    yield line(scale.place(min(times)), y, scale.place(max(times)), y, "span")
    if bet.declared is not None:
        yield point(0, scale.place(bet.declared), y, "declared", f"declared {stamp(bet.declared)}")
    for time in bet.runs[-20:]:
        yield point(3, scale.place(time), y, "ran", f"run {stamp(time)}")


def _words(bet: Dates) -> str:
    declared = "no declaration in git" if bet.declared is None else f"declared {stamp(bet.declared)[:10]}"
    first = f"first run {stamp(bet.runs[0])[:10]}" if bet.runs else "never run"
    return f"{bet.bet}: {declared}, {first}."
