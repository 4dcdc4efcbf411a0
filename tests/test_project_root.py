"""One root for records and catalogue, whichever folder a session or a command is started in."""

import json
import os
from pathlib import Path

import pytest

from pytest_bets.cli.main import main
from pytest_bets.hooks.settings import Settings, read
from pytest_bets.project import find_root, locate
from tests.helpers.fixtures import Run, WriteBet

INI = {"pytest.ini": "[pytest]\nbets_results = kept\n"}
PLACES: dict[str, tuple[dict[str, str], str, str]] = {
    "checkout": ({".git/HEAD": ""}, "", "results"),
    "settings": (INI, "", "kept"),
    "settings in a checkout": ({**INI, ".git/HEAD": ""}, "", "kept"),
    "settings below a checkout": ({"../.git/HEAD": "", **INI}, "", "kept"),
    "a checkout below settings": (
        {**{f"../{name}": text for name, text in INI.items()}, ".git/HEAD": ""},
        "..",
        "kept",
    ),
    "pyproject.toml of other tools below a checkout": ({"../.git/HEAD": "", "pyproject.toml": ""}, "", "results"),
    "setup.py below a checkout": ({"../.git/HEAD": "", "setup.py": ""}, "", "results"),
    "a worktree": ({".git": "gitdir: elsewhere"}, "", "results"),
}
"""By name: the files in and around a project, its root relative to its folder, and its folder of results."""


@pytest.fixture
def project(bet: WriteBet, pytester: pytest.Pytester) -> Path:
    """Return the folder of a project with a bet, and with another project's bet of the same number beside it."""
    bet("around/sub/bets/bet_1_first.py")
    bet("around/other/bets/bet_1_theirs.py")
    return pytester.path / "around" / "sub"


def lay_out(project: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, here: Path, *arguments: str) -> Settings:
    """Return the settings of a session that is started in a folder."""
    monkeypatch.chdir(here)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return read(pytester.parseconfig("-p", "pytest_bets.plugin", *arguments))


@pytest.mark.parametrize(
    ("here", "arguments"),
    [("", ()), ("", ("bets",)), ("bets", ()), ("bets", ("bet_1_first.py::experiment",)), ("..", ("sub/bets",))],
    ids=["top", "top, named", "subfolder", "subfolder, a node id", "parent folder"],
)
@pytest.mark.parametrize("place", PLACES)
def test_sessions_and_commands_agree_on_root_and_results(
    project: Path,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    here: str,
    arguments: tuple[str, ...],
) -> None:
    """Settings decide, then pyproject.toml and setup.py, then the checkout around the bets."""
    files, up, results = PLACES[place]
    lay_out(project, files)
    root = Path(os.path.normpath(project / up))
    settings = session(pytester, monkeypatch, project / here, *arguments)
    assert (settings.root, settings.results) == (root, root / results)
    command = locate(project / (here if here != ".." else ""))  # from the parent folder a command sees another project
    assert (command.root, command.results, command.searched) == (root, settings.results, settings.searched)


@pytest.mark.parametrize(
    ("here", "arguments", "root", "searched"),
    [
        ("", (), "", ("bets",)),
        ("", (".",), "", ("bets",)),
        ("", ("bets",), "", ("bets", "bets")),
        ("bets", (), "bets", ("bets",)),
        ("..", ("sub/bets/bet_1_first.py",), "..", ("bets",)),
        ("../other", ("../sub/bets",), "..", ("bets",)),
    ],
)
def test_without_settings_and_git_only_what_was_named_is_searched(
    project: Path,
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    here: str,
    arguments: tuple[str, ...],
    root: str,
    searched: tuple[str, ...],
) -> None:
    """Around a plain folder lie other people's projects: their bets are not of this catalogue."""
    there = Path(os.path.normpath(project / here))
    settings = session(pytester, monkeypatch, there, *arguments)
    assert settings.root == Path(os.path.normpath(project / root))
    assert settings.searched == tuple(project / folder for folder in searched)
    if settings.root == there:
        assert locate(there).root == settings.root


def test_a_root_that_is_named_wins_over_the_checkout(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--rootdir means the same to pytest and to the commands."""
    lay_out(project, {".git/HEAD": ""})
    for here, named in ((project, "bets"), (project.parent, "sub/bets"), (project, str(project / "bets"))):
        settings = session(pytester, monkeypatch, here, "--rootdir", named, str(project / "bets"))
        command = locate(here, rootdir=named)
        assert settings.root == command.root == project / "bets"
        assert settings.results == command.results == project / "bets" / "results"


def test_a_settings_file_that_is_named_is_the_root_of_the_bets_below_it(
    project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file elsewhere, as in config/, is no root of theirs: their checkout is, as it is to the commands."""
    lay_out(
        project, {".git/HEAD": "", "ci.ini": "[pytest]\n", "config/ci.ini": "[pytest]\n", "bets/ci.ini": "[pytest]\n"}
    )
    for file, root in (("ci.ini", ""), ("config/ci.ini", ""), ("bets/ci.ini", "bets"), (os.devnull, "")):
        settings = session(pytester, monkeypatch, project, "-c", file, "bets")
        assert (settings.root, settings.results) == (project / root, project / root / "results")
    assert locate(project).root == project


def test_bets_of_two_projects_meet_in_what_contains_both(project: Path) -> None:
    """Neither of two checkouts is the root of the other's bets."""
    lay_out(project, {".git/HEAD": "", "../other/.git/HEAD": ""})
    both = [project / "bets", project.parent / "other" / "bets"]
    assert find_root(project, both, None).path == project.parent
    assert find_root(project, both[1:], project).path == project.parent / "other"


def test_a_root_that_is_no_folder_is_an_error_that_names_it(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is read or written elsewhere."""
    assert main(["rollup", "--rootdir", "nowhere"]) == 2
    assert f"--rootdir nowhere: there is no folder {pytester.path / 'nowhere'}" in capsys.readouterr().err


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_a_run_is_the_same_from_every_folder_of_a_checkout(
    project: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    workers: tuple[str, ...],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One record, one journal of three runs, and `show` that finds them; nothing beside the bets."""
    lay_out(project, {".git/HEAD": "", "lab.py": "GAIN = 1\n", "conftest.py": "SEEN = []\nSEEN.append(1)\n"})
    monkeypatch.setenv("PYTHONPATH", str(project))
    for here, argument, shown in (
        ("", "bets", "results"),
        ("bets", ".", "../results"),
        ("..", "sub/bets", "sub/results"),
    ):
        monkeypatch.chdir(project / here)
        output = run(argument, *workers)
        assert f"In {shown}: " in output
        assert not (Path.cwd() / "results").exists() or here == ""
    lines = [json.loads(line) for line in (project / "results" / "journal.jsonl").read_text().splitlines()]
    assert len({line["code"] for line in lines}) == 1
    assert [bool(line["record"]) for line in lines] == [True, False, False]
    record = json.loads((project / "results" / "1_first.json").read_text())
    assert record["bet"]["file"] == "bets/bet_1_first.py"
    assert sorted(record["code"]["definitions"]) == ["bets/bet_1_first.py", "conftest.py"]
    for here in ("", "bets"):
        monkeypatch.chdir(project / here)
        capsys.readouterr()
        assert main(["show", "1"]) == 0
        assert "3 runs" in capsys.readouterr().out


@pytest.mark.usefixtures("project")
def test_another_projects_bets_are_left_alone_from_a_plain_parent_folder(run: Run) -> None:
    """Where neither settings nor git say where a project ends, the folder that was named does."""
    shown = run("around/sub/bets")
    assert "1_first  PASS" in shown
    assert "1 record written" in shown
