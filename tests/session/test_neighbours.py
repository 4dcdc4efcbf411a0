"""Other people's tests in the same session are what they are without us."""

import os
import re
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, cast

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.hooks.xdist import Controller
from tests.helpers.fixtures import Refused, Run, WriteBet

TESTS = '''
"""Tests of all kinds, with marks of ours that mean nothing here."""
import unittest
import warnings

import pytest
from hypothesis import given, strategies


@pytest.mark.strict
def test_marked_strict(): pass

@pytest.mark.control("not a sentence")
@pytest.mark.parametrize("part", ["strict", "a::b"])
def test_parametrized(part, doubled): assert doubled == part * 2

@given(strategies.integers())
def test_property(number): assert number == number

def test_output(capsys):
    print("seen")
    assert capsys.readouterr().out == "seen\\n"

@pytest.mark.xfail
def test_expected(): raise RuntimeError

@pytest.mark.xfail(strict=True)
def test_unexpected(): pass

@pytest.mark.skip(reason="not today")
def test_skipped(): pass

def test_failed(): assert [1, 2] == [1, 3]

def test_broken_fixture(broken): pass

def test_subtests(subtests):
    for index in range(2):
        with subtests.test(index=index): assert index == 0

def test_warns(): warnings.warn("careful")

def test_returned_nothing_but_this(record_property): record_property("bets_data", "mine")

class TestClass:
    def strict(self): raise AssertionError
    def test_method(self, tmp_path): assert tmp_path.is_dir()

class Case(unittest.TestCase):
    def test_case(self): self.assertTrue(True)

def experiment(): raise AssertionError("this is not collected")
'''
CONFTEST = """
import pytest

seen = []

@pytest.fixture
def doubled(part): return part * 2

@pytest.fixture
def broken(): raise RuntimeError("broken")

def pytest_collection_modifyitems(items): items.reverse()

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    report.sections.append(("mine", "section"))
    return report

def pytest_runtest_logreport(report): seen.append((report.nodeid, report.when, report.outcome))

def pytest_generate_tests(metafunc):
    if "generated" in metafunc.fixturenames: metafunc.parametrize("generated", [1, 2])

def pytest_report_teststatus(report):
    if report.when == "call" and report.passed and "method" in report.nodeid: return "mine", "m", "MINE"

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        own = sorted({str(item) for item in seen if "test_" in item[0]})
        (session.config.rootpath / "seen.txt").write_text("\\n".join(own))
"""
DOCTEST = """
>>> 1 + 1
2
"""


@pytest.fixture
def neighbours(pytester: pytest.Pytester) -> None:
    """Write tests, a conftest.py with hooks, and settings that another project might have."""
    (pytester.path / "test_all.py").write_text(TESTS)
    (pytester.path / "conftest.py").write_text(CONFTEST)
    (pytester.path / "test_doc.txt").write_text(DOCTEST)
    (pytester.path / "pytest.ini").write_text(
        "[pytest]\naddopts = -p no:randomly -p no:cacheprovider\nmarkers =\n  strict\n  control\n"
    )


def observe(pytester: pytest.Pytester, *arguments: str) -> tuple[dict[str, str], str, int, str]:
    """Run a session; return what it says about every test, what the conftest saw, its exit code and the whole text."""
    result = pytester.runpytest_subprocess("-v", *arguments)
    shown = result.stdout.str()
    distributed = re.findall(r"^\[gw\d\] \[ *\d+%\] ([A-Z]+|MINE) (test_\S+)", shown, re.MULTILINE)
    plain = re.findall(r"^(test_\S+) ([A-Z]+)", shown, re.MULTILINE)
    said = {test: word for word, test in distributed} | dict(plain)
    return said, Path("seen.txt").read_text(), int(result.ret), shown


def errors(shown: str) -> list[str]:
    """Return the lines that show what failed, whichever worker was the first to fail."""
    return sorted(line for line in shown.splitlines() if line.startswith("E  "))


