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


def unpropertied(case: ElementTree.Element) -> list[ElementTree.Element]:
    return [child for child in case if child.tag != "properties"]


def properties(case: ElementTree.Element) -> list[tuple[str, str]]:
    return [(item.attrib["name"], item.attrib["value"]) for item in case.iter("property")]


@pytest.mark.parametrize(
    "arguments",
    [[], ["-n", "2"], ["-k", "experiment or strict"], ["--bets-replay"]],
    ids=["plain", "distributed", "unselected", "replayed"],
)
def test_a_tier_has_the_bet_and_its_verdict_as_properties(bet: WriteBet, run: Run, arguments: list[str]) -> None:
    """With every sentence of the tier and its value, also where it is met or was not selected; a cell has none."""
    bet(
        body='return {"gain": -part}',
        markers={"strict": '"count(gain > 0) >= 3", "mean(gain) < 0"'},
        sections={"Strict": "3, 0."},
    )
    if "--bets-replay" in arguments:
        run(expect=FAILED)
    found = cases(run, *arguments)
    about = [("bet", "1_first"), ("claim", "A first claim."), ("verdict", "FAIL, catastrophic")]
    assert properties(found["bet_1_first", "strict"]) == [
        *about,
        ("sentence", "strict not met: count(gain > 0) >= 3 (measured 0, threshold 3, margin -3)"),
        ("sentence", "strict met: mean(gain) < 0 (measured -2.5, threshold 0, margin 2.5)"),
    ]
    tripped = "catastrophic tripped: count(gain > 0) < 1 (measured 0, threshold 1, margin -1)"
    assert properties(found["bet_1_first", "catastrophic"]) == [*about, ("sentence", tripped)]
    assert {name for (_, name), case in found.items() if properties(case)} == {"strict", "lenient", "catastrophic"} & {
        name for _, name in found
    }


def test_the_properties_of_what_has_no_verdict_say_so(bet: WriteBet, run: Run) -> None:
    """A crash, and a rehearsal."""
    bet(body='assert part != 2\nreturn {"gain": part}')
    assert properties(cases(run)["bet_1_first", "strict"])[2:] == [("verdict", "void")]
    assert properties(cases(run, "--bets-pilot")["bet_1_first", "strict"])[2:] == [("verdict", "none: a rehearsal")]


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_every_item_is_one_test_case(bet: WriteBet, run: Run, arguments: list[str]) -> None:
    """Cells and tiers stand under their file; unmet is skipped with the reason, and a gated tier fails with it."""
    bet("sub/bet_1_first.py", body='print("seen")\nreturn {"gain": -part}', title="Gains < losses & more.")
    bet("bet_2_broken.py", body='assert part != 2\nreturn {"gain": part}')
    found = cases(run, *arguments)
    names = [*(f"experiment[{part}]" for part in (1, 2, 3, 4)), "strict", "lenient", "catastrophic"]
    assert set(found) == {(file, name) for file in ("sub.bet_1_first", "bet_2_broken") for name in names}
    assert {key: child.tag for key, case in found.items() for child in unpropertied(case)} == {
        ("sub.bet_1_first", "strict"): "skipped",
        ("sub.bet_1_first", "lenient"): "skipped",
        ("sub.bet_1_first", "catastrophic"): "failure",
        ("bet_2_broken", "experiment[2]"): "failure",
        ("bet_2_broken", "strict"): "skipped",
        ("bet_2_broken", "lenient"): "skipped",
        ("bet_2_broken", "catastrophic"): "skipped",
    }
    (unmet,) = unpropertied(found["sub.bet_1_first", "lenient"])
    assert unmet.attrib["message"] == "lenient not met: count(gain > 0) >= 2 (measured 0, threshold 2, margin -2)"
    (failure,) = unpropertied(found["sub.bet_1_first", "catastrophic"])
    line = "catastrophic tripped: count(gain > 0) < 1 (measured 0, threshold 1, margin -1)"
    assert failure.attrib["message"].splitlines() == [line, "claim: Gains < losses & more."]
    assert line in (failure.text or "")
    (unjudged,) = unpropertied(found["bet_2_broken", "strict"])
    assert unjudged.attrib["message"] == "not judged: 1 of 4 cells crashed: experiment[2]: assert 2 != 2"


def test_a_results_folder_that_cannot_be_written_is_an_error(bet: WriteBet, run: Run) -> None:
    """The server shows it as an error of the bet, beside its own items."""
    bet()
    Path("results/SUMMARY.md").mkdir(parents=True)
    found = cases(run)
    (error,) = found["bet_1_first", "results"]
    assert error.tag == "error"
    assert "The summary could not be written" in (error.text or "")
