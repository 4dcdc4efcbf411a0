"""The code of a bet as a session records it."""

import json

import pytest

from tests.helpers.code import write
from tests.helpers.fixtures import Run, WriteBet


def test_the_record_holds_the_files_and_the_versions_of_other_peoples_packages(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """A package is named as it is installed: `_pytest` comes with pytest."""
    bet("exp/bet_1_first.py", above="import lab\n")
    write(pytester.path, {"src/lab.py": "import hypothesis, _pytest\nX = 1\n", "conftest.py": "Y = 1\n"})
    pytester.makeini("[pytest]\npythonpath = src\n")
    run()
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert sorted(record["code"]["definitions"]) == ["conftest.py", "exp/bet_1_first.py", "src/lab.py"]
    packages = record["environment"]["packages"]
    assert set(packages) == {"hypothesis", "pytest", "pytest-bets"}
    assert packages["pytest"] == pytest.__version__


def test_a_module_that_an_installed_path_brings_from_the_project_is_code(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """A layout under `src`, installed for editing or named in PYTHONPATH, is read as any."""
    bet("exp/bet_1_first.py", above="import lab\n")
    write(pytester.path, {"src/lab.py": "X = 1\n"})
    pytester.syspathinsert(pytester.path / "src")
    pytester.makeini("[pytest]\n")
    run()
    record = json.loads((pytester.path / "results" / "1_first.json").read_text())
    assert sorted(record["code"]["definitions"]) == ["exp/bet_1_first.py", "src/lab.py"]


def test_a_bet_that_did_not_change_keeps_its_record_and_one_whose_code_did_gets_another(
    bet: WriteBet, run: Run, pytester: pytest.Pytester
) -> None:
    """A module far away is enough."""
    bet(above="import lab\n")
    write(pytester.path, {"lab.py": "import deep\n", "deep.py": "X = 1\n"})
    record = pytester.path / "results" / "1_first.json"
    run()
    first = record.read_bytes()
    run()
    assert record.read_bytes() == first
    write(pytester.path, {"deep.py": "X = 2\n"})
    run()
    old, new = json.loads(first), json.loads(record.read_bytes())
    assert old["code"]["digest"] != new["code"]["digest"]
    assert old["declaration"]["digest"] == new["declaration"]["digest"]