@pytest.mark.usefixtures("neighbours")
@pytest.mark.parametrize("arguments", [[], ["-p", "xdist", "-n", "2"]], ids=["plain", "distributed"])
def test_tests_have_the_same_outcomes_with_us_and_without(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """Without the plugin, with it, and beside a bet: every outcome, phase, failure and warning is the same."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    without = observe(pytester, *arguments)
    assert len(without[0]) >= 14
    assert set(without[0].values()) >= {"PASSED", "FAILED", "SKIPPED", "XFAIL", "ERROR", "MINE"}
    with_us = observe(pytester, "-p", "pytest_bets.plugin", *arguments)
    assert with_us[:3] == without[:3]
    bet()
    beside = observe(pytester, "-p", "pytest_bets.plugin", *arguments)
    assert beside[:3] == without[:3]
    assert "1_first  PASS " in beside[3]
    assert errors(beside[3]) == errors(with_us[3]) == errors(without[3])
    counts = [re.search(r"=+ (.*) in ", text.splitlines()[-1]) for text in (with_us[3], without[3])]
    assert counts[0]
    assert counts[1]
    assert counts[0][1] == counts[1][1]


@pytest.mark.usefixtures("neighbours")
def test_without_the_plugin_a_bet_file_is_left_alone(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """-p no:bets, a shorter name of -p no:pytest_bets, collects no bet, writes nothing, and knows no option of ours."""
    bet(above='raise RuntimeError("imported")')
    _, seen, _, shown = observe(pytester, "-p", "no:bets")
    assert "bet_1_first" not in seen + shown
    assert not Path("results").exists()
    result = pytester.runpytest_subprocess("-p", "no:bets", "--bets-gate", "none")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --bets-gate*"])


def test_marks_of_ours_are_known_where_marks_are_strict(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """--strict-markers takes every marker of a bet, and --markers shows them."""
    bet(
        markers={"control": '"count(gain > 1) <= 3"', "challenges": "2", "replicate": "2"},
        sections={"Control": "at most 3 cells exceed 1."},
        arguments="part, seed",
    )
    bet("bet_2_second.py", markers={"withdrawn": '"mistaken"'})
    result = pytester.runpytest_inprocess(
        *("--strict-markers", "-p", "no:randomly", "--bets-gate", "none", "-W", "error", "-m", "strict or control")
    )
    assert result.ret == pytest.ExitCode.OK
    shown = pytester.runpytest_inprocess("--markers").stdout.str()
    for name in ("strict(sentence)", "replicate(n)", "challenges(number)", "withdrawn(reason)"):
        assert f"@pytest.mark.{name}: " in shown


def test_a_test_file_may_import_a_bet_before_it_is_collected(bet: WriteBet, run: Run) -> None:
    """In a project whose folder `bets` has bets, or that has settings of bets, their markers are known at once."""
    bet("bets/bet_1_first.py")
    Path("a_test.py").write_text("import bet_1_first\n\ndef test_it(): assert bet_1_first.experiment(2)\n")
    Path("pytest.ini").write_text("[pytest]\npythonpath = bets\n")
    run("--strict-markers", "-W", "error", "a_test.py")


MARKED = "import pytest\n@pytest.mark.{marker}\ndef test_it(): pass\n"
ALIAS = "import pytest\nboth = pytest.mark.control\n"
UTIL = "def test_in_util(): assert 0\n"
MODULES = """
import pytest
class Module(pytest.Module): pass
def pytest_pycollect_makemodule(module_path, parent):
    return Module.from_parent(parent, path=module_path)
"""
LATER = "def pytest_configure(config): config.addinivalue_line('python_files', 'bet_*.py')"
ZERO = """
import pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session):
    session.exitstatus = 0
    return (yield)
"""
PATTERNS = """
def pytest_collection_finish(session): print(session.config.getini("python_files"))
def pytest_collectreport(report): print("collected", report.nodeid, report.outcome)
"""
OWN_OPTIONS = """
import pytest
def pytest_addoption(parser):
    parser.addoption("--bets", action="store_true"); parser.addoption("--replicate", default="7")
    parser.addini("bets", "mine", default="yes"); parser.addini("strict_bets", "mine")
