"""The bets of a project, for Python: typed values, frames, and a view in notebooks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import TYPE_CHECKING

from pytest_bets.bet.declaration import Declaration
from pytest_bets.diagnostics import did_you_mean
from pytest_bets.export import frames, notebook, tables
from pytest_bets.export.tables import Columns, Table
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.standing import Standing
from pytest_bets.record.summary_model import Summary, SummaryRow
from pytest_bets.record.verdict import Cell, Judged, Outcome, figure
from pytest_bets.render.words import counts_words, standing_words, verdict_words

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow


class _Tabular:
    """Bets whose tables can be turned into frames."""

    def table(self, name: Table) -> Columns:
        """Return one of the tables `bets`, `criteria`, `cells` and `runs`: columns of one length by name."""
        found = self._bets()
        if tables.named(name) == "bets":
            return tables.bets([bet.row for bet in found])
        if name == "criteria":
            return tables.criteria((bet.id, item) for bet in found for item in bet.criteria)
        if name == "cells":
            return tables.cells((bet.id, cell) for bet in found for cell in bet.cells)
        return tables.runs(run for bet in found for run in bet.runs)

    def to_pandas(self, table: Table = "cells") -> "pandas.DataFrame":
        """Return one of the tables as a pandas frame."""
        return frames.to_pandas(self.table(table))

    def to_polars(self, table: Table = "cells") -> "polars.DataFrame":
        """Return one of the tables as a polars frame."""
        return frames.to_polars(self.table(table))

    def to_arrow(self, table: Table = "cells") -> "pyarrow.Table":
        """Return one of the tables as an Arrow table."""
        return frames.to_arrow(self.table(table))

    def _bets(self) -> Sequence["Bet"]:
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class Bet(_Tabular):
    """One bet: its row of the summary, its record, its runs in the journal, and its declaration as it is now.

    `record` is None if the bet was never run; `declaration` is None if its file is gone or cannot be read.
    """

    row: SummaryRow
    record: Record | None
    runs: tuple[RunLine, ...]
    declaration: Declaration | None

    @property
    def id(self) -> str:
        """The id, as in 46_norm_replication."""
        return self.row.id

    @property
    def number(self) -> int | None:
        """The number in the id."""
        return self.row.number

    @property
    def title(self) -> str:
        """The claim in one line."""
        return self.row.title

    @property
    def verdict(self) -> Outcome | None:
        """The recorded verdict; None if there is none."""
        return self.row.verdict

    @property
    def standing(self) -> Standing:
        """Whether the claim still stands, and the bets that challenge it."""
        return self.row.standing

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells of the record: `params`, `measured`, and both together as `row`."""
        return self.record.cells if self.record else ()

    @property
    def criteria(self) -> tuple[Judged, ...]:
        """Every sentence as the record judged it: `tier`, `sentence`, `value`, `threshold`, `met`, `margin`."""
        return self.record.criteria if self.record else ()

    def _bets(self) -> Sequence["Bet"]:
        return (self,)

    def __repr__(self) -> str:
        """Return the id and the verdict."""
        return f"<Bet {self.id}: {verdict_words(self.row)}>"

    def _repr_html_(self) -> str:
        rows = [
            (item.tier, item.sentence, item.measured, figure(item.margin), "yes" if item.good else "no")
            for item in self.criteria
        ]
        caption = f"{self.id}: {self.title} {verdict_words(self.row)}, {standing_words(self.standing)}"
        return notebook.table(("tier", "sentence", "measured", "margin", "speaks for the claim"), rows, caption)


@dataclass(frozen=True, repr=False)
class Results(_Tabular, Mapping[str, Bet]):
    """Every bet of a project by id; `results["46"]` and `results[46]` find a bet by its number, too."""

    folder: PurePath
    summary: Summary
    bets: tuple[Bet, ...]

    @cached_property
    def _by_id(self) -> dict[str, Bet]:
        return {bet.id: bet for bet in self.bets}

    @cached_property
    def _by_number(self) -> dict[int, Bet]:
        numbered = [bet for bet in reversed(self.bets) if bet.number is not None]
        former_first = sorted(numbered, key=lambda bet: bet.row.file is not None)  # a renamed bet keeps its record
        return {bet.number: bet for bet in former_first if bet.number is not None}

    def __getitem__(self, key: str | int) -> Bet:
        """Return a bet by its id or its number.

        Raises:
            KeyError: if there is no such bet; the message has the nearest id.

        """
        number = int(key) if isinstance(key, int) or key.isdecimal() else None
        found = self._by_id.get(str(key)) or (None if number is None else self._by_number.get(number))
        if found is None:
            raise KeyError(f"there is no bet {key!r} in {self.folder}{did_you_mean(str(key), self._by_id)}")
        return found

    def __iter__(self) -> Iterator[str]:
        """Return the ids, in the order of the summary."""
        return iter(self._by_id)

    def __len__(self) -> int:
        """Return the number of bets."""
        return len(self.bets)

    def __contains__(self, key: object) -> bool:
        """Return whether a bet has this id or number."""
        try:
            return isinstance(key, str | int) and self[key] is not None
        except KeyError:
            return False

    def _bets(self) -> Sequence[Bet]:
        return self.bets

    def __repr__(self) -> str:
        """Return the folder and the counts of the summary."""
        return f"<Results {self.folder}: {counts_words(self.summary.counts)}>"

    def _repr_html_(self) -> str:
        rows = [(bet.id, verdict_words(bet.row), standing_words(bet.standing), bet.title) for bet in self.bets]
        return notebook.table(("bet", "verdict", "standing", "claim"), rows, counts_words(self.summary.counts))
