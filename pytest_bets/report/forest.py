"""The values of a bet over its runs: a row a run, on the axis of the thresholds."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_bets.bet.declaration import CRITERIA
from pytest_bets.diagnostics import SentenceError
from pytest_bets.record.line import RunLine
from pytest_bets.record.verdict import figure
from pytest_bets.render.words import halves, verdict_words
from pytest_bets.report.scale import Scale, spanning
from pytest_bets.report.svg import Figure, drawing, line, point, text
from pytest_bets.sentence.parse import parse

Numbered = tuple[int, RunLine]
"""A run with the number of its line in the journal."""

_ROW: Final = 40
_TOP: Final = 34
_LEFT, _RIGHT = 3.0, 97.0
_MOST_RUNS: Final = 30
_DIGITS: Final = 8


def run_figures(runs: Sequence[Numbered]) -> list[Figure]:
    """Return a figure for each left side of a sentence that a run judged, those of strict sentences first."""
    judged = [item for _, run in runs for item in run.criteria]
    ranked = sorted(judged, key=lambda item: CRITERIA.index(item.tier))
    values = dict.fromkeys(halves(item.sentence)[0] for item in ranked)
    return [_figure(f"runs-{place}", value, runs) for place, value in enumerate(values, 1)]


def _figure(name: str, value: str, runs: Sequence[Numbered]) -> Figure:
    judged = [(number, run, found) for number, run in runs if (found := _value(run, value)) is not None]
    shown = judged[-_MOST_RUNS:]
    bounds = _thresholds(value, [run for _, run, _ in shown])
    scale = spanning([*(found for _, _, found in shown), *(bound for _, bound in bounds)], _LEFT, _RIGHT)
    bottom = _TOP + _ROW * len(shown)
    parts = list(_bounds(bounds, scale, bottom))
    for place, (number, run, found) in enumerate(shown):
        parts += _row(number, run, found, scale, _TOP + place * _ROW)
    parts.append(line(_LEFT, bottom, _RIGHT, bottom, "axis"))
    parts += [text(figure(tick), scale.place(tick), bottom + 18, "tick", "middle") for tick in scale.ticks(6)]
    title = f"{value} over {len(judged)} {'run' if len(judged) == 1 else 'runs'}"
    note = (
        f"The last {len(shown)} of {len(judged)} runs are drawn; the CSV has all." if len(shown) < len(judged) else ""
    )
    words = " ".join(f"{_called(number, run)}: {figure(found)}." for number, run, found in shown)
    rows = [
        (number, run.time, run.host, run.code, run.declaration, run.seconds, verdict_words(run), found)
        for number, run, found in judged
    ]
    header = ("journal line", "time", "host", "code", "declaration", "seconds", "verdict", value)
    return Figure(name, title, words, drawing(name, title, words, bottom + 26, parts), header, rows, note)


def _value(run: RunLine, value: str) -> float | None:
    return next((item.value for item in run.criteria if halves(item.sentence)[0] == value), None)


def _thresholds(value: str, runs: Sequence[RunLine]) -> list[tuple[str, float]]:
    found: dict[tuple[str, float], None] = {}
    for run in runs:
        for item in run.criteria:
            if halves(item.sentence)[0] == value:
                try:
                    found[item.tier, parse(item.sentence).threshold] = None
                except SentenceError:  # of a line from elsewhere
                    continue
    return list(found)


def _bounds(bounds: Sequence[tuple[str, float]], scale: Scale, bottom: float) -> Iterator[str]:
    """Yield the lines of the thresholds; tiers with one threshold share a line, and their names stand in two rows."""
    by_threshold: dict[float, list[str]] = {}
    for tier, bound in bounds:
        by_threshold.setdefault(bound, []).append(tier)
    for place, (bound, tiers) in enumerate(sorted(by_threshold.items())):
        at = scale.place(bound)
        anchor = "start" if at < 20 else "end" if at > 80 else "middle"
        yield line(at, 30, at, bottom, "bound")
        yield text(" and ".join(dict.fromkeys(tiers)), at, 12 + 14 * (place % 2), "tick", anchor)


def _row(number: int, run: RunLine, found: float, scale: Scale, y: float) -> Iterator[str]:
    yield text(f"{_called(number, run)}: {figure(found)}", _LEFT, y + 14, "tick")
    yield line(_LEFT, y + 26, _RIGHT, y + 26, "grid")
    if not math.isnan(found):
        yield point(3 if run.verdict else 4, scale.place(found), y + 26, "value", f"{run.time}, {run.seconds:g} s")


def _called(number: int, run: RunLine) -> str:
    return f"{run.time[:10]} {run.host}, code {run.code[:_DIGITS]}, {verdict_words(run)}, line {number}"
