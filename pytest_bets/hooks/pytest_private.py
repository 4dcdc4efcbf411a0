"""Everything of pytest that is used here and is not public: one place to look at when pytest changes."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import TerminalRepr
from _pytest.runner import runtestprotocol


def run_phases(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Run setup, call and teardown of an item, and return their reports without logging them.

    The public hook `pytest_runtest_protocol` logs the reports. A tier must not be logged on a worker.
    """
    return runtestprotocol(item, log=False, nextitem=nextitem)


def config_from(options: dict[str, Any], arguments: list[str]) -> pytest.Config:
    """Return the configuration of a session in another process, from the options of the one that asked for it."""
    return pytest.Config.fromdictargs(options, arguments)


def run_session(config: pytest.Config) -> int:
    """Run a session with a configuration, and return its exit status."""
    try:
        return int(config.hook.pytest_cmdline_main(config=config) or 0)
    finally:
        config._ensure_unconfigure()


def make_basetemp(config: pytest.Config) -> Path | None:
    """Make the folder for temporary files, empty, and return it; None where the plugin that has it is blocked.

    pytest makes it when the first test asks for it, and then removes what is there.
    """
    factory = getattr(config, "_tmp_path_factory", None)
    return None if factory is None else Path(factory.getbasetemp())


def add_section(report: pytest.TestReport, text: str) -> None:
    """Add a section below the failure that a report shows; its own `sections` are shown only with captured output."""
    if isinstance(report.longrepr, TerminalRepr) and hasattr(report.longrepr, "addsection"):
        report.longrepr.addsection("pytest-bets", text)


def tear_down_all(session: pytest.Session) -> str:
    """Tear down what a session has set up; return the error of a fixture that fails in it."""
    try:
        session._setupstate.teardown_exact(None)
    except (Exception, pytest.fail.Exception, pytest.skip.Exception):
        return traceback.format_exc()
    return ""


def has_fixture(cell: pytest.Function, name: str) -> bool:
    """Return whether a cell can use a fixture of this name: pytest has no public query for one item."""
    return bool(cell.session._fixturemanager.getfixturedefs(name, cell))


def is_fixture(session: pytest.Session | None, name: str) -> bool:
    """Return whether a plugin or a conftest.py that is for all tests has a fixture of this name."""
    manager = getattr(session, "_fixturemanager", None)  # there is none before the session starts
    return manager is not None and bool(manager.getfixturedefs(name, session))


def fixture_names(cell: pytest.Function) -> list[str]:
    """Return the fixtures that a cell can use: pytest lists them only in the error for a missing one."""
    error = pytest.FixtureLookupError("", cell._request).formatrepr()
    return getattr(error, "errorstring", "").partition("available fixtures: ")[2].partition("\n")[0].split(", ")


def fixture_functions(cell: pytest.Function, name: str) -> Sequence[object]:
    """Return the functions behind a fixture name, the overriding one last.

    The public `request.getfixturevalue` would run them; the question comes up at collection.
    """
    return [definition.func for definition in cell._fixtureinfo.name2fixturedefs.get(name, ())]
