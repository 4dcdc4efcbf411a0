"""The command `history`: the values of a bet over all its runs."""

import argparse
from typing import Final

from pytest_bets.bet.declaration import matching
from pytest_bets.cli.bets import the_one, unknown
from pytest_bets.cli.command import Answer, Command, text_width
from pytest_bets.diagnostics import CommandError
from pytest_bets.project import Project
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results
from pytest_bets.render.history import history


def configure(runs: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    runs.add_argument("bet", help="a bet's number or id")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    catalogue, results = catalogue_of(project), Results(project.results)
    kept = results.numbered()
    ids = list(dict.fromkeys(line.bet for _, line in kept))
    declared = [bet.id for bet in catalogue.declarations()[0]]
    named = the_one(options.bet, ids, declared)
    if named is None:
        if matching(options.bet, declared):
            raise CommandError(f"bet {options.bet} was never run: {results.folder / JOURNAL} has no line of it")
        raise CommandError(unknown(options.bet, catalogue, [*ids, *declared]))
    runs = [(number, line) for number, line in kept if line.bet == named]
    return Answer(history(named, runs, text_width(), options.results))


COMMAND: Final = Command(run, "pytest-bets history 46", configure)
