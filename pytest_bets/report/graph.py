"""Which bet challenges which claim, and how each challenge ended, as a drawing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.record.standing import ChallengeEnd
from pytest_bets.record.summary_model import SummaryRow
from pytest_bets.render.visible import cut
from pytest_bets.render.words import short, verdict_words
from pytest_bets.report.svg import Figure, arrow, drawing, line, text

_ROW: Final = 30
_TOP: Final = 34
_FROM, _TO = 42.0, 56.0
_MOST: Final = 60
_NAME: Final = 16
"""Columns of the name of a bet without a number."""
ENDS: Final[Mapping[ChallengeEnd, str]] = {
    "retracts": "retracts",
    "survived": "was met, so the claim survives",
    "open": "is open",
    "overturned": "is overturned",
    "noise": "ended in the noise",
}
"""How a challenge ended, in words."""
Edge = tuple[str, str, ChallengeEnd]
"""The challenging bet, the challenged one, and how the challenge ended."""


def edges(rows: Sequence[SummaryRow]) -> list[Edge]:
    """Return every challenge, in the order of the challenged bets."""
    return [(challenge.by, row.id, challenge.end) for row in rows for challenge in row.standing.challenges]


def graph_figure(rows: Sequence[SummaryRow]) -> Figure | None:
    """Return the drawing of all challenges, None where there is none: challengers left, challenged claims right."""
    found = edges(rows)
    if not found:
        return None
    shown = found[:_MOST]
    by_id = {row.id: row for row in rows}
    left, right = _places([by for by, _, _ in shown]), _places([bet for _, bet, _ in shown])
    height = _TOP + _ROW * max(len(left), len(right))
    shift = {id(side): (height - _TOP - _ROW * len(side)) / 2 for side in (left, right)}
    parts = [text("challenger", _FROM - 2, 16, "name", "end"), text("challenged claim", _TO + 5, 16, "name")]
    for by, bet, end in shown:
        y1, y2 = left[by] + shift[id(left)], right[bet] + shift[id(right)]
        tip = f"{short(by)} {ENDS[end]} {short(bet)}"
        parts += [line(_FROM, y1, _TO, y2, f"edge {end}"), arrow(_TO, y2, f"arrow {end}", tip)]
    parts += _labels(left, shift[id(left)], by_id, _FROM - 2, "end")
    parts += _labels(right, shift[id(right)], by_id, _TO + 5, "start")
    words = " ".join(f"{short(by)}: {ENDS[end]}, against {short(bet)}." for by, bet, end in shown)
    title = "Which bet challenges which claim"
    note = "Red: the claim is retracted. Green: it survives. Dashed: open, overturned or in the noise."
    more = f" {len(shown)} of {len(found)} challenges are drawn; the table has all." if len(shown) < len(found) else ""
    return Figure(
        "graph",
        title,
        words,
        drawing("graph", title, words, height, parts),
        ("by", "challenged", "end"),
        found,
        note + more,
    )


def _places(bets: Sequence[str]) -> dict[str, float]:
    return {bet: _TOP + _ROW * (place + 0.5) for place, bet in enumerate(dict.fromkeys(bets))}


def _labels(
    places: Mapping[str, float], shift: float, rows: Mapping[str, SummaryRow], x: float, anchor: str
) -> Iterator[str]:
    for bet, y in places.items():
        row = rows.get(bet)
        words = f"{cut(short(bet), _NAME)} {verdict_words(row) if row else 'gone'}"
        yield text(words, x, y + shift + 5, "tick", anchor)
