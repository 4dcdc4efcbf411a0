"""The hooks that this plugin calls, for other plugins and for conftest.py.

They are called in the process that judges: never on a worker that runs cells, nor in a child of an engine. They are
called for runs that are written, so not in a replay, nor in a rehearsal without a folder of results. An exception in an
implementation is reported when the session ends, as an error; records and verdicts do not depend on it.
"""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_bets.bet.declaration import Declaration
    from pytest_bets.export.event import CellReport, RunInfo
    from pytest_bets.record.record import Record
    from pytest_bets.record.summary_model import Summary


@pytest.hookspec
def pytest_bets_declared(declaration: "Declaration", config: pytest.Config) -> None:
    """Take note of a bet of this session, before the first cell of any bet runs.

    Called once for each bet with a selected cell or tier.
    """


@pytest.hookspec
def pytest_bets_cell(declaration: "Declaration", cell: "CellReport", config: pytest.Config) -> None:
    """Take what a cell measured, or why it measured nothing, when the cell has ended.

    Called once for each cell, in the order in which cells end.
    """


@pytest.hookspec
def pytest_bets_judged(record: "Record", run: "RunInfo", declaration: "Declaration", config: pytest.Config) -> None:
    """Take the record of a run, when the bet was judged and its results were written.

    Called once for each bet of which a cell ran. The record is the one of this run, with its cells, also where an
    earlier record stands in the folder of results. A run without a verdict has a record whose `void` says why.
    """


@pytest.hookspec
def pytest_bets_summary(summary: "Summary", config: pytest.Config) -> None:
    """Take the summary of the catalogue, when it was written at the end of the session.

    Called once, if the session added a run to the journal.
    """
