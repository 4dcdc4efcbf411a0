"""The command `show`: one bet, with its declaration, record, standing and history."""

import argparse
from typing import Final

from pytest_bets.audit.staleness import stale
from pytest_bets.bet.declaration import Declaration, bet_id
from pytest_bets.cli.bets import known_after, the_one, unknown
from pytest_bets.cli.command import Answer, Command, columns, text_width
from pytest_bets.code.index import CodeIndex
from pytest_bets.code.staleness import Difference
from pytest_bets.diagnostics import CommandError, DeclarationError
from pytest_bets.project import Project
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.record import Record
from pytest_bets.record.store import Results
from pytest_bets.record.summary import summarized
from pytest_bets.render.show import show, show_cells


def configure(shown: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    shown.add_argument("bet", help="a bet's number or id")
    shown.add_argument("--cells", action="store_true", help="print every cell: parameters and measured values")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    catalogue, results = catalogue_of(project), Results(project.results)
    declarations, unreadable = catalogue.declarations()
    results.refresh()
    records = results.headers()
    summary = summarized(records, results.counts(records), declarations, unreadable, results.unrecorded(records))
    rows = {row.id: row for row in summary.bets}
    named = the_one(options.bet, rows, [row.id for row in summary.bets if row.file is not None])
    if named is None:
        raise CommandError(unknown(options.bet, catalogue, list(rows)))
    row = rows[named]
    runs, earlier = results.recent(row.id)
    record = results.record(row.id)
    if options.cells:
        return Answer(show_cells(record, row, columns()))
    declaration = next((bet for bet in declarations if bet.id == row.id), None)
    page = show(
        declaration,
        record,
        row,
        runs,
        text_width(),
        options.results,
        _stale(project, record, declaration) if record else None,
        earlier=earlier,
        known=known_after(project, summary, unreadable).get(row.id, ""),
        replications=results.replications(row.id),
        fault=next((str(error.faults[0]).splitlines()[0] for error in unreadable if _is_of(error, row.id)), ""),
    )
    return Answer(page)


def _is_of(error: DeclarationError, bet: str) -> bool:
    return bet_id(error.faults[0].file) == bet


def _stale(project: Project, record: Record, declaration: Declaration | None) -> Difference:
    return stale(record, CodeIndex(project.root, project.search), declaration.file if declaration else None)


COMMAND: Final = Command(run, "pytest-bets show 46", configure)
