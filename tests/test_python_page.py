"""The page on Python does what it shows."""

import contextlib
import importlib.util
import io
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/python.md"
BLOCK = re.compile(r"```(python|text)\n(.*?)```", re.DOTALL)
NEEDED = ("pandas", "pyarrow")


@pytest.mark.skipif(not (ROOT / "results").is_dir(), reason="the records of the catalogue are not here")
@pytest.mark.skipif(not all(map(importlib.util.find_spec, NEEDED)), reason="needs pip install 'pytest-bets[frames]'")
def test_the_code_on_the_page_prints_what_the_page_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All blocks run in order, in one namespace, in a folder with the results of this repository."""
    (tmp_path / "results").symlink_to(ROOT / "results")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    output = io.StringIO()
    checked = 0
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "python":
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                exec(compile(text, str(PAGE), "exec"), names)
        else:
            assert [line.rstrip() for line in output.getvalue().splitlines()] == text.splitlines()
            checked += 1
    assert checked == 3
    assert (tmp_path / "criteria.parquet").exists()
