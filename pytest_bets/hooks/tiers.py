"""One item a tier: it passes, fails or is skipped as its bet was judged."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest

from pytest_bets.bet.declaration import Declaration
from pytest_bets.hooks.pytest_private import run_phases

UNMET: Final = "bets_unmet"
"""The attribute of the report of a tier that is not met and not gated."""
_PREFIX: Final = "Skipped: "


class Reason(tuple[str, int, str]):
    """The file, the line and the reason of a skip, as pytest reports it.

    Its text is the reason alone: pytest-html, pytest-json-report and others show the text of the tuple.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return self[2].removeprefix(_PREFIX)


@dataclass(frozen=True)
class Outcome:
    """How the item of a tier ends, the text that says why, and what its reports say of the bet by name."""

    status: Literal["passed", "failed", "skipped", "unmet"]
    text: str = ""
    properties: tuple[tuple[str, object], ...] = ()


class Tier(pytest.Item):
    """One tier of a bet. `outcome` is None while its bet has no judgement in this process."""

    outcome: Outcome | None = None
    remote = False
    """Whether a worker ran it, and pytest knows that it started and finished."""

    def __init__(self, *, declaration: Declaration, marks: Sequence[pytest.Mark], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title = f"{declaration.id} {self.name}"
        self.line = next(c.line for c in declaration.criteria if c.tier == self.name)
        texts = [sentence.text for sentence in declaration.sentences(self.name)]
        self.add_marker(getattr(pytest.mark, self.name).with_args(*texts))
        self.own_markers.extend(marks)

    def iter_markers_with_node(self, name: str | None = None) -> Iterator[tuple[Any, pytest.Mark]]:
        """Leave out xfail while a judged tier runs: a mark of the module, or one from a hook, is about the experiment.

        A failure that pytest expects does not turn a session red, and a tripped catastrophe must.
        """
        found = super().iter_markers_with_node(name)
        return found if self.outcome is None else (pair for pair in found if pair[1].name != "xfail")

    def runtest(self) -> None:
        """End as the bet was judged, inside the hooks around a test, which Allure and editors read."""
        if self.outcome is None:
            raise pytest.skip.Exception("judged where all reports arrive", _use_item_location=True)
        if self.outcome.status == "failed":
            raise AssertionError(self.outcome.text)
        if self.outcome.status != "passed":
            raise pytest.skip.Exception(self.outcome.text, _use_item_location=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the outcome without a traceback, which would show this file."""
        if self.outcome is None or str(excinfo.value) != self.outcome.text:
            return super().repr_failure(excinfo, style)
        failure: Any = super().repr_failure(excinfo, style="value")
        failure.reprcrash.message = self.outcome.text  # without the exception's name, for the short summary
        return failure

    def reportinfo(self) -> tuple[Path, int, str]:
        """Point at the tier's first sentence."""
        return self.path, self.line - 1, self.title


def is_red(report: pytest.TestReport) -> bool:
    """Return whether a report turns the session red."""
    return report.outcome == "failed" and "wasxfail" not in report.__dict__


def _fail(report: pytest.TestReport, outcome: Outcome) -> None:
    """Undo what a hook has made of the failure of a tier: hooks may skip a test that fails, or call it expected."""
    if not is_red(report):
        report.__dict__.pop("wasxfail", None)
        report.outcome, report.longrepr = "failed", outcome.text


class JudgedTiers:
    """Runs the items of tiers where their bets are judged.

    `outcome` returns how a tier ended, by its node id, and None while its bet has cells to run.
    """

    def __init__(self, outcome: Callable[[str], Outcome | None]) -> None:
        self.outcome = outcome
        self.early: list[Tier] = []
        """Tiers that had their turn before their cells."""

    def run(self, item: Tier, nextitem: pytest.Item | None) -> None:
        """Run the phases of a tier's item, and report them if its outcome is known."""
        item.outcome = self.outcome(item.nodeid)
        if item.outcome is None:
            self.early.append(item)
        else:
            item.user_properties += item.outcome.properties
            if not item.remote:
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = run_phases(item, nextitem)
        called = any(report.when == "call" for report in reports)  # false with --setup-only
        for report in reports:
            if item.outcome is not None and called:
                if report.when == "call" and item.outcome.status == "failed":
                    _fail(report, item.outcome)
                if isinstance(report.longrepr, tuple):
                    report.longrepr = Reason(report.longrepr)
                if report.when == "call" and item.outcome.status == "unmet":
                    report.__dict__[UNMET] = True
                item.ihook.pytest_runtest_logreport(report=report)
            elif report.failed:  # a module fixture that fails in its teardown
                item.ihook.pytest_runtest_logreport(report=report)
        if not item.remote:
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


class UnreportedTiers:
    """Runs the items of tiers on a worker, which has only some of the cells of a bet and so cannot judge it.

    A tier sends no report from here: the controller has the reports of all cells and reports every tier itself, and
    a second report of the same test would count it twice. The item runs all the same, so that the controller sees it
    finish, and that a module fixture is torn down after the last item.
    """

    early: Sequence[Tier] = ()

    def run(self, item: Tier, nextitem: pytest.Item | None) -> None:
        """Run the phases of a tier's item, and report only what failed: a module fixture in its teardown."""
        for report in run_phases(item, nextitem):
            if report.failed:
                item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
