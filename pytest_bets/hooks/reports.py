"""How a tier ends for pytest, and the reports of a bet that have no item."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from pytest_bets.bet.declaration import PREMISE
from pytest_bets.hooks.judging import FinishedBet
from pytest_bets.hooks.run import BetRun
from pytest_bets.hooks.tiers import UNMET, Outcome, Reason
from pytest_bets.record.judgement import premise_unmet
from pytest_bets.record.verdict import Verdict
from pytest_bets.render.visible import visible, visible_lines
from pytest_bets.render.words import tier_words, verdict_words

RESULTS: Final = "results"
"""Names the error of a bet whose results could not be written."""
REGISTRATION: Final = "registration"
"""Names the error of a bet that did not run because it is not registered."""
TEARDOWN: Final = "teardown"
"""Names the error of a session fixture that failed in its teardown, in a process that an engine had started."""
REFUSED: Final = "refused"
"""Names the error of a bet that did not run because an option or plugin would multiply or hide its cells."""
HOOK: Final = "hook"
"""Names the error of an implementation of this plugin's hooks."""


def tier_outcome(bet: FinishedBet, tier: str, *, rehearsal: bool) -> Outcome:
    """Return how a tier ends, with the properties of its test case in JUnit's XML."""
    return replace(
        _outcome(bet, tier, rehearsal=rehearsal), properties=tuple(_properties(bet, tier, rehearsal=rehearsal))
    )


def _properties(bet: FinishedBet, tier: str, *, rehearsal: bool) -> Iterator[tuple[str, object]]:
    """Yield names and values: one `sentence` for each of the tier."""
    yield "bet", bet.declaration.id
    yield "claim", visible(bet.declaration.title)
    if rehearsal:
        yield "verdict", "none: a rehearsal"
        return
    yield "verdict", "not judged" if bet.missing else verdict_words(bet.result)
    for line in tier_words(tier, bet.result).splitlines():
        yield "sentence", line


def _outcome(bet: FinishedBet, tier: str, *, rehearsal: bool) -> Outcome:
    result = bet.result
    if bet.verdict is None and (bet.missing or bet.run.broken):
        return _unjudged(result)
    if premise_unmet(result) and not rehearsal:
        return Outcome("unmet", tier_words(tier, result)) if tier == PREMISE else _unjudged(result)
    if bet.verdict is None and not premise_unmet(result):
        return Outcome("failed", f"{tier}: cannot be judged: {visible(result.void or '')}")
    if rehearsal:
        return Outcome("skipped", "a rehearsal has no verdict")
    if result.good(tier):
        return Outcome("passed")
    if tier in bet.gated:
        return Outcome("failed", f"{tier_words(tier, result)}\nclaim: {visible(bet.declaration.title)}")
    return Outcome("unmet", tier_words(tier, result))


def _unjudged(result: Verdict) -> Outcome:
    return Outcome("skipped", f"not judged: {visible(result.void or '')}")


def tier_reports(run: BetRun, tier: str, outcome: Outcome) -> Iterator[pytest.TestReport]:
    """Yield the reports of a tier whose item does not run: it was not selected, or the session was stopped."""
    line = next(c.line for c in run.declaration.criteria if c.tier == tier)
    unmet = outcome.status == "unmet"
    ended: Any = "skipped" if unmet else outcome.status
    place = Reason((str(run.path), line, outcome.text))
    for when in ("setup", "call", "teardown"):
        report = pytest.TestReport(
            nodeid=f"{run.prefix}::{tier}",
            location=(run.declaration.file, line - 1, f"{run.declaration.id} {tier}"),
            keywords={tier: 1},
            outcome=ended if when == "call" else "passed",
            longrepr=(place if ended == "skipped" else outcome.text or None) if when == "call" else None,
            when=when,
            user_properties=outcome.properties,
        )
        if unmet and when == "call":
            report.__dict__[UNMET] = True
        yield report


def without_unmet(document: dict[str, Any]) -> None:
    """Count unmet tiers as skipped in the document of pytest-json-report, whose schema has no other outcomes."""
    for test in document.get("tests", ()):
        if test["outcome"] == "unmet":
            test["outcome"] = "skipped"
    summary = document["summary"]
    unmet = summary.pop("unmet", 0)
    if unmet:
        summary["skipped"] = summary.get("skipped", 0) + unmet


def error_report(run: BetRun, name: str, text: str) -> pytest.TestReport:
    """Return the error that says why a bet did not run, or why its results could not be written."""
    bet = run.declaration
    return pytest.TestReport(
        nodeid=f"{run.prefix}::{name}",
        location=(bet.file, bet.line - 1, f"{bet.id} {name}"),
        keywords={},
        outcome="failed",
        longrepr=visible_lines(text),
        when="teardown" if name in (RESULTS, TEARDOWN, HOOK) else "setup",
    )


def unexpected_report(prefix: str, text: str) -> pytest.TestReport:
    """Return the error for a bet of which a cell ran that this session did not expect, or ran once too often."""
    return pytest.TestReport(
        nodeid=f"{prefix}::unexpected",
        location=(prefix, None, f"{prefix} unexpected"),
        keywords={},
        outcome="failed",
        longrepr=text,
        when="teardown",
    )
