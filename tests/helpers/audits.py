"""Audits in this process: quick, for tables of many histories."""

from dataclasses import dataclass
from pathlib import Path

from pytest_bets.audit.audit import audit
from pytest_bets.audit.collect import gather
from pytest_bets.audit.finding import Entry, Report
from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.project import locate
from pytest_bets.record.store import Results


@dataclass(frozen=True)
class Answer:
    """What an audit says, by the kinds of its entries."""

    report: Report

    @property
    def findings(self) -> set[str]:
        """The kinds that were found."""
        return {entry.kind for entry in self.report.all if entry.level == "finding"}

    @property
    def notes(self) -> set[str]:
        """The kinds that were noted."""
        return {entry.kind for entry in self.report.all if entry.level == "note"}

    def of(self, kind: str) -> list[Entry]:
        """Return the entries of a kind."""
        return [entry for entry in self.report.all if entry.kind == kind]

    def text(self, kind: str) -> str:
        """Return what the entries of a kind say."""
        return "\n".join(entry.text for entry in self.of(kind))

    def shown(self) -> str:
        """Return every entry that is no note, for a failing test."""
        return "\n".join(
            f"{entry.bet} {entry.kind}: {entry.text}" for entry in self.report.all if entry.level != "note"
        )


def audited(folder: Path | None = None) -> Answer:
    """Audit the project around a folder, by default the working folder."""
    project = locate(folder or Path.cwd())
    return Answer(audit(gather(Catalogue(project.root, project.searched), Results(project.results), project.search)))
