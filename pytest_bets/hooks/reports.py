"""The reports of a bet that no item makes: those of its tiers, and of what went wrong with it as a whole."""

from collections.abc import Collection, Iterator
from typing import Any, Final

import pytest

from pytest_bets.hooks.run import BetRun, Judgement
from pytest_bets.text.words import tier_words

UNMET: Final = "bets_unmet"
"""The attribute of the report of a tier that is not met and not gated."""
_UNMET_PLUGIN: Final = "bets-unmet"
RESULTS: Final = "results"
"""The name under which a bet's file tells of results that could not be written."""
REGISTRATION: Final = "registration"
"""The name under which a bet's file tells that it was not run, for want of registration."""


class _Unmet:
    """Registered when there is a tier to show with it: pytest asks for the status of every report of a session."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Give a tier that is not met and not gated its own category, which fails nothing."""
        if UNMET in report.__dict__:
            return "unmet", "u", ("UNMET", {"yellow": True})
        return None


def show(report: pytest.TestReport, plugins: pytest.PytestPluginManager) -> None:
    """Have pytest know the category of this report."""
    if UNMET in report.__dict__ and not plugins.has_plugin(_UNMET_PLUGIN):
        plugins.register(_Unmet(), _UNMET_PLUGIN)


def tier_reports(
    run: BetRun, judgement: Judgement, tier: str, gated: Collection[str], *, rehearsal: bool
) -> Iterator[pytest.TestReport]:
    """Yield what pytest is told of a judged tier; `gated` are the tiers that fail where they are not met."""
    verdict = judgement.verdict
    if rehearsal:
        yield from _phases(run, tier, "skipped", "a rehearsal has no verdict")
    elif verdict.verdict is None and (judgement.missing or run.broken):
        yield from _phases(run, tier, "skipped", f"not judged: {verdict.void}")
    elif verdict.verdict is None:
        yield from _phases(run, tier, "failed", f"{tier}: cannot be judged: {verdict.void}")
    elif verdict.good(tier):
        yield from _phases(run, tier, "passed", "")
    elif tier in gated:
        yield from _phases(run, tier, "failed", f"{tier_words(tier, verdict)}\nclaim: {run.declaration.title}")
    else:
        yield from _phases(run, tier, "skipped", tier_words(tier, verdict), unmet=True)


def _phases(run: BetRun, tier: str, outcome: Any, text: str, *, unmet: bool = False) -> Iterator[pytest.TestReport]:
    line = next(c.line for c in run.declaration.criteria if c.tier == tier)
    place = (str(run.path), line, text)
    location = (run.declaration.file, line - 1, f"{run.declaration.id} {tier}")
    for when in ("setup", "call", "teardown"):
        report = pytest.TestReport(
            nodeid=f"{run.prefix}::{tier}",
            location=location,
            keywords={tier: 1},
            outcome=outcome if when == "call" else "passed",
            longrepr=(place if outcome == "skipped" else text or None) if when == "call" else None,
            when=when,
        )
        if unmet and when == "call":
            report.__dict__[UNMET] = True
        yield report


def error_report(run: BetRun, name: str, text: str) -> pytest.TestReport:
    """Return the error that says why a bet was not run, or why its results could not be written."""
    bet = run.declaration
    return pytest.TestReport(
        nodeid=f"{run.prefix}::{name}",
        location=(bet.file, bet.line - 1, f"{bet.id} {name}"),
        keywords={},
        outcome="failed",
        longrepr=text,
        when="setup" if name == REGISTRATION else "teardown",
    )
