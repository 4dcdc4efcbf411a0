"""One item a tier: it passes, fails or is skipped as its bet was judged, when its turn comes."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from _pytest.runner import runtestprotocol

from pytest_bets.bet.declaration import Declaration

UNMET: Final = "bets_unmet"
"""The attribute of the report of a tier that is not met and not gated."""
_UNMET_PLUGIN: Final = "bets-unmet"


@dataclass(frozen=True)
class Outcome:
    """How the item of a tier ends, and the text that says why."""

    status: Literal["passed", "failed", "skipped", "unmet"]
    text: str = ""


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


def mark_unmet(report: pytest.TestReport, plugins: pytest.PytestPluginManager) -> None:
    """Put a report into the category of its own, which pytest then knows."""
    report.__dict__[UNMET] = True
    if not plugins.has_plugin(_UNMET_PLUGIN):
        plugins.register(_Unmet(), _UNMET_PLUGIN)


class Tier(pytest.Item):
    """One tier of a bet. `outcome` is None while its bet has no judgement in this process."""

    outcome: Outcome | None = None
    remote = False
    """Whether a worker had its turn, and pytest knows that it started and finished."""

    def __init__(self, *, declaration: Declaration, marks: Sequence[pytest.Mark], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.title = f"{declaration.id} {self.name}"
        self.line = next(c.line for c in declaration.criteria if c.tier == self.name)
        texts = [sentence.text for sentence in declaration.sentences(self.name)]
        self.add_marker(getattr(pytest.mark, self.name).with_args(*texts))
        self.own_markers.extend(marks)

    def runtest(self) -> None:
        """End as the bet was judged, so that every hook around a test sees it: Allure and editors read those."""
        if self.outcome is None:
            raise pytest.skip.Exception("judged where all reports arrive", _use_item_location=True)
        if self.outcome.status == "failed":
            raise AssertionError(self.outcome.text)
        if self.outcome.status != "passed":
            raise pytest.skip.Exception(self.outcome.text, _use_item_location=True)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the judgement without a traceback, which would show this file."""
        if self.outcome is None or str(excinfo.value) != self.outcome.text:
            return super().repr_failure(excinfo, style)
        shown: Any = super().repr_failure(excinfo, style="value")
        shown.reprcrash.message = self.outcome.text  # without the exception's name, for the short summary
        return shown

    def reportinfo(self) -> tuple[Path, int, str]:
        """Point at the tier's first sentence."""
        return self.path, self.line - 1, self.title


class TierProtocol:
    """Runs the items of tiers.

    `outcome` returns how a tier was judged, by its node id, and None while its bet has cells to run. There is no
    `outcome` on a worker: it has only a part of the cells, so the controller reports the tier.
    """

    def __init__(self, outcome: Callable[[str], Outcome | None] | None) -> None:
        self.outcome = outcome
        self.early: list[Tier] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Run a tier, and report it where its bet is judged."""
        if type(item) is not Tier:  # isinstance would ask an abstract class, for every cell
            return None
        outcome = None
        if self.outcome is not None:
            outcome = self.outcome(item.nodeid)
            if outcome is None:
                self.early.append(item)
            elif not item.remote:
                item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        run_tier(item, outcome, nextitem)
        if not item.remote:
            item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Run the tiers again whose turn came before their cells: a plugin with a loop of its own can do that."""
        done = yield
        for item in self.early:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return done


def run_tier(item: Tier, outcome: Outcome | None, nextitem: pytest.Item | None) -> None:
    """Run the phases of a tier's item, and report them where its outcome is known."""
    item.outcome = outcome
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    called = any(report.when == "call" for report in reports)  # it is not with --setup-only
    for report in reports:
        if outcome is not None and called:
            if report.when == "call" and outcome.status == "unmet":
                mark_unmet(report, item.config.pluginmanager)
            item.ihook.pytest_runtest_logreport(report=report)
        elif report.failed:  # a fixture of the module that fails at its teardown
            item.ihook.pytest_runtest_logreport(report=report)
