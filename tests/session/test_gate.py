"""What turns a session red: the gate, the selection, the record of an earlier session, and standing."""

import re
from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import records

RESULTS = Path("results")
OK = pytest.ExitCode.OK
FAILED = pytest.ExitCode.TESTS_FAILED
SHIFT = {"PASS": 0, "LENIENT": -2, "FAIL": -3, "catastrophic": -4}
"""By verdict, what to add to 1, 2, 3, 4 so that as many gains are positive as it takes."""
BODY = 'return {"gain": part + int(pathlib.Path("shift").read_text())}'


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every row of the table one line."""
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def outcome(bet: WriteBet) -> None:
    """Write a bet whose measurements are in a file beside it, so that its declaration and code stay the same."""
    bet(body=BODY, above="import pathlib")


def tiers(shown: str) -> dict[str, str]:
    """Return by tier how -v shows it."""
    return dict(re.findall(r"^bet_1_first\.py::(strict|lenient|catastrophic|control) (\w+)", shown, re.MULTILINE))


def session(run: Run, verdict: str, *arguments: str, expect: pytest.ExitCode) -> dict[str, str]:
    """Run the bet so that it ends in a verdict, and return how its tiers are shown."""
    Path("shift").write_text(str(SHIFT[verdict]))
    return tiers(run("-v", *arguments, expect=expect))


@pytest.mark.usefixtures("outcome")
@pytest.mark.parametrize(
    ("gate", "red"),
    [
        ("strict", {"LENIENT", "FAIL", "catastrophic"}),
        ("lenient", {"FAIL", "catastrophic"}),
        ("catastrophic", {"catastrophic"}),
        ("auto", {"catastrophic"}),
        ("none", set()),
        ("regression", set()),
    ],
)
@pytest.mark.parametrize("verdict", SHIFT)
def test_a_gate_bars_what_is_below_it(run: Run, gate: str, red: set[str], verdict: str) -> None:
    """Each value of --bets-gate over each verdict; regression bars nothing while there is no record."""
    shown = session(run, verdict, "--bets-gate", gate, expect=FAILED if verdict in red else OK)
    bad = {"PASS": [], "LENIENT": ["strict"], "FAIL": ["strict", "lenient"]}.get(
        verdict, ["strict", "lenient", "catastrophic"]
    )
    gated = {"strict": {"strict", "lenient", "catastrophic"}, "lenient": {"lenient", "catastrophic"}}.get(
        gate, {"catastrophic"} if gate in ("auto", "catastrophic") else set()
    )
    assert shown == {
        tier: "PASSED" if tier not in bad else "FAILED" if tier in gated else "UNMET"
        for tier in ("strict", "lenient", "catastrophic")
    }


@pytest.mark.usefixtures("outcome")
@pytest.mark.parametrize(
    ("selected", "verdict", "shown"),
    [
        ("strict", "LENIENT", {"strict": "FAILED"}),
        ("lenient", "LENIENT", {"lenient": "PASSED"}),
        ("lenient", "FAIL", {"lenient": "FAILED"}),
        ("catastrophic", "FAIL", {"catastrophic": "PASSED"}),
        ("catastrophic", "catastrophic", {"catastrophic": "FAILED"}),
        ("strict or lenient", "LENIENT", {"strict": "UNMET", "lenient": "PASSED"}),
        ("strict or lenient", "FAIL", {"strict": "UNMET", "lenient": "FAILED"}),
        ("strict or catastrophic", "FAIL", {"strict": "UNMET", "catastrophic": "PASSED"}),
    ],
)
def test_auto_is_the_lowest_bar_that_was_selected(run: Run, selected: str, verdict: str, shown: dict[str, str]) -> None:
    """With strict alone, the session is red where strict is not met."""
    assert session(run, verdict, "-m", selected, expect=FAILED if "FAILED" in shown.values() else OK) == shown


@pytest.mark.usefixtures("outcome")
def test_the_gate_can_stand_in_the_settings(run: Run) -> None:
    """The setting `bets_gate` is the default of --bets-gate."""
    Path("pytest.ini").write_text("[pytest]\nbets_gate = strict\n")
    assert session(run, "LENIENT", expect=FAILED)["strict"] == "FAILED"
    assert session(run, "LENIENT", "--bets-gate", "lenient", expect=OK)["strict"] == "UNMET"


@pytest.mark.usefixtures("outcome")
def test_a_gate_that_is_none_is_a_usage_error(run: Run) -> None:
    """The settings' value is named with what is allowed; so is the option's, by argparse."""
    allowed = "auto, strict, lenient, catastrophic, regression, none"
    Path("pytest.ini").write_text("[pytest]\nbets_gate = stricter\n")
    shown = run(expect=pytest.ExitCode.USAGE_ERROR)
    assert f"ERROR: bets_gate is 'stricter' in the settings; expected one of {allowed}" in shown
    Path("pytest.ini").unlink()
    shown = run("--bets-gate", "stricter", expect=pytest.ExitCode.USAGE_ERROR)
    assert "argument --bets-gate: invalid choice: 'stricter'" in shown
    assert not RESULTS.exists()


@pytest.mark.usefixtures("outcome")
@pytest.mark.parametrize("before", SHIFT)
@pytest.mark.parametrize("after", SHIFT)
def test_regression_bars_what_is_worse_than_the_record(run: Run, before: str, after: str) -> None:
    """As good or better is never red, whatever it is; worse is red at every tier that is not met."""
    order = list(SHIFT)
    worse = order.index(after) > order.index(before)
    session(run, before, "--bets-gate", "none", expect=OK)
    shown = session(run, after, "--bets-gate", "regression", expect=FAILED if worse else OK)
    assert ("FAILED" in shown.values()) is worse
    assert set(shown.values()) <= {"PASSED", "FAILED" if worse else "UNMET"}


@pytest.mark.usefixtures("outcome")
def test_regression_looks_at_the_record_as_the_session_began(run: Run) -> None:
    """A record that this very session replaces, as new code makes it, is still what it is held against."""
    session(run, "PASS", expect=OK)
    path = Path("bet_1_first.py")
    path.write_text(path.read_text() + "\nprint()  # other code\n")
    shown = session(run, "LENIENT", "--bets-gate", "regression", expect=FAILED)
    assert shown == {"strict": "FAILED", "lenient": "PASSED", "catastrophic": "PASSED"}
    assert records(RESULTS)["1_first"]["verdict"] == "LENIENT"
    session(run, "LENIENT", "--bets-gate", "regression", expect=OK)


@pytest.mark.usefixtures("outcome")
def test_regression_bars_nothing_after_a_void_record(run: Run) -> None:
    """A FAIL is not worse than a crash."""
    Path("shift").write_text("no number")
    run(expect=FAILED)
    assert records(RESULTS)["1_first"]["void"]
    session(run, "FAIL", "--bets-gate", "regression", expect=OK)


@pytest.mark.parametrize("gate", ["strict", "regression", "auto"])
def test_a_retracted_bet_never_gates_and_keeps_its_row(bet: WriteBet, run: Run, gate: str) -> None:
    """Once a challenger's FAIL is on record, the claim is gone; what it would measure turns nothing red."""
    bet()
    bet("bet_2_challenger.py", body='return {"gain": part - 3}', markers={"challenges": "1"})
    run()
    bet(body='return {"gain": -part}')
    shown = run("-v", "bet_1_first.py", "--bets-gate", gate)
    assert tiers(shown) == dict.fromkeys(("strict", "lenient", "catastrophic"), "UNMET")
    assert re.search(
        r"^1_first +FAIL, (?:catastrophic)? +catastrophic tripped: .* retracted by 2$", shown, re.MULTILINE
    )


