"""All files of a site, made from values: the same input gives the same bytes."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from pytest_bets.chance.words import average
from pytest_bets.render.badge import badge
from pytest_bets.render.luck import cell_notes, rates_lines
from pytest_bets.render.words import counts_words, known_words, short
from pytest_bets.report.graph import ENDS, edges, graph_figure
from pytest_bets.report.pages import Pages
from pytest_bets.report.source import Source
from pytest_bets.report.svg import Figure
from pytest_bets.report.timeline import Dates, timeline_figure
from pytest_bets.report.view import BetView, History, history, reports
from pytest_bets.report.words import as_csv, page_name, seconds


class Site:
    """The pages and the data of a catalogue."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._pages = Pages(source.version)

    @cached_property
    def bets(self) -> list[BetView]:
        """Every bet, in the order of the summary."""
        return [BetView(row, self.source) for row in self.source.summary.bets]

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the path and the bytes of each file; the index comes last, so that a cut-off site has none."""
        views = {view.id: view for view in self.bets}
        for view in self.bets:
            yield from self._data(view.page, [figure for part in view.figures.values() for figure in part])
            yield f"bets/{view.page}.html", self._pages.bet(view, views)
            if view.record:
                yield f"records/{view.page}.json", self.source.files[view.id]
        yield "records/journal.jsonl", self.source.journal
        for name, schema in self.source.schemas.items():
            yield f"schema/{name}", schema
        yield "badge.json", badge(self.source.summary.counts).encode()
        yield "audit.html", self._pages.audit(self.source, self._audited())
        yield "errors.html", self._pages.errors(self.bets, self._error_lines())
        yield "write-ups.html", self._pages.write_ups(self.source.write_ups)
        figures = self._index_figures()
        yield from self._data("index", figures)
        yield "data/index/bets.csv", self._table().encode(errors="backslashreplace")
        yield "index.html", self._pages.index(self.bets, self._facts(), figures, self._edges(), self._notes())

    def _data(self, page: str, figures: Sequence[Figure]) -> Iterator[tuple[str, bytes]]:
        for figure in figures:
            yield f"data/{page}/{figure.name}.csv", as_csv(figure.header, figure.rows).encode(errors="backslashreplace")

    def _index_figures(self) -> list[Figure]:
        audited = reports(self.source.audit)
        dates = []
        for view in self.bets:
            declared = audited[view.id].declared if view.id in audited else None
            runs = (seconds(run.time) for _, run in view.runs)
            dates.append(
                Dates(
                    view.id,
                    seconds(declared.date) if declared else None,
                    tuple(time for time in runs if time is not None),
                )
            )
        found = (graph_figure(self.source.summary.bets), timeline_figure(dates))
        return [figure for figure in found if figure]

    def _edges(self) -> list[tuple[str, str, str]]:
        return [(by, ENDS[end], bet) for by, bet, end in edges(self.source.summary.bets)]

    def _audited(self) -> list[tuple[str, str, list[History]]]:
        """Return what the audit says: of each bet with an entry, then of none, as id, page and entries."""
        report = self.source.audit
        if isinstance(report, str):
            return []
        known = {view.id for view in self.bets}
        found = [
            (bet.id, page_name(bet.id) if bet.id in known else "", list(map(history, bet.entries)))
            for bet in report.bets
            if bet.entries
        ]
        return [*found, ("", "", list(map(history, report.entries)))] if report.entries else found

    def _facts(self) -> list[tuple[str, str, str]]:
        """Return what a reviewer asks first: the number, what it counts, and the class of a verdict."""
        counts = self.source.summary.counts
        rows = [row for row in self.source.summary.bets if not row.renamed_to]  # a former name is no other bet
        known = counts.known + len(self.source.known)
        rates = self.source.summary.error_rates
        recorded = counts.bets - counts.never_run - counts.unrecorded
        found = [
            (str(counts.bets), "bets", ""),
            (str(counts.bets - known), "at risk: nothing of the outcome was known", ""),
            (str(counts.PASS), "PASS", "pass"),
            (str(counts.LENIENT), "LENIENT", "lenient"),
            (str(counts.FAIL), f"FAIL, {counts.catastrophic} catastrophic", "fail"),
            (str(counts.in_the_noise), "of them in the noise", "noise"),
            (str(counts.void), "void", "void"),
            (str(counts.never_run), "never run", "never"),
            (f"{counts.registered} of {recorded}", "registered before their run", ""),
            (str(counts.retracted + counts.withdrawn), "claims retracted or withdrawn", ""),
            (str(sum(row.runs.reproduced > 0 for row in rows)), "reproduced to the bit", ""),
            (str(sum(row.runs.replicated > 0 for row in rows)), "replicated with new seeds", ""),
        ]
        if rates and rates.compared:
            found.append(
                (average(rates.expected), f"PASSes expected by luck in {rates.compared}, {rates.passes} seen", "")
            )
        else:
            found.append(("not known", "PASSes expected by luck", ""))
        return [*found, (*self._audit_words(), "")]

    def _audit_words(self) -> tuple[str, str]:
        report = self.source.audit
        if isinstance(report, str):
            return "unknown", "audit: cannot determine"
        count = sum(entry.level == "finding" for entry in report.all)
        words = {"clean": "clean", "findings": str(count), "unknown": "unknown"}[report.state]
        return words, "audit findings" if report.state == "findings" else f"audit of {report.commits} commits"

    def _notes(self) -> list[str]:
        summary, known = self.source.summary, self.source.known
        return [f"{counts_words(summary.counts)}.", *([f"{known_words(known, summary.counts)}."] if known else [])]

    def _error_lines(self) -> list[str]:
        summary = self.source.summary
        named = {row.id: short(row.id) for row in summary.bets}
        errors = {row.id: row.known_error for row in summary.bets if row.known_error is not None}
        lines = rates_lines(summary.error_rates, errors, named) if summary.error_rates else []
        lucks = [(record.id, record.luck, len(record.cells)) for record in self.source.records.values() if record.luck]
        return [*lines, *cell_notes(lucks)]

    def _table(self) -> str:
        header = ("bet", "verdict", "claim", "decided by", "registration", "runs", "known error", "standing", "tags")
        rows = [
            (
                view.id,
                view.verdict,
                view.row.title,
                view.decided,
                view.row.registration or "",
                view.row.runs.total,
                view.error,
                view.standing,
                "; ".join(view.tags),
            )
            for view in self.bets
        ]
        return as_csv(header, rows)
