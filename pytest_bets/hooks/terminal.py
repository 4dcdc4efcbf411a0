"""What the terminal shows of bets: the header of a resumed run, unmet tiers, and the closing section."""

import os
import sys
import textwrap
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from pytest_bets.bet.declaration import bet_order
from pytest_bets.hooks.exploring import Explored
from pytest_bets.hooks.judging import FinishedBet
from pytest_bets.hooks.notes import Notes
from pytest_bets.hooks.overrides import constants
from pytest_bets.hooks.repeats import folded
from pytest_bets.hooks.reports import without_unmet
from pytest_bets.hooks.session import Session
from pytest_bets.hooks.tiers import UNMET
from pytest_bets.render.cells import measured_lines
from pytest_bets.render.closing import GROUPED_ABOVE, UNJUDGED, Row, closing_table
from pytest_bets.render.luck import error_words
from pytest_bets.render.rehearsal import changed_words, page, ran_words, seconds_words, times_words, would_lines
from pytest_bets.render.table import table
from pytest_bets.render.visible import encodable, visible
from pytest_bets.render.words import decided_words, standing_words, verdict_words

_SILENT: Final = -2
"""The verbosity of -qq, at which pytest itself prints no summary."""
_EVERYTHING: Final = 2
"""The verbosity of -vv."""
_REASON: Final = 120
"""How many characters of a reason the table shows."""
_COLOURS: Final[dict[str, dict[str, bool]]] = {
    "PASS": {"green": True},
    "LENIENT": {"yellow": True},
    "FAIL": {"red": True},
    "FAIL, in the noise": {"red": True},
    "FAIL, catastrophic": {"red": True, "bold": True},
}
_UNJUDGED: Final = {"yellow": True}
_REHEARSED: Final = ("bet", "cells", "time a cell", "strict, as it would be")


