"""What an experiment returns: plain in the record, or a failed cell that says what was wrong."""

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy  # noqa: F401  # sessions in this process unload what they load, and numpy loads once a process
import pytest

from pytest_bets.hooks.judging import collect_cells, judge_run
from pytest_bets.hooks.run import BetRun
from pytest_bets.record.cell import encode_cell
from tests.helpers.example import of
from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.results import records
from tests.helpers.terminal import outcomes

SINGLE: dict[str, str | None] = {
    "parametrize": None,
    "strict": '"gain > 0"',
    "lenient": '"gain > -1"',
    "catastrophic": '"gain < -1"',
}
SECTIONS = {"Strict": "above 0.", "Lenient": "above -1.", "Catastrophic": "below -1."}


def measured(pytester: pytest.Pytester, run: str = "runpytest_inprocess") -> dict[str, Any]:
    getattr(pytester, run)("-p", "no:randomly").assert_outcomes(passed=4)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    values: dict[str, Any] = record["cells"][0]["measured"]
    return values


ALLOWED = {
    "an integer": ("3", 3),
    "a float": ("0.1", 0.1),
    "a boolean": ("True", True),
    "the largest integer": ("2**53", 2**53),
    "a negative one": ("-2**53", -(2**53)),
    "nan": ("math.nan", "nan"),
    "infinity": ("math.inf", "inf"),
    "minus infinity": ("-math.inf", "-inf"),
    "text": ("'caf\\u00e9'", "caf\u00e9"),
    "no text": ("''", ""),
    "a curve": ("[3, 2.5, math.nan, False]", [3, 2.5, "nan", False]),
    "a tuple": ("(1, 2)", [1, 2]),
    "no values": ("[]", []),
    "a subclass of float": ("type('F', (float,), {})(0.5)", 0.5),
    "an enumerated integer": ("enum.IntEnum('E', 'A B').B", 2),
    "a numpy float": ("numpy.float32(0.5)", 0.5),
    "a numpy integer": ("numpy.int64(7)", 7),
    "a numpy boolean": ("numpy.bool_(True)", True),
    "a numpy scalar array": ("numpy.array(1.5)", 1.5),
    "a numpy array": ("numpy.array([1.5, numpy.inf])", [1.5, "inf"]),
    "a list of numpy scalars": ("[numpy.float64(1.5), numpy.int32(2)]", [1.5, 2]),
}


