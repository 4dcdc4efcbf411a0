"""Other people's tests in the same session are what they are without us."""

import re
from pathlib import Path

import pytest

from tests.helpers.fixtures import WriteBet

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

def experiment(): raise AssertionError("nobody collects this")
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
    """Run a session; return what it says of every test, what the conftest saw, its exit code and the whole text."""
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
    """-p no:bets collects no bet, writes nothing, and knows no option of ours."""
    bet(above='raise RuntimeError("imported")')
    _, seen, _, shown = observe(pytester, "-p", "no:bets")
    assert "bet_1_first" not in seen + shown
    assert not Path("results").exists()
    result = pytester.runpytest_subprocess("-p", "no:bets", "--bets-gate", "none")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --bets-gate*"])


def test_marks_of_ours_are_known_where_marks_are_strict(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """--strict-markers takes every marker of a bet, and --markers tells what each says."""
    bet(
        markers={"control": '"count(gain > 1) <= 3"', "challenges": "2", "replicate": "2"},
        sections={"Control": "at most 3 cells exceed 1."},
        arguments="part, seed",
    )
    bet("bet_2_second.py", markers={"withdrawn": '"mistaken"'})
    result = pytester.runpytest_inprocess("--strict-markers", "-p", "no:randomly", "--bets-gate", "none", "-W", "error")
    assert result.ret == pytest.ExitCode.OK
    shown = pytester.runpytest_inprocess("--markers").stdout.str()
    for name in ("strict(sentence)", "replicate(n)", "challenges(number)", "withdrawn(reason)"):
        assert f"@pytest.mark.{name}: " in shown
