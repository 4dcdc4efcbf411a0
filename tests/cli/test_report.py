"""`pytest-bets report`."""

import sys
import webbrowser
from pathlib import Path

import pytest

from pytest_bets.cli.main import main
from tests.helpers.commands import run
from tests.helpers.repositories import commit, git, isolate
from tests.helpers.sites import write_catalogue

pytest.importorskip("jinja2", reason="the site needs the extra `report`")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a committed project with the results of four bets and a write-up."""
    isolate(monkeypatch)
    monkeypatch.chdir(tmp_path)
    write_catalogue(tmp_path)
    (tmp_path / "README.md").write_text("Bet 1: FAIL\n")
    git("init", "-q", "-b", "main")
    commit()
    return tmp_path


def test_the_site_has_what_audit_and_claims_say(project: Path) -> None:
    """Each finding with its commit, and each write-up with its line."""
    status, output = run("report")
    assert (status, output) == (0, f"site/index.html: 4 bets, {len(list(project.glob('site/**/*.*'))) - 1} files\n")
    audit = (project / "site/audit.html").read_text()
    assert "same-commit" in audit
    assert git("rev-parse", "HEAD")[:10] in audit
    assert "README.md:1" in (project / "site/write-ups.html").read_text()
    assert "First result:" in (project / "site/bets/1_made.html").read_text()


def test_open_shows_the_index(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the folder that --out names."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    assert main(["report", "--out", "build/pages", "--open"]) == 0
    assert opened == [(project / "build/pages/index.html").as_uri()]


def test_a_folder_of_something_else_is_a_usage_error(project: Path) -> None:
    """So is a project without results."""
    status, output = run("report", "--out", "bets")
    assert (status, "name an empty folder with --out" in output) == (2, True)
    status, output = run("report", "--results", "nowhere")
    assert (status, "no bet was run" in output) == (2, True)
    assert project.is_dir()


def test_without_jinja2_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The core does not need it."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report"]) == 2
    assert "pip install 'pytest-bets[report]'" in capsys.readouterr().err
    assert not (project / "site").exists()
