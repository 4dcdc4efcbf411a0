"""The measurements of one cell as they travel from the process that ran it: one JSON text."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_bets.record.codec import cell_of
from pytest_bets.record.verdict import Cell
from pytest_bets.values import row

ENVIRONMENT: Final = "environment"
"""The key in `compute` of the Python and the packages that a cell was measured with, as JSON, where they may differ."""


@dataclass(frozen=True, slots=True)
class MeasuredCell:
    """A cell by its index in the sweep of `of` cells; `compute` is where it ran.

    `loaded` are the files of the project that its process has loaded since the cell of the bet before.
    """

    index: int
    of: int
    compute: Mapping[str, object]
    cell: Cell
    loaded: Sequence[str] = ()


def encode_cell(
    index: int,
    of: int,
    compute: Mapping[str, object],
    params: Mapping[str, object],
    measured: Mapping[str, object],
    loaded: Collection[str] = (),
) -> str:
    """Return the JSON text of a cell."""
    message = {"index": index, "of": of, "compute": compute, "cell": {"params": params, "measured": measured}}
    return row({**message, "loaded": list(loaded)} if loaded else message)


def decode_cell(text: str) -> MeasuredCell:
    """Return the cell in its JSON text."""
    message = json.loads(text)
    cell = cell_of(message["cell"])
    return MeasuredCell(message["index"], message["of"], message["compute"], cell, message.get("loaded", ()))
