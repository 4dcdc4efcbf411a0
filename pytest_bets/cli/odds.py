"""The command `odds`: what chance alone would give, before the run."""

import argparse
from pathlib import Path
from typing import Final

from pytest_bets.cli import chances
from pytest_bets.cli.bets import the_one, unknown
from pytest_bets.cli.command import Answer, Command, text_width
from pytest_bets.diagnostics import CommandError
from pytest_bets.project import Project
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results
from pytest_bets.record.summary import settle
from pytest_bets.render.odds import odds_markdown, odds_page, odds_table

DESCRIPTION: Final = """\
Say what chance alone would give: how often luck meets strict if the columns of a null could be exchanged, before the
run and over the measured cells; the limit of a fault rate; the power of a bet with a function `world`, which is run.
docs/error-rates.md explains each number. With --nulls, a file of TOML gives the nulls, for bets that declare none:

  [[46]]
  swap = "norm, full"
  unit = "part"

Exit status: 0 done, 2 usage error.
"""


def configure(odds: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    odds.add_argument("bet", nargs="?", help="a bet's number or id (default: a row for each bet)")
    odds.add_argument("--nulls", type=Path, metavar="FILE", help="nulls in TOML, instead of those that bets declare")
    odds.add_argument("--format", choices=("text", "markdown"), default="text", help="format of the table")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    catalogue, results = catalogue_of(project), Results(project.results)
    declarations, _ = catalogue.declarations()
    chosen = chances.read(options.nulls, declarations) if options.nulls else {}
    if options.bet is None:
        standing = settle(results.headers(), declarations)
        bets = [
            chances.odds_of(bet, results.record(bet.id), chosen.get(bet.id), standing.get(bet.id))
            for bet in declarations
        ]
        page = odds_markdown(bets) if options.format == "markdown" else odds_table(bets, text_width())
        return Answer(page)
    by_id = {bet.id: bet for bet in declarations}
    named = the_one(options.bet, by_id, by_id)
    if named is None:
        raise CommandError(unknown(options.bet, catalogue, list(by_id)))
    bet = by_id[named]
    found = chances.entries(bet, results.record(bet.id), chosen.get(bet.id), project.root)
    return Answer(odds_page(f"{bet.id}: {bet.title}", found, text_width()))


COMMAND: Final = Command(run, "pytest-bets odds 73", configure, DESCRIPTION)
