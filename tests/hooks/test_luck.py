"""Sessions with nulls: what the terminal, the record, a replay and the setting bets_luck do with them."""

import json
from pathlib import Path

import pytest

from pytest_bets.cli.main import main
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.histories import History, audit, commit, edit
from tests.helpers.nulls import MARKERS, SECTIONS
from tests.helpers.schemas import faults

BODY = 'return {"a": part + seed % 997 / 1e5, "b": 2 * part + 0.5 + seed % 991 / 1e5, "text": "one"}'
RECORD = Path("results/1_first.json")


@pytest.fixture
def three_texts(bet: WriteBet) -> WriteBet:
    """Write a bet of fifteen cells of three texts, whose strict is met in all."""

    def write(file: str = "bet_1_first.py", body: str = BODY, **markers: str | None) -> Path:
        return bet(file, body, sections=SECTIONS, markers={**MARKERS, **markers}, arguments="seed, part")

    return write


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_pass_is_shown_with_its_luck(three_texts: WriteBet, run: Run, workers: list[str]) -> None:
    """In a column that fits 80 columns, in the record, and in the summary."""
    three_texts()
    shown = run("-q", "-o", "bets_luck=off", *workers)
    assert "bet      verdict  what decided                  known error             standing" in shown
    assert "1_first  PASS     count(a < b) >= 12            luck: 1 in 8 (3 parts)  stands" in shown
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert faults("record", record) == []
    (swap,) = record["luck"]["swaps"]
    assert swap["strict"] == {"chance": 0.125, "method": "counted", "hits": None, "judged": None}
    assert record["declaration"]["null"] == [{"swap": ["a", "b"], "unit": ["part"]}]
    summary = json.loads(Path("results/SUMMARY.json").read_text(encoding="utf-8"))
    assert faults("summary", summary) == []
    assert summary["bets"][0]["known_error"]["rate"] == 0.125
    text = Path("results/SUMMARY.md").read_text(encoding="utf-8")
    assert "luck alone would meet strict in 0.1 of them on average; 1 PASSed." in text
    assert "false discovery rate of 10 %: none." in text
    assert "false discovery rate of 20 %: [1_first]" in text


def test_a_unit_that_is_too_fine_is_not_believed(three_texts: WriteBet, run: Run) -> None:
    """Fifteen alike cells are worth three texts: 1 in 57 is not shown alone, anywhere."""
    three_texts(null='swap="a, b", unit="cell"')
    shown = run("-q")
    assert "luck: 1 in 8 (3 parts," in shown
    assert "1: 15 cells, ICC 1.00 by part: worth 3." in shown
    assert "1 in 57" not in shown
    assert "1 in 57" not in Path("results/SUMMARY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("body", "verdict", "error"),
    [
        (BODY, "PASS", "luck: 1 in 8"),
        (BODY.replace("2 * part + 0.5", "part + (part > 1) - 0.5"), "LENIENT", "luck: 1 in 2"),
        (BODY.replace("2 * part + 0.5", "part + (part > 2) - 0.5"), "FAIL", ""),
    ],
)
def test_a_fail_has_no_chance_beside_it(three_texts: WriteBet, run: Run, body: str, verdict: str, error: str) -> None:
    """A LENIENT has that of lenient; a second bet keeps the column."""
    three_texts(body=body)
    three_texts("bet_2_second.py")
    shown = run("-q", "-o", "bets_luck=off")
    (row,) = (line for line in shown.splitlines() if line.startswith("1_first"))
    assert f"  {verdict} " in row
    assert error in row if error else "luck" not in row
    assert "luck: none" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_without_a_null_there_is_no_column(bet: WriteBet, run: Run) -> None:
    """And nothing of it in record or summary."""
    bet()
    shown = run("-q")
    assert "known error" not in shown
    assert "luck" not in RECORD.read_text(encoding="utf-8")
    assert "Known error" not in Path("results/SUMMARY.md").read_text(encoding="utf-8")


