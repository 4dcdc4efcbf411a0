"""Gather what a site is made of from the records, the journal, the declarations, git and the write-ups."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from pytest_bets.audit.audit import audit
from pytest_bets.audit.collect import gather as evidence
from pytest_bets.audit.finding import Report
from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.claims.check import check
from pytest_bets.claims.files import pages, read, reader
from pytest_bets.claims.finding import Checked
from pytest_bets.claims.render import bets
from pytest_bets.diagnostics import DeclarationError, EvidenceError, HistoryError, PageError, RecordError
from pytest_bets.project import Project
from pytest_bets.record.filenames import JOURNAL
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import Record
from pytest_bets.record.store import Results
from pytest_bets.record.summary import overview
from pytest_bets.record.summary_model import Summary
from pytest_bets.report.source import Source, WriteUps
from pytest_bets.walk import relative

SCHEMAS: Final = Path(__file__).parents[1] / "schema"
Known = Callable[[Project, Summary, Sequence[DeclarationError]], Mapping[str, str]]
"""Reads what a file of the project says after the run of what was known before it."""


def gather(project: Project, catalogue: Catalogue, known: Known, version: str) -> Source:
    """Return what the site of a project is made of.

    Raises:
        RecordError: if a record or a line of the journal cannot be read.

    """
    store = Results(project.results)
    records = {record.id: record for record in store.records()}
    declarations, unreadable = catalogue.declarations()
    numbered = store.numbered()
    summary = overview(list(records.values()), [run for _, run in numbered], declarations, unreadable)
    runs: dict[str, list[tuple[int, RunLine]]] = {}
    for number, run in numbered:
        runs.setdefault(run.bet, []).append((number, run))
    journal = project.results / JOURNAL
    return Source(
        folder=Path(relative(project.results, project.root)).as_posix(),
        summary=summary,
        records=records,
        files={bet: store.record_path(bet).read_bytes() for bet in records},
        journal=journal.read_bytes() if journal.is_file() else b"",
        runs=runs,
        declarations={declaration.id: declaration for declaration in declarations},
        audit=_audit(project, catalogue, store),
        write_ups=_write_ups(project, summary, list(records.values()), unreadable),
        known=known(project, summary, unreadable),
        schemas={path.name: path.read_bytes() for path in sorted(SCHEMAS.glob("*.json"))},
        version=version,
    )


def _audit(project: Project, catalogue: Catalogue, store: Results) -> Report | str:
    try:
        return audit(evidence(catalogue, store, project.search))
    except (EvidenceError, HistoryError, RecordError) as error:
        return _without_parents(str(error), project.root.resolve())


def _without_parents(text: str, root: Path) -> str:
    """Return a text with the project and the folders above it by their names alone: a site is published."""
    for folder in (root, *root.parents[:-1]):
        text = text.replace(str(folder), folder.name)
    return text


def _write_ups(
    project: Project, summary: Summary, records: Sequence[Record], unreadable: Sequence[DeclarationError]
) -> WriteUps:
    """Check README.md and docs/, as `pytest-bets claims` does where no file is named."""
    paths = [path for path in (project.root / "README.md", project.root / "docs") if path.exists()]
    try:
        found = pages(paths) if paths else {}
    except FileNotFoundError:  # docs/ has no write-up
        found = {}
    known = bets(summary, records, unreadable)
    checked: dict[str, Checked] = {}
    unread: dict[str, str] = {}
    for page in found:
        name = Path(relative(page, project.root)).as_posix()
        try:
            blocks = reader(page)
            checked[name] = check(read(page), known, blocks)
        except PageError as error:
            unread[name] = str(error)
    return WriteUps(checked, unread)
