"""The command `report`: the catalogue as a site."""

import argparse
import os
import webbrowser
from pathlib import Path

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.diagnostics import CommandError, ExtraError
from pytest_bets.project import Project
from pytest_bets.report.folder import write
from pytest_bets.report.gather import Known, gather
from pytest_bets.report.site import Site


def report(project: Project, options: argparse.Namespace, catalogue: Catalogue, known: Known) -> str:
    """Write the site, open it if asked to, and return what the command prints.

    Raises:
        CommandError: if Jinja2 is not installed, or the folder holds something else than a site.

    """
    from pytest_bets import __version__

    out: Path = options.out
    try:
        site = Site(gather(project, catalogue, known, __version__))
    except ExtraError as error:
        raise CommandError(str(error)) from None
    count = write(out, site.files())
    index = out / "index.html"
    if options.open:
        webbrowser.open(index.absolute().as_uri())
    return f"{os.path.relpath(index)}: {len(site.bets)} bets, {count} files\n"
