"""The command `watch`: a session while it runs, from another terminal."""

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Final

from pytest_bets.cli.command import Answer, Command, columns
from pytest_bets.diagnostics import CommandError, ExtraError
from pytest_bets.live.folder import LIVE, sessions
from pytest_bets.live.page import BLOCKS, PLAIN, page
from pytest_bets.live.view import Document, document
from pytest_bets.project import Project, locate
from pytest_bets.record.encode import encode
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.walk import relative

ABOUT: Final = """\
Show what runs: bets, cells and where they run, how far each is, the curves of its values, the time left, what broke.

Start it in another terminal, or over ssh on a machine that sees the folder of results. Ctrl-C ends it and nothing else.
An experiment says how far it is with the fixture `progress`:

  def experiment(seed, progress):
      for step in progress(range(STEPS), "train"):
          ...
          progress.update(loss=loss)
"""


def configure(watched: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    watched.add_argument(
        "folder", nargs="?", metavar="DIR", help="a project, or a folder of results (default: as for other commands)"
    )
    watched.add_argument("--once", action="store_true", help="print once, as plain text; also without a terminal")
    watched.add_argument("--json", action="store_true", help="print once, as JSON with all that is known")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    results = _results(project, options.folder)
    if options.json:
        return Answer(json.dumps(encode(_document(results)), indent=2) + "\n")
    heights = BLOCKS if _can_show(BLOCKS) else PLAIN
    if options.once or not sys.stdout.isatty():
        return Answer(page(_document(results), columns(), heights))
    try:
        from pytest_bets.cli import dashboard
    except ImportError as error:
        raise CommandError(f"{ExtraError('rich', 'watch')}; --once prints without it") from error
    dashboard.follow(lambda: _document(results), heights)
    return Answer("")


def _results(project: Project, folder: str | None) -> Path:
    """Return the folder of results that is meant.

    Raises:
        CommandError: if there is no such folder.

    """
    if folder is None:
        return project.results
    given = Path(os.path.normpath(Path.cwd() / folder))
    if not given.is_dir():
        raise CommandError(f"there is no folder {given}")
    is_results = (given / LIVE).is_dir() or (given / JOURNAL).is_file()
    return given if is_results else locate(given).results


def _document(results: Path) -> Document:
    return document(relative(results), sessions(results), time.time())


def _can_show(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


COMMAND: Final = Command(run, "pytest-bets watch --once", configure, ABOUT)
