"""What the page of one bet shows, in words and figures."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pytest_bets.audit.change import shown
from pytest_bets.audit.finding import BetReport, Entry, Report
from pytest_bets.bet import docstring
from pytest_bets.bet.declaration import Declaration
from pytest_bets.bet.known import FILE as KNOWN
from pytest_bets.bet.units import interval_lines
from pytest_bets.git.revision import Commit
from pytest_bets.record.known_error import error_of
from pytest_bets.record.line import RunLine
from pytest_bets.record.record import CodeDefinitions, Record
from pytest_bets.record.repetition import Kind, kinds
from pytest_bets.record.summary_model import SummaryRow
from pytest_bets.record.verdict import Judged
from pytest_bets.render.evidence import evidence_words
from pytest_bets.render.luck import NO_PROBABILITY, error_words, held_fixed, luck_words, p_words
from pytest_bets.render.runs import history_words
from pytest_bets.render.words import decided_words, standing_words, verdict_words
from pytest_bets.report.cells import cells_figures
from pytest_bets.report.criterion import criterion_figures
from pytest_bets.report.curves import curve_figures
from pytest_bets.report.forest import run_figures
from pytest_bets.report.lines import Places, places
from pytest_bets.report.source import Source
from pytest_bets.report.svg import Figure
from pytest_bets.report.words import page_name


def verdict_class(row: SummaryRow) -> str:
    """Return the class of a verdict's badge."""
    if row.verdict is None:
        return "void" if row.void else "never"
    if row.catastrophic:
        return "catastrophic"
    return "noise" if row.noise_floor is False else row.verdict.lower()


@dataclass(frozen=True)
class History:
    """One entry of the audit in words, and its commit."""

    level: str
    kind: str
    words: str
    commit: str
    date: str
    subject: str


def history(entry: Entry) -> History:
    """Return an entry of the audit as pages show it."""
    words = ", ".join(filter(None, [shown(entry.change) if entry.change else "", entry.text]))
    commit = entry.commit
    if commit is None:
        return History(entry.level, entry.kind, words, "", "", "")
    return History(entry.level, entry.kind, words, commit.id, commit.date[:10], commit.subject)


