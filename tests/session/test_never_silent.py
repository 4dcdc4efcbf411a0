"""Whatever is selected and configured: where a cell of a bet ran, the bet is judged or the session says why not."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet

ABOVE = """
import os
import pathlib

def note(part):
    with open(os.environ["RAN"], "a") as file:
        file.write(f"{part}\\n")
"""
CELLS = 4
OPTIONS = {
    # which items
    "everything": ["."],
    "a folder": ["wagers"],
    "a file": ["wagers/bet_1_first.py"],
    "the experiment": ["wagers/bet_1_first.py::experiment"],
    "a cell": ["wagers/bet_1_first.py::experiment[2]"],
    "a tier": ["wagers/bet_1_first.py::strict"],
    "all but the catastrophic tier": ["wagers/bet_1_first.py::experiment", "wagers/bet_1_first.py::strict"],
    "-k experiment": ["wagers", "-k", "experiment"],
    "-k a cell": ["wagers", "-k", "experiment and 2"],
    "-k a tier": ["wagers", "-k", "strict"],
    "-m strict": ["wagers", "-m", "strict"],
    "-m not strict": ["wagers", "-m", "not strict"],
    "--deselect a tier": ["wagers", "--deselect", "wagers/bet_1_first.py::catastrophic"],
    "--deselect a cell": ["wagers", "--deselect", "wagers/bet_1_first.py::experiment[2]"],
    "--ignore": ["wagers", "--ignore", "wagers/bet_1_first.py"],
    "--ignore-glob": [".", "--ignore-glob", "*/other/*"],
    "--keep-duplicates": ["wagers", "wagers", "--keep-duplicates"],
    "the same twice": ["wagers", "wagers/bet_1_first.py"],
    "--lf": ["wagers", "--lf"],
    "--ff": ["wagers", "--ff"],
    "--nf": ["wagers", "--nf"],
    "--sw": ["wagers", "--sw"],
    "-x": ["wagers", "-x"],
    "--maxfail": ["wagers", "--maxfail=1"],
    "--pyargs": ["--pyargs", "wagers"],
    "--doctest-modules": ["wagers", "--doctest-modules"],
    # which folders and which configuration
    "-c": ["wagers", "-c", "config/pytest.ini"],
    "-c of a project beside it": ["wagers", "-c", "elsewhere/pyproject.toml"],
    "--rootdir": ["wagers", "--rootdir", "config"],
    "--rootdir of the bets": ["wagers", "--rootdir", "wagers"],
    "--rootdir above": ["wagers", "--rootdir", ".."],
    "-c and --rootdir": ["wagers", "-c", "config/pytest.ini", "--rootdir", "."],
    "--confcutdir": ["wagers", "--confcutdir", "wagers"],
    "--noconftest": ["wagers", "--noconftest"],
    "--import-mode=importlib": ["wagers", "--import-mode=importlib"],
    "--import-mode=append": ["wagers", "--import-mode=append"],
    "--basetemp": ["wagers", "--basetemp", "temporary"],
    "--collect-in-virtualenv": ["wagers", "--collect-in-virtualenv"],
    "-o python_files": ["wagers", "-o", "python_files=check_*.py"],
    "-o python_functions": ["wagers", "-o", "python_functions=check"],
    "-o testpaths": ["-o", "testpaths=wagers"],
    "-o norecursedirs": [".", "-o", "norecursedirs=other"],
    "-o addopts": ["-o", "addopts=-q", "wagers"],
    "-p no:cacheprovider": ["wagers", "-p", "no:cacheprovider"],
    "-p no:terminal": ["wagers", "-p", "no:terminal"],
    "-p no:logging": ["wagers", "-p", "no:logging"],
    "-p no:xdist": ["wagers", "-p", "no:xdist"],
    "-s": ["wagers", "-s"],
    "-q": ["wagers", "-q"],
    "-qq": ["wagers", "-qq"],
    "--bets-progress bar": ["wagers", "--bets-progress", "bar"],
    "--bets-progress line": ["wagers", "--bets-progress", "line"],
    "--bets-progress off": ["wagers", "--bets-progress", "off"],
    "-o bets_progress": ["wagers", "-o", "bets_progress=off"],
    "-n 2 --bets-progress off": ["wagers", "-n", "2", "--bets-progress", "off"],
    "--no-header": ["wagers", "--no-header"],
    "--no-summary": ["wagers", "--no-summary"],
    "--runxfail": ["wagers", "--runxfail"],
    "-W error": ["wagers", "-W", "error"],
    "--bets-results": ["wagers", "--bets-results", "elsewhere/results"],
    "--bets-resume": ["wagers", "--bets-resume"],
    "-n 2": ["wagers", "-n", "2"],
    "-n 2 -c": ["wagers", "-n", "2", "-c", "config/pytest.ini"],
    "-n 2 the experiment": ["wagers/bet_1_first.py::experiment", "-n", "2"],
    "-n 2 --dist loadfile": ["wagers", "-n", "2", "--dist", "loadfile"],
}
SILENT = {"-p no:terminal", "-qq", "--no-summary", "-q"}
"""Where the user asked for less text; the exit status speaks all the same."""
NOTHING = {"a tier", "--ignore", "-m not strict"}
"""Where the user selects no cell."""


Session = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def project(bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a project with a catastrophic bet, and settings in other folders."""
    bet("repo/wagers/bet_1_first.py", body='note(part)\nreturn {"gain": -part}', above=ABOVE)
    root = pytester.path / "repo"
    for name in ("config", "elsewhere", "other", ".git"):
        (root / name).mkdir()
    (root / "config/pytest.ini").write_text("[pytest]\n")
    (root / "elsewhere/pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    (root / "pytest.ini").write_text("[pytest]\n")
    (root / "wagers/__init__.py").write_text("")
    monkeypatch.chdir(root)
    pytester.syspathinsert(root)
    return root


@pytest.fixture
def session(project: Path, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Return a function that runs a session and returns exit status, output and which cells ran."""
    ran = project / "ran"
    monkeypatch.setenv("RAN", str(ran))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def start(*arguments: str) -> tuple[int, str, list[str]]:
        ran.unlink(missing_ok=True)
        xdist = ("-p", "xdist") if "-n" in arguments else ()
        result = pytester.runpytest_inprocess("-p", "pytest_bets.plugin", *xdist, *arguments)
        shown = result.stdout.str() + result.stderr.str()
        return int(result.ret), shown, ran.read_text().split() if ran.exists() else []

    return start


@pytest.mark.parametrize("case", OPTIONS)
def test_a_bet_whose_cells_ran_is_judged_or_the_session_says_why_not(
    project: Path, session: Session, case: str
) -> None:
    """All cells of a catastrophe ran: red, with a row and a line in the journal. A part ran: the table says so."""
    status, shown, ran = session(*OPTIONS[case])
    assert "INTERNALERROR" not in shown
    if not ran:  # no cell ran: then an error says why, or the user has selected none
        assert "lies outside pytest's rootdir" in shown or case in NOTHING, shown
        assert status != 0 or case in NOTHING
        return
    if len(set(ran)) == CELLS:
        assert status != 0, shown
    if case not in SILENT:
        row = re.search(r"^1_first +(\S.*)$", shown, re.MULTILINE)
        assert row, shown
        whole = len(set(ran)) == CELLS
        assert row[1].startswith("FAIL, catastrophic" if whole else "not judged"), row[0]
    journals = project.parent.rglob("journal.jsonl")
    lines = [json.loads(line) for path in journals for line in path.read_text().splitlines()]
    assert {line["bet"] for line in lines} == {"1_first"}


@pytest.mark.parametrize("folder", ["wagers", "config", "other"])
@pytest.mark.parametrize("arguments", [[], ["-k", "experiment"], ["-c", "{root}/config/pytest.ini"], ["-n", "2"]])
def test_it_does_not_matter_where_the_session_is_started(
    project: Path, session: Session, monkeypatch: pytest.MonkeyPatch, folder: str, arguments: list[str]
) -> None:
    """From a subfolder and from a folder beside the bets."""
    typed = [str(project / "wagers"), *(argument.replace("{root}", str(project)) for argument in arguments)]
    monkeypatch.chdir(project / folder)
    status, shown, ran = session(*typed)
    assert status != 0, shown
    assert "FAIL, catastrophic" in shown if ran else "lies outside pytest's rootdir" in shown


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["plain", "distributed"])
def test_a_bet_outside_the_rootdir_is_an_error_that_names_both_folders(
    project: Path, session: Session, workers: list[str]
) -> None:
    """With the option that makes it work, which it does."""
    status, shown, ran = session("wagers", "-c", "config/pytest.ini", *workers)
    assert status != 0
    assert ran == []
    assert f"{project}/wagers/bet_1_first.py lies outside pytest's rootdir {project}/config" in shown
    option = re.search(r"Name a rootdir that holds both: (--rootdir=\S+)", shown)
    assert option
    status, shown, ran = session("wagers", "-c", "config/pytest.ini", option[1], *workers)
    assert (status, len(ran)) == (1, CELLS)
    assert "FAIL, catastrophic" in shown


def test_a_cell_that_the_session_did_not_expect_is_an_error(project: Path, session: Session) -> None:
    """The last net: a plugin that runs items which were not collected cannot hide a bet."""
    (project / "conftest.py").write_text(
        "import pytest\n"
        "held = []\n"
        "def pytest_collection_finish(session):\n"
        "    held[:] = session.items[:]\n"
        "@pytest.hookimpl(tryfirst=True, wrapper=True, specname='pytest_collection_finish')\n"
        "def pytest_hide(session):\n"
        "    hidden, session.items[:] = session.items[:], []\n"
        "    yield\n"
        "    session.items[:] = hidden\n"
    )
    status, shown, ran = session("wagers")
    assert len(ran) == CELLS
    assert status == 1
    assert "wagers/bet_1_first.py::experiment[1] ran, but was not among the cells that this session collected" in shown


LISTED = """
-k -m -x --exitfirst --maxfail --lf --last-failed --ff --failed-first --nf --new-first --sw --stepwise --pyargs
--ignore --ignore-glob --deselect --confcutdir --noconftest --keep-duplicates --collect-in-virtualenv --import-mode
--doctest-modules --basetemp -c --config-file --rootdir -o --override-ini -p -s --runxfail
"""
IRRELEVANT = """
--markers --strict-config --strict-markers --strict --fixtures --funcargs --fixtures-per-test --pdb --pdbcls --trace
--capture --cache-show --cache-clear --lfnf --last-failed-no-failures --sw-skip --stepwise-skip --sw-reset
--stepwise-reset --collect-only --co --doctest-report --doctest-glob --doctest-ignore-import-errors
--doctest-continue-on-failure --continue-on-collection-errors -V --version -h --help --debug --assert --setup-only
--setup-show --setup-plan --disable-plugin-autoload --trace-config
"""


def test_every_option_of_pytest_that_selects_or_configures_is_here(pytester: pytest.Pytester) -> None:
    """A new option in a later pytest fails this test until it is reviewed."""
    shown = pytester.runpytest_subprocess("--help", "-p", "no:randomly").stdout.str()
    known = {*LISTED.split(), *IRRELEVANT.split()}
    for section in ("general", "collection", "test session debugging and configuration"):
        text = shown.partition(f"\n{section}:\n")[2].partition("\n\n")[0]
        found = re.findall(r"^  (-[^ =\n,]+)(?:[ =][^,\n ]+)?(?:, (--[^ =\n,]+))?", text, re.MULTILINE)
        names = {name for pair in found for name in pair if name}
        assert names, section
        assert {name for name in names - known if not name.startswith("--allure")} == set(), section
