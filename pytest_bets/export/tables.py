"""Bets, criteria, cells and runs as tables: each column has a name, and one value a row."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, get_args

from pytest_bets.diagnostics import did_you_mean
from pytest_bets.record.line import RunLine
from pytest_bets.record.summary_model import SummaryRow
from pytest_bets.record.verdict import Cell, Judged

Table = Literal["bets", "criteria", "cells", "runs"]
Columns = dict[str, list[object]]
"""Columns of one length by name. A value is a number, a boolean, a string, a list of floats, or None: missing."""

TABLES: Final[tuple[Table, ...]] = get_args(Table)


def named(table: str) -> Table:
    """Return the name of a table.

    Raises:
        ValueError: if there is no such table.

    """
    for name in TABLES:
        if name == table:
            return name
    raise ValueError(f"there is no table {table!r}{did_you_mean(table, TABLES)}; expected one of {', '.join(TABLES)}")


def bets(rows: Sequence[SummaryRow]) -> Columns:
    """Return a row for each bet: what the summary says."""
    return columns(
        {
            "bet": row.id,
            "number": row.number,
            "title": row.title,
            "file": row.file,
            "verdict": row.verdict,
            "catastrophic": row.catastrophic,
            "noise_floor": row.noise_floor,
            "void": row.void,
            "registration": row.registration,
            "standing": row.standing.state,
            "runs": row.runs.total,
            "same": row.runs.same,
            "agreed": row.runs.agreed,
            "declaration_changed": row.declaration_changed,
        }
        for row in rows
    )


def criteria(judged: Iterable[tuple[str, Judged]]) -> Columns:
    """Return a row for each judged sentence of each bet."""
    return columns(
        (
            {
                "bet": bet,
                "tier": item.tier,
                "sentence": item.sentence,
                "value": item.value,
                "threshold": item.threshold,
                "met": item.met,
                "margin": item.margin,
            }
            for bet, item in judged
        )
    )


def cells(measured: Iterable[tuple[str, Cell]]) -> Columns:
    """Return a row for each cell: the bet, the parameters and what was measured.

    A parameter or measured value that has the name `bet` is in the column `bet_`.
    """
    rows = []
    for bet, cell in measured:
        row = cell.row
        if "bet" in row:
            row["bet_"] = row.pop("bet")
        rows.append({"bet": bet} | row)
    return columns(rows)


def runs(lines: Iterable[RunLine]) -> Columns:
    """Return a row for each run in the journal."""
    return columns(
        {
            "bet": line.bet,
            "time": line.time,
            "host": line.host,
            "seconds": line.seconds,
            "verdict": line.verdict,
            "catastrophic": line.catastrophic,
            "noise_floor": line.noise_floor,
            "void": line.void,
            "pilot": line.pilot,
            "cells": line.cells.count,
            "commit": line.environment.commit,
            "dirty": line.environment.dirty,
            "declaration": line.declaration,
            "code": line.code,
            "cells_sha256": line.cells.sha256,
        }
        for line in lines
    )


def columns(rows: Iterable[Mapping[str, object]]) -> Columns:
    """Return the columns of rows that may have different names, in order of first appearance."""
    found = list(rows)
    names = dict.fromkeys(name for row in found for name in row)
    return {name: _alike([row.get(name) for row in found]) for name in names}


def _alike(values: list[object]) -> list[object]:
    """Return the values of a column as values of one type, since frames have typed columns.

    Different kinds of numbers become floats. Strings beside anything else: what is not a string becomes JSON.
    """
    present = [value for value in values if value is not None]
    if len({type(value) for value in present}) > 1:
        if all(isinstance(value, int | float) for value in present):
            return [float(value) if isinstance(value, int | float) else None for value in values]
        return [value if value is None or isinstance(value, str) else json.dumps(value) for value in values]
    if present and isinstance(present[0], list | tuple):
        return [[float(item) for item in value] if isinstance(value, list | tuple) else None for value in values]
    return values
