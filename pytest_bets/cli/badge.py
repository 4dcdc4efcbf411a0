"""The command `badge`: the counts of the verdicts as a badge."""

import argparse
import json
from typing import Final

from pytest_bets.cli.command import Answer, Command, no_results
from pytest_bets.diagnostics import CommandError
from pytest_bets.project import Project
from pytest_bets.record.filenames import BADGE
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results
from pytest_bets.render.badge import badge
from pytest_bets.render.rollup import rollup
from pytest_bets.walk import relative

DESCRIPTION: Final = """\
Write badge.json into the folder of results, in the form that https://shields.io/badges/endpoint-badge shows.

From then on, each session and `pytest-bets rollup` keep it up to date with the summary. Delete the file to stop that.
"""


def run(project: Project, options: argparse.Namespace) -> Answer:  # noqa: ARG001  # every command has this signature
    """Run the command."""
    if not project.results.is_dir():
        raise CommandError(no_results(project.results))
    summary = rollup(Results(project.results), catalogue_of(project), with_badge=True)
    shown = json.loads(badge(summary.counts))
    return Answer(f"{relative(project.results / BADGE)}: {shown['label']}: {shown['message']}\n")


COMMAND: Final = Command(run, "pytest-bets badge", description=DESCRIPTION)
