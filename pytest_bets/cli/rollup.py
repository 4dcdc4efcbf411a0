"""The command `rollup`: make the summary again."""

import argparse
from typing import Final

from pytest_bets.cli.bets import known_after
from pytest_bets.cli.command import Answer, Command, no_results
from pytest_bets.diagnostics import CommandError
from pytest_bets.project import Project
from pytest_bets.record.filenames import SUMMARY_TEXT
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results
from pytest_bets.render.rollup import rollup
from pytest_bets.render.words import counts_words, known_words
from pytest_bets.walk import relative


def run(project: Project, options: argparse.Namespace) -> Answer:  # noqa: ARG001  # every command has this signature
    """Run the command."""
    results = Results(project.results)
    if not project.results.is_dir():
        raise CommandError(no_results(project.results))
    catalogue = catalogue_of(project)
    summary = rollup(results, catalogue)
    words = f"{relative(project.results / SUMMARY_TEXT)}: {counts_words(summary.counts)}\n"
    known = known_after(project, summary, catalogue.declarations()[1])
    return Answer(words + (f"{known_words(known, summary.counts)}\n" if known else ""))


COMMAND: Final = Command(run, "pytest-bets rollup")
