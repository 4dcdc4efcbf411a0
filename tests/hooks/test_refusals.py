"""Running until it passes: refused with bets, in every way to ask for it, and left alone without."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Refused, Run, WriteBet
from tests.helpers.results import records
from tests.helpers.terminal import outcomes

RERUNS = ("-p", "pytest_rerunfailures")
FAILED = pytest.ExitCode.TESTS_FAILED
WHY = (
    " does not go with bets: running until it passes would turn a losing bet green. "
    "Count repetitions with @pytest.mark.replicate(n)."
)
FLAKY_TEST = """
import pathlib

def test_flaky():
    tries = pathlib.Path("tries")
    tries.write_text(tries.read_text() + "." if tries.exists() else ".")
    assert len(tries.read_text()) > 1
"""


@pytest.mark.parametrize(
    "arguments", [["--reruns", "2"], ["--force-reruns", "2"], ["--reruns", "2", "-n", "2"]], ids=" ".join
)
def test_the_option_refuses_the_bet_and_no_other_test(bet: WriteBet, run: Run, arguments: list[str]) -> None:
    """No cell runs and nothing is written; the flaky test beside it is run again, as the user asked."""
    bet(body='raise AssertionError("this cell ran")')
    Path("test_flaky.py").write_text(FLAKY_TEST)
    shown = run(*RERUNS, *arguments, expect=FAILED)
    assert f"bet_1_first.py: its cells were not run: {arguments[0]}{WHY}" in shown
    assert "this cell ran" not in shown
    assert outcomes(shown) == "1 passed, 7 skipped, 1 error, 1 rerun"
    assert not Path("results").exists()


def test_the_setting_refuses_the_bet_and_the_option_overrides_it(bet: WriteBet, run: Run) -> None:
    """A project that reruns its tests runs its bets with --reruns 0, as the error says."""
    bet()
    Path("pytest.ini").write_text("[pytest]\nreruns = 2\n")
    shown = run(*RERUNS, expect=FAILED)
    assert f"the setting reruns = 2, which --reruns 0 overrides,{WHY}" in shown
    assert outcomes(run(*RERUNS, "--reruns", "0")) == "7 passed"


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_without_bets_it_is_left_alone(run: Run, arguments: list[str]) -> None:
    """A session of tests reruns them."""
    Path("test_flaky.py").write_text(FLAKY_TEST)
    assert outcomes(run(*RERUNS, "--reruns", "2", *arguments)) == "1 passed, 1 rerun"


def test_a_test_that_is_marked_flaky_is_left_alone_beside_a_bet(bet: WriteBet, run: Run) -> None:
    """The mark concerns only that test."""
    bet()
    Path("test_flaky.py").write_text(f"import pytest\npytestmark = pytest.mark.flaky(reruns=1)\n{FLAKY_TEST}")
    assert outcomes(run(*RERUNS)) == "8 passed, 1 rerun"


@pytest.mark.parametrize(
    "where",
    [
        {"markers": {"flaky": "reruns=2"}},
        {"above": "pytestmark = pytest.mark.flaky(reruns=2)"},
        {"markers": {"parametrize": '"part", [1, 2, 3, pytest.param(4, marks=pytest.mark.flaky(reruns=2))]'}},
    ],
    ids=["experiment", "module", "cell"],
)
def test_an_experiment_that_is_marked_flaky_is_a_collection_error(
    bet: WriteBet, refused: Refused, where: dict[str, object]
) -> None:
    """Wherever the mark stands, the error says what to do instead."""
    bet(**where)
    shown = refused()
    assert "marked flaky: running until it passes would turn a losing bet green" in shown
    assert "@pytest.mark.replicate(n)" in shown


def test_a_cell_that_was_run_again_voids_its_bet(bet: WriteBet, run: Run) -> None:
    """A conftest.py can mark cells after they were collected; what passes the second time is not measured once."""
    mark = "def pytest_itemcollected(item):\n    item.add_marker(pytest.mark.flaky(reruns=1))\n"
    Path("conftest.py").write_text(f"import pytest\n{mark}")
    body = """
        tries = pathlib.Path(f"tries_{part}")
        if part == 2 and not tries.exists():
            tries.touch()
            raise RuntimeError("boom")
        return {"gain": part}
    """
    bet(body=body, above="import pathlib")
    run(*RERUNS, "-rs", expect=pytest.ExitCode.TESTS_FAILED)
    assert records(Path("results"))["1_first"]["void"] == (
        "1 of 4 cells crashed: experiment[2]: RuntimeError: boom, and was run again"
    )
