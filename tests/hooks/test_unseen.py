"""Code of the project that took part in a run, and that no import of the bet leads to."""

import json
import os
import py_compile
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pytest_bets.code.index import CodeIndex
from tests.helpers.fixtures import Run, WriteBet

PLUGIN = "import pytest\n\n\n@pytest.fixture\ndef extra():\n    return 1\n"


@pytest.fixture
def project(bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose settings load a plugin of its own, by a name that is its alone."""
    monkeypatch.syspath_prepend(pytester.path)
    bet(arguments="part, extra")
    pytester.makeini("[pytest]\naddopts = -p unseen_plug\npythonpath = .\n")
    (pytester.path / "unseen_plug.py").write_text(PLUGIN, encoding="utf-8")
    return pytester.path


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_code_that_no_import_leads_to_is_shown_and_recorded(
    project: Path, run: Run, arguments: tuple[str, ...]
) -> None:
    """With its hash, in the record and in the line of the journal; a note says so."""
    if arguments and pytest.version_tuple < (9,):
        pytest.skip("older workers look for `-p` before the settings say where")
    shown = " ".join(run(*arguments).split())
    assert "Unseen code: unseen_plug.py of 1 bet: loaded, and not in the code that the records cover." in shown
    record = json.loads((project / "results/1_first.json").read_text(encoding="utf-8"))
    assert list(record["environment"]["unseen"]) == ["unseen_plug.py"]
    line = json.loads((project / "results/journal.jsonl").read_text(encoding="utf-8"))
    assert line["environment"] == record["environment"]
    run("--bets-replay")


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_what_a_bet_that_was_not_selected_imports_is_its_own(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """Every bet that is collected is loaded, and only then some are selected."""
    pytester.makeini("[pytest]\nmarkers = slow\npythonpath = .\n")
    (pytester.path / "laboratory.py").write_text("GAIN = 1\n", encoding="utf-8")
    bet("bets/bet_1_first.py")
    bet("bets/bet_2_slow.py", "return {'gain': GAIN}", above="from laboratory import GAIN", markers={"slow": ""})
    assert "Unseen code" not in run("bets", "-m", "not slow", *arguments)
    record = json.loads((pytester.path / "results/1_first.json").read_text(encoding="utf-8"))
    assert "unseen" not in record["environment"]


def test_what_tests_of_the_session_import_is_theirs(project: Path, run: Run) -> None:
    """And a session without such code says nothing of it, and records nothing."""
    (project / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    (project / "bet_1_first.py").write_text(
        (project / "bet_1_first.py").read_text(encoding="utf-8").replace("part, extra", "part"), encoding="utf-8"
    )
    (project / "unseen_used.py").write_text("X = 1\n", encoding="utf-8")
    (project / "test_other.py").write_text(
        "import unseen_used\n\n\ndef test_it():\n    assert unseen_used.X\n", encoding="utf-8"
    )
    for arguments in ((), ("-k", "bet_1"), ("-n", "2", "-m", "strict")):
        assert "Unseen code" not in run(*arguments)
    record = json.loads((project / "results/1_first.json").read_text(encoding="utf-8"))
    assert "unseen" not in record["environment"]


def _unseen(project: Path) -> list[str]:
    record = json.loads((project / "results/1_first.json").read_text(encoding="utf-8"))
    return list(record["environment"].get("unseen", ()))


def test_code_is_found_beside_any_number_of_tests(project: Path, run: Run) -> None:
    """Tests whose imports are followed must not be few: a plugin was left out of the record beside more than 100."""
    for number in range(101):
        (project / f"test_{number}.py").write_text("import used\n\n\ndef test_it():\n    pass\n", encoding="utf-8")
    (project / "used.py").write_text("X = 1\n", encoding="utf-8")
    run("-k", "bet_1")
    assert _unseen(project) == ["unseen_plug.py"]


def test_a_plugin_of_the_project_is_shown_although_it_is_installed(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An editable install has its entry point where packages are, and its code in the project."""
    (project / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    about = tmp_path / "lab-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1.0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text("[pytest11]\nlab = unseen_lab.plug\n", encoding="utf-8")
    (project / "unseen_lab").mkdir()
    (project / "unseen_lab/__init__.py").write_text("", encoding="utf-8")
    (project / "unseen_lab/plug.py").write_text(PLUGIN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    run("-p", "lab")
    assert _unseen(project) == ["unseen_lab/__init__.py", "unseen_lab/plug.py"]


@pytest.mark.parametrize("where", ["folder", "compiled", "zip", "relative"])
def test_modules_are_shown_wherever_they_lie_in_the_project(
    bet: WriteBet, run: Run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """In a folder that is named as those of packages are, without source, in an archive, on a relative path."""
    source = pytester.path / f"unseen_{where}.py"
    source.write_text("GAIN = 1\n", encoding="utf-8")
    file = {
        "folder": "vendor/site-packages/unseen_folder.py",
        "compiled": "lib/unseen_compiled.pyc",
        "zip": "lib/all.zip",
        "relative": "lib/unseen_relative.py",
    }[where]
    target = pytester.path / file
    target.parent.mkdir(parents=True)
    if where == "compiled":
        py_compile.compile(str(source), cfile=str(target))
    elif where == "zip":
        with zipfile.ZipFile(target, "w") as archive:
            archive.write(source, source.name)
    else:
        target.write_bytes(source.read_bytes())
    source.unlink()
    monkeypatch.syspath_prepend(file if where == "zip" else str(Path(file).parent))
    bet(body=f"from unseen_{where} import GAIN\nreturn {{'gain': GAIN}}")
    run()
    assert _unseen(pytester.path) == [file]


def test_the_conftest_of_other_tests_is_shown(bet: WriteBet, run: Run, pytester: pytest.Pytester) -> None:
    """It can change what bets import. One that lies above a bet that was not selected is that bet's own."""
    bet("bets/bet_1_first.py")
    bet("bets/more/bet_2_other.py")
    for folder in ("bets/more", "tests"):
        (pytester.path / folder).mkdir(exist_ok=True)
        (pytester.path / folder / "conftest.py").write_text("X = 1\n", encoding="utf-8")
    (pytester.path / "tests/test_it.py").write_text("def test_it():\n    pass\n", encoding="utf-8")
    run("bets", "-k", "bet_1")
    assert _unseen(pytester.path) == []
    (pytester.path / "results/1_first.json").unlink()
    shown = " ".join(run("-k", "bet_1").split())
    assert _unseen(pytester.path) == ["tests/conftest.py"]
    assert "Unseen code: tests/conftest.py of 1 bet" in shown
    assert "Run its tests in another session." in shown


def test_plugins_that_a_conftest_names_are_in_the_code(project: Path) -> None:
    """`pytest_plugins` is an import like any other."""
    before = CodeIndex(project, []).code(project / "bet_1_first.py")
    (project / "conftest.py").write_text('pytest_plugins = ["unseen_plug"]\n', encoding="utf-8")
    after = CodeIndex(project, []).code(project / "bet_1_first.py")
    assert "unseen_plug.py" not in before.files
    assert "unseen_plug.py" in after.files
    assert "extra" in after.definitions["unseen_plug.py"] or "<whole>" in after.definitions["unseen_plug.py"]


def command(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python in a folder."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_modules_of_the_working_folder_do_not_shadow_ours(tmp_path: Path) -> None:
    """A repository may have an iniconfig.py of its own: `python -m pytest_bets` does not run it."""
    (tmp_path / "iniconfig.py").write_text("print('foreign code')\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    done = command(tmp_path, "-m", "pytest_bets", "audit")
    assert "foreign code" not in done.stdout
    assert done.returncode == 3


def test_a_copy_in_the_working_folder_does_not_run(tmp_path: Path) -> None:
    """`-S` and an empty path stand for an interpreter in which the package is installed elsewhere or not at all."""
    import pytest_bets

    source = Path(pytest_bets.__file__).parent
    copy = tmp_path / "pytest_bets"
    copy.mkdir()
    for name in ("__init__.py", "__main__.py"):
        (copy / name).write_bytes((source / name).read_bytes())
    done = command(tmp_path, "-S", "-m", "pytest_bets", "audit", PYTHONPATH="")
    assert done.returncode == 2
    assert "belongs to the working folder" in done.stderr
    assert "python -P -m pytest_bets" in done.stderr
