"""Code that Python imports from another place than the project, as from an earlier install."""

import json
from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet

ENGINES = pytest.mark.parametrize(
    "arguments", [(), ("-n", "2"), ("--bets-on", "local=1")], ids=["plain", "xdist", "local"]
)
WORDS = "the code of this bet is in laboratory/__init__.py, and Python imports another version of it"


@pytest.fixture
def installed(pytester: pytest.Pytester, tmp_path: Path) -> Path:
    """Return the module of an install that the project has gone on from; every process finds it by the conftest.py."""
    for folder, gain in ((tmp_path / "installed", 1), (pytester.path, -1)):
        (folder / "laboratory").mkdir(parents=True)
        (folder / "laboratory/__init__.py").write_text(f"GAIN = {gain}\n", encoding="utf-8")
    path = f"import sys\n\nsys.path.insert(0, {str(tmp_path / 'installed')!r})\n"
    (pytester.path / "conftest.py").write_text(path, encoding="utf-8")
    return tmp_path / "installed/laboratory/__init__.py"


@ENGINES
def test_a_bet_is_refused_whose_code_is_another_version_of_the_project(
    bet: WriteBet, run: Run, installed: Path, arguments: tuple[str, ...]
) -> None:
    """It passed with the code of the install, and the record named that of the project, which loses."""
    bet("bets/bet_1_first.py", "return {'gain': GAIN}", above="from laboratory import GAIN")
    stopped = pytest.ExitCode.TESTS_FAILED if "-n" in arguments else pytest.ExitCode.INTERRUPTED
    shown = run("bets", *arguments, expect=stopped)
    assert WORDS in shown
    assert str(installed) in shown
    assert "install it with `pip install -e .`" in shown
    assert not Path("results").exists()


@ENGINES
def test_a_cell_that_imports_such_code_as_it_runs_fails(
    bet: WriteBet, run: Run, installed: Path, arguments: tuple[str, ...]
) -> None:
    """What it measured counts for nothing, and the bet is void."""
    bet("bets/bet_1_first.py", "from laboratory import GAIN\nreturn {'gain': GAIN}")
    assert WORDS in " ".join(run("bets", *arguments, expect=pytest.ExitCode.TESTS_FAILED).split())
    record = json.loads(Path("results/1_first.json").read_text(encoding="utf-8"))
    assert WORDS in record["void"]
    assert str(installed.parent) not in record["void"]


def test_the_same_code_in_another_place_is_as_good(bet: WriteBet, run: Run, installed: Path) -> None:
    """An environment of tox has the project installed as it is; line ends are no difference."""
    bet("bets/bet_1_first.py", "return {'gain': GAIN}", above="from laboratory import GAIN")
    installed.write_bytes(b"GAIN = -1\r\n")
    run("bets", expect=pytest.ExitCode.TESTS_FAILED)
    assert json.loads(Path("results/1_first.json").read_text(encoding="utf-8"))["verdict"] == "FAIL"


@pytest.mark.usefixtures("installed")
def test_modules_of_the_same_name_are_left_alone_where_no_bet_uses_them(bet: WriteBet, run: Run) -> None:
    """A test of the session may import what it wants."""
    bet("bets/bet_1_first.py")
    Path("test_other.py").write_text(
        "import laboratory\n\ndef test_it():\n    assert laboratory.GAIN\n", encoding="utf-8"
    )
    Path("calendar.py").write_text("X = 1\n", encoding="utf-8")
    run()


def test_a_file_that_is_loaded_is_what_the_bet_uses(bet: WriteBet, run: Run, installed: Path) -> None:
    """By its short name, beside a module of others with the long one."""
    Path("laboratory/__init__.py").unlink()
    for folder, gain in ((installed.parent, -1), (Path("laboratory"), 4)):
        (folder / "tools.py").write_text(f"GAIN = {gain}\n", encoding="utf-8")
    with Path("conftest.py").open("a", encoding="utf-8") as file:
        file.write("import laboratory.tools\n\nsys.path.insert(0, 'laboratory')\n")
    bet("bets/bet_1_first.py", "return {'gain': GAIN}", above="from tools import GAIN")
    assert "1 PASS" in run("bets")