@pytest.mark.parametrize("kind", ALLOWED)
def test_what_is_allowed_arrives_plain_in_the_record(bet: WriteBet, pytester: pytest.Pytester, kind: str) -> None:
    """Numbers, booleans, short strings and lists of numbers, from any library."""
    source, expected = ALLOWED[kind]
    body = f'import enum, math\n{"import numpy" if "numpy" in source else ""}\nreturn {{"gain": 1, "it": {source}}}'
    bet(body=body, arguments="", markers=SINGLE, sections=SECTIONS)
    value = measured(pytester)["it"]
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_torch_scalars_and_tensors_arrive_plain(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """On whatever device they were, with or without a gradient."""
    body = """\
    import torch
    weights = torch.tensor([0.5, 1.5], requires_grad=True)
    return {"gain": weights.sum(), "curve": weights, "count": torch.tensor(3), "won": torch.tensor(True)}
    """
    bet(body=body, arguments="", markers=SINGLE, sections=SECTIONS)
    assert measured(pytester, "runpytest_subprocess") == {"gain": 2.0, "curve": [0.5, 1.5], "count": 3, "won": True}


def test_any_mapping_is_a_row(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Not `dict` alone."""
    bet(body="import collections\nreturn collections.Counter(gain=2)", arguments="", markers=SINGLE, sections=SECTIONS)
    assert measured(pytester) == {"gain": 2}


KINDS = "expected a number, a boolean, a string or a list of numbers"
IN_LIST = "expected a number in the list `curve`"
ROW = "expected a dict of measured names and values"
REFUSED = {
    "nothing": ("pass", f"the experiment returned nothing; {ROW}"),
    "None": ("return None", f"the experiment returned nothing; {ROW}"),
    "a number": ("return 3", f"the experiment returned an int; {ROW}"),
    "pairs": ('return [("gain", 3)]', f"the experiment returned a list; {ROW}"),
    "a dataclass": ("import dataclasses\nreturn dataclasses.make_dataclass('Row', ['gain'])(3)",
                    f"the experiment returned the dataclass Row; {ROW}; return dataclasses.asdict(...)"),
    "a dataclass itself": ("import dataclasses\nreturn dataclasses.make_dataclass('Row', ['gain'])",
                           f"the experiment returned a type; {ROW}"),
    "a named tuple": ("import collections\nreturn collections.namedtuple('Row', ['gain'])(3)",
                      f"the experiment returned the named tuple Row; {ROW}; return ..._asdict()"),
    "a generator of rows": ('return ({"gain": part} for part in [1])',
                            f"the experiment returned a generator, which has not run; {ROW}; collect its values first"),
    "an asynchronous generator": ('async def rows():\n    yield {"gain": 1}\nreturn rows()',
                                  f"the experiment returned a generator, which has not run; {ROW}"),
    "a coroutine": ('async def row():\n    return {"gain": 1}\nreturn row()',
                    f"returned a coroutine, which has not run; {ROW}; await it in an `async def` experiment"),
    "a curve where a number is needed": ('return {"gain": [1, 2]}',
                                         'strict "gain > 0": `gain` is a list, and a sentence compares numbers and'),
    "text where a number is needed": ('return {"gain": "1"}', "'1' is a string, and `gain` needs a number"),
    "an empty dict": ("return {}", "the experiment returned an empty dict; expected measured names and values"),
    "None for a value": ('return {"gain": None}', f"`gain` is a NoneType; {KINDS}"),
    "a decimal": ('import decimal\nreturn {"gain": decimal.Decimal("0.1")}',
                  f"`gain` is a decimal.Decimal; {KINDS}"),
    "an object": ('return {"gain": object()}', f"`gain` is an object; {KINDS}"),
    "a complex number": ('return {"gain": 1j}', f"`gain` is a complex; {KINDS}"),
    "bytes": ('return {"gain": b"1"}', f"`gain` is a bytes; {KINDS}"),
    "a set": ('return {"gain": {1}}', f"`gain` is a set; {KINDS}"),
    "a dict": ('return {"gain": {"a": 1}}', f"`gain` is a dict; {KINDS}"),
    "a generator": ('return {"gain": (x for x in [1])}',
                    f"`gain` is a generator; {KINDS}"),
    "a nested list": ('return {"gain": 1, "curve": [1, [2]]}', f"`curve[1]` is a list; {IN_LIST}"),
    "a list with text": ('return {"gain": 1, "curve": ["1"]}', f"`curve[0]` is a str; {IN_LIST}"),
    "a list with None": ('return {"gain": 1, "curve": [1, None]}', f"`curve[1]` is a NoneType; {IN_LIST}"),
    "a matrix": ('import array\nreturn {"gain": 1, "curve": memoryview(bytes(4)).cast("B", (2, 2))}',
                 f"`curve[0]` is a list; {IN_LIST}"),
    "a reserved string": ('return {"gain": "nan"}',
                          "`gain` is the string 'nan', which means a number in a record; return the number"),
    "a long string": ('return {"gain": 1, "text": "x" * 10_001}',
                      "`text` is a string of 10001 characters; expected at most 10000"),
    "a huge integer": ('return {"gain": 2**53 + 1}',
                       "`gain` is an integer beyond 2**53; measure a float or a string instead"),
    "a huge integer in a list": ('return {"gain": 1, "curve": [1, -10**30]}',
                                 "`curve[1]` is an integer beyond 2**53; measure a float or a string instead"),
    "a name with a hyphen": ('return {"gain": 1, "loss-1": 2}',
                             "measured name 'loss-1' is a str; expected an ASCII identifier, as sentences name it"),
    "a number for a name": ('return {"gain": 1, 2: 2}',
                            "measured name 2 is an int; expected an ASCII identifier, as sentences name it"),
    "a name that sentences cannot spell": ('return {"gain": 1, "verlust_\\u00e4": 2}',
                                           "expected an ASCII identifier, as sentences name it"),
    "a misspelt name": ('return {"gian": 1, "loss": 2}',
                        "a sentence reads `gain`, which was not measured; measured: gian, loss; did you mean gian?"),
    "another name": ('return {"loss": 2}', "a sentence reads `gain`, which was not measured; measured: loss"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_anything_else_fails_the_cell_by_key_and_type(bet: WriteBet, pytester: pytest.Pytester, kind: str) -> None:
    """One cell fails, with the place of the experiment; nothing is judged, and the session is whole."""
    body, message = REFUSED[kind]
    bet(body=body, arguments="", markers=SINGLE, sections=SECTIONS)
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    shown = result.stdout.str()
    assert "INTERNALERROR" not in shown
    result.assert_outcomes(failed=1, skipped=3)
    assert "\nbet_1_first.py:17: " in shown
    assert message in shown
    assert "During handling" not in shown
    assert "measuring.py" not in shown
    assert shown.partition("\n=")[2].count(message) <= 2  # in the failures, and cut in the summary


@pytest.mark.parametrize("workers", [0, 2])
def test_one_error_in_many_cells_is_shown_once(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, workers: int
) -> None:
    """Every cell fails; the first is shown with the count of the others, and the record has the reason in full."""
    bet(body='return {"gain": None}', markers={"parametrize": '"part", range(9)'})
    shown = run("--junitxml=j.xml", *(("-n", "2") if workers else ()), expect=pytest.ExitCode.TESTS_FAILED)
    assert "9 failed, 3 skipped" in shown
    failures = shown.partition("= FAILURES =")[2].partition("= bets =")[0]
    assert failures.count("bet_1_first.py:18: `gain` is a NoneType; expected a number") == 1
    assert failures.count("8 more cells failed in the same way: experiment[") == 1
    assert shown.count("FAILED bet_1_first.py::experiment[") == 9
    assert Path("j.xml").read_text().count('message="Failed: bet_1_first.py:18: `gain` is a NoneType; expected') == 9
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["void"] == f"9 of 9 cells crashed: experiment[0]: bet_1_first.py:18: `gain` is a NoneType; {KINDS}"


@pytest.mark.parametrize("arguments", [(), ("-n", "2"), ("--bets-pilot",), ("--bets-pilot", "-n", "2")])
def test_what_a_sentence_cannot_compute_with_fails_the_cell(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """A rehearsal that measures a list is red, and so is the first cell of a run: not hours later, at the verdict."""
    bet(body='with open("ran", "a") as file:\n    file.write("x")\nreturn {"gain": [part, part]}')
    stopped = pytest.ExitCode.INTERRUPTED if "-n" in arguments else pytest.ExitCode.TESTS_FAILED
    shown = run("-x", *arguments, expect=stopped)
    reason = "`gain` is a list, and a sentence compares numbers and strings"
    assert f'bet_1_first.py:18: strict "count(gain > 0) >= 3": {reason}' in shown
    if "-n" not in arguments:
        assert (pytester.path / "ran").read_text() == "x"


def test_a_column_may_have_numbers_of_several_types(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """An integer, a boolean, a float and a NaN are numbers; what no sentence reads may be anything that is measured."""
    bet(
        body='return {"gain": {1: 1, 2: True, 3: 0.5, 4: float("nan")}[part], "curve": [1] if part > 2 else "none"}',
        markers={"strict": '"count(gain > 0) >= 3"'},
    )
    shown = run(expect=pytest.ExitCode.TESTS_FAILED)
    assert "4 passed" not in shown.partition("bets =")[0]
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert (record["verdict"], record["catastrophic"], len(record["cells"])) == ("FAIL", True, 4)


def test_a_cell_of_another_type_fails_alone(bet: WriteBet, run: Run) -> None:
    """Every combination of types is checked when it first comes."""
    bet(body='return {"gain": "many" if part == 3 else part}')
    shown = run(expect=pytest.ExitCode.TESTS_FAILED)
    assert "1 failed, 3 passed, 3 skipped" in shown
    assert "bet_1_first.py:18: strict \"count(gain > 0) >= 3\": `'many' > 0.0` compares a number with a string" in shown


def test_a_parameter_that_sentences_cannot_read_fails_the_cell(bet: WriteBet, run: Run) -> None:
    """None is a value of a sweep, and no number."""
    bet(
        markers={"parametrize": '"part", [1, 2, 3, None]', "strict": '"count(gain > 0 and part > 0) >= 3"'},
        body='return {"gain": 1}',
    )
    shown = run(expect=pytest.ExitCode.TESTS_FAILED)
    assert "1 failed, 3 passed, 3 skipped" in shown
    assert "`part` is a NoneType, and a sentence compares numbers and strings" in shown


def test_a_name_that_is_swept_cannot_be_measured_too(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The sentence would be ambiguous."""
    bet(body='return {"gain": part, "part": 7}')
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(failed=4, skipped=3)
    assert "bet_1_first.py:18: `part` is measured, and a sweep parameter has that name, too" in result.stdout.str()


def test_a_sentence_may_read_a_parameter_of_the_sweep(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Parameters need not be measured again."""
    bet(markers={"strict": '"count(gain >= part) >= 3"'})
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)


def test_only_the_cells_that_measured_wrongly_fail(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The bet is void, and the record says which cell it was."""
    bet(body='return {"gain": None if part == 2 else part}')
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(passed=3, failed=1, skipped=3)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["verdict"] is None
    assert record["void"].startswith("1 of 4 cells crashed: experiment[2]: bet_1_first.py:18: `gain` is a NoneType")


def test_text_that_no_encoding_holds_is_recorded_all_the_same(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A lone surrogate, as tokenizers make them, costs no run."""
    bet(body='return {"gain": part, "token": "\\ud800"}')
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["cells"][0]["measured"]["token"] == "\ud800"


def test_measurements_cross_from_workers_as_they_are(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """With xdist the record is that of one process."""
    bet(body='return {"gain": part, "curve": [part / 7, float("nan")], "won": part > 2, "text": "caf\\u00e9"}')
    run("-n", "2")
    there = json.loads((pytester.path / "results" / "1_first.json").read_text())
    run("--bets-results", "here")
    here = json.loads((pytester.path / "here" / "1_first.json").read_text())
    assert there["cells"] == here["cells"]
    assert there["cells"][3]["measured"] == {"gain": 4, "curve": [4 / 7, "nan"], "won": True, "text": "caf\u00e9"}
    assert math.isclose(there["cells"][0]["measured"]["curve"][0], 1 / 7, rel_tol=0)


def test_an_experiment_behind_decorators_is_measured(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """What the outermost function returns counts."""
    above = """\
    import functools

    def doubled(function):
        @functools.wraps(function)
        def outer(*args, **kwargs):
            return {name: 2 * value for name, value in function(*args, **kwargs).items()}
        return outer
    """
    path = bet(above=above)
    path.write_text(path.read_text().replace("\ndef experiment", "\n@doubled\ndef experiment"))
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert [cell["measured"]["gain"] for cell in record["cells"]] == [2, 4, 6, 8]


def test_a_cell_whose_text_cannot_be_read_is_broken() -> None:
    """The bet becomes void, and the session goes on."""
    run = BetRun(of(), Path("bet.py"), "bet.py", frozenset({"bet.py::experiment"}), ())
    run.data["bet.py::experiment"] = encode_cell(0, 1, {}, {"part": 2**1030}, {"gain": 1.0})
    results = collect_cells(run)
    assert results.cells == []
    assert "what it measured cannot be read" in str(judge_run(run, results, None).void)


RERUN = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    if not hasattr(item, "fixturenames"):
        return None
    for _ in range(3):
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if all(report.passed for report in reports):
            break
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "distributed"])
@pytest.mark.parametrize("lost", ["assert False", "return {'gain': None}"], ids=["crash", "refused"])
def test_a_cell_that_a_hook_runs_again_voids_its_bet(
    bet: WriteBet, run: Run, workers: tuple[str, ...], lost: str
) -> None:
    """It would run until it passes, and log the last attempt alone."""
    above = "RAN = []"
    bet(
        body=f'RAN.append(part)\nif RAN.count(part) == 1 and part == 2:\n    {lost}\nreturn {{"gain": part}}',
        above=above,
    )
    bet("bet_2_second.py")
    Path("test_it.py").write_text("RAN = []\ndef test_it():\n    RAN.append(1)\n    assert len(RAN) == 2\n")
    Path("conftest.py").write_text(RERUN)
    shown = run(*workers, expect=pytest.ExitCode.TESTS_FAILED)
    assert outcomes(shown) == "11 passed, 3 skipped, 1 error"
    found = records(Path("results"))
    assert found["1_first"]["void"].startswith(
        "1 of 4 cells crashed: experiment[2]: at setup: it ran more than once in this session"
    )
    assert found["2_second"]["verdict"] == "PASS"
