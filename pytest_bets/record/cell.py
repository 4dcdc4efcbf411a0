"""The measurements of one cell as they travel from the process that ran it: one JSON text."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pytest_bets.record.codec import cell_of
from pytest_bets.record.verdict import Cell
from pytest_bets.values import row


@dataclass(frozen=True, slots=True)
class MeasuredCell:
    """A cell by its index in the sweep of `of` cells; `compute` is where it ran, `row` its entry in a record.

    `loaded` are the files of the project that its process has loaded since the cell of the bet before.
    """

    index: int
    of: int
    compute: Mapping[str, object]
    row: Mapping[str, object]
    loaded: Sequence[str] = ()

    @property
    def cell(self) -> Cell:
        """The cell as it is judged."""
        return cell_of(self.row)


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
    return MeasuredCell(message["index"], message["of"], message["compute"], message["cell"], message.get("loaded", ()))
