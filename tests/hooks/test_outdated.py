"""A process that ran pytest before: no session runs code that is older than its files."""

import sys
import textwrap
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet
from tests.helpers.results import records


@pytest.fixture
def twice(pytester: pytest.Pytester, bet: WriteBet, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Write a bet that needs a module of the project."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    bet(body='return {"gain": part * lab.factor()}', above="import lab")
    pytester.makeini("[pytest]\npythonpath = .")
    Path("lab.py").write_text("def factor(): return 1\n")
    return pytester


def sessions(pytester: pytest.Pytester, *commands: str) -> list[str]:
    """Return what every session in one process shows; a command that is no option is Python."""
    calls = [
        f"pytest.main(['-p', 'pytest_bets.plugin', {command!r}]); print('END')" if command.startswith("-") else command
        for command in commands
    ]
    script = "\n".join(
        ("import importlib, pathlib, pytest, sys; sys.stderr = sys.stdout", *map(textwrap.dedent, calls))
    )
    shown = pytester.run(sys.executable, "-B", "-c", script).stdout.str()
    return shown.split("END")[:-1]


CHANGE = "pathlib.Path('lab.py').write_text('def factor(): return 0\\n')"


@pytest.mark.parametrize("first", ["-q", "--bets-pilot"])
def test_code_that_changed_since_it_was_imported_does_not_run(twice: pytest.Pytester, first: str) -> None:
    """Its record would have the digest of the new file and the measurements of the old one."""
    earlier, later = sessions(twice, first, CHANGE, "-q")
    assert "1 bet" in earlier
    assert "lab.py: changed since this process imported it, and Python keeps the old code." in later
    assert "Start a new process: restart the kernel, or run pytest in a shell." in later
    assert "1 bet" not in later
    assert len(records(Path("results")) if first == "-q" else []) == (first == "-q")


def test_a_bet_that_changed_does_not_run(twice: pytest.Pytester) -> None:
    """It is imported by its name, and so gets the old one."""
    change = "path = pathlib.Path('bet_1_first.py'); path.write_text(path.read_text().replace('part *', '0 *'))"
    _, later = sessions(twice, "-q", change, "-q")
    assert "bet_1_first.py: changed since this process imported it" in later


def test_code_that_an_experiment_imports_is_noted_too(twice: pytest.Pytester, bet: WriteBet) -> None:
    """It is imported after the session began."""
    bet(body='import late\nreturn {"gain": part * late.factor()}')
    Path("late.py").write_text("def factor(): return 1\n")
    _, later = sessions(twice, "-q", CHANGE.replace("lab", "late"), "-q")
    assert "late.py: changed since this process imported it" in later


def test_all_files_that_changed_are_named(twice: pytest.Pytester) -> None:
    """In one line."""
    change = "path = pathlib.Path('bet_1_first.py'); path.write_text(path.read_text().replace('part *', '0 *'))"
    _, later = sessions(twice, "-q", CHANGE, change, "-q")
    assert "bet_1_first.py, lab.py: changed since this process imported them" in later


@pytest.mark.parametrize(
    "renewed", ["importlib.reload(sys.modules['lab'])", "del sys.modules['lab'], sys.modules['bet_1_first']"]
)
def test_code_that_was_imported_again_runs(twice: pytest.Pytester, renewed: str) -> None:
    """The bet is judged by what the file says now."""
    _, later = sessions(twice, "-q", CHANGE, renewed, "-q")
    assert "1 bet: 0 PASS, 0 LENIENT, 1 FAIL" in later


def test_a_rehearsal_leaves_none_of_its_constants_behind(twice: pytest.Pytester, bet: WriteBet) -> None:
    """The next session of the process imports the bet as it is declared."""
    bet(body='return {"gain": part * SIZE}', above="SIZE = 1")
    earlier, later = sessions(twice, "--bets-set=SIZE=0", "-q")
    assert "would not be met" in earlier
    assert "1 bet: 1 PASS" in later
