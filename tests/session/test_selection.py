"""What a selection leaves of a session: which items run, what is judged, and what is recorded."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import journal, records
from tests.helpers.terminal import outcomes

RESULTS = Path("results")


def test_a_part_of_the_cells_is_not_judged(bet: WriteBet, run: Run) -> None:
    """With -k the tiers are skipped with the count of what is missing, and the table says so."""
    bet()
    shown = run("-k", "not 3]", "-rs")
    assert outcomes(shown) == "3 passed, 3 skipped, 1 deselected"
    assert "SKIPPED [1] bet_1_first.py:15: not judged: 1 of 4 cells did not run" in shown
    assert "1_first  not judged  1 of 4 cells did not run  open" in shown
    assert "1 bet: 0 PASS, 0 LENIENT, 0 FAIL, 1 not judged." in shown
    assert "0 records written, 0 unchanged, 1 incomplete (journal only);" in " ".join(shown.split())


def test_a_partial_run_writes_no_record(bet: WriteBet, run: Run) -> None:
    """Its line in the journal says that cells are missing, and holds no record."""
    bet()
    run("-k", "1] or 2]")
    assert records(RESULTS) == {}
    (line,) = journal(RESULTS)
    assert (line["verdict"], line["void"], line["record"]) == (None, "2 of 4 cells did not run", None)
    assert line["cells"]["count"] == 2
    assert "declared and never run" in (RESULTS / "SUMMARY.md").read_text().lower()


def test_a_partial_run_leaves_the_record_that_stands(bet: WriteBet, run: Run) -> None:
    """What is known does not shrink because less was run."""
    bet()
    run()
    before = (RESULTS / "1_first.json").read_bytes()
    run("-k", "1] or 2]")
    assert (RESULTS / "1_first.json").read_bytes() == before
    assert [line["verdict"] for line in journal(RESULTS)] == ["PASS", None]


def test_a_tier_without_cells_is_skipped(bet: WriteBet, run: Run) -> None:
    """A tier that is named alone has nothing to judge, and nothing is written."""
    bet()
    shown = run("bet_1_first.py::strict", "-rs")
    assert outcomes(shown) == "1 skipped"
    assert "not judged: none of its cells was selected" in shown
    assert not RESULTS.exists()


@pytest.mark.parametrize(
    ("marker", "counts"), [("strict", "1 failed, 4 passed"), ("lenient", "5 passed"), ("catastrophic", "5 passed")]
)
def test_a_tier_is_judged_alone_and_the_record_holds_all(bet: WriteBet, run: Run, marker: str, counts: str) -> None:
    """-m runs the cells and judges that tier; what is known is the same whatever was selected."""
    bet(body='return {"gain": part - 2}')
    expected = pytest.ExitCode.TESTS_FAILED if marker == "strict" else pytest.ExitCode.OK
    shown = run("-m", marker, expect=expected)
    assert outcomes(shown) == f"{counts}, 2 deselected"
    record = records(RESULTS)["1_first"]
    assert record["verdict"] == "LENIENT"
    assert [item["tier"] for item in record["criteria"]] == ["strict", "lenient", "catastrophic"]


def test_a_mark_of_the_experiment_is_a_mark_of_its_tiers(bet: WriteBet, run: Run) -> None:
    """A slow bet that is not selected leaves no tier behind to be skipped."""
    Path("pytest.ini").write_text("[pytest]\nmarkers = slow: takes long\n")
    bet(markers={"slow": ""})
    bet("bet_2_quick.py")
    assert outcomes(run("-m", "not slow")) == "7 passed, 7 deselected"
    assert set(records(RESULTS)) == {"2_quick"}


def test_a_file_in_a_subfolder_is_run_alone(bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """From its own folder the records still go below the root."""
    Path("pytest.ini").write_text("[pytest]\n")
    bet("bets/bet_1_first.py")
    bet("bets/bet_2_second.py")
    root = Path.cwd()
    monkeypatch.chdir("bets")
    assert outcomes(run("bet_1_first.py")) == "7 passed"
    assert set(records(root / "results")) == {"1_first"}
    assert records(root / "results")["1_first"]["bet"]["file"] == "bets/bet_1_first.py"


def test_after_a_gated_failure_exitfirst_runs_no_more(bet: WriteBet, run: Run) -> None:
    """A tier that turns the session red stops it, as a failing test does; the bet itself is whole."""
    bet(body='return {"gain": -part}')
    bet("bet_2_second.py", body="raise AssertionError('this bet ran')")
    shown = run("-x", "-rs", expect=pytest.ExitCode.TESTS_FAILED)
    assert "stopping after 1 failures" in shown
    assert "this bet ran" not in shown
    assert outcomes(shown) == "1 failed, 4 passed, 3 skipped, 2 unmet"
    assert "bet_2_second.py:15: not judged: 4 of 4 cells did not run" in shown
    assert {name: record["verdict"] for name, record in records(RESULTS).items()} == {"1_first": "FAIL"}


def test_after_a_crash_exitfirst_leaves_the_bet_incomplete(bet: WriteBet, run: Run) -> None:
    """The cells after the crash were left out, so that no record is due."""
    bet(body='assert part != 2\nreturn {"gain": part}')
    shown = run("-x", "-rs", expect=pytest.ExitCode.TESTS_FAILED)
    assert outcomes(shown) == "1 failed, 1 passed, 3 skipped"
    assert "not judged: 1 of 4 cells crashed: experiment[2]: assert 2 != 2" in shown
    assert records(RESULTS) == {}


def test_exitfirst_stops_distributed_sessions_for_a_tier_too(bet: WriteBet, run: Run) -> None:
    """Tiers are reported by the controller, which counts them as it counts what workers report."""
    bet(body='return {"gain": -part}')
    for number in range(2, 6):
        bet(f"bet_{number}_later.py", body='import time\ntime.sleep(0.3)\nreturn {"gain": part}')
    shown = run("-x", "-n", "2", expect=pytest.ExitCode.INTERRUPTED)
    assert "stopping after 1 failures" in shown
    assert "FAILED bet_1_first.py::catastrophic" in shown
    assert "5_later" not in records(RESULTS)
    assert records(RESULTS)["1_first"]["verdict"] == "FAIL"


def test_a_skipped_cell_leaves_the_bet_incomplete(bet: WriteBet, run: Run) -> None:
    """pytest.skip inside an experiment is no measurement, and no failure."""
    bet(body='if part == 3:\n    pytest.skip("no GPU here")\nreturn {"gain": part}')
    shown = run("-rs")
    assert outcomes(shown) == "3 passed, 4 skipped"
    assert "not judged: 1 of 4 cells skipped: no GPU here" in shown
    assert records(RESULTS) == {}
    assert journal(RESULTS)[0]["void"] == "1 of 4 cells skipped: no GPU here"


@pytest.mark.parametrize("arguments", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_collecting_writes_nothing(bet: WriteBet, run: Run, arguments: list[str]) -> None:
    """--collect-only lists cells and tiers, and leaves no folder behind."""
    bet()
    shown = run("--collect-only", "-q", *arguments)
    listed = [line for line in shown.splitlines() if line.startswith("bet_1_first.py::")]
    assert [line.partition("::")[2] for line in listed] == [
        *(f"experiment[{part}]" for part in (1, 2, 3, 4)),
        *("strict", "lenient", "catastrophic"),
    ]
    assert not RESULTS.exists()


@pytest.mark.parametrize("option", ["--setup-only", "--setup-plan"])
def test_a_session_that_calls_no_experiment_writes_nothing(bet: WriteBet, run: Run, option: str) -> None:
    """Fixtures are shown, no cell has measured anything, and no tier is judged."""
    bet()
    shown = run(option, "-rs")
    assert "not judged: 4 of 4 cells did not run" in shown
    assert not RESULTS.exists()
