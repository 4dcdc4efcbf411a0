"""`pytest-bets history`: the values of a bet over its runs."""

import pytest

from tests.helpers.commands import run
from tests.helpers.fixtures import WriteBet

BOUNDS = {"strict": ">= 0.7", "lenient": ">= 0", "catastrophic": "< 0"}


def test_each_value_is_shown_run_by_run(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its thresholds, the host and the code; numbered, so that two runs can be compared."""
    monkeypatch.setenv("COLUMNS", "80")
    bet("bet_2_other.py")
    pytester.runpytest_inprocess()
    for body in ('return {"gain": part}', 'return {"gain": part - 2}'):
        bet(body=body, markers={"control": '"max(part) <= 9"'}, sections={"Control": "no more than 9."})
        pytester.runpytest_inprocess("bet_1_first.py")
    status, output = run("history", "1")
    assert status == 0
    lines = output.splitlines()
    assert lines[0] == "1_first: 2 runs, 1 host, 2 code versions"
    assert [line.split()[0] for line in lines[2:4]] == ["journal:2", "journal:3"]
    assert [line.split()[-1] for line in lines[2:4]] == ["PASS", "LENIENT"]
    at = lines.index("count(gain > 0): strict >= 3, lenient >= 2, catastrophic < 1")
    assert [line.split()[-1] for line in lines[at + 1 : at + 3]] == ["4", "2"]
    assert lines[lines.index("max(part): control <= 9") + 1] == "  4 in all 2 runs"
    assert lines[-1] == "Compare two runs: pytest-bets compare journal:2 journal:3"
    assert run(*lines[-1].partition(": pytest-bets ")[2].split())[0] == 0
    assert run("history", "01")[1] == run("history", "first")[1] == output
    pytester.path.joinpath("results").rename("my results")
    elsewhere = run("history", "1", "--results", "my results")[1].splitlines()[-1]
    assert elsewhere == "Compare two runs: pytest-bets compare --results 'my results' journal:2 journal:3"


def test_values_that_differ_are_not_said_to_be_the_same(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Also where they are the same when rounded: one of them may be on the other side of a threshold."""
    for gain in ("0.7", "0.69999999"):
        bet(
            body=f'return {{"gain": {gain}}}',
            markers={tier: f'"min(gain) {bound}"' for tier, bound in BOUNDS.items()},
            sections={tier.capitalize(): bound for tier, bound in BOUNDS.items()},
        )
        pytester.runpytest_inprocess()
    lines = run("history", "1")[1].splitlines()
    at = lines.index("min(gain): strict >= 0.7, lenient >= 0, catastrophic < 0")
    assert [line.split()[-1] for line in lines[at + 1 : at + 3]] == ["0.7", "0.69999999"]


def test_a_bet_without_runs_and_an_unknown_one_are_errors(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The message says which of the two it is."""
    bet()
    pytester.runpytest_inprocess()
    bet("bet_2_waiting.py")
    status, output = run("history", "2")
    assert (status, "bet 2 was never run" in output) == (2, True)
    status, output = run("history", "1_frist")
    assert (status, "did you mean 1_first?" in output) == (2, True)