def test_an_interval_errs_by_design(bet: WriteBet, run: Run) -> None:
    """2.5 % for the lower end of a 95 % interval over independent cells; not over two parameters."""
    strict = {"strict": '"low(gain) > 0"', "lenient": '"mean(gain) > 0"', "catastrophic": '"mean(gain) < 0"'}
    sections = {"Strict": "above 0.", "Lenient": "above 0.", "Catastrophic": "below 0."}
    bet(markers=strict, sections=sections)
    crossed = {**strict, "parametrize": '"part, size", [(i, j) for i in (1, 2) for j in (1, 2)]'}
    bet("bet_2_second.py", markers=crossed, sections=sections, arguments="part, size")
    shown = run("-q")
    rows = [line for line in shown.splitlines() if line[:2] in ("1_", "2_")]
    assert "2.5 % by design" in rows[0]
    assert "not known" in rows[1]


@pytest.mark.parametrize(("measured", "known"), [("part", True), ("1", False), ("part > 0", False)])
def test_an_interval_without_a_width_has_no_known_error(bet: WriteBet, run: Run, measured: str, known: bool) -> None:
    """Where every cell measured the same; the session's summary and that of a rollup say the same."""
    sentences = {"strict": '"low(gain) > 0"', "lenient": '"mean(gain) > 0"', "catastrophic": '"mean(gain) < 0"'}
    sections = {"Strict": "above 0.", "Lenient": "above 0.", "Catastrophic": "below 0."}
    bet(body=f'return {{"gain": {measured}}}', markers=sentences, sections=sections)
    shown = run("-q")
    assert "1_first  PASS" in shown
    assert ("2.5 % by design" in shown) == known
    summary = Path("results/SUMMARY.md").read_bytes()
    assert (b"by design" in summary) == known
    assert main(["rollup"]) == 0
    assert Path("results/SUMMARY.md").read_bytes() == summary


