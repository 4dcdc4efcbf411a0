"""The public Python surface has the documented names and types. mypy checks the file when it checks all others."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import pytest_bets
from pytest_bets.export.event import CellReport, RunInfo
from tests.helpers import public_surface
from tests.helpers.sites import write_catalogue

ROOT = Path(__file__).parents[1]
BESIDE = (Path(sys.executable).parent, ROOT / "build" / "exporters" / "bin")


def test_every_public_name_is_there() -> None:
    """Each is imported when it is asked for; another one is an AttributeError."""
    for name in pytest_bets.__all__:
        assert getattr(pytest_bets, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'Recrod'"):
        pytest_bets.Recrod  # noqa: B018


def test_the_surface_runs(tmp_path: Path) -> None:
    """What the type checkers read is true of values."""
    write_catalogue(tmp_path)
    results = public_surface.read(str(tmp_path / "results"))
    record = results[1].record
    assert record is not None
    run = RunInfo("2026-03-01T12:00:00Z", "host-a", 1.5, None, in_journal=True, wrote_record=True)
    assert public_surface.hooks(record, run, CellReport("a::b", 0, 1, record.cells[0]))[0] == "PASS"
    assert (Path(pytest_bets.__file__).parent / "py.typed").is_file()


def test_pyright_accepts_it() -> None:
    """As an editor does that takes pytest-bets for any library, strictly."""
    names = ("basedpyright", "pyright")
    found = [path for name in names for folder in BESIDE if (path := shutil.which(name, path=str(folder)))]
    if not found:
        pytest.skip("no pyright: pip install basedpyright, or run .ci/exporters")
    file = str(ROOT / "tests/helpers/public_surface.py")
    command = [found[0], "--outputjson", "--level", "error", "--pythonpath", sys.executable, file]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    answer = json.loads(done.stdout)
    problems = [f"{item['range']['start']['line'] + 1}: {item['message']}" for item in answer["generalDiagnostics"]]
    assert [text for text in problems if "could not be resolved" not in text] == []
    assert answer["summary"]["filesAnalyzed"] >= 1