@dataclass(frozen=True)
class BetView:
    """One bet: its row of the summary and what stands behind it."""

    row: SummaryRow
    source: Source

    @property
    def id(self) -> str:
        """The bet's id."""
        return self.row.id

    @cached_property
    def page(self) -> str:
        """The name of its files."""
        return page_name(self.row.id)

    @property
    def verdict(self) -> str:
        """The verdict in words."""
        return verdict_words(self.row)

    @property
    def badge(self) -> str:
        """The class of the verdict's badge."""
        return verdict_class(self.row)

    @property
    def standing(self) -> str:
        """The standing in words."""
        return standing_words(self.row.standing)

    @cached_property
    def error(self) -> str:
        """The known error of the verdict in words."""
        return error_words(self.row.verdict, self.row.known_error)

    @cached_property
    def decided(self) -> str:
        """The sentences that decided the verdict, with what was measured."""
        return "; ".join(decided_words(self.row, self.row.decided)) or (self.row.void or "")

    @cached_property
    def record(self) -> Record | None:
        """The record."""
        return self.source.records.get(self.row.id)

    @cached_property
    def declaration(self) -> Declaration | None:
        """The declaration as it is in the file now."""
        return self.source.declarations.get(self.row.id)

    @cached_property
    def places(self) -> Places:
        """The lines of the record."""
        return places(self.source.files[self.row.id]) if self.record else Places({}, 0)

    @property
    def record_file(self) -> str:
        """The path of the record in the project."""
        return f"{self.source.folder}/{self.row.id}.json"

    @property
    def commands(self) -> str:
        """The commands that run it and that judge its measurements again, a line each; empty where its file is gone."""
        run = f"pytest {shlex.quote(self.row.file)}" if self.row.file else ""
        return f"{run}\n{run} --bets-replay" if run and self.record and self.record.verdict else run

    @property
    def runs(self) -> Sequence[tuple[int, RunLine]]:
        """Every run, with the number of its line in the journal."""
        return self.source.runs.get(self.row.id, ())

    @cached_property
    def run_kinds(self) -> Mapping[int, Kind]:
        """What a run is to the record, by the number of its line."""
        found = (
            {id(line): kind for line, kind in kinds([run for _, run in self.runs], self.record)} if self.record else {}
        )
        return {number: found[id(run)] for number, run in self.runs if id(run) in found}

    def to_record(self, number: int, run: RunLine) -> str:
        """Return what a run is to the record in words; empty where there is none."""
        if self.record is None:
            return ""
        other = "no verdict" if run.pair == self.record.pair else "other code or declaration"
        return self.run_kinds.get(number, other)

    @property
    def runs_words(self) -> str:
        """The counts of the runs in words."""
        return history_words(self.row.runs)

    @cached_property
    def evidence(self) -> str:
        """What the replications say together; empty where there is none."""
        digest = self.declaration.digest if self.declaration else self.record.declaration.digest if self.record else ""
        return evidence_words([run for _, run in self.runs if run.replication], digest)

    @cached_property
    def audited(self) -> BetReport | None:
        """What the audit says of it."""
        return reports(self.source.audit).get(self.row.id)

    @cached_property
    def history(self) -> list[History]:
        """The entries of the audit, in the order of its history."""
        return list(map(history, self.audited.entries)) if self.audited else []

    @property
    def declared(self) -> Commit | None:
        """The commit that declared it first."""
        return self.audited.declared if self.audited else None

    @property
    def first_result(self) -> Commit | None:
        """The commit that brought its first verdict."""
        return self.audited.first_result if self.audited else None

    def criterion_line(self, item: Judged) -> int | None:
        """Return the line of the record on which a judged sentence begins."""
        criteria = self.record.criteria if self.record else ()
        place = next((place for place, other in enumerate(criteria) if other is item), None)
        return None if place is None else self.places.lines.get(("criteria", place))

    def cell_line(self, place: int) -> int | None:
        """Return the line of the record that has a cell."""
        return self.places.lines.get(("cells", place))

    @property
    def luck_line(self) -> int | None:
        """The line of the record that begins what luck alone would give."""
        return self.places.lines.get(("luck", 0))

    @cached_property
    def sections(self) -> list[tuple[str, str]]:
        """The sections of the docstring that was run, or of the file where nothing was run."""
        if self.record:
            found = docstring.read(self.record.declaration.docstring)
        elif self.declaration:
            found = self.declaration.docstring
        else:
            return []
        return [(section.name, section.text) for section in found.sections if section.text]

    def section(self, name: str) -> str:
        """Return the text of a section; empty where there is none."""
        return next((text for title, text in self.sections if title == name), "")

    @property
    def known(self) -> str:
        """What was known of the outcome before the run."""
        said = self.source.known.get(self.row.id)
        return self.row.known or (f"{said} (said after the run, in {KNOWN})" if said else "")

    @cached_property
    def luck(self) -> list[str]:
        """What chance alone would give, a paragraph each."""
        record, declaration = self.record, self.declaration
        if record is None or record.luck is None:
            return []
        same = declaration is not None and declaration.digest == record.declaration.digest
        found = p_words(record, declaration) if same and declaration else ()
        return [*luck_words(record.luck), *found, NO_PROBABILITY]

    @cached_property
    def own_error(self) -> str:
        """The known error of the record's verdict."""
        return error_words(self.record.verdict, error_of(self.record)) if self.record else ""

    @cached_property
    def held_fixed(self) -> list[str]:
        """What was the same in all cells."""
        return held_fixed(self.record) if self.record else []

    @cached_property
    def intervals(self) -> list[str]:
        """What each interval in a sentence is made of."""
        if self.record is None:
            return []
        return interval_lines(
            [item.sentence for item in self.record.criteria], [cell.params for cell in self.record.cells]
        )

    @cached_property
    def constants(self) -> list[tuple[str, str]]:
        """The constants of the declaration."""
        return list(_values(self.record.declaration.constants if self.record else _of(self.declaration, "constants")))

    @cached_property
    def sweep(self) -> list[tuple[str, str]]:
        """The sweep of the declaration."""
        return list(_values(self.record.declaration.sweep if self.record else _of(self.declaration, "sweep")))

    @cached_property
    def code(self) -> list[tuple[str, str]]:
        """The files of the code that ran, with their definitions."""
        if self.record is None:
            return []
        code = self.record.code
        if isinstance(code, CodeDefinitions):
            return [(file, ", ".join(found)) for file, found in code.definitions.items()]
        return [(file, digest) for file, digest in code.files.items()]

    @cached_property
    def figures(self) -> Mapping[str, Sequence[Figure]]:
        """The drawings of its page, by section."""
        record = self.record
        values = criterion_figures(record.criteria, record.cells) if record else []
        floor = [figure for figure in values if all(row[0] == "control" for row in figure.rows)]
        return {
            "criteria": [figure for figure in values if figure not in floor],
            "floor": floor,
            "cells": [*cells_figures(record), *curve_figures(record)] if record else [],
            "runs": run_figures(self.runs),
        }

    @property
    def tags(self) -> list[str]:
        """What the index filters by, beside the verdict."""
        return list(self._tags())

    def _tags(self) -> Iterator[str]:
        row = self.row
        if row.registration:
            yield row.registration if row.registration != "unknown" else "registration unknown"
        yield row.standing.state if row.standing.state != "noise" else "in the noise"
        yield "outcome known" if self.known else "at risk"
        yield from ["challenger"] if row.challenged else []
        yield from ["unstable"] if row.is_unstable else []
        yield from ["replicated"] if row.runs.replicated else []
        yield from ["reproduced"] if row.runs.reproduced else []
        yield from ["declaration changed"] if row.declaration_changed else []
        yield from ["no control"] if row.verdict and row.noise_floor is None else []
        yield from ["audit finding"] if any(entry.level == "finding" for entry in self.history) else []


def reports(audit: Report | str) -> Mapping[str, BetReport]:
    """Return what an audit says of each bet."""
    return {} if isinstance(audit, str) else {bet.id: bet for bet in audit.bets}


def _of(declaration: Declaration | None, part: str) -> Mapping[str, object]:
    if declaration is None:
        return {}
    replicate = {"replicate": declaration.replicate} if declaration.replicate and part == "sweep" else {}
    return {**getattr(declaration, part), **replicate}


def _values(given: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        is_source = isinstance(value, Mapping) and set(value) == {"source"}
        yield name, str(value["source"]) if is_source and isinstance(value, Mapping) else json.dumps(value, default=str)
