"""The command `compare`: two sets of results, bet by bet."""

import argparse
from typing import Final

from pytest_bets.cli.command import Answer, Command, text_width
from pytest_bets.compare.difference import compare
from pytest_bets.compare.render import as_json, as_markdown, as_text
from pytest_bets.compare.source import side
from pytest_bets.project import Project

DESCRIPTION: Final = """\
Compare two sets of results, bet by bet: verdicts, values and margins of the sentences, declarations, code,
environments, and what was measured, cell by cell. Each side is one of:

  results               a folder of results
  results/46_x.json     a record
  journal:12            the run on line 12 of the journal; it has no cells
  HEAD~3, main, v1.0    the results in a commit

Cells are paired by their parameters. A mean difference gets a 95 % t interval over the cells if the sweep has one
parameter. Otherwise cells are not independent, and --unit names the parameter whose values are.

Exit status: 0 done, 2 usage error.
"""


def configure(compared: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    compared.add_argument("before", metavar="A", help="a folder of results, a record, journal:N, or a commit")
    compared.add_argument("after", metavar="B", help="the same, for the other side")
    compared.add_argument("bets", metavar="BET", nargs="*", help="numbers or ids of bets (default: all)")
    compared.add_argument("--unit", metavar="NAME", help="sweep parameter whose values are independent units")
    compared.add_argument("--format", choices=("text", "json", "markdown"), default="text", help="format of the report")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    found = compare(side(options.before, project), side(options.after, project), options.bets, options.unit)
    if options.format == "text":
        return Answer(as_text(found, text_width()))
    return Answer(as_json(found) if options.format == "json" else as_markdown(found))


COMMAND: Final = Command(run, "pytest-bets compare HEAD results", configure, DESCRIPTION)
