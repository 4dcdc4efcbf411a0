"""What the hooks of the plugin are called with, beside declarations, records and the summary."""

from dataclasses import dataclass

from pytest_bets.record.verdict import Cell


@dataclass(frozen=True, slots=True)
class CellReport:
    """A cell that has ended: `cell` holds what it measured, or `reason` says why there is nothing.

    `index` is the place of the cell in the sweep, from 0; None where it measured nothing. `of` is the number of cells
    of the bet; 0 where it is not known yet.
    """

    nodeid: str
    index: int | None
    of: int
    cell: Cell | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What a record does not say of the run that it is of.

    `time` is when the run ended, in UTC. `seconds` is how long the cells took together. `incomplete` says why it was no
    whole run, and is None if it was one. `in_journal` is whether the run has its line in the journal: not if the folder
    of results cannot be written. `wrote_record` is whether the run wrote the record: not if an earlier record of the
    same declaration and code stands. `replication` is the number of a replication.
    """

    time: str
    host: str
    seconds: float
    incomplete: str | None
    in_journal: bool
    wrote_record: bool
    replication: int | None = None
