"""The command `audit`: check every bet against its history in git."""

import argparse
from typing import Final

from pytest_bets.audit.audit import audit
from pytest_bets.audit.collect import gather
from pytest_bets.audit.render import as_json, as_text
from pytest_bets.cli.command import FINDINGS, OK, UNDETERMINED, Answer, Command, text_width
from pytest_bets.diagnostics import EvidenceError, HistoryError, RecordError, UndeterminedError
from pytest_bets.project import Project
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results

DESCRIPTION: Final = """\
Check the whole history of every bet in git, through renames. The code of the bets is not run. Findings:

  goalposts        a criterion, the hypothesis, a constant, the sweep, the control, the premise or a challenge changed
                   after the bet's first result. Each change is tightened, loosened, replaced, added or removed
  same-commit, late, unregistered, lost-commit
                   git cannot show that the declaration is older than the result
  vanished-bet, vanished-record, vanished-line, missing-replication, broken-chain, elsewhere, copied-line
                   a bet, its record or one of its runs is gone, is in another journal, or is counted twice
  edited-record, wrong-record, misjudged
                   no run wrote this record, a later one should stand, or its verdict does not follow from its
                   measurements
  wrong-summary    SUMMARY.md or SUMMARY.json does not say what the results give
  other-cells, other-code, reseeded
                   a run measured other cells than declared, ran code that its commit does not hold, or won by the
                   seeds of another id
  redeclared       the bet repeats the claim of a bet that has fallen
  undeclared       there are results, and no commit contains the bet

Notes are not findings: changes before the first result, renames, records that are stale because code has changed, runs
that disagree, retractions, results on other branches or outside of the project. docs/audit.md explains each kind;
docs/threat-model.md says what git cannot show.

Exit status: 0 clean, 1 findings, 2 usage error, 3 cannot determine (no git, shallow clone, bet in another repository).
"""


def configure(audited: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    audited.add_argument("--format", choices=("text", "json"), default="text", help="format of the report")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    try:
        report = audit(gather(catalogue_of(project), Results(project.results), project.search))
    except (EvidenceError, HistoryError, RecordError) as error:
        raise UndeterminedError(str(error)) from None
    text = as_json(report) if options.format == "json" else as_text(report, text_width())
    return Answer(text, {"clean": OK, "findings": FINDINGS, "unknown": UNDETERMINED}[report.state])


COMMAND: Final = Command(run, "pytest-bets audit", configure, DESCRIPTION)