@pytest.fixture
def seed(request): return request.config.getoption("replicate")
"""
TEST = {"test_a.py": "def test_a(): pass\n"}
PROJECTS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    # the files of a project without bets, and the arguments of a session
    "a number alone": ({**TEST, "bet_365.py": "x = 1\n"}, ()),
    "a model": ({**TEST, "src/app/bet_1_model.py": "raise SystemExit\n"}, ()),
    "Python 2": ({**TEST, "bet_0001_initial.py": "print 'old'\n"}, ()),
    "numbered tests": ({"bet_2_test.py": "def test_b(): pass\n", "bet_1_test.py": "def test_c(): assert 0\n"}, ()),
    "a number on the command line": ({"bet_365.py": "def test_b(): pass\n"}, ("bet_365.py",)),
    "an own marker": ({"bet_x_test.py": MARKED.format(marker="strict")}, ()),
    "an own marker with a reason": ({"bet_1_test.py": MARKED.format(marker='control("numpy>=1.2")')}, ()),
    "two own markers": (
        {"bet_1_test.py": MARKED.format(marker="strict('a -> b')") + "@pytest.mark.lenient\ndef test_2(): pass\n"},
        ("-W", "error::pytest.PytestUnknownMarkWarning"),
    ),
    "a helper with a marker": ({**TEST, "bet_marks.py": ALIAS, "bet_1_marks.py": ALIAS}, ()),
    "strict markers": ({"test_b.py": MARKED.format(marker="strict")}, ("--strict-markers",)),
    "a marker that is not registered": ({"test_b.py": MARKED.format(marker="strict")}, ("-m", "strict")),
    "strict markers on the command line": (TEST, ("--strict-markers", "-m", "strict")),
    "a folder bets": ({**TEST, "bets/bet_1_model.py": "x = 1\n", "bets/__init__.py": ""}, ("--strict-markers",)),
    "a hook that makes modules": ({**TEST, "lib/conftest.py": MODULES, "lib/bet_util.py": UTIL}, ()),
    "a helper that exits": ({**TEST, "lib/conftest.py": MODULES, "lib/bet_util.py": "raise SystemExit\n"}, ()),
    "a pattern that is added later": ({**TEST, "conftest.py": LATER, "bet_b.py": "def test_b(): pass\n"}, ()),
    "settings and reports": ({**TEST, "conftest.py": PATTERNS, "bet_util.py": UTIL}, ("-s",)),
    "an exit status": ({"conftest.py": ZERO, "test_a.py": "def test_a(): assert 0\n", "bet_util.py": UTIL}, ()),
    "own names": (
        {"conftest.py": OWN_OPTIONS, "test_a.py": "def test_a(seed): assert seed == '7'\n", "bet_util.py": UTIL},
        ("--bets", "-o", "bets=no"),
    ),
    "no python": (
        {**TEST, "bet_1.py": "x = 1\n", "a.txt": ">>> 1 + 1\n2\n"},
        ("-p", "no:python", "--doctest-glob=*.txt"),
    ),
    "no python and no tests": (TEST, ("-p", "no:python")),
    "no terminal": ({**TEST, "bet_365.py": "x = 1\n"}, ("-p", "no:terminal")),
    "two workers": ({**TEST, "bet_2_test.py": "def test_b(): pass\n"}, ("-p", "xdist", "-n", "2")),
}


def lines(pytester: pytest.Pytester, *arguments: str) -> tuple[int, list[str]]:
    """Run a session; return its exit status and what it prints, without times."""
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
    shown = result.stdout.str() + result.stderr.str()
    shown = re.sub(r"in \d+\.\d+s|0x[0-9a-f]+|^plugins: .*$|^\[gw\d\]", "", shown, flags=re.MULTILINE)
    return int(result.ret), shown.splitlines()


@pytest.mark.parametrize("project", PROJECTS)
def test_a_project_without_bets_is_as_without_the_plugin(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, project: str
) -> None:
    """Every line and the exit status are the same, whatever the names of its files, markers, options and hooks."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    files, arguments = PROJECTS[project]
    for name, text in files.items():
        (pytester.path / name).parent.mkdir(parents=True, exist_ok=True)
        (pytester.path / name).write_text(text)
    monkeypatch.setattr(pytest.mark, "_markers", set())  # sessions in this process would share the known markers
    without = lines(pytester, *arguments)
    monkeypatch.setattr(pytest.mark, "_markers", set())
    assert lines(pytester, "-p", "pytest_bets.plugin", *arguments) == without


def test_the_status_that_a_project_sets_stays_beside_a_bet(bet: WriteBet, run: Run) -> None:
    """Only what the plugin reports at the end of a session makes it red."""
    Path("conftest.py").write_text(ZERO)
    Path("test_a.py").write_text("def test_a(): assert 0\n")
    bet()
    assert "1 failed" in run(expect=pytest.ExitCode.OK)


