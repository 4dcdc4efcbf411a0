"""The command `upgrade`: rewrite records of an older schema."""

import argparse
from typing import Final

from pytest_bets.cli.command import FINDINGS, OK, Answer, Command, no_results
from pytest_bets.diagnostics import CommandError, HistoryError, UndeterminedError
from pytest_bets.git import checkout as git
from pytest_bets.project import Project
from pytest_bets.record.environment import execution
from pytest_bets.record.store import Results
from pytest_bets.record.upgrade import recorded, upgrade
from pytest_bets.render.upgrade import as_text

DESCRIPTION: Final = """\
Write records of an older schema in that of today. A record of schema 1 names the files of its code, one of schema 2 the
definitions. Only that part changes. It is read from the commit that the record names, after the files of the commit are
compared with the hashes in the record; no code is run. The journal gets a line for each record, with all that was
replaced, and the audit checks it.

Exit status: 0 done, 1 a record could not be upgraded, 2 usage, 3 cannot determine.
"""


def configure(upgraded: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    upgraded.add_argument("--dry-run", action="store_true", help="say what would be done, and write nothing")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    if not project.results.is_dir():
        raise CommandError(no_results(project.results))
    tree = git.tree(project.root.resolve())
    if tree is None:
        raise UndeterminedError(
            f"{project.root} is not in a git repository: the code of a record is read from its commit"
        )
    try:
        with recorded(project.root, tree.top, project.search) as source:
            outcomes = upgrade(Results(project.results), source, execution(0), dry=options.dry_run)
    except HistoryError as error:
        raise UndeterminedError(str(error)) from None
    refused = any(outcome.upgraded is False for outcome in outcomes)
    return Answer(as_text(outcomes, dry=options.dry_run), FINDINGS if refused else OK)


COMMAND: Final = Command(run, "pytest-bets upgrade", configure, DESCRIPTION)
