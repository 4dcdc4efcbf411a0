"""A session that runs, in words: the status line, and the line that is printed once a minute."""

from collections.abc import Mapping
from typing import Final

from pytest_bets.bet.declaration import number_in
from pytest_bets.live.left import Left, time_left
from pytest_bets.live.lines import RunningLine
from pytest_bets.live.sample import Bar, Value
from pytest_bets.live.state import State
from pytest_bets.render.visible import cut, visible, width

_NAME: Final = 14
"""Columns of the name of a cell in little room."""
_ROOM: Final = 25
"""Columns below which a cell is not named any more."""


def status(state: State, now: float, columns: int) -> str:
    """Return one line of at most so many columns: bets, time left, and as many running cells as there is room for."""
    line = summary(state, now)
    running = sorted(state.running.values(), key=lambda cell: cell.since)
    for index, cell in enumerate(running):
        more = len(running) - index - 1
        rest = f" | {more} more" if more else ""
        room = columns - width(line) - len(" | ") - len(rest)
        if room < _ROOM:
            line += f" | {more + 1} running" if index == 0 else f" | {more + 1} more"
            break
        line += f" | {cell_words(cell, now, room)}"
    return cut(line, columns)


def summary(state: State, now: float) -> str:
    """Return how many bets and cells are done, how many cells broke, and the time left."""
    done, cells, broken = state.cells
    parts = [f"bets {state.done}/{len(state.bets)}", f"cells {done}/{cells}"]
    parts += [f"{broken} broken"] if broken else []
    left = time_left(state, now)
    parts += [left_words(left)] if left and done < cells else []
    return ", ".join(parts)


def cell_words(line: RunningLine, now: float, room: int) -> str:
    """Return a cell with its loops, its values, and how long it has run; in little room, with less of them."""
    name = short_name(line.bet, line.cell)
    short = cut(name, _NAME)
    bars, values = list(map(bar_words, line.bars)), [values_words({key: line.values[key]}) for key in line.values]
    clock = [clock_words(now - line.since)]
    choices: tuple[tuple[str, list[str], list[str], list[str]], ...] = (
        (name, bars, values, clock),
        (name, bars[-1:], values, clock),
        (short, bars[-1:], values, clock),
        (short, bars[-1:], values[:1], clock),
        (short, bars[-1:], values[:1], []),
    )
    words = ""
    for head, loops, shown, time in choices:
        parts = [head, " > ".join(loops), *shown, *time]
        words = " ".join(part for part in parts if part)
        if width(words) <= room:
            return words
    return cut(words, room)


def short_name(bet: str, cell: str) -> str:
    """Return the short name of a cell: the number of its bet, and its parameters."""
    number, (_, bracket, params) = number_in(bet), cell.partition("::")[2].partition("[")
    return visible(f"{bet if number is None else number}{bracket}{params}")


def bar_words(bar: Bar) -> str:
    """Return how far a loop is."""
    label = f"{visible(bar.label)} " if bar.label else ""
    return f"{label}{bar.done:,}" + (f"/{bar.total:,.0f}" if bar.total is not None else "")


def values_words(values: Mapping[str, Value]) -> str:
    """Return the values of a cell."""
    return " ".join(f"{visible(name)} {value_words(value)}" for name, value in values.items())


def value_words(value: Value) -> str:
    """Return a value with four digits."""
    if isinstance(value, str):
        return visible(value)
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.4g}"


def clock_words(seconds: float) -> str:
    """Return a time as m:ss, or h:mm:ss."""
    minutes, rest = divmod(int(max(0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def left_words(left: Left) -> str:
    """Return the time left, rounded: it is a guess."""
    seconds = left.seconds
    if seconds < 90:
        words = f"{max(1, round(seconds))} s"
    elif seconds < 90 * 60:
        words = f"{round(seconds / 60)} min"
    elif seconds < 36 * 3600:
        words = f"{seconds / 3600:.1f} h"
    else:
        words = f"{seconds / 86400:.1f} days"
    return f"{words} left" if left.whole else f"over {words} left"
