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