def test_an_interval_over_the_values_of_a_conftest_has_no_known_error(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bet's file declares one parameter, and its cells have two."""
    pytester.makeconftest(
        'import pytest\n@pytest.fixture(params=["ann", "ben"])\ndef user(request): return request.param\n'
    )
    sentences = {"strict": '"low(gain) > 0"', "lenient": '"mean(gain) > 0"', "catastrophic": '"mean(gain) < 0"'}
    sections = {"Strict": "above 0.", "Lenient": "above 0.", "Catastrophic": "below 0."}
    bet(markers=sentences, sections=sections, arguments="part, user")
    assert "by design" not in run("-q")
    summary = Path("results/SUMMARY.md").read_bytes()
    assert b"by design" not in summary
    assert main(["rollup"]) == 0
    assert Path("results/SUMMARY.md").read_bytes() == summary
    for command in (["show", "1"], ["odds"]):
        assert main(command) == 0
        assert "by design" not in capsys.readouterr().out


def test_an_absence_is_shown_with_its_limit(bet: WriteBet, run: Run) -> None:
    """Four tries without a fault leave a rate of up to 53 %; nothing is 0."""
    markers = {
        "strict": '"sum(faults) == 0"',
        "lenient": '"sum(faults) <= 1"',
        "catastrophic": '"sum(faults) >= 2"',
        "null": 'none="a fault", tries="count(faults >= 0)"',
    }
    sections = {"Strict": "0 faults.", "Lenient": "at most 1 fault.", "Catastrophic": "2 or more.", "Null": "no fault."}
    bet(body='return {"faults": 0}', markers=markers, sections=sections)
    shown = " ".join(run("-q").split())
    assert "faults: at most 53 % (0" in shown
    assert "at most 53 % (0 of 4)" in Path("results/SUMMARY.md").read_text(encoding="utf-8")


def test_a_replay_computes_the_chances_and_finds_an_edited_one(three_texts: WriteBet, run: Run) -> None:
    """The record holds what follows from the declaration and the cells alone."""
    three_texts()
    run("-q", "-o", "bets_luck=off")
    assert "luck: 1 in 8 (3 parts)" in run("-q", "--bets-replay")
    data = RECORD.read_text(encoding="utf-8")
    RECORD.write_text(data.replace('"chance": 0.125', '"chance": 0.001', 1), encoding="utf-8")
    shown = run("-q", "--bets-replay", expect=pytest.ExitCode.TESTS_FAILED)
    assert "luck.swaps.0.strict.chance: the record says 0.001, its measurements give 0.125" in shown
    RECORD.write_text(data.replace('"luck": {', '"other": {', 1), encoding="utf-8")
    shown = run("-q", "--bets-replay", expect=pytest.ExitCode.TESTS_FAILED)
    assert "luck: the record says None, its measurements give" in shown


def test_luck_above_the_limit_is_a_warning_before_the_run(three_texts: WriteBet, run: Run) -> None:
    """With the command that says more; it stops no session, not even one in which warnings are errors."""
    three_texts()
    chance = "1_first: the chance that luck alone meets strict is 1 in 8 (3 parts)"
    text = f"{chance}; the limit is 5 % (`pytest-bets odds 1_first`)"
    assert text in run("-q", "-W", "error")
    assert text.replace("5 %", "10 %") in run("-q", "-o", "bets_luck=0.1")
    assert "the limit is" not in run("-q", "-o", "bets_luck=0.2 warn")
    assert "the limit is" not in run("-q", "-o", "bets_luck=off")


def test_a_strict_that_the_control_excludes_is_a_warning_without_any_null(bet: WriteBet, run: Run) -> None:
    """No run can PASS, whatever it measures."""
    bet(
        sections={"Strict": "the mean gain is at least 0.4.", "Control": "the mean gain is at most 0.1."},
        markers={"strict": '"mean(gain) >= 0.4"', "control": '"mean(gain) <= 0.1"'},
    )
    text = '1_first: strict and control cannot both be met: "mean(gain) >= 0.4" and "mean(gain) <= 0.1"'
    assert text in run("-q")
    assert "cannot both be met" not in run("-q", "-o", "bets_luck=off")


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_project_can_refuse_to_run_what_luck_may_win(three_texts: WriteBet, run: Run, workers: list[str]) -> None:
    """No cell runs, no record is written, and the session is red."""
    three_texts()
    shown = run("-q", "-o", "bets_luck=0.05 require", *workers, expect=pytest.ExitCode.TESTS_FAILED)
    assert (
        "bet_1_first.py: its cells were not run: the chance that luck alone meets strict is 1 in 8 (3 parts)" in shown
    )
    assert not RECORD.exists()
    run("-q", "-o", "bets_luck=0.2 require", *workers)


@pytest.mark.parametrize("setting", ["5", "0.05 refuse", "require now", "0"])
def test_a_wrong_limit_is_a_usage_error(three_texts: WriteBet, run: Run, setting: str) -> None:
    """It says what is expected."""
    three_texts()
    shown = run("-o", f"bets_luck={setting}", expect=pytest.ExitCode.USAGE_ERROR)
    assert (
        f"bets_luck is '{setting}' in the settings; expected a chance between 0 and 1, one of warn, require, off"
        in shown
    )


def test_a_null_costs_nothing_before_it_is_judged(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session without a null loads no statistics, and one with a count no scipy."""
    bet()
    pytester.makeconftest(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    heavy = ['scipy', *(f'pytest_bets.chance.{name}' for name in ('luck', 'rules', 'draws', 'relabeling'))]\n"
        "    print('LOADED', [name for name in heavy if name in sys.modules])\n"
    )
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    shown = pytester.runpytest_subprocess("-q", "-p", "pytest_bets.plugin").stdout.str()
    assert "LOADED []" in shown


def test_a_null_that_changes_after_a_result_is_an_audit_finding(history: History) -> None:
    """Added, made finer, and dropped; a finer unit is loosened. The record that was run with it is not misjudged."""
    null = '@pytest.mark.null(swap="warm, cold", unit="size")\n'
    section = "Null: warm and cold are the same.\n"
    edit(
        ("Run: pytest\n", f"{section}Run: pytest\n"),
        ('@pytest.mark.strict("count(warm', f'{null}@pytest.mark.strict("count(warm'),
    )
    commit("Add a null")
    history.again("Run with it")
    edit(('unit="size"', 'unit="cell"'))
    commit("Make it finer")
    edit((null.replace("size", "cell"), ""))
    commit("Drop it")
    found = audit()
    assert found.changed() == {("null", "added"), ("null", "loosened"), ("null", "removed")}
    assert found.findings == {"goalposts"}
    (loosened,) = (entry["change"] for entry in found.of("goalposts") if entry["change"]["kind"] == "loosened")
    assert (loosened["before"], loosened["after"]) == (
        'null(swap="warm, cold", unit="size")',
        'null(swap="warm, cold", unit="cell")',
    )


def test_an_edited_chance_is_an_audit_finding(history: History) -> None:
    """What follows from declaration and cells is computed again."""
    edit(
        ("Run: pytest\n", "Null: warm and cold are the same.\nRun: pytest\n"),
        ('@pytest.mark.strict("count(warm', '@pytest.mark.null(swap="warm, cold")\n@pytest.mark.strict("count(warm'),
    )
    commit("Add a null")
    history.again("Run with it")
    edit(('"units": 1', '"units": 9'), file="results/1_warm.json")
    commit("Improve it")
    assert "luck.swaps.0.units: the record says 9, its measurements give 1" in audit().text("misjudged")


def test_a_bet_whose_premise_is_not_met_has_no_luck_and_is_not_misjudged(history: History) -> None:
    """It has measurements, and no verdict that chance could have given; a luck that is put in is found."""
    history.undeclare()
    markers = '@pytest.mark.null(swap="warm, cold")\n@pytest.mark.premise("min(warm) > 1000")\n'
    edit(
        ("Run: pytest\n", "Null: warm and cold are the same.\nPremise: it is warmer than 1000.\nRun: pytest\n"),
        ('@pytest.mark.strict("count(warm', f'{markers}@pytest.mark.strict("count(warm'),
    )
    commit("Add a null and a premise")
    history.again("Run with them")
    record = json.loads(Path("results/1_warm.json").read_text(encoding="utf-8"))
    assert record["verdict"] is None
    assert record["void"].startswith("premise: min(warm) > 1000 measured")
    assert "luck" not in record
    assert "misjudged" not in audit().findings
    edit(
        ('"noise_floor": null', '"luck": {"swaps": [], "absences": []}, "noise_floor": null'),
        file="results/1_warm.json",
    )
    commit("Put a luck in")
    assert "misjudged" in audit().findings


def test_a_bet_with_all_that_can_be_declared_of_chance_is_recorded_and_replayed(
    three_texts: WriteBet, run: Run
) -> None:
    """Null, odds, effect and world are in the record; a simulated loss is a warning before the run."""
    path = three_texts()
    world = (
        "EFFECT = 0.1\n\n\ndef world(effect, rng, seed, part):\n"
        "    return {'a': 0.0, 'b': rng(part).gauss(effect, 1), 'text': 'one'}\n"
    )
    source = path.read_text(encoding="utf-8").replace(
        "Run: pytest", "Odds: PASS 70 %, LENIENT 20 %, FAIL 10 %\nRun: pytest"
    )
    path.write_text(source.replace("import pytest\n", f"import pytest\n\n{world}", 1), encoding="utf-8")
    shown = run("-q")
    assert "1_first: at EFFECT = 0.1 the bet PASSes in 1" in shown
    assert "of 200 simulated runs: a true claim would mostly be lost" in shown
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    assert faults("record", record) == []
    assert record["declaration"]["odds"] == {"FAIL": 10.0, "LENIENT": 20.0, "PASS": 70.0}
    assert record["declaration"]["world"].startswith("def world(effect, rng, seed, part):")
    assert record["declaration"]["constants"] == {"EFFECT": 0.1}
    run("-q", "--bets-replay")