class Terminal:
    """Prints how the bets of a session ended, and what was written."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._folding = ExitStack()

    def pytest_report_header(self) -> list[str]:
        """Show what a resumed run reuses."""
        context = self.session.context
        return context.resumed.header() if context.settings.resume else []

    def pytest_enter_pdb(self) -> None:
        """Leave the terminal to a debugger."""
        self.session.live.screen.pause()

    def pytest_leave_pdb(self) -> None:
        """Show the progress again."""
        self.session.live.screen.resume()

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Give a missed tier that does not gate its own category, which does not fail the run."""
        if UNMET in report.__dict__:
            return "unmet", "u", ("UNMET", {"yellow": True})
        return None

    @pytest.hookimpl(optionalhook=True)
    def pytest_json_modifyreport(self, json_report: dict[str, Any]) -> None:
        """Give pytest-json-report the outcomes that its readers know."""
        without_unmet(json_report)

    @pytest.hookimpl(wrapper=True, tryfirst=True, specname="pytest_terminal_summary")
    def pytest_fold_failures(self, terminalreporter: Any, config: pytest.Config) -> Generator[None, None, None]:
        """Show equal failures of the cells of a bet once: pytest prints failures before the summaries of plugins."""
        runs = self.session.runs if config.get_verbosity() < _EVERYTHING else {}
        with self._folding:
            self._folding.enter_context(folded(terminalreporter.stats, {file: run.cells for file, run in runs.items()}))
            yield

    @pytest.hookimpl(tryfirst=True, specname="pytest_terminal_summary")
    def pytest_unfold_failures(self) -> None:
        """Give every other summary, of pytest and of plugins, all failures."""
        self._folding.close()

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Print which bets are not run here; then a row a bet and the notes on all, where pytest prints a summary."""
        self._elsewhere(terminalreporter)
        self._unimported(terminalreporter)
        finished = sorted(self.session.finished.values(), key=_order)
        if not finished or config.getoption("no_summary", False) or config.get_verbosity() <= _SILENT:
            return
        writer = config.get_terminal_writer()
        room = writer.fullwidth
        verbose = config.get_verbosity() > 0
        if self.session.settings.rehearsal:
            lines = self._rehearsed(finished, room, verbose=verbose)
        else:
            rows = [self._row(item) for item in finished]
            lines = closing_table(rows, room, lambda verdict, text: _paint(writer, verdict, text), verbose=verbose)
        lines.append("")
        for note in Notes(self.session, finished).lines():
            command = note.startswith(" ")  # it stays on one line, to be copied
            text = visible(note)
            lines += [text] if command else textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False)
        terminalreporter.ensure_newline()
        terminalreporter.section("bets", "=")
        encoding = getattr(sys.stdout, "encoding", None)
        for line in lines:
            terminalreporter.write_line(encodable(line, encoding))

    @pytest.hookimpl(trylast=True)  # the exit status is known now, and --no-summary changes nothing
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Annotate the log of GitHub Actions, and write the summary in Markdown where one is wanted."""
        step = os.environ.get("GITHUB_STEP_SUMMARY")
        named = self.session.settings.summary_md
        pages = [*([(named, "w")] if named else []), *([(Path(step), "a")] if step else [])]
        annotated = os.environ.get("GITHUB_ACTIONS") == "true"
        finished = sorted(self.session.finished.values(), key=_order)
        if not finished or self.session.settings.rehearsal or not (pages or annotated):
            return
        from pytest_bets.hooks import ci

        lines = [str(annotation) for annotation in ci.annotations(self.session, finished)] if annotated else []
        for path, mode in pages:
            try:
                ci.write(path, mode, ci.page(self.session, finished, red=session.exitstatus != pytest.ExitCode.OK))
            except OSError as error:
                lines.append(f"The summary in Markdown could not be written: {error}")
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if lines and reporter:
            for line in ("", *lines):  # pytest does not say whether its progress has ended the line
                reporter.write_line(line)

    def _elsewhere(self, terminalreporter: Any) -> None:
        bets = self.session.context.elsewhere
        if bets:
            count = "1 bet belongs" if len(bets) == 1 else f"{len(bets)} bets belong"
            terminalreporter.ensure_newline()
            terminalreporter.write_line(
                f"{count} to other shards, and a bet is judged whole: not run here: {', '.join(bets)}."
            )

    def _unimported(self, terminalreporter: Any) -> None:
        for file, reason in sorted(self.session.skipping.items()):
            terminalreporter.ensure_newline()
            terminalreporter.write_line(visible(f"{file} skips itself, and was not judged: {reason}"))

    def _row(self, item: FinishedBet) -> Row:
        verdict, bet = item.result, item.declaration
        lines = decided_words(verdict, verdict.criteria) or [_short(visible(verdict.void or ""))]
        recorded = self._recorded(item)
        standing, unstable = self.session.standing(bet.id), self._is_unstable(bet.id)
        words = visible(standing_words(standing)) if standing else ""
        plain = recorded is None and not unstable and words == "stands"
        decided = [*lines, *([recorded] if recorded else [])]
        return Row(visible(bet.id), _words(item), decided, words, plain, _error(item))

    def _is_unstable(self, bet: str) -> bool:
        """Return whether the runs of a bet disagree."""
        rows = self.session.summary.bets if self.session.summary else []
        return any(row.id == bet and row.is_unstable for row in rows)

    def _recorded(self, item: FinishedBet) -> str | None:
        """Return how this run differs from the record that stands; None if it agrees with it or has replaced it."""
        bet, begun = item.declaration, self.session.baseline
        record = begun.records.get(bet.id)
        if item.stored is None or item.stored.written or record is None or record.verdict is None:
            return None
        now, then = _words(item), verdict_words(record)
        if now == then:
            return None
        differ = f"{now} now, {then} on record"
        return differ if item.verdict is None else f"{differ}: unstable"

    def _rehearsed(self, finished: Sequence[FinishedBet], room: int, *, verbose: bool) -> list[str]:
        found = [(item, self.session.exploring.explored(item.run.cells - item.run.broken.keys())) for item in finished]
        if len(found) > GROUPED_ABOVE and not verbose:
            rows = [_rehearsed_row(item, explored) for item, explored in found]
            return [*table(rows, room, _REHEARSED), "", "-v shows every sentence and what was measured."]
        pages = [self._rehearsed_page(item, explored, room) for item, explored in found]
        return [line for index, lines in enumerate(pages) for line in ([""] if index else []) + lines]

    def _rehearsed_page(self, item: FinishedBet, explored: Explored, room: int) -> list[str]:
        bet, verdict = item.declaration, item.result
        changed = changed_words(constants(bet, self.session.settings))
        entries = [("with", changed)] if changed else []
        if _is_whole(item):
            entries += would_lines(bet.criteria, explored.cells)
        else:
            entries.append(("not judged", visible(verdict.void or "")))
        entries += [("measured", "\n".join(measured_lines(explored.cells)))] if explored.cells else []
        ran = ran_words(len(explored.cells), explored.total or _total(item))
        times = f", {times_words(explored.seconds)}" if explored.cells else ""
        return page(f"{visible(bet.id)}: rehearsal, {ran}{times}", entries, room)


def _rehearsed_row(item: FinishedBet, explored: Explored) -> list[str]:
    bet = item.declaration
    strict = [criterion for criterion in bet.criteria if criterion.tier == "strict"]
    values = [words for _, words in would_lines(strict, explored.cells)]
    words = values if _is_whole(item) else [_short(visible(item.result.void or ""))]
    total, ran = explored.total or _total(item), len(explored.cells)
    time = seconds_words(sum(explored.seconds) / ran) if ran else ""
    return [visible(bet.id), str(total) if ran == total else f"{ran} of {total}", time, "\n".join(words)]


def _is_whole(item: FinishedBet) -> bool:
    """Return whether every cell of the bet was measured."""
    return not item.missing and not item.run.broken


def _total(item: FinishedBet) -> int:
    return item.run.total or len(item.run.cells)


def _words(item: FinishedBet) -> str:
    return UNJUDGED if item.missing else verdict_words(item.result)


def _error(item: FinishedBet) -> str:
    return error_words(item.verdict, item.error)


def _paint(writer: Any, verdict: str, text: str) -> str:
    return str(writer.markup(text, **_COLOURS.get(verdict, _UNJUDGED)))


def _short(reason: str) -> str:
    """Return a reason that leaves room for the other bets; the record and the failure have all of it."""
    return reason if len(reason) <= _REASON else f"{reason[: _REASON - 3]}..."


def _order(item: FinishedBet) -> tuple[bool, int, str]:
    return bet_order(item.declaration.id, item.declaration.number)
