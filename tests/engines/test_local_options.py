"""pytest's own options in a session with an engine: each does what it does without one, or is refused."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import pytest

from pytest_bets.engines import local
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site
from tests.helpers.fixtures import Run, WriteBet

FAILS: Final = "print('printed', part)\nassert part != 2\nreturn {'gain': part}"
PRINTS: Final = "print('printed', part + 10)\nreturn {'gain': part}"


@pytest.fixture(autouse=True)
def project(bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write two bets, of which one has a cell that fails, and an ordinary test."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    bet(body=FAILS)
    bet("bet_2_second.py", body=PRINTS)
    pytester.makepyfile(test_other="def test_other(): pass")


def session(pytester: pytest.Pytester, *arguments: str) -> tuple[int, str, Mapping[str, str]]:
    """Run a session with pytest's cache, and return its exit code, what it printed, and every outcome by JUnit."""
    Path("junit.xml").unlink(missing_ok=True)
    result = pytester.runpytest_inprocess("-p", "pytest_bets.plugin", "--junitxml", "junit.xml", *arguments)
    shown = result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in shown
    cases = ElementTree.parse("junit.xml").getroot().iter("testcase") if Path("junit.xml").exists() else ()
    outcomes = {f"{case.get('classname')}::{case.get('name')}": "/".join(child.tag for child in case) for case in cases}
    return int(result.ret), shown, outcomes


ALIKE: Final = {
    "plain": (),
    "durations": ("--durations", "3", "-vv"),
    "all outcomes": ("-rA",),
    "short": ("--tb", "short"),
    "selected": ("-k", "second"),
    "marked": ("-m", "strict"),
    "stopped": ("-x",),
    "stopped after two": ("--maxfail", "2"),
    "collected": ("--collect-only", "-q"),
}
WORDS: Final = {
    "durations": (r"slowest 3 durations", r"s call +bet_\d_\w+\.py::experiment\[\d\]"),
    "all outcomes": (r"-+ Captured stdout call -+\nprinted 13\n", r"PASSED bet_2_second\.py::experiment\[3\]"),
    "short": (r"bet_1_first\.py:\d+: in experiment\n",),
    "stopped": (r"stopping after 1 failures",),
    "collected": (r"bet_1_first\.py::experiment\[4\]\n",),
}


@pytest.mark.parametrize("name", ALIKE)
def test_an_option_does_what_it_does_without_an_engine(pytester: pytest.Pytester, name: str) -> None:
    """The same exit code, the same outcome of every item that ran, and what the option is for."""
    plain, _, expected = session(pytester, *ALIKE[name])
    code, shown, outcomes = session(pytester, "--bets-on", "local=1", *ALIKE[name])
    assert code == plain
    if "stopped" not in name:  # the order is another one
        assert outcomes == expected
    assert [one for one, outcome in outcomes.items() if "failure" in outcome] == [
        one for one, outcome in expected.items() if "failure" in outcome
    ]
    for words in WORDS.get(name, ()):
        assert re.search(words, shown), shown


