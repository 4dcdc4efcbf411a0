"""What the terminal shows of bets: a category of its own, and the table that closes the session."""

import os
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest

from pytest_bets.hooks.judging import Concluded, Judge
from pytest_bets.hooks.options import Settings
from pytest_bets.pure.overview import standing_json
from pytest_bets.pure.record import criterion_json
from pytest_bets.text.registration import declaring
from pytest_bets.text.table import table
from pytest_bets.text.words import cells_words, measured_words, standing_words, verdict_words

_SILENT: Final = -2
"""The verbosity of -qq, at which pytest itself prints no summary."""
_REASON: Final = 120
"""How many characters of a reason the table shows."""


class Closing:
    """Prints what the judge has concluded."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Print a row a bet, and what was written."""
        concluded = sorted(self.judge.concluded.values(), key=_order)
        if not concluded or config.get_verbosity() <= _SILENT:
            return
        terminalreporter.ensure_newline()
        terminalreporter.section("bets", "=")
        width = terminalreporter._tw.fullwidth
        for line in [*table([self._row(item) for item in concluded], width), ""]:
            terminalreporter.write_line(line)
        verbose = config.get_verbosity() > 0
        for note in [*self._notes(concluded), *self._unregistered(concluded, verbose=verbose)]:
            command = note.startswith(" ")  # which stays one line, to be copied as it stands
            wrapped = textwrap.wrap(note, width, break_long_words=False, break_on_hyphens=False)
            for line in [note] if command else wrapped:
                terminalreporter.write_line(line)

    def _row(self, item: Concluded) -> list[str]:
        verdict = item.judgement.verdict
        strict = [criterion_json(judged) for judged in verdict.criteria if judged.tier == "strict"]
        measured = measured_words(strict) or _short(verdict.void or "")
        told = verdict_words({**vars(verdict)})
        if self.judge.settings.rehearsal:
            told, measured = "rehearsal", _short(verdict.void or "") or f"{cells_words(item.cells)} ran"
        elif item.judgement.missing:
            told = "not judged"
        return [item.run.declaration.id, told, measured, self._standing(item.run.declaration.id)]

    def _standing(self, bet: str) -> str:
        if self.judge.summary is not None:
            return standing_words(next(row["standing"] for row in self.judge.summary["bets"] if row["id"] == bet))
        standing = self.judge.beginning.standings.get(bet)
        return standing_words(standing_json(standing)) if standing else ""

    def _notes(self, concluded: Sequence[Concluded]) -> Iterator[str]:
        settings = self.judge.settings
        if settings.rehearsal:
            where = f"kept in {_shown(settings)}, marked as a rehearsal" if settings.kept else "nothing was written"
            yield f"{_bets(len(concluded))} rehearsed; {where}."
            return
        verdicts = [item.judgement.verdict.verdict for item in concluded]
        told = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in ("PASS", "LENIENT", "FAIL"))
        unjudged = verdicts.count(None)
        yield f"{_bets(len(concluded))}: {told}" + (f", {unjudged} not judged" if unjudged else "") + "."
        folder = _shown(settings)
        written = sum(item.kept is not None and item.kept.written for item in concluded)
        stand = sum(
            item.kept is not None and not item.kept.written and not item.judgement.missing for item in concluded
        )
        if self.judge.summary is not None:
            records = "1 record" if written == 1 else f"{written} records"
            left = sum(item.kept is not None and item.judgement.missing is not None for item in concluded)
            incomplete = f", {left} incomplete (journal only)" if left else ""
            yield f"In {folder}: {records} written, {stand} stand as they were{incomplete}; see {folder}/SUMMARY.md."
        elif settings.replay:
            yield f"Replayed from {folder}: no experiment ran, nothing was written."

    def _unregistered(self, concluded: Sequence[Concluded], *, verbose: bool) -> Iterator[str]:
        registry, states = self.judge.registry, self.judge.beginning.registration
        if self.judge.settings.registration == "off" or self.judge.settings.rehearsal:
            return
        ran = [(states[item.run.declaration.id]["state"], item.run) for item in concluded if item.kept]
        bets = [(registry.typed(run.path), run.declaration) for state, run in ran if state == "unregistered"]
        if bets:
            yield "Run without being registered; commit a bet before its run:"
            yield f"  {declaring(bets)}"
        if verbose and any(state == "unknown" for state, _ in ran):
            yield f"Whether the bets are registered is unknown: {registry.untold}."


def _short(reason: str) -> str:
    """Return a reason that leaves room for the other bets; the record and the failure have all of it."""
    return reason if len(reason) <= _REASON else f"{reason[: _REASON - 3]}..."


def _order(item: Concluded) -> tuple[bool, int, str]:
    bet = item.run.declaration
    return bet.number is None, bet.number or 0, bet.id


def _shown(settings: Settings) -> str:
    return os.path.relpath(settings.results, settings.here)


def _bets(count: int) -> str:
    return "1 bet" if count == 1 else f"{count} bets"
