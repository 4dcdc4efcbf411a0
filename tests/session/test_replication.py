"""Sessions with --bets-replication: fresh seeds, a line of the journal, and a record that stands."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.histories import History, audit, commit, edit
from tests.helpers.results import prove_whole

SECTIONS = {"Null": "a and b are the same."}
MARKERS = {
    "strict": '"count(a < b) >= 3"',
    "lenient": '"count(a < b) >= 2"',
    "catastrophic": '"count(a < b) < 1"',
    "null": 'swap="a, b"',
    "replicate": "4",
    "parametrize": None,
}
BODY = 'return {"a": seed % 89 / 97, "b": seed % 89 / 97 + 0.1 + seed % 83 / 1e3}'
RECORD = Path("results/1_first.json")


@pytest.fixture
def simulated(bet: WriteBet) -> Path:
    """Write a bet whose four seeds are its units."""
    return bet(sections=SECTIONS, markers=MARKERS, body=BODY, arguments="seed")


def lines() -> list[dict[str, Any]]:
    return prove_whole(Path("results"))


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
@pytest.mark.usefixtures("simulated")
def test_replications_have_fresh_seeds_and_numbers_in_order(run: Run, workers: list[str]) -> None:
    """The record keeps its bytes; each line says its number and its chances; evidence multiplies."""
    run("-q", "-o", "bets_luck=off")
    before = RECORD.read_bytes()
    for number in (1, 2):
        shown = run("-q", "-o", "bets_luck=off", "--bets-replication", "next", *workers)
        assert f"Replicated with fresh seeds: 1 (number {number})." in shown
    assert RECORD.read_bytes() == before
    first, *rest = lines()
    assert "replication" not in first
    assert [line["replication"] for line in rest] == [
        {"number": number, "strict": 5 / 16, "lenient": 11 / 16, "fresh": True} for number in (1, 2)
    ]
    assert [line["record"] for line in rest] == [None, None]
    assert len({line["cells"]["sha256"] for line in [first, *rest]}) == 3
    run("-q", "-o", "bets_luck=off", "--bets-replay")


def test_an_incomplete_replication_keeps_its_number(simulated: Path, run: Run) -> None:
    """Otherwise a run that goes badly would be stopped and drawn again."""
    run("-q", "-o", "bets_luck=off")
    replicate = ("-q", "-o", "bets_luck=off", "--bets-replication", "next")
    source = simulated.read_text(encoding="utf-8")
    simulated.write_text(source.replace("return {", "1 / 0\n    return {"), encoding="utf-8")
    run(*replicate, expect=pytest.ExitCode.TESTS_FAILED)
    simulated.write_text(source.replace("return {", "seed = seed + 0\n    return {"), encoding="utf-8")
    before = RECORD.read_bytes()
    run(*replicate)
    assert RECORD.read_bytes() == before, "a replication with other code replaces no record"
    assert [line["replication"]["number"] for line in lines() if "replication" in line] == [1, 2]


def test_the_cells_of_an_interrupted_replication_are_not_kept(simulated: Path, run: Run) -> None:
    """A replication cannot be resumed, and its cells would take the place of those of a run that can."""
    options = ("-q", "-o", "bets_luck=off")
    run(*options)
    source = simulated.read_text(encoding="utf-8")
    simulated.write_text(source.replace("import pytest", "import pytest\nran = []"), encoding="utf-8")
    source = simulated.read_text(encoding="utf-8")
    stops = "if ran.append(1) or len(ran) == 3:\n        pytest.exit('enough')\n    return {"
    simulated.write_text(source.replace("return {", stops), encoding="utf-8")
    interrupted = pytest.ExitCode.INTERRUPTED
    assert "Kept: 2 finished cells of 1 bet" in run(*options, expect=interrupted)
    assert "Kept: " not in run(*options, "--bets-replication", "next", expect=interrupted)
    assert "bets: 2 finished cells of 1_first reused" in run(*options[1:], "--bets-resume")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bets-resume"], "it goes with none of --bets-replay, --bets-pilot, --bets-set, --bets-resume"),
        (["--bets-pilot"], "it goes with none of --bets-replay, --bets-pilot, --bets-set, --bets-resume"),
        ([], "there is no record of this declaration: 1_first; run without the option"),
    ],
)
@pytest.mark.usefixtures("simulated")
def test_what_cannot_be_replicated_is_a_usage_error(run: Run, arguments: list[str], message: str) -> None:
    """Nothing runs."""
    shown = run("-q", "--bets-replication=next", *arguments, expect=pytest.ExitCode.USAGE_ERROR)
    assert message in shown
    assert not RECORD.exists()


def test_a_bet_without_seeds_cannot_be_replicated(bet: WriteBet, run: Run) -> None:
    """It would measure the same again."""
    bet()
    shown = run("-q", "--bets-replication=next", expect=pytest.ExitCode.USAGE_ERROR)
    assert "these bets have no @pytest.mark.replicate: 1_first" in shown


def test_a_missing_replication_is_an_audit_finding(history: History) -> None:
    """A line that was never committed leaves a hole."""
    edit(
        ('@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])', "@pytest.mark.replicate(5)"),
        ("(size):", "(seed):"),
        ("(size, STEPS)", "(seed % 7, STEPS)"),
    )
    commit("Use seeds")
    history.again("Run with seeds")
    for message in ("Replicate", "Replicate again"):
        history.run("--bets-replication=next")
        commit(message)
    journal = Path("results/journal.jsonl")
    assert "missing-replication" not in audit().findings
    kept = [line for line in journal.read_bytes().splitlines(keepends=True) if b'"number":1' not in line]
    journal.write_bytes(b"".join(kept))
    commit("Forget one")
    assert "replication 1 has no line in the journal" in audit().text("missing-replication")
    assert json.loads(kept[-1])["replication"]["number"] == 2
