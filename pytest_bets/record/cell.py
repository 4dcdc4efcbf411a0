"""The measurements of one cell as they travel from the process that ran it: one JSON text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pytest_bets.record.codec import cell_of
from pytest_bets.record.verdict import Cell
from pytest_bets.values import row

ENVIRONMENT: Final = "environment"
"""The key in `compute` of the Python and the packages that a cell was measured with, as JSON, where they may differ."""


@dataclass(frozen=True, slots=True)
class MeasuredCell:
    """A cell by its index in the sweep of `of` cells; `compute` is where it ran."""

    index: int
    of: int
    compute: Mapping[str, object]
    cell: Cell


def encode_cell(
    index: int, of: int, compute: Mapping[str, object], params: Mapping[str, object], measured: Mapping[str, object]
) -> str:
    """Return the JSON text of a cell."""
    return row({"index": index, "of": of, "compute": compute, "cell": {"params": params, "measured": measured}})


def decode_cell(text: str) -> MeasuredCell:
    """Return the cell in its JSON text."""
    message = json.loads(text)
    return MeasuredCell(message["index"], message["of"], message["compute"], cell_of(message["cell"]))