def test_cells_have_their_temporary_folders_in_the_one_that_is_named(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """The session makes that folder before any child, and an ordinary test that runs meanwhile leaves theirs alone."""
    bet(
        body="""
        (tmp_path / "kept").touch()
        until = time.monotonic() + 60
        while not (pathlib.Path("base") / "test_other0").exists() and time.monotonic() < until:
            time.sleep(0.05)
        return {"gain": part * (tmp_path / "kept").exists()}
        """,
        above="import pathlib, time",
        arguments="part, tmp_path",
    )
    body = """
    import pathlib, time
    def test_other(request):
        until = time.monotonic() + 60
        while not list(pathlib.Path("base").glob("*/*/kept")) and time.monotonic() < until:
            time.sleep(0.05)
        request.getfixturevalue("tmp_path")
    """
    pytester.makepyfile(test_other=body)
    options = ("bet_1_first.py", "test_other.py", "--bets-on", "local=1", "--basetemp")
    code, shown, _ = session(pytester, *options, "base")
    assert code == pytest.ExitCode.OK, shown
    code, shown, _ = session(pytester, *options, "missing/base")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert "--basetemp missing/base: [Errno 2] No such file or directory" in shown


def test_the_cache_is_cleared_once_and_not_by_every_child(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells may share what they keep in pytest's cache; with GPUs, each has a child of its own."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    body = """
    seen = pytestconfig.cache.get("bets/seen", 0)
    pytestconfig.cache.set("bets/seen", seen + 1)
    return {"gain": seen}
    """
    bet(body=body, arguments="part, pytestconfig", markers={"resources": "gpus=1"})
    for options in ((), ("--bets-on", "local=1")):
        code, shown, _ = session(pytester, "bet_1_first.py", "--cache-clear", *options)
        assert code == pytest.ExitCode.OK, shown
        assert "count(gain > 0) >= 3 (measured 3)" in shown


def test_what_cells_print_is_shown_after_each_where_it_is_not_captured(pytester: pytest.Pytester) -> None:
    """Once, and nothing else of the process that ran it."""
    _, shown, _ = session(pytester, "--bets-on", "local=2", "-s", "-v")
    assert sorted(re.findall(r"printed (\d+)", shown)) == sorted(map(str, (1, 2, 3, 4, 11, 12, 13, 14)))
    assert shown.count("test session starts") == 1
    assert shown.count("collected") == 1


def test_the_failed_ones_run_again_alone_or_first(pytester: pytest.Pytester) -> None:
    """A bet as a whole, also where the last run of another one took longer."""
    session(pytester, "--bets-on", "local=1")
    code, shown, outcomes = session(pytester, "--bets-on", "local=1", "--lf")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert {name.partition("::")[0] for name in outcomes} == {"bet_1_first"}
    assert "run-last-failure: rerun previous 7" in shown
    body = "import time; time.sleep(0.1)\nreturn {'gain': part}"
    path = Path("bet_2_second.py")
    path.write_text(path.read_text().replace("print('printed', part + 10)", body.partition("\n")[0]))
    session(pytester, "--bets-on", "local=1", "bet_2_second.py")
    for option in ("--ff", "--nf"):
        _, shown, _ = session(pytester, "--bets-on", "local=1", option, "-v")
        begun = re.findall(r"%\] (?:PASSED|FAILED) bet_(\d)_\w+\.py::experiment", shown)
        assert begun == (["1"] * 4 + ["2"] * 4 if option == "--ff" else ["2"] * 4 + ["1"] * 4)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--pdb", "the cells run in processes of their own"),
        ("--trace", "the cells run in processes of their own"),
        ("--setup-show", "the fixtures of the cells are set up in processes of their own"),
        ("--setup-only", "it runs no cell"),
        ("--setup-plan", "it runs no cell"),
        ("--stepwise", "it leaves out what stands before a failure"),
    ],
)
def test_an_option_that_cannot_work_is_refused_where_cells_would_run(
    pytester: pytest.Pytester, option: str, words: str
) -> None:
    """Before anything runs; in a session without bets it works."""
    pytester.makeini("[pytest]\nbets_on = local=1\n")
    code, shown, _ = session(pytester, option)
    assert code == pytest.ExitCode.USAGE_ERROR
    assert f"the setting bets_on = local=1 does not go with {option}: {words}" in shown
    assert not Path("results").exists()
    assert session(pytester, option, "test_other.py")[0] == pytest.ExitCode.OK if option != "--trace" else True


def test_xdist_is_refused_where_the_setting_names_an_engine_and_there_are_bets(
    run: Run, pytester: pytest.Pytester
) -> None:
    """Ordinary tests go on."""
    pytester.makeini("[pytest]\nbets_on = local=1\n")
    shown = run("-n", "1", expect=pytest.ExitCode.USAGE_ERROR)
    assert "the setting bets_on = local=1 does not go with -n: choose one of them." in shown
    run("-n", "1", "test_other.py")


def test_there_is_a_slot_for_every_cpu_that_this_process_may_use() -> None:
    """A container or a batch job may have fewer than the machine."""
    plan = Plan(*("/",) * 4, None, {}, (), (), (), (), {}, {}, {}, mixed=False)
    expected = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert local.open_engine("", plan, Site(Path(), "", bytes)).slots == expected
