"""What the plugin registers with pytest: few objects, each with a name, and one alone in a session without bets."""

from pathlib import Path

import pytest

from tests.helpers.fixtures import Run, WriteBet
from tests.helpers.repositories import commit, git, isolate

CONFTEST = """
import os

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config):
    ours = [
        name for name, plugin in config.pluginmanager.list_name_plugin()
        if type(plugin).__module__.startswith("pytest_bets.")
    ]
    kind = "worker" if hasattr(config, "workerinput") else "main"
    with open(os.path.join(os.environ["REGISTERED"], f"{kind}{os.getpid()}"), "a") as file:
        file.write(" ".join(sorted(ours)) + "\\n")
"""
ONE_PROCESS = "bets-activation bets-collector bets-measuring bets-session bets-terminal"
CONTROLLER = "bets-activation bets-collector bets-controller bets-session bets-terminal"
WORKER = "bets-activation bets-collector bets-measuring"


@pytest.fixture
def registered(
    pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return the folder in which every process writes the names of the objects that the plugin registered in it."""
    folder = tmp_path_factory.mktemp("registered")
    monkeypatch.setenv("REGISTERED", str(folder))
    pytester.makeconftest(CONFTEST)
    return folder


def names(folder: Path, kind: str) -> set[str]:
    return {file.read_text().splitlines()[-1] for file in folder.glob(f"{kind}*")}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "two workers"])
@pytest.mark.parametrize("option", [(), ("--bets-pilot",), ("--bets-resume",), ("--bets-replay",)], ids=" ".join)
def test_at_most_five_objects_are_registered_in_any_process(
    bet: WriteBet, run: Run, registered: Path, option: tuple[str, ...], workers: tuple[str, ...]
) -> None:
    """Whatever the session does."""
    bet()
    if option == ("--bets-replay",):
        run()
    run(*option, *workers)
    assert names(registered, "main") == {CONTROLLER if workers else ONE_PROCESS}
    assert names(registered, "worker") == ({WORKER} if workers else set())


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["plain", "two workers"])
def test_no_more_are_registered_where_registration_is_required(
    bet: WriteBet, run: Run, registered: Path, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its check is a mark on the cells."""
    isolate(monkeypatch)
    git("init", "-q")
    Path("pytest.ini").write_text("[pytest]\nbets_registration = require\n", encoding="utf-8")
    bet()
    commit()
    run(*workers)
    assert names(registered, "main") == {CONTROLLER if workers else ONE_PROCESS}
    assert names(registered, "worker") == ({WORKER} if workers else set())


def test_no_more_are_registered_where_an_engine_runs_the_cells(bet: WriteBet, run: Run, registered: Path) -> None:
    """One object owns the loop and measures the cells of a resumed run."""
    bet()
    run("--bets-on", "local=1")
    assert names(registered, "main") == {ONE_PROCESS}
    assert names(registered, "worker") == {f"{WORKER} bets-serving"}


def test_a_session_without_bets_has_the_activation_alone(pytester: pytest.Pytester, run: Run, registered: Path) -> None:
    """And the controller where there are workers."""
    pytester.makepyfile(test_other="def test_passes(): pass")
    run()
    assert names(registered, "main") == {"bets-activation"}
    run("-n", "2")
    assert names(registered, "main") == {"bets-activation bets-controller"}
    assert names(registered, "worker") == {"bets-activation"}


def test_collecting_alone_needs_no_controller(bet: WriteBet, run: Run, registered: Path) -> None:
    """With --collect-only this process collects, whatever number of workers is asked for."""
    bet()
    run("--collect-only", "-n", "2")
    assert names(registered, "main") == {ONE_PROCESS}
