"""Rehearsals: other constants before anything is derived from them, and no verdict."""

import json
from typing import Any

import pytest

from tests.helpers.fixtures import Run, WriteBet

REHEARSED = "rehearsed; nothing was written."


def cells(pytester: pytest.Pytester, *arguments: str) -> list[dict[str, Any]]:
    """Return the measured rows of a rehearsal that is kept."""
    result = pytester.runpytest_inprocess("-p", "no:randomly", "--bets-results", "rehearsed", *arguments)
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    record = json.loads((pytester.path / "rehearsed" / "1_first.json").read_text())
    return [{**cell["params"], **cell["measured"]} for cell in record["cells"]]


def test_a_rehearsal_has_no_verdict_and_leaves_no_trace(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Cells run, tiers are skipped, nothing is written."""
    bet(above='STEPS = 100\nPILOT = {"STEPS": 3}', body='return {"gain": -STEPS}')
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-rs", "--bets-pilot")
    result.assert_outcomes(passed=4, skipped=3)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["1_first: rehearsal, 4 cells, *", f"1 bet {REHEARSED}", "*a rehearsal has no verdict*"]
    )
    assert not (pytester.path / "results").exists()


def test_a_rehearsal_of_one_cell_says_so(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The singular is right."""
    bet(
        above='STEPS = 100\nPILOT = {"STEPS": 3}',
        markers={"parametrize": None},
        arguments="",
        body='return {"gain": 1}',
    )
    result = pytester.runpytest_inprocess("-p", "no:randomly", "--bets-pilot")
    result.stdout.fnmatch_lines(["1_first: rehearsal, 1 cell, *"])


def test_a_rehearsal_into_another_folder_is_recorded_and_marked(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The record and the journal's line say that it was one; the records proper are not touched."""
    bet(above='STEPS = 100\nPILOT = {"STEPS": 3}', body='return {"gain": STEPS}')
    result = pytester.runpytest_inprocess("-p", "no:randomly", "--bets-pilot", "--bets-results", "rehearsed")
    result.stdout.fnmatch_lines(["1 bet rehearsed; kept in rehearsed, marked as a rehearsal."])
    record = json.loads((pytester.path / "rehearsed" / "1_first.json").read_text())
    assert record["pilot"] is True
    assert record["verdict"] is None
    assert [cell["measured"] for cell in record["cells"]] == [{"gain": 3}] * 4
    assert json.loads((pytester.path / "rehearsed" / "journal.jsonl").read_text())["pilot"] is True
    assert not (pytester.path / "results").exists()


def test_a_run_of_record_is_not_marked(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Only rehearsals are, wherever they go."""
    bet(above='STEPS = 100\nPILOT = {"STEPS": 3}', body='return {"gain": STEPS}')
    pytester.runpytest_inprocess("-p", "no:randomly", "--bets-results", "other").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "other" / "1_first.json").read_text())
    assert "pilot" not in record
    assert [cell["measured"] for cell in record["cells"]] == [{"gain": 100}] * 4


def test_a_rehearsal_into_the_usual_folder_by_name_is_not_kept(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """`--bets-results` has to name another one."""
    bet(above='STEPS = 100\nPILOT = {"STEPS": 3}')
    result = pytester.runpytest_inprocess("-p", "no:randomly", "--bets-pilot", "--bets-results", "./results/../results")
    result.stdout.fnmatch_lines([f"1 bet {REHEARSED}"])
    assert not (pytester.path / "results").exists()


def test_everything_that_is_made_from_a_constant_is_made_from_the_new_value(
    bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """Derived constants, a sweep, default arguments, functions, classes and decorators."""
    bet(
        above="""\
        import functools
        STEPS = 100
        HALF = STEPS // 2
        SIZES = [STEPS, STEPS + 1]
        PILOT = {"STEPS": 4}
        def default(steps=STEPS):
            return steps
        class Holder:
            steps = STEPS
        if STEPS > 50:
            LARGE = True
        else:
            LARGE = False
        """,
        body='return {"gain": STEPS, "half": HALF, "default": default(), "held": Holder.steps, "large": LARGE}',
        markers={"parametrize": '"part", SIZES'},
    )
    held = {"gain": 4, "half": 2, "default": 4, "held": 4, "large": False}
    assert cells(pytester, "--bets-pilot") == [{"part": 4, **held}, {"part": 5, **held}]


def test_constants_are_overridden_however_they_are_bound(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Typed, unpacked, chained, augmented, under a condition, and imported from the laboratory."""
    pytester.path.joinpath("lab.py").write_text("SIZE = 30\nDEPTH = 12\n")
    bet(
        above="""\
        from lab import DEPTH as LAYERS, SIZE
        TYPED: int = 1
        FIRST, SECOND = 1, 2
        LEFT = RIGHT = 3
        SUM = 1
        SUM += 10
        if SUM:
            MAYBE = 1
        TWICE = SIZE * 2
        PILOT = {"TYPED": -1, "SECOND": -2, "RIGHT": -3, "SUM": -4, "MAYBE": -5, "SIZE": -6, "LAYERS": -7}
        """,
        body='return {"gain": 1, "all": [TYPED, FIRST, SECOND, LEFT, RIGHT, SUM, MAYBE, SIZE, LAYERS, TWICE]}',
        markers={"parametrize": '"part", [1]'},
    )
    assert cells(pytester, "--bets-pilot")[0]["all"] == [-1, 1, -2, 3, -3, -4, -5, -6, -7, -12]


def test_a_module_that_imports_a_bets_constant_gets_the_new_value(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """There is one module, in any order of imports."""
    pytester.makeconftest(
        "import pytest\n@pytest.fixture\ndef steps():\n    import bet_1_first\n    return bet_1_first.STEPS"
    )
    bet(above='STEPS = 100\nPILOT = {"STEPS": 3}', body='return {"gain": steps}', arguments="part, steps")
    assert [cell["gain"] for cell in cells(pytester, "--bets-pilot")] == [3, 3, 3, 3]


def test_a_pilots_value_keeps_its_type(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A tuple stays a tuple and a set a set, and no two imports share one value."""
    bet(
        above='SLICES = ("a", "b")\nIDS = {1, 2}\nPILOT = {"SLICES": ("a",), "IDS": {3}}',
        body='return {"gain": len(SLICES + ("x",)), "ids": sorted(IDS), "same": IDS is PILOT["IDS"]}',
    )
    rows = cells(pytester, "--bets-pilot")
    assert [(row["gain"], row["ids"], row["same"]) for row in rows] == [(2, [3], False)] * 4


def test_a_rehearsal_runs_one_replicate_with_the_first_seed(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The seed is the one of the run of record."""
    bet(body='return {"gain": 1}', arguments="seed", markers={"parametrize": None, "replicate": "4"})
    rehearsed = cells(pytester, "--bets-pilot")
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert [row["seed"] for row in rehearsed] == [record["cells"][0]["params"]["seed"]]


def test_a_bet_without_a_pilot_is_rehearsed_as_it_is(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """It has one replicate, and its own constants."""
    bet(above="STEPS = 100", body='return {"gain": STEPS}')
    assert [cell["gain"] for cell in cells(pytester, "--bets-pilot")] == [100] * 4


def test_a_sentence_that_the_rehearsed_sweep_would_decide_is_no_fault(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A rehearsal has fewer cells than the bet, and judges nothing."""
    bet(above='PARTS = [1, 2, 3, 4]\nPILOT = {"PARTS": [1]}', markers={"parametrize": '"part", PARTS'})
    assert [cell["part"] for cell in cells(pytester, "--bets-pilot")] == [1]


def test_a_rehearsal_that_crashes_is_red(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """That is what rehearsals are for; a traceback points into the file."""
    bet(above='STEPS = 100\nPILOT = {"STEPS": 0}', body='return {"gain": 1 / STEPS}')
    result = pytester.runpytest_inprocess("-p", "no:randomly", "--bets-pilot")
    result.assert_outcomes(failed=4, skipped=3)
    result.stdout.fnmatch_lines(['>*return {"gain": 1 / STEPS}', "bet_1_first.py:*: ZeroDivisionError"])


@pytest.mark.parametrize("arguments", [(), ("--import-mode=importlib",), ("-n", "2")])
def test_a_rehearsal_works_in_every_mode(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """With each way to import, and on workers."""
    pytester.makeini("[pytest]\n")
    bet("exp/bet_1_first.py", above='STEPS = 100\nPILOT = {"STEPS": 3}', body='return {"gain": STEPS}')
    run("--bets-pilot", "--bets-results", "rehearsed", *arguments)
    record = json.loads((pytester.path / "rehearsed" / "1_first.json").read_text())
    assert [cell["measured"] for cell in record["cells"]] == [{"gain": 3}] * 4


def test_a_package_of_bets_is_rehearsed(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A bet in a package has a dotted name."""
    bet("exp/bet_1_first.py", above='STEPS = 100\nPILOT = {"STEPS": 3}', body='return {"gain": STEPS}')
    (pytester.path / "exp" / "__init__.py").touch()
    assert [cell["gain"] for cell in cells(pytester, "--bets-pilot")] == [3, 3, 3, 3]


def test_nothing_of_a_rehearsal_stays_in_the_cache_of_compiled_files(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A run after a rehearsal has the constants of the file."""
    bet(above='STEPS = 100\nPILOT = {"STEPS": 3}', body='return {"gain": STEPS}')
    pytester.runpytest_inprocess("-p", "no:randomly", "--bets-pilot").assert_outcomes(passed=4, skipped=3)
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert [cell["measured"]["gain"] for cell in record["cells"]] == [100] * 4


VALUES = {
    "3": 3,
    "1e-3": 0.001,
    "True": True,
    "tiny": "tiny",
    "'3'": "3",
    "": "",
    "a=b": "a=b",
    "3 apples": "3 apples",
    "1e999": "inf",
    "-1e999": "-inf",
    "{[]: 1}": "{[]: 1}",
}


@pytest.mark.parametrize("text", VALUES)
def test_a_value_on_the_command_line_is_a_literal_or_else_a_string(
    bet: WriteBet, pytester: pytest.Pytester, text: str
) -> None:
    """`--bets-set` takes what Python would read, and anything else as it stands, where the bet declares no literal."""
    bet(above="STEPS = int(100)", body='return {"gain": 1, "it": STEPS}')
    assert [cell["it"] for cell in cells(pytester, "--bets-set", f"STEPS={text}")] == [VALUES[text]] * 4


TYPED = {
    "an integer": ("100", "3", 3),
    "an integer that is a float": ("100", "1e3", 1000),
    "a number that is an integer": ("0.5", "2", 2.0),
    "a number": ("0.5", "1e-3", 0.001),
    "an infinite number": ("0.5", "1e999", "inf"),
    "a boolean": ("True", "False", False),
    "text": ('"30m"', "tiny", "tiny"),
    "text in quotes": ('"30m"', "'tiny'", "tiny"),
    "text like a number": ('"30m"', "1e3", "1e3"),
    "text like a name": ('"30m"', "None", "None"),
    "no text": ('"30m"', "", ""),
    "a list for a tuple": ("(1, 2)", "[3]", [3]),
    "a tuple for a list": ("[1, 2]", "3, 4", [3, 4]),
    "anything for None": ("None", "x", "x"),
    "anything for what is computed": ("2 * 50", "big", "big"),
}


@pytest.mark.parametrize("kind", TYPED)
def test_a_value_on_the_command_line_has_the_type_of_the_constant(
    bet: WriteBet, pytester: pytest.Pytester, kind: str
) -> None:
    """Numbers are converted where nothing is lost, and a string takes any text."""
    declared, text, value = TYPED[kind]
    bet(above=f"IT = {declared}", body='return {"gain": 1, "it": IT, "kind": type(IT).__name__}')
    rows = cells(pytester, "--bets-set", f"IT={text}")
    assert [(row["it"], type(row["it"])) for row in rows] == [(value, type(value))] * 4


MISFITS = {
    "text for an integer": ("100", "big", "an integer, got the string 'big'"),
    "a fraction for an integer": ("100", "0.5", "an integer, got 0.5"),
    "infinity for an integer": ("100", "1e999", "an integer, got inf"),
    "a boolean for an integer": ("100", "True", "an integer, got True"),
    "a boolean for a number": ("0.5", "True", "a number, got True"),
    "text for a number": ("0.5", "fast", "a number, got the string 'fast'"),
    "an integer for a boolean": ("True", "1", "True or False, got 1"),
    "a word for a boolean": ("True", "yes", "True or False, got the string 'yes'"),
    "an integer for a list": ("[1, 2]", "3", "a list or a tuple, got 3"),
    "a list for a dict": ('{"a": 1}', "[1]", "a dict, got [1]"),
}


@pytest.mark.parametrize(
    ("kind", "arguments"), [*((kind, ()) for kind in MISFITS), ("text for an integer", ("-n", "2"))]
)
def test_a_value_of_another_type_is_refused_before_anything_runs(
    bet: WriteBet, run: Run, kind: str, arguments: tuple[str, ...]
) -> None:
    """The refusal names the constant, what the bet declares and what was given; the module never sees the value."""
    declared, text, expected = MISFITS[kind]
    bet(above=f"IT = {declared}\nassert IT == {declared}", body='raise RuntimeError("ran")')
    printed = run("--bets-set", f"IT={text}", *arguments, expect=pytest.ExitCode.USAGE_ERROR)
    shown = declared.replace('"', "'")
    assert f"--bets-set IT={text}: bet_1_first.py declares IT = {shown}; expected {expected}\n" in printed
    assert "RuntimeError" not in printed


def test_a_value_must_suit_every_bet_that_has_the_constant(bet: WriteBet, run: Run) -> None:
    """Of the bets that are selected."""
    bet(above='SIZE = "30m"', body='return {"gain": 1, "size": SIZE}')
    bet("bet_2_second.py", above="SIZE = 30")
    printed = run("--bets-set", "SIZE=tiny", expect=pytest.ExitCode.USAGE_ERROR)
    assert (
        "--bets-set SIZE=tiny: bet_2_second.py declares SIZE = 30; expected an integer, got the string 'tiny'"
        in printed
    )
    run("bet_1_first.py", "--bets-set", "SIZE=tiny")


def test_an_exploration_has_no_verdict_and_all_its_replicates(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A constant from the command line makes a rehearsal, at the size of the bet."""
    bet(above="STEPS = 100", body='return {"gain": STEPS}')
    result = pytester.runpytest_inprocess("-p", "no:randomly", "--bets-set", "STEPS=3")
    result.assert_outcomes(passed=4, skipped=3)
    result.stdout.fnmatch_lines([f"1 bet {REHEARSED}"])
    assert not (pytester.path / "results").exists()


def test_the_command_line_goes_before_the_pilot_and_may_set_more(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Each `--bets-set` overrides one constant, in every bet that has it."""
    bet(above='A = 1\nB = 2\nC = 3\nPILOT = {"A": 10, "B": 20}', body='return {"gain": 1, "abc": [A, B, C]}')
    bet("bet_2_second.py", above="C = 5", body='return {"gain": C}')
    rows = cells(pytester, "--bets-pilot", "--bets-set", "A=100", "--bets-set", "C=300")
    assert rows[0]["abc"] == [100, 20, 300]
    second = json.loads((pytester.path / "rehearsed" / "2_second.json").read_text())
    assert second["cells"][0]["measured"] == {"gain": 300}


@pytest.mark.parametrize("arguments", [(), ("-n", "2")])
def test_a_constant_that_no_bet_has_is_refused_with_the_nearest(
    bet: WriteBet, run: Run, arguments: tuple[str, ...]
) -> None:
    """A misspelt constant would explore nothing."""
    bet(above='STEPS = 100\nSIZE = "30m"', body='raise RuntimeError("ran")')
    output = run("--bets-set", "STPES=3", *arguments, expect=pytest.ExitCode.USAGE_ERROR)
    refusal = "--bets-set STPES: no selected bet has that constant; the constants are SIZE, STEPS; did you mean STEPS?"
    assert refusal in output
    assert "RuntimeError" not in output
