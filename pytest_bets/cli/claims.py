"""The command `claims`: check verdicts and numbers in write-ups against the records."""

import argparse
from pathlib import Path
from typing import Final

from pytest_bets.claims.check import check
from pytest_bets.claims.files import pages, read, reader, write
from pytest_bets.claims.finding import Checked, apply_edits
from pytest_bets.claims.render import as_json, as_text, bets
from pytest_bets.cli.command import FINDINGS, OK, UNDETERMINED, Answer, Command, no_results
from pytest_bets.diagnostics import CommandError, NoReaderError, PageError, RecordError, UndeterminedError
from pytest_bets.project import Project
from pytest_bets.record.places import catalogue_of
from pytest_bets.record.store import Results
from pytest_bets.record.summary import overview
from pytest_bets.walk import relative

DESCRIPTION: Final = """\
Check what write-ups say about bets against the records: Markdown, HTML, notebooks, and reStructuredText with
pip install 'pytest-bets[claims]'. Code is not checked. Findings:

  Bet 46: PASS          the verdict is not the recorded one. Other forms: Bet 46 (PASS), Bet 46 is void, Bets 11-15:
                        PASS, bet 46 passed, tables, and a heading with its verdict below. The verdicts are PASS,
                        LENIENT, FAIL, void and never run
  bet 46 ... PASS       a verdict in capitals that is not next to its bet, and is not the recorded one
  Bet dropout: PASS     the same for a bet that has no number, by its id; without a verdict an id counts only as the
                        text of a link, [Bet dropout](...), or alone in a cell of a table
  Bet 37                the claim of this bet is retracted or withdrawn, and the paragraph, heading, table row or
                        list item does not say so of this bet
  <!-- bet 46: count(norm < full) -->15<!-- /bet -->
                        the number is not the recorded value of this sentence, rounded to the decimals that are
                        shown (80 % is 0.8); the number reads differently together with what stands
                        beside it; or no measurement decides it. If there is no number yet, --fix writes it

A bet of others is named as such: their bet 6, Smith's bet 6, bet 6 (not ours). docs/claims.md has all forms and limits.

Exit status: 0 clean, 1 findings (with --fix: those that remain), 2 usage error, 3 cannot determine.
"""


def configure(claims: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    claims.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="files, or folders that are searched for write-ups (default: README.md and docs/ of the project)",
    )
    claims.add_argument("--fix", action="store_true", help="correct numbers and verdicts; the text is left to you")
    claims.add_argument("--format", choices=("text", "json"), default="text", help="format of the findings")


def run(project: Project, options: argparse.Namespace) -> Answer:
    """Run the command."""
    found = pages(options.paths or _write_ups(project.root))
    if not project.results.is_dir():
        raise UndeterminedError(no_results(project.results))
    try:
        records = Results(project.results).records()
    except RecordError as error:
        raise UndeterminedError(str(error)) from None
    declarations, unreadable = catalogue_of(project).declarations()
    known = bets(overview(records, (), declarations, unreadable), records, unreadable)
    checked: dict[str, Checked] = {}
    unread: dict[str, str] = {}
    undetermined = False
    for page, named in found.items():
        try:
            blocks, source = reader(page), read(page)
            result = check(source, known, blocks)
        except PageError as error:
            unread[relative(page)] = str(error)
            undetermined = undetermined or named or not isinstance(error, NoReaderError)
            continue
        checked[relative(page)] = result
        text = apply_edits(source, result.findings) if options.fix else source
        if text != source:
            write(page, text)
    left = {item.kind for page in checked.values() for item in page.findings if not (options.fix and item.edit)}
    status = FINDINGS if left - {"unreadable"} else UNDETERMINED if left or undetermined else OK
    form = as_json if options.format == "json" else as_text
    return Answer(form(checked, unread, fixed=options.fix), status)


def _write_ups(root: Path) -> list[Path]:
    found = [path for path in (root / "README.md", root / "docs") if path.exists()]
    if not found:
        raise CommandError(f"there is neither README.md nor docs/ in {root}; name the files to check")
    return found


COMMAND: Final = Command(run, "pytest-bets claims README.md docs/", configure, DESCRIPTION)