def test_a_folder_that_cannot_be_read_is_passed_over(bet: WriteBet, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a database has one below the root of many projects: here every question about it is refused."""
    bet("bets/bet_1_first.py")
    bet("deep/bet_2_second.py", markers={"challenges": "1"})
    Path("deep/data").mkdir()
    real = os.stat

    def refusing(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
        if "data/" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", refusing)
    assert "2 bets: 2 PASS" in run("--ignore=deep/data")
    assert len(Catalogue(Path.cwd()).paths) == 2


def test_no_folder_is_walked_for_a_file_that_is_no_bet(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor beside a bet that is collected: a root may be a home folder."""
    Path("test_a.py").write_text("def test_a(): pass\n")
    Path("bet_util.py").write_text("x = 1\n")
    Path("bet_365.py").write_text("x = 1\n")
    walked: list[object] = []

    def walk(top: object, *_: object) -> list[object]:
        walked.append(top)
        return []

    monkeypatch.setattr(os, "walk", walk)
    run()
    assert walked == []


def test_the_controller_asks_for_each_file_once(pytester: pytest.Pytester) -> None:
    """Not for each item, and not again for each worker: the ids are many, and the first list is enough."""
    config = pytester.parseconfigure()
    asked: list[Path] = []

    class Counting:
        settings = session = None

        def is_bet(self, path: Path) -> bool:
            asked.append(path)
            return False

    controller = Controller(config, cast(Any, Counting()))
    ids = [f"{file}.py::test[{index}]" for file in ("a", "b") for index in range(100)]
    for _ in range(16):
        controller.pytest_xdist_node_collection_finished(None, ids)
    assert sorted(asked) == [config.rootpath / "a.py", config.rootpath / "b.py"]


def test_assertions_of_a_bet_are_rewritten_and_those_of_a_helper_are_not(bet: WriteBet, run: Run) -> None:
    """A bet shows its values however it is imported; a helper is not changed."""
    Path("pkg").mkdir()
    Path("pkg/__init__.py").write_text("")
    Path("pkg/bet_util.py").write_text("def check(a):\n    assert a == 5\n")
    bet("pkg/bet_1_first.py", body='assert part != 2\nreturn {"gain": part}')
    # an older pytest gives a module another name in the second mode, and rewrites it only by its name
    for mode in ("prepend", "importlib") if pytest.version_tuple >= (9,) else ("prepend",):
        assert "assert 2 != 2" in run(f"--import-mode={mode}", expect=pytest.ExitCode.TESTS_FAILED)
    Path("test_a.py").write_text("from pkg.bet_util import check\ndef test_a(): check(4)\n")
    shown = run("test_a.py", expect=pytest.ExitCode.TESTS_FAILED)
    assert "AssertionError" in shown
    assert "assert 4 == 5" not in shown


SECTIONS = ("Hypothesis", "Strict", "Lenient", "Catastrophic", "Run")
MISTYPED: dict[str, dict[str, Any]] = {
    "a tier is missing": {"markers": {"lenient": None}},
    "two tiers are missing": {"markers": {"lenient": None, "strict": None}},
    "a sentence has a typo": {"markers": {"strict": '"coutn(gain > 0) >= 3"'}},
    "sentences are no literals": {
        "markers": {"strict": "A", "lenient": "A", "catastrophic": "A"},
        "above": 'A = "count(gain > 0) >= 3"',
    },
    "no marker has its name": {"markers": {"strict": None, "lenient": None, "catastrophic": None, "stric": '"1 > 0"'}},
    "the docstring is another one": {"sections": dict.fromkeys(SECTIONS)},
    "it is no Python": {"body": "return {"},
}


@pytest.mark.parametrize("mistake", MISTYPED)
def test_the_first_bet_of_a_project_is_an_error_where_it_is_mistyped(
    bet: WriteBet, refused: Refused, mistake: str
) -> None:
    """Alone in its folder, with no setting: what is in it says that it is meant as a bet."""
    bet(**MISTYPED[mistake])
    assert "bet_1_first.py:" in refused()


OLD = "bets" in {entry.name for entry in entry_points(group="pytest11")}


@pytest.mark.skipif(OLD, reason="the installed metadata is older than the source: pip install -e .")
def test_the_plugin_leaves_the_name_bets_to_the_project(pytester: pytest.Pytester, bet: WriteBet) -> None:
    """Its own bets.py is the plugin that it names; a conftest may register that name; ours can be blocked by both."""
    Path("bets.py").write_text("import pytest\n@pytest.fixture\ndef mine(): return 5\n")
    Path("test_a.py").write_text("def test_a(mine): assert mine == 5\n")
    pytester.syspathinsert(pytester.path)
    assert pytester.runpytest_subprocess("-p", "bets").ret == pytest.ExitCode.OK
    Path("conftest.py").write_text(
        "pytest_plugins = ['bets']\nclass Mine: pass\ndef pytest_configure(config):\n"
        "    config.pluginmanager.register(Mine(), 'bets-of-mine')\n"
    )
    assert pytester.runpytest_subprocess().ret == pytest.ExitCode.OK
    Path("conftest.py").write_text(
        "import bets\ndef pytest_configure(config):\n    config.pluginmanager.register(bets, 'bets')\n"
    )
    assert pytester.runpytest_subprocess().ret == pytest.ExitCode.OK
    bet()
    for blocked in ("no:bets", "no:pytest_bets"):
        result = pytester.runpytest_subprocess("-p", blocked, "--bets-gate", "none")
        result.stderr.fnmatch_lines(["*unrecognized arguments: --bets-gate*"])


def test_the_entry_point_has_the_name_of_the_package() -> None:
    """`bets` is a word that projects use."""
    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["entry-points"]["pytest11"] == {"pytest_bets": "pytest_bets.plugin"}
