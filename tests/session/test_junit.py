"""What --junitxml makes of a session with bets: what a CI server shows of it."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.helpers.fixtures import Run, WriteBet

FAILED = pytest.ExitCode.TESTS_FAILED


def cases(run: Run, *arguments: str) -> dict[tuple[str, str], ElementTree.Element]:
    """Run a session that fails, and return its test cases by class and name, of which no two are the same."""
    run("--junitxml", "out.xml", *arguments, expect=FAILED)
    found = list(ElementTree.parse("out.xml").iter("testcase"))
    by_name = {(case.attrib["classname"], case.attrib["name"]): case for case in found}
    assert len(by_name) == len(found)
    (suite,) = ElementTree.parse("out.xml").iter("testsuite")
    assert int(suite.attrib["tests"]) == len(found)
    return by_name


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_every_item_is_one_test_case(bet: WriteBet, run: Run, arguments: list[str]) -> None:
    """Cells and tiers stand under their file; unmet is skipped with the reason, and a gated tier fails with it."""
    bet("sub/bet_1_first.py", body='print("seen")\nreturn {"gain": -part}', title="Gains < losses & more.")
    bet("bet_2_broken.py", body='assert part != 2\nreturn {"gain": part}')
    found = cases(run, *arguments)
    names = [*(f"experiment[{part}]" for part in (1, 2, 3, 4)), "strict", "lenient", "catastrophic"]
    assert set(found) == {(file, name) for file in ("sub.bet_1_first", "bet_2_broken") for name in names}
    assert {key: child.tag for key, case in found.items() for child in case} == {
        ("sub.bet_1_first", "strict"): "skipped",
        ("sub.bet_1_first", "lenient"): "skipped",
        ("sub.bet_1_first", "catastrophic"): "failure",
        ("bet_2_broken", "experiment[2]"): "failure",
        ("bet_2_broken", "strict"): "skipped",
        ("bet_2_broken", "lenient"): "skipped",
        ("bet_2_broken", "catastrophic"): "skipped",
    }
    (unmet,) = found["sub.bet_1_first", "lenient"]
    assert unmet.attrib["message"] == "lenient not met: count(gain > 0) >= 2 (measured 0, threshold 2, margin -2)"
    (failure,) = found["sub.bet_1_first", "catastrophic"]
    line = "catastrophic tripped: count(gain > 0) < 1 (measured 0, threshold 1, margin -1)"
    assert failure.attrib["message"].splitlines() == [line, "claim: Gains < losses & more."]
    assert line in (failure.text or "")
    (unjudged,) = found["bet_2_broken", "strict"]
    assert unjudged.attrib["message"] == "not judged: 1 of 4 cells crashed: experiment[2]: assert 2 != 2"


def test_a_results_folder_that_cannot_be_written_is_an_error(bet: WriteBet, run: Run) -> None:
    """The server shows it as an error of the bet, beside its own items."""
    bet()
    Path("results/SUMMARY.md").mkdir(parents=True)
    found = cases(run)
    (error,) = found["bet_1_first", "results"]
    assert error.tag == "error"
    assert "The summary could not be written" in (error.text or "")
