"""Each value that a bet compares: what was measured, and the thresholds of all tiers, on one axis."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from pytest_bets.bet.declaration import CRITERIA
from pytest_bets.diagnostics import SentenceError
from pytest_bets.record.verdict import Cell, Judged, figure
from pytest_bets.render.words import halves, state_words
from pytest_bets.report.scale import Scale, spanning
from pytest_bets.report.svg import Figure, bar, drawing, line, point, text
from pytest_bets.sentence.ast import Sentence
from pytest_bets.sentence.interval import value_range
from pytest_bets.sentence.parse import parse

_ROW: Final = 46
_TOP: Final = 30
_LEFT, _RIGHT = 3.0, 97.0


def criterion_figures(criteria: Sequence[Judged], cells: Sequence[Cell]) -> list[Figure]:
    """Return a figure for each left side, in the order of the tiers; a sentence that cannot be read has none."""
    found: dict[str, list[tuple[Judged, Sentence]]] = {}
    for tier in CRITERIA:
        for item in criteria:
            if item.tier == tier and (sentence := _parsed(item.sentence)):
                found.setdefault(halves(item.sentence)[0], []).append((item, sentence))
    return [_figure(f"criterion-{place}", value, items, cells) for place, (value, items) in enumerate(found.items(), 1)]


def _parsed(sentence: str) -> Sentence | None:
    try:
        return parse(sentence)
    except SentenceError:  # of a record from elsewhere
        return None


def _figure(name: str, value: str, items: Sequence[tuple[Judged, Sentence]], cells: Sequence[Cell]) -> Figure:
    measured = items[0][0].value
    scale = _axis([judged for judged, _ in items], items[0][1], cells)
    bottom = _TOP + _ROW * len(items)
    parts = [_row(judged, sentence, scale, _TOP + place * _ROW) for place, (judged, sentence) in enumerate(items)]
    parts += _value(measured, scale, bottom)
    for tick in scale.ticks(6):
        parts.append(line(scale.place(tick), bottom, scale.place(tick), bottom + 5, "axis"))
        parts.append(text(figure(tick), scale.place(tick), bottom + 20, "tick", "middle"))
    parts.append(line(_LEFT, bottom, _RIGHT, bottom, "axis"))
    words = f"Measured {figure(measured)}. " + " ".join(f"{_words(judged)}." for judged, _ in items)
    rows = [(item.tier, item.sentence, item.value, item.threshold, item.met, item.margin) for item, _ in items]
    return Figure(
        name,
        value,
        words,
        drawing(name, value, words, bottom + 28, parts),
        ("tier", "sentence", "value", "threshold", "met", "margin"),
        rows,
    )


def _words(item: Judged) -> str:
    state = state_words(item.tier, good=item.good)
    return f"{item.tier.capitalize()} {halves(item.sentence)[1]}: {state}, margin {signed(item.margin)}"


def signed(margin: float) -> str:
    """Return a margin with its sign."""
    return f"+{figure(margin)}" if margin > 0 else figure(margin).replace("-", "\u2212")


def _axis(items: Sequence[Judged], sentence: Sentence, cells: Sequence[Cell]) -> Scale:
    values = [items[0].value, *(item.threshold for item in items)]
    span = value_range(sentence.value, len(cells), _groups(cells)) if cells else None
    if span and math.isfinite(span.low) and math.isfinite(span.high):
        values += [span.low, span.high]
    return spanning(values, _LEFT, _RIGHT)


class _groups:  # noqa: N801  # it stands for a function
    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells

    def __call__(self, parameter: str) -> int:
        return len({repr(cell.params.get(parameter)) for cell in self.cells})


def _row(item: Judged, sentence: Sentence, scale: Scale, y: float) -> str:
    state = "good" if item.good else "bad"
    mark = "\u2713" if item.good else "\u2717"
    at = scale.place(sentence.threshold)
    parts = [text(f"{mark} {_words(item)}", _LEFT, y + 14, state), bar(_LEFT, _RIGHT, y + 22, 12, "track")]
    parts += [bar(start, end, y + 22, 12, f"wanted {item.tier}") for start, end in _wanted(item, sentence, scale)]
    if not math.isnan(item.value):
        parts.append(line(scale.place(item.value), y + 28, at, y + 28, f"margin {state}"))
    parts.append(line(at, y + 18, at, y + 38, "threshold"))
    return "".join(parts)


def _wanted(item: Judged, sentence: Sentence, scale: Scale) -> list[tuple[float, float]]:
    """Return the parts of the axis on which the tier speaks for the claim."""
    at = scale.place(sentence.threshold)
    inside = {"<": [(_LEFT, at)], "<=": [(_LEFT, at)], ">": [(at, _RIGHT)], ">=": [(at, _RIGHT)]}
    outside: Mapping[str, list[tuple[float, float]]] = {
        "<": inside[">"],
        "<=": inside[">"],
        ">": inside["<"],
        ">=": inside["<"],
    }
    if sentence.operator == "==":
        width = 0.4
        left, right = max(at - width, _LEFT), min(at + width, _RIGHT)
        return [(_LEFT, left), (right, _RIGHT)] if item.tier == "catastrophic" else [(left, right)]
    return (outside if item.tier == "catastrophic" else inside)[sentence.operator]


def _value(measured: float, scale: Scale, bottom: float) -> list[str]:
    if math.isnan(measured):
        return [text("measured: undefined", 50, 18, "value bad", "middle")]
    at = scale.place(measured)
    anchor = "start" if at < 20 else "end" if at > 80 else "middle"
    return [
        line(at, 24, at, bottom, "value"),
        point(3, at, 28, "value"),
        text(f"measured {figure(measured)}", at, 16, "value", anchor),
    ]
