"""What was measured in each cell, by a parameter of the sweep, with means and intervals over units."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.diagnostics import count_noun
from pytest_bets.record.columns import MISSING, Column
from pytest_bets.record.record import Record
from pytest_bets.record.verdict import figure
from pytest_bets.render.words import cells_words
from pytest_bets.report.pairs import REFERENCE, pair_panels
from pytest_bets.report.panel import Panel, across, averaged, grouped_rows, panels, unit_of
from pytest_bets.report.scale import Scale, real, spanning
from pytest_bets.report.svg import Figure, Series, drawing, line, point, text
from pytest_bets.sentence.reducers import high, low

_TOP, _BOTTOM, _HEIGHT = 14, 214, 262
_LEFT, _RIGHT = 13.0, 98.0
_EDGE: Final = 26
"""The room beyond the axis for values that are infinite."""
_MOST_POINTS: Final = 400
"""With more cells the points of a drawing are left out; the means, the intervals and the CSV have all."""


@dataclass(frozen=True)
class _Spot:
    """The values of one column in one group: cells, mean, and the interval over units, NaN where it has none."""

    group: str
    place: int
    x: float
    cells: Sequence[tuple[int, float]]
    mean: float
    low: float
    high: float
    units: int


def cells_figures(record: Record) -> list[Figure]:
    """Return a figure for what sentences compare, cell by cell, and one for each panel of columns."""
    if not record.cells:
        return []
    group = across(record)
    found = [
        _figure(f"{kind}s", panel, record, group, REFERENCE[kind], f"{kind.capitalize()} in each cell: ")
        for kind, panel in pair_panels(record)
    ]
    return found + [_figure(f"cells-{place}", panel, record, group) for place, panel in enumerate(panels(record), 1)]


def _figure(
    name: str,
    panel: Panel,
    record: Record,
    group: Column | None,
    reference: float | None = None,
    lead: str = "",
) -> Figure:
    """Return the figure of a panel; a line is drawn at `reference`, where compared columns are equal."""
    spots = list(_spots(panel, record, group))
    infinite = {value for spot in spots for _, value in spot.cells if math.isinf(value)}
    above, below = math.inf in infinite, -math.inf in infinite
    known = _drawn(spots) + ([] if reference is None else [reference])
    scale = spanning(known, _BOTTOM - _EDGE * below, _TOP + _EDGE * above)
    many = len(record.cells) * len(panel.columns) > _MOST_POINTS
    called = [column.name for column in panel.columns]
    by = f" by {group.name}" if group else ""
    title = f"{lead}{', '.join(called)}{by}"
    parts = [*_grid(scale), *_names(record, group)]
    parts += [text("inf", _LEFT - 1.5, _TOP + 4, "tick", "end")] if above else []
    parts += [text("-inf", _LEFT - 1.5, _BOTTOM + 4, "tick", "end")] if below else []
    if reference is not None:
        parts.append(line(_LEFT, scale.place(reference), _RIGHT, scale.place(reference), "axis"))
    for spot in spots:
        parts += _spot(spot, scale, record, points=not many)
    note = _note(spots, unit_of(record, group), reference, many=many)
    words = f"{_summary(spots, called, group)} {note}".strip()
    roles = zip(called, panel.roles, strict=True)
    return Figure(
        name,
        title,
        words,
        drawing(name, title, words, _HEIGHT, parts),
        *_table(panel, record),
        note,
        [Series(place, column, role) for place, (column, role) in enumerate(roles)],
    )


def _note(spots: Sequence[_Spot], unit: str | None, reference: float | None, *, many: bool) -> str:
    found = [] if reference is None else [f"At {figure(reference)} both are equal."]
    if any(not math.isnan(spot.low) for spot in spots):
        over = f"the values of {unit}" if unit else "cells"
        found.append(f"A long line is a mean; a thin one is its 95 % t interval over {over}.")
    if many:
        found.append("Too many cells to draw each; the CSV has all.")
    undefined = sum(math.isnan(value) for spot in spots for _, value in spot.cells)
    if undefined:
        found.append(f"Undefined and not drawn: {count_noun(undefined, 'value')}.")
    return " ".join(found)


def _spots(panel: Panel, record: Record, group: Column | None) -> Iterator[_Spot]:
    groups = grouped_rows(group, len(record.cells))
    unit = unit_of(record, group)
    slot = (_RIGHT - _LEFT) / len(groups)
    for at, (name, places) in enumerate(groups):
        for index, column in enumerate(panel.columns):
            known = [(place, real(value)) for place in places if isinstance(value := column.values[place], int | float)]
            defined = [(place, value) for place, value in known if math.isfinite(value)]
            keyed = [
                (repr(record.cells[place].params.get(unit)) if unit else str(place), value) for place, value in defined
            ]
            means = averaged(keyed)
            x = _LEFT + slot * (at + (index + 1) / (len(panel.columns) + 1))
            whole = defined and len(defined) == len(known)
            ends = (
                (low(means), high(means)) if whole and len(means) > 1 and len(set(means)) > 1 else (math.nan, math.nan)
            )
            mean = sum(means) / len(means) if whole else math.nan
            yield _Spot(name, index, x, known, mean, *ends, len(means))


def _drawn(spots: Sequence[_Spot]) -> list[float]:
    """Return the values that an axis must have room for; an interval may be wide, and is cut off."""
    values = [value for spot in spots for _, value in spot.cells if math.isfinite(value)]
    room = (max(values) - min(values)) * 0.5 if values else 0.0
    if values and math.isfinite(room):
        values += [max(spot.low, min(values) - room) for spot in spots if math.isfinite(spot.low)]
        values += [min(spot.high, max(values) + room) for spot in spots if math.isfinite(spot.high)]
    return values


def _grid(scale: Scale) -> Iterator[str]:
    for tick in scale.ticks(5):
        y = scale.place(tick)
        yield line(_LEFT, y, _RIGHT, y, "grid")
        yield text(figure(tick), _LEFT - 1.5, y + 4, "tick", "end")


def _names(record: Record, group: Column | None) -> Iterator[str]:
    groups = grouped_rows(group, len(record.cells))
    slot = (_RIGHT - _LEFT) / len(groups)
    step = math.ceil(len(groups) / 8)
    for at, (name, _) in enumerate(groups):
        if at:
            yield line(_LEFT + slot * at, _TOP, _LEFT + slot * at, _BOTTOM, "grid")
        if at % step == 0:
            room = max(6, round(44 * step / len(groups)))
            yield text(
                name if len(name) <= room else f"{name[: room - 1]}\u2026",
                _LEFT + slot * (at + 0.5),
                _BOTTOM + 20,
                "tick",
                "middle",
            )
    if group is not None:
        yield text(group.name, (_LEFT + _RIGHT) / 2, _BOTTOM + 40, "name", "middle")


def _spot(spot: _Spot, scale: Scale, record: Record, *, points: bool) -> Iterator[str]:
    series = f"s{spot.place}"
    if math.isfinite(spot.low) and math.isfinite(spot.high):
        yield line(spot.x, scale.place(spot.low), spot.x, scale.place(spot.high), f"interval {series}")
    for place, value in spot.cells if points else ():
        params = ", ".join(f"{key} {item}" for key, item in record.cells[place].params.items())
        if not math.isnan(value):
            yield point(spot.place, spot.x, _down(value, scale), "", f"{params}: {figure(value)}")
    if math.isfinite(spot.mean) and (len(spot.cells) > 1 or not points):
        y = scale.place(spot.mean)
        yield line(spot.x - 1.6, y, spot.x + 1.6, y, f"mean {series}")


def _down(value: float, scale: Scale) -> float:
    """Return where a value stands; infinity stands beyond the axis."""
    if math.isinf(value):
        return _TOP if value > 0 else _BOTTOM
    return scale.place(value)


def _summary(spots: Sequence[_Spot], called: Sequence[str], group: Column | None) -> str:
    found = []
    for spot in spots[:60]:
        where = f"{group.name} {spot.group}, " if group else ""
        ends = f" (95 % interval {figure(spot.low)} to {figure(spot.high)})" if math.isfinite(spot.low) else ""
        found.append(f"{where}{called[spot.place]}: mean {figure(spot.mean)}{ends} of {cells_words(len(spot.cells))}.")
    more = " The CSV has the rest." if len(spots) > 60 else ""
    return " ".join(found) + more


def _table(panel: Panel, record: Record) -> tuple[list[str], list[list[object]]]:
    params = list(dict.fromkeys(name for cell in record.cells for name in cell.params))
    called = [column.name for column in panel.columns]
    rows = [
        [*(cell.params.get(name, "") for name in params), *(_known(column.values[place]) for column in panel.columns)]
        for place, cell in enumerate(record.cells)
    ]
    return [*params, *called], rows


def _known(value: object) -> object:
    return "" if value is MISSING else value
