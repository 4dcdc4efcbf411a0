"""Plugins of others in a session with an engine: what they do is done where the cells run, or is refused."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.engines import real
from tests.helpers.fixtures import WriteBet


@dataclass(frozen=True)
class Case:
    """A plugin by its modules, the options of a session, the bet, its exit code, and what must be printed alike."""

    modules: tuple[str, ...]
    options: tuple[str, ...] = ()
    bet: dict[str, Any] = field(default_factory=dict)
    expect: int = 0
    alike: str = ""
    refused: str = ""


CASES: Final = {
    "coverage": Case(("pytest_cov",), ("--cov=.", "--cov-branch"), {}, alike=r"^bet_1_first\.py +\d+ .*$"),
    "coverage of all": Case(("pytest_cov",), ("--cov", "--cov-fail-under=1"), {}, alike=r"^bet_1_first\.py +\d+ .*$"),
    "no coverage": Case(("pytest_cov",), ("--cov=.", "--no-cov"), {}),
    "time limit": Case(
        ("pytest_timeout",),
        ("--timeout=2",),
        {"above": "import time", "body": "time.sleep(60 * (part == 3))\nreturn {'gain': part}"},
        expect=1,
        alike=r"Failed: Timeout \(>2.0s\)",
    ),
    "seeds": Case(
        ("pytest_randomly",),
        ("--randomly-seed=3",),
        {"above": "import random", "body": "return {'gain': random.random()}"},
    ),
    "asyncio": Case(("pytest_asyncio.plugin",), ("--asyncio-mode=auto",), {"function": "async def experiment"}),
    "anyio": Case(
        ("anyio.pytest_plugin",),
        (),
        {
            "function": "async def experiment",
            "markers": {"anyio": ""},
            "above": "@pytest.fixture\ndef anyio_backend(): return 'asyncio'",
        },
    ),
    "reruns, unused": Case(("pytest_rerunfailures", "xdist.plugin"), ("--reruns=0",)),
    "reruns": Case(("pytest_rerunfailures",), ("--reruns=2",), expect=1, refused="--reruns does not go with bets"),
    "retries, unused": Case(("pytest_retry.retry_plugin",)),
    "processes": Case(("xdist.plugin",), ("-n", "2"), refused="does not go with -n: choose one of them."),
}


def python_with(module: str) -> str:
    """Return a Python that has a plugin; the test is skipped where there is none, or it was not asked for."""
    package = module.partition(".")[0]
    found = real.interpreter(package)
    if reason := real.why_skipped("" if found else f"no {package}: .ci/engines installs it"):
        pytest.skip(reason)
    return found


@pytest.mark.parametrize("name", CASES)
def test_a_plugin_does_what_it_does_without_an_engine(pytester: pytest.Pytester, bet: WriteBet, name: str) -> None:
    """The record has the same bytes, and what the plugin prints is the same."""
    case = CASES[name]
    session = real.Session(pytester.path, python_with(case.modules[0]))
    bet(**case.bet)
    arguments = [*(part for module in case.modules for part in ("-p", module)), *case.options]
    if case.refused:
        shown = session.run(*arguments, "--bets-on", "local=2", expect=case.expect or 4)
        assert case.refused in " ".join(shown.split())
        return
    plain = session.run(*arguments, expect=case.expect)
    recorded = real.recorded(session.folder)
    assert recorded
    for path in (session.folder / "results").glob("*.json*"):
        path.unlink()
    shown = session.run(*arguments, "--bets-on", "local=2", expect=case.expect)
    assert real.recorded(session.folder) == recorded
    if case.alike:
        found = re.search(case.alike, plain, re.MULTILINE)
        assert found, plain
        assert found[0] in shown
    assert not list(Path(session.folder).glob(".coverage.*"))


def test_coverage_of_other_machines_is_refused(pytester: pytest.Pytester, bet: WriteBet) -> None:
    """It would be left out without a word."""
    session = real.Session(pytester.path, python_with("pytest_cov"))
    bet()
    shown = session.run("-p", "pytest_cov", "--cov=.", "--bets-on", "slurm", expect=4)
    words = "--bets-on slurm does not go with --cov: coverage is measured on this machine alone."
    assert words in " ".join(shown.split())
    assert not (session.folder / "results").exists()
