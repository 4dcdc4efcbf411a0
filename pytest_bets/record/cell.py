"""What a cell sends to where its bet is judged: one JSON text, in which its row of the record stands ready."""

from collections.abc import Mapping
from typing import Final

from pytest_bets.values import row

_CELL: Final = '"cell": '
"""Stands once before the row: within a JSON string the quotes would be escaped."""


def sent(index: int, of: int, compute: str, params: Mapping[str, object], measured: Mapping[str, object]) -> str:
    """Return the JSON text of a cell by its place in the sweep; `compute` is JSON that tells where it ran."""
    cell = row({"params": params, "measured": measured})
    return f'{{"index": {index}, "of": {of}, "compute": {compute}, {_CELL}{cell}}}'


def row_sent(text: str) -> str:
    """Return the cell of a sent text as it stands on a line of the record's file."""
    return text.partition(_CELL)[2][:-1]
