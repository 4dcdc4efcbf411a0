"""The command `report`: the catalogue as a site."""

import argparse
import webbrowser
from pathlib import Path
from typing import Final

from pytest_bets.cli.bets import known_after
from pytest_bets.cli.command import Answer, Command, no_results
from pytest_bets.diagnostics import CommandError, ExtraError, count_noun
from pytest_bets.project import Project
from pytest_bets.record.places import catalogue_of
from pytest_bets.report.folder import write
from pytest_bets.report.gather import gather
from pytest_bets.report.site import Site
from pytest_bets.walk import relative


def configure(site: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    site.add_argument(
        "--out", type=Path, metavar="DIR", default=Path("site"), help="folder of the site (default: site)"
    )
    site.add_argument("--open", action="store_true", help="open the site in the browser")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    from pytest_bets import __version__

    if not project.results.is_dir():
        raise CommandError(no_results(project.results))
    try:
        site = Site(gather(project, catalogue_of(project), known_after, __version__))
    except ExtraError as error:
        raise CommandError(str(error)) from None
    count = write(options.out, site.files())
    index = options.out / "index.html"
    if options.open:
        webbrowser.open(index.absolute().as_uri())
    return Answer(f"{relative(index)}: {count_noun(len(site.bets), 'bet')}, {count} files\n")


COMMAND: Final = Command(run, "pytest-bets report --open", configure)
