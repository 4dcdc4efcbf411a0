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

    `loaded` are the files of the project that its process has loaded since the cell of the bet before. `sweep` is the
    fingerprint of the sweep that its process has collected; empty in cells that an older version noted.
    """

    index: int
    of: int
    compute: Mapping[str, object]
    cell: Cell
    loaded: Sequence[str] = ()
    sweep: str = ""


def encode_cell(
    index: int,
    of: int,
    compute: Mapping[str, object],
    params: Mapping[str, object],
    measured: Mapping[str, object],
    loaded: Collection[str] = (),
    sweep: str = "",
) -> str:
    """Return the JSON text of a cell."""
    message = {"index": index, "of": of, "compute": compute, "cell": {"params": params, "measured": measured}}
    if loaded:
        message["loaded"] = list(loaded)
    if sweep:
        message["sweep"] = sweep
    return row(message)


def decode_cell(text: str) -> MeasuredCell:
    """Return the cell in its JSON text."""
    message = json.loads(text)
    cell = cell_of(message["cell"])
    loaded, sweep = message.get("loaded", ()), message.get("sweep", "")
    return MeasuredCell(message["index"], message["of"], message["compute"], cell, loaded, sweep)


def sweep_of(text: str) -> str:
    """Return the fingerprint of the sweep in the JSON text of a cell; empty where it has none.

    Raises:
        ValueError: if the text is not JSON.

    """
    message = json.loads(text)
    return str(message.get("sweep", "")) if isinstance(message, dict) else ""
