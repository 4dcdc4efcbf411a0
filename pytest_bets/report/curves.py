"""Lists that cells measured, as curves."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_bets.record.columns import Column, measurements
from pytest_bets.record.record import Record
from pytest_bets.record.verdict import figure
from pytest_bets.report.panel import MOST_SERIES
from pytest_bets.report.scale import Scale, real, spanning
from pytest_bets.report.svg import Figure, Series, drawing, line, lines_in, text

_TOP, _BOTTOM, _HEIGHT = 14, 214, 260
_LEFT, _RIGHT = 13.0, 98.0
_MOST_CURVES: Final = 60
_MOST_POINTS: Final = 200
Curve = tuple[int, int, Sequence[float]]
"""The place of a column, the place of a cell, and its list."""


def curve_figures(record: Record) -> list[Figure]:
    """Return the figure of the columns that hold lists, six columns each; none where no cell measured a list."""
    columns = [column for column in measurements(record.cells) if any(map(_is_list, column.values))]
    parts = [columns[start : start + MOST_SERIES] for start in range(0, len(columns), MOST_SERIES)]
    return [_figure(f"curves-{place}", part, record) for place, part in enumerate(parts, 1)]


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0


def _curves(columns: Sequence[Column]) -> Iterator[Curve]:
    for index, column in enumerate(columns):
        for place, values in enumerate(column.values):
            if isinstance(values, list | tuple) and values:
                yield index, place, [real(value) for value in values]


def _figure(name: str, columns: Sequence[Column], record: Record) -> Figure:
    curves = list(_curves(columns))
    called = [column.name for column in columns]
    title = f"{', '.join(called)} over their entries"
    longest = max(len(values) for _, _, values in curves)
    down = spanning([value for _, _, values in curves for value in values], _BOTTOM, _TOP)
    along = Scale(1, max(longest, 2), _LEFT, _RIGHT)
    parts = [part for tick in down.ticks(5) for part in _tick(tick, down)]
    whole = sorted({tick for tick in along.ticks(6) if tick == int(tick)} | {1.0})
    parts += [text(figure(tick), along.place(tick), _BOTTOM + 20, "tick", "middle") for tick in whole]
    parts.append(text("entry", (_LEFT + _RIGHT) / 2, _BOTTOM + 40, "name", "middle"))
    shown = curves[:: math.ceil(len(curves) / _MOST_CURVES)]
    paths = [(path, f"curve s{index}") for index, _, values in shown for path in _paths(values, down, longest)]
    parts.append(lines_in(_LEFT, _RIGHT, _TOP, _BOTTOM, paths))
    note = f"{len(shown)} of {len(curves)} curves are drawn; the CSV has all." if len(shown) < len(curves) else ""
    words = " ".join(_words(place, called[place], curves) for place in range(len(called)))
    rows = [
        (called[index], place + 1, _params(record, place), step, value)
        for index, place, values in curves
        for step, value in enumerate(values, 1)
    ]
    return Figure(
        name,
        title,
        words,
        drawing(name, title, words, _HEIGHT, parts),
        ("column", "cell", "parameters", "entry", "value"),
        rows,
        note,
        [Series(place, column, "a line a cell") for place, column in enumerate(called)],
    )


def _tick(tick: float, down: Scale) -> Iterator[str]:
    yield line(_LEFT, down.place(tick), _RIGHT, down.place(tick), "grid")
    yield text(figure(tick), _LEFT - 1.5, down.place(tick) + 4, "tick", "end")


def _paths(values: Sequence[float], down: Scale, longest: int) -> Iterator[list[tuple[float, float]]]:
    """Yield the unbroken parts of a curve: what is not finite breaks it."""
    step = math.ceil(len(values) / _MOST_POINTS)
    path: list[tuple[float, float]] = []
    for place in sorted({*range(0, len(values), step), len(values) - 1}):
        if math.isfinite(values[place]):
            y = (down.place(values[place]) - _TOP) / (_BOTTOM - _TOP)
            path.append((1000 * place / max(longest - 1, 1), 1000 * y))
        elif path:
            yield _seen(path)
            path = []
    if path:
        yield _seen(path)


def _seen(path: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the path; a single point becomes a short line, since a line of no length is not drawn."""
    return path if len(path) > 1 else [path[0], (path[0][0] + 4, path[0][1])]


def _words(index: int, column: str, curves: Sequence[Curve]) -> str:
    own = [values for place, _, values in curves if place == index]
    first = [values[0] for values in own]
    last = [values[-1] for values in own]
    return (
        f"{column}: {len(own)} {'list' if len(own) == 1 else 'lists'} of up to {max(map(len, own))} numbers, "
        f"from a mean of {figure(sum(first) / len(first))} to {figure(sum(last) / len(last))}."
    )


def _params(record: Record, place: int) -> str:
    return ", ".join(f"{name}={value}" for name, value in record.cells[place].params.items())
