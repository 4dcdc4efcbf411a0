"""The values of a bet's sentences over all its runs, by host and code."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pytest_bets.bet.declaration import CRITERIA
from pytest_bets.diagnostics import count_noun
from pytest_bets.record.line import RunLine
from pytest_bets.record.verdict import figure
from pytest_bets.render.table import wrap
from pytest_bets.render.visible import padded, visible, width
from pytest_bets.render.words import halves, verdict_words

_SHORT: Final = 8
"""Digits of a digest that are shown."""

Numbered = tuple[int, RunLine]
"""A run with the number of its line in the journal."""


def history(bet: str, runs: Sequence[Numbered], room: int, results: str | None = None) -> str:
    """Return each run of a bet, and each value that its sentences compare, run by run.

    `results` names the folder as it was typed, where one was.
    """
    hosts, codes = {line.host for _, line in runs}, {line.code for _, line in runs}
    declarations = {line.declaration for _, line in runs}
    counts = (
        f"{count_noun(len(runs), 'run')}, {count_noun(len(hosts), 'host')}, {count_noun(len(codes), 'code version')}"
    )
    more = f", {count_noun(len(declarations), 'declaration')}" if len(declarations) > 1 else ""
    lines = [f"{visible(bet)}: {counts}{more}", ""]
    lines += _aligned([_run(number, line) for number, line in runs])
    for value, bounds in _values(runs).items():
        lines += ["", *wrap(f"{visible(value)}: {', '.join(bounds)}", room), *_measured(runs, value)]
    if len(runs) > 1:
        first, last = runs[0][0], runs[-1][0]
        where = f" --results {shlex.quote(results)}" if results else ""
        lines += ["", f"Compare two runs: pytest-bets compare{where} journal:{first} journal:{last}"]
    return "\n".join(lines) + "\n"


def _run(number: int, line: RunLine) -> list[str]:
    ended = verdict_words(line) + (", a rehearsal" if line.pilot else "")
    time = line.time.replace("T", " ").removesuffix("Z")
    code = f"code {line.code[:_SHORT]}"
    return [f"journal:{number}", time, visible(line.host), code, f"{line.seconds:.1f} s", ended]


def _values(runs: Sequence[Numbered]) -> Mapping[str, list[str]]:
    """Return the left sides of all sentences, with the tiers and thresholds that they had."""
    found: dict[str, list[str]] = {}
    for tier in CRITERIA:
        for _, line in runs:
            for item in line.criteria:
                value, bound = halves(item.sentence)
                if item.tier == tier and (words := f"{tier} {bound}") not in found.setdefault(value, []):
                    found[value].append(words)
    return {value: bounds for value, bounds in found.items() if bounds}


def _measured(runs: Sequence[Numbered], value: str) -> Iterator[str]:
    """Yield the value of each run, or once if it is the same in all; in full where rounding would hide a change."""
    found = [
        (number, line, item.value)
        for number, line in runs
        for item in [item for item in line.criteria if halves(item.sentence)[0] == value][:1]
    ]
    exact, rounded = {repr(number) for *_, number in found}, {figure(number) for *_, number in found}
    if len(found) > 1 and len(exact) == 1:
        yield f"  {figure(found[0][-1])} in all {len(found)} runs"
        return
    shown = repr if len(rounded) == 1 and len(found) > 1 else figure
    yield from _aligned(
        [
            [f"journal:{number}", visible(line.host), f"code {line.code[:_SHORT]}", shown(measured)]
            for number, line, measured in found
        ]
    )


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    sizes = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(padded(cell, size) for cell, size in zip(row, sizes, strict=True)).rstrip()
