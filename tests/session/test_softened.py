"""What other hooks and marks make of a failure: a gated tier that is not met turns the session red all the same."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import records
from tests.helpers.terminal import outcomes

FAILED = pytest.ExitCode.TESTS_FAILED
LOST = 'return {"gain": -part}'
MODES = pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "distributed"])
ADDED = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.xfail({arguments}))
"""
XFAIL = {"plain": "", "not run": "reason='later', run=False", "strict": "strict=True"}


def write(bet: WriteBet, where: str, arguments: str, body: str) -> None:
    """Write a bet whose module is marked xfail, or whose items a conftest.py marks so."""
    bet(body=body, above=f"pytestmark = pytest.mark.xfail({arguments})" if where == "module" else "")
    if where == "hook":
        Path("conftest.py").write_text(ADDED.format(arguments=arguments))


@MODES
@pytest.mark.parametrize("where", ["module", "hook"])
def test_a_catastrophe_is_red_under_xfail(bet: WriteBet, run: Run, arguments: tuple[str, ...], where: str) -> None:
    """The mark is about the experiment: its cells show it, and its tiers do not."""
    write(bet, where, "", LOST)
    shown = run("-rA", *arguments, expect=FAILED)
    assert outcomes(shown) == "1 failed, 4 xpassed, 2 unmet"
    assert shown.count("FAILED bet_1_first.py::catastrophic - catastrophic tripped") == 1
    assert records(Path("results"))["1_first"]["catastrophic"] is True


@MODES
@pytest.mark.parametrize("where", ["module", "hook"])
def test_a_tier_that_is_met_passes_under_xfail(bet: WriteBet, run: Run, arguments: tuple[str, ...], where: str) -> None:
    """Not an unexpected success, which is what pytest would call it in one process."""
    write(bet, where, "", 'return {"gain": part}')
    assert outcomes(run(*arguments)) == "3 passed, 4 xpassed"


@MODES
@pytest.mark.parametrize("kind", ["not run", "strict"])
def test_cells_that_xfail_takes_away_are_no_measurement(
    bet: WriteBet, run: Run, arguments: tuple[str, ...], kind: str
) -> None:
    """A cell that is not run, or must not pass, is void whatever it returned; strict xfail is red by its cells."""
    write(bet, "module", XFAIL[kind], LOST)
    shown = run(*arguments, expect=FAILED if kind == "strict" else pytest.ExitCode.OK)
    assert outcomes(shown) == ("4 failed, 3 skipped" if kind == "strict" else "3 skipped, 4 xfailed")
    assert records(Path("results"))["1_first"]["verdict"] is None


@MODES
def test_a_crash_under_xfail_stays_void(bet: WriteBet, run: Run, arguments: tuple[str, ...]) -> None:
    """The author has said that it may crash, so it is green, and no verdict comes of the other cells."""
    write(bet, "module", "", 'assert part != 2\nreturn {"gain": part}')
    shown = run(*arguments)
    assert outcomes(shown) == "3 skipped, 1 xfailed, 3 xpassed"
    assert "1 of 4 cells crashed" in shown


@MODES
def test_xfail_still_selects(bet: WriteBet, run: Run, arguments: tuple[str, ...]) -> None:
    """-m looks at a tier before it is judged: `-m "not xfail"` leaves out the bet as a whole."""
    write(bet, "module", "", LOST)
    shown = run("-m", "not xfail", *arguments, expect=pytest.ExitCode.NO_TESTS_COLLECTED)
    assert "7 deselected" in shown or arguments


SKIP = "pytest.skip(f'quarantined: {error}')"
CALL = """
import pytest

@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    try:
        return (yield)
    except Exception as error:
        %s
"""
MADE = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.outcome = "%s"
        report.wasxfail = "known"
    return report
"""
LOGGED = """
import pytest

class Last:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report):
        if report.failed:
            report.outcome, report.longrepr = "%s", ("conftest.py", 1, "hidden")

def pytest_sessionstart(session):  # what is registered last comes first: before pytest's own session
    session.config.pluginmanager.register(Last())
"""
PROTOCOL = """
import pytest
from _pytest.runner import runtestprotocol

class Last:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item, nextitem):
        runtestprotocol(item, nextitem=nextitem)
        return True

def pytest_collection_modifyitems(config):  # before the one that runs tiers
    config.pluginmanager.register(Last())
"""
STATUS = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report):
    if report.failed:
        return "quarantined", "q", "QUARANTINED"
"""
SETUP = """
import pytest

def pytest_runtest_setup(item):
    if item.name == "catastrophic":
        pytest.skip("not today")
"""
MARK = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if item.name == "catastrophic":
            item.add_marker(pytest.mark.skip)
"""
HOOKS = {
    "a skip of what fails": CALL % SKIP,
    "xfail of what fails": CALL % "pytest.xfail(str(error))",
    "nothing of what fails": CALL % "return None",
    "a report that was expected": MADE % "skipped",
    "a report that passes": MADE % "passed",
    "a failure that is expected": MADE % "failed",
    "a report that is skipped when it is logged": LOGGED % "skipped",
    "a report that passes when it is logged": LOGGED % "passed",
    "a protocol of its own": PROTOCOL,
    "a category of its own": STATUS,
    "a setup that skips the tier": SETUP,
    "a tier that is marked skip": MARK,
}


@MODES
@pytest.mark.parametrize("hook", HOOKS)
def test_no_hook_makes_a_catastrophe_green(bet: WriteBet, run: Run, arguments: tuple[str, ...], hook: str) -> None:
    """Whatever it makes of the failure, the session is red, and the failure is counted once."""
    bet(body=LOST)
    Path("conftest.py").write_text(HOOKS[hook])
    shown = run("-rA", *arguments, expect=FAILED)
    assert records(Path("results"))["1_first"]["catastrophic"] is True
    if "category" in hook:
        assert "1 quarantined" in outcomes(shown)
    elif "logged" not in hook:  # there is no way to show it, and the exit status is red
        assert "1 failed" in outcomes(shown)
        assert shown.count("FAILED bet_1_first.py::catastrophic - catastrophic tripped") == 1


@MODES
def test_a_catastrophe_that_was_not_selected_is_no_more_hidden(
    bet: WriteBet, run: Run, arguments: tuple[str, ...]
) -> None:
    """Its report has no item, and the same hooks see it."""
    bet(body=LOST)
    Path("conftest.py").write_text(LOGGED % "passed")
    run("-m", "strict", *arguments, expect=FAILED)


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_that_soften_failures_change_nothing_else(bet: WriteBet, run: Run, hook: str) -> None:
    """A bet that is met stays green, and what is not gated stays unmet."""
    bet(body='return {"gain": part - 3}')
    Path("conftest.py").write_text(HOOKS[hook])
    run()
    assert records(Path("results"))["1_first"]["catastrophic"] is False