def test_a_retraction_of_this_session_counts_from_the_next(bet: WriteBet, run: Run) -> None:
    """Whether a session is red does not depend on the order of its bets; its table has the new standing."""
    bet(body='return {"gain": -part}')
    bet("bet_2_challenger.py", body='return {"gain": part - 3}', markers={"challenges": "1"})
    assert " retracted by 2\n" in run(expect=FAILED)
    run(expect=OK)


@pytest.mark.parametrize("gate", ["strict", "regression", "auto"])
def test_a_withdrawn_bet_never_gates_and_keeps_its_row(bet: WriteBet, run: Run, gate: str) -> None:
    """The author's own reason stands in the table."""
    bet(body='return {"gain": -part}', markers={"withdrawn": '"the corpus leaked"'})
    shown = run("-v", "--bets-gate", gate)
    assert tiers(shown) == dict.fromkeys(("strict", "lenient", "catastrophic"), "UNMET")
    assert re.search(r"^1_first +FAIL, (?:catastrophic)? +catastrophic tripped: .* withdrawn: ", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("selection", "red"),
    [
        ([], False),
        (["-m", "control"], True),
        (["-m", "strict"], True),
        (["-n", "2", "-m", "strict"], True),
        (["-m", "lenient"], True),
        (["-m", "catastrophic"], False),
        (["--bets-gate", "strict"], True),
    ],
)
def test_a_control_that_is_not_met_fails_the_bet(bet: WriteBet, run: Run, selection: list[str], red: bool) -> None:
    """However good the claim's own numbers, the verdict is FAIL in the noise; gated as the lenient tier is.

    Also where the control was not selected: `-m strict` asks whether claims hold, and without their control none does.
    """
    bet(markers={"control": '"count(gain > 1) <= 2"'}, sections={"Control": "at most 2 cells exceed 1."})
    shown = run(*selection, expect=FAILED if red else OK)
    record = records(RESULTS)["1_first"]
    assert (record["verdict"], record["catastrophic"], record["noise_floor"]) == ("FAIL", False, False)
    assert "1_first  FAIL, in the noise  " in shown
    if red:
        assert "control not met: count(gain > 1) <= 2 (measured 3, threshold 2, margin -1)" in shown


def test_a_value_that_is_undefined_trips_the_catastrophic_tier(bet: WriteBet, run: Run) -> None:
    """NaN meets no sentence of a claim and trips a catastrophe, so a diverged run is red."""
    bet(
        body='return {"gain": float("nan")}',
        markers={"strict": '"mean(gain) >= 3"', "lenient": '"mean(gain) >= 2"', "catastrophic": '"mean(gain) < 1"'},
    )
    shown = run("-v", expect=FAILED)
    assert tiers(shown) == {"strict": "UNMET", "lenient": "UNMET", "catastrophic": "FAILED"}
    assert "catastrophic tripped: mean(gain) < 1 (measured undefined, threshold 1, margin undefined)" in shown
    record = records(RESULTS)["1_first"]
    assert (record["verdict"], record["catastrophic"]) == ("FAIL", True)
    assert record["criteria"][2]["value"] == "nan"


def test_a_bet_that_is_red_is_red_on_workers_too(bet: WriteBet, run: Run) -> None:
    """The exit code is the controller's, which judges."""
    bet(body='return {"gain": part - 2}')
    run("-n", "2", "-m", "strict", expect=FAILED)
