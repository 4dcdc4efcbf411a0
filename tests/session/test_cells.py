"""The cells of a bet: parameters, fixtures and asynchronous experiments work in them as in any test."""

import json

import pytest

from tests.helpers.fixtures import WriteBet


def collected(pytester: pytest.Pytester, *arguments: str) -> list[str]:
    result = pytester.runpytest_inprocess("--collect-only", "-q", "-p", "no:randomly", *arguments)
    assert result.ret in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    return [line for line in result.outlines if "::" in line]


FORMS = {
    "ids": ('"part", [1, 2, 3, 4], ids=["a", "b", "c", "d"]', ["[a]", "[b]", "[c]", "[d]"]),
    "ids by a function": (
        '"part", [1, 2, 3, 4], ids=lambda part: f"part-{part}"',
        [f"[part-{n}]" for n in range(1, 5)],
    ),
    "params with ids": (
        '"part", [pytest.param(1, id="one"), 2, pytest.param(3, id="three", marks=pytest.mark.slow), 4]',
        ["[one]", "[2]", "[three]", "[4]"],
    ),
    "several names": ('"part, other", [(1, 5), (2, 6), (3, 7), (4, 8)]', ["[1-5]", "[2-6]", "[3-7]", "[4-8]"]),
    "a list of names": ('["part", "other"], [(1, 5), (2, 6), (3, 7), (4, 8)]', ["[1-5]", "[2-6]", "[3-7]", "[4-8]"]),
    "keywords": ('argnames="part", argvalues=(1, 2, 3, 4)', ["[1]", "[2]", "[3]", "[4]"]),
    "a computed sweep": ('"part", range(1, 5)', ["[1]", "[2]", "[3]", "[4]"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_parametrize_works_in_all_its_forms(bet: WriteBet, pytester: pytest.Pytester, form: str) -> None:
    """Cells have the ids that pytest gives them."""
    pytester.makeini("[pytest]\nmarkers =\n    slow: slow\n")
    source, ids = FORMS[form]
    bet(markers={"parametrize": source}, arguments="part, other" if "other" in source else "part")
    assert collected(pytester)[:4] == [f"bet_1_first.py::experiment{name}" for name in ids]
    pytester.runpytest_inprocess("--strict-markers").assert_outcomes(passed=7)


def test_stacked_and_indirect_parameters_span_one_sweep(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Every combination is a cell; an indirect parameter is recorded as it was given."""
    path = bet(
        arguments="part, sign",
        body='return {"gain": part * sign}',
        above="@pytest.fixture\ndef sign(request):\n    return -request.param",
        markers={"parametrize": '"part", [1, 2]'},
    )
    stacked = '@pytest.mark.parametrize("sign", [-1, -2], indirect=True)\n@pytest.mark.strict'
    path.write_text(path.read_text().replace("@pytest.mark.strict", stacked))
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["declaration"]["sweep"] == {"part": [1, 2], "sign": [-1, -2]}
    assert [(cell["params"], cell["measured"]["gain"]) for cell in record["cells"]] == [
        ({"part": part, "sign": sign}, part * -sign) for part in (1, 2) for sign in (-1, -2)
    ]


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
def test_a_parametrized_fixture_of_any_scope_spans_the_sweep(
    bet: WriteBet, pytester: pytest.Pytester, scope: str
) -> None:
    """Its parameter is the cell's, by the fixture's name, and it is set up for each."""
    above = f'@pytest.fixture(params=[1, 2, 3, 4], scope="{scope}")\ndef part(request):\n    yield request.param * 10'
    bet(markers={"parametrize": None}, above=above)
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["declaration"]["sweep"] == {"part": [1, 2, 3, 4]}
    assert [(cell["params"], cell["measured"]) for cell in record["cells"]] == [
        ({"part": part}, {"gain": part * 10}) for part in (1, 2, 3, 4)
    ]


def test_a_skipped_parameter_set_leaves_the_bet_unjudged(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """A mark on one set acts on that cell alone, and no verdict is made of the rest."""
    bet(markers={"parametrize": '"part", [1, 2, 3, pytest.param(4, marks=pytest.mark.skip(reason="no text"))]'})
    result = pytester.runpytest_inprocess("-p", "no:randomly", "-rs")
    result.assert_outcomes(passed=3, skipped=4)
    assert "not judged: 1 of 4 cells skipped: no text" in result.stdout.str()


def test_values_that_are_not_plain_differ_in_the_record(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """By their name if they have one, otherwise by their place in the sweep."""
    bet(
        body='return {"gain": rule(3)}',
        arguments="rule",
        above="from pathlib import Path\ndef double(x): return 2 * x\n",
        markers={"parametrize": '"rule", [double, lambda x: x, lambda x: x + 1, abs]',
                 "strict": '"groups(rule, mean(gain) > 0) >= 4"'},
        sections={"Strict": "all 4 rules gain."},
    )  # fmt: skip
    pytester.runpytest_inprocess("-p", "no:randomly", "-m", "lenient").assert_outcomes(passed=5, deselected=2)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert [cell["params"]["rule"] for cell in record["cells"]] == ["double", "rule1", "rule2", "abs"]


def test_two_values_with_one_name_are_two_values(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Groups are made of what was swept, not of what it is called."""
    bet(
        body='return {"gain": len(text.parts)}',
        arguments="text",
        above="from pathlib import Path\n",
        markers={"parametrize": '"text", [Path("a/t"), Path("b/t"), Path("c/t"), Path("d/t")]',
                 "strict": '"groups(text, mean(gain) > 0) >= 3"'},
    )  # fmt: skip
    pytester.runpytest_inprocess("-p", "no:randomly", "-m", "strict").assert_outcomes(passed=5, deselected=2)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert len({cell["params"]["text"] for cell in record["cells"]}) == 4


def test_fixtures_of_pytest_work_in_an_experiment(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """`tmp_path`, `capsys`, `monkeypatch` and those of a conftest.py."""
    pytester.makeconftest("import pytest\n@pytest.fixture\ndef offset():\n    return 1\n")
    body = """\
    (tmp_path / "x").write_text("text")
    print("said")
    monkeypatch.setenv("PART", str(part))
    return {"gain": part + offset, "said": capsys.readouterr().out.strip()}
    """
    bet(body=body, arguments="part, tmp_path, capsys, monkeypatch, offset")
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert record["cells"][0] == {"params": {"part": 1}, "measured": {"gain": 2, "said": "said"}}


def test_an_asynchronous_experiment_runs_under_anyios_plugin(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """What it returns when it is awaited is what was measured."""
    bet(
        body='await anyio.sleep(0)\nreturn {"gain": part}',
        function="async def experiment",
        above='import anyio\n@pytest.fixture\ndef anyio_backend():\n    return "asyncio"',
        markers={"anyio": ""},
    )
    pytester.runpytest_inprocess("-p", "no:randomly").assert_outcomes(passed=7)
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert [cell["measured"] for cell in record["cells"]] == [{"gain": part} for part in (1, 2, 3, 4)]


def test_an_asynchronous_experiment_that_is_not_awaited_fails_its_cells(
    bet: WriteBet, pytester: pytest.Pytester
) -> None:
    """There is no verdict, and pytest says what is missing."""
    bet(function="async def experiment")
    result = pytester.runpytest_inprocess("-p", "no:randomly")
    result.assert_outcomes(failed=4, skipped=3)
    result.stdout.fnmatch_lines(["*async def functions are not natively supported*"])
