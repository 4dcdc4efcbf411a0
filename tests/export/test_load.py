"""`pytest_bets.load`: a project's results, for Python."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_bets
from pytest_bets.diagnostics import ProjectError, RecordError
from tests.helpers.fixtures import WriteBet


@pytest.fixture
def project(bet: WriteBet, pytester: pytest.Pytester) -> Path:
    """Return the folder of a project with a FAIL, a PASS that it challenges, and a bet that was never run."""
    bet(body='return {"gain": part, "loss": [3, 2.5], "note": "so", "odd": float("nan")}')
    bet("bet_2_doubt.py", 'return {"gain": -part, "big": part > 2}', markers={"challenges": "1"})
    for _ in range(2):
        pytester.runpytest_inprocess()
    bet("bet_9_waiting.py")
    return pytester.path


@pytest.mark.usefixtures("project")
def test_bets_are_found_by_number_and_by_id() -> None:
    """Every bet of the summary is there, in its order, with its record, runs, declaration and standing."""
    results = pytest_bets.load()
    assert list(results) == ["1_first", "2_doubt", "9_waiting"]
    assert results["1"] is results[1] is results["1_first"] is results.bets[0]
    first, doubt, waiting = results.bets
    assert (first.verdict, doubt.verdict, waiting.verdict) == ("PASS", "FAIL", None)
    assert (first.standing.state, doubt.standing.state) == ("retracted", "falsified")
    assert [cell.params["part"] for cell in first.cells] == [1, 2, 3, 4]
    strict = first.criteria[0]
    assert (strict.tier, strict.value, strict.met) == ("strict", 4.0, True)
    assert len(first.runs) == 2
    assert first.declaration is not None
    assert first.declaration.title == first.title == "A first claim."
    assert (waiting.record, waiting.cells, waiting.criteria, waiting.runs) == (None, (), (), ())
    assert [key in results for key in (1, "2_doubt", 3, None)] == [True, True, False, False]
    assert results.summary.falsified == ("2_doubt",)


@pytest.mark.usefixtures("project")
def test_measured_values_are_python_values() -> None:
    """Records spell NaN as a string; here it is a float, and a curve is a list."""
    cell = pytest_bets.load()[1].cells[0]
    assert math.isnan(cell.measured["odd"])  # type: ignore[arg-type]
    assert cell.measured["loss"] == [3, 2.5]
    assert cell.row == {**cell.params, **cell.measured}


@pytest.mark.usefixtures("project")
def test_an_unknown_bet_is_a_key_error_with_the_nearest_id() -> None:
    """As of any mapping, and with a suggestion."""
    results = pytest_bets.load()
    with pytest.raises(KeyError, match=r"there is no bet '1_frist' in .*results; did you mean 1_first\?"):
        results["1_frist"]
    with pytest.raises(KeyError, match="there is no bet 7 in"):
        results[7]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("folder", ["results", Path("results"), None])
def test_a_folder_may_be_named(folder: str | Path | None) -> None:
    """As a string, as a path, or not at all."""
    assert list(pytest_bets.load(folder)) == ["1_first", "2_doubt", "9_waiting"]


def test_another_project_is_read_from_anywhere(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Declarations are those of the project around the folder, unless `rootdir` names another."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert list(pytest_bets.load(project / "results")) == ["1_first", "2_doubt", "9_waiting"]
    found = pytest_bets.load(project / "results", rootdir=tmp_path / "elsewhere")
    assert list(found) == ["1_first", "2_doubt"]
    assert found[1].declaration is None
    with pytest.raises(ProjectError, match="there is no folder"):
        pytest_bets.load(project / "results", rootdir="nowhere")


@pytest.mark.usefixtures("pytester")
def test_a_missing_folder_is_an_error() -> None:
    """It is the error that Python has for it, and the message says what to do."""
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*results: no bet was run, or name another"):
        pytest_bets.load()


def test_a_record_that_cannot_be_read_is_an_error(project: Path) -> None:
    """It has the file and the fault."""
    (project / "results/1_first.json").write_text("{}", encoding="utf-8")
    with pytest.raises(RecordError, match=r"1_first\.json"):
        pytest_bets.load()


def test_importing_the_package_imports_nothing() -> None:
    """The plugin is imported in every session: what Python users ask for is imported when they ask."""
    code = "import sys, pytest_bets; print([name for name in sys.modules if name.startswith('pytest_bets.')])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"
    with pytest.raises(AttributeError, match="has no attribute 'laod'"):
        pytest_bets.laod  # noqa: B018


def test_bets_are_those_that_the_settings_name(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """As for the commands: `bets_paths` names the folders, also one in which no bet is looked for otherwise."""
    pytester.makeini("[pytest]\nbets_paths = build")
    path = bet()
    other = pytester.mkdir("build") / "bet_2_built.py"
    other.write_text(path.read_text(encoding="utf-8").replace("Bet 1", "Bet 2"), encoding="utf-8")
    pytester.mkdir("results")
    results = pytest_bets.load()
    assert list(results) == ["2_built"]
    assert results[2].declaration is not None


def test_a_number_is_that_of_the_declared_bet(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The record of its former name stays, and is found by the whole id."""
    path = bet()
    pytester.runpytest_inprocess()
    path.rename(path.with_name("bet_1_later.py"))
    results = pytest_bets.load()
    assert results[1] is results["1_later"]
    assert results["1_first"].row.renamed_to == "1_later"
