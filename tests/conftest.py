"""Writes bet files for the tests, valid but for what a test changes."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import hypothesis  # noqa: F401  # its plugin imports it in every session in this process: 0.8 s each, unless it is here
import pytest
import scipy.special  # noqa: F401  # a session in this process forgets what it imports, and numpy loads only once

import pytest_bets.hooks.register  # noqa: F401  # a session in this process finds all parts loaded, never a half of them
from tests.helpers.fixtures import Refused, Run, WriteBet
from tests.helpers.histories import History, template
from tests.helpers.repositories import isolate

_SECTIONS = {
    "Hypothesis": "the gain is positive, whatever the part.",
    "Strict": "at least 3 of 4 cells gain.",
    "Lenient": "at least 2 of 4 cells gain.",
    "Catastrophic": "fewer than 1 of 4 cells gains.",
    "Run": "pytest",
}
_MARKERS = {
    "strict": '"count(gain > 0) >= 3"',
    "lenient": '"count(gain > 0) >= 2"',
    "catastrophic": '"count(gain > 0) < 1"',
    "parametrize": '"part", [1, 2, 3, 4]',
}

Expected = pytest.ExitCode | Callable[[str], pytest.ExitCode]


@pytest.fixture(autouse=True)
def plain_sessions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start sessions without schemathesis, which takes a second, and print the same on a CI server as elsewhere.

    They write no bytecode: a test that changes one digit of a file within a second would run the old one. They still
    read that of the plugin, which this process has written.
    """
    if "pytester" in request.fixturenames:
        request.getfixturevalue("pytester")  # unsets the variable
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")
    for server in ("CI", "BUILD_NUMBER"):  # pytest shortens the messages of its summary where neither is set
        monkeypatch.delenv(server, raising=False)


@pytest.fixture
def bet(pytester: pytest.Pytester) -> WriteBet:
    """Return a function that writes a bet file of four cells and returns its path.

    `sections` and `markers` replace or add entries by name, None drops one; a marker's value is the source of its
    arguments. `body` is the experiment's, `above` stands before it, `arguments` are its parameters.
    """

    def write(
        file: str = "bet_1_first.py",
        body: str = 'return {"gain": part}',
        *,
        title: str = "A first claim.",
        sections: dict[str, str | None] | None = None,
        markers: dict[str, str | None] | None = None,
        above: str = "",
        arguments: str = "part",
        function: str = "def experiment",
    ) -> Path:
        texts = {**_SECTIONS, **(sections or {})}
        prose = "\n".join(f"{name}: {text}" for name, text in texts.items() if text is not None)
        stacked = {**_MARKERS, **(markers or {})}
        decorators = "\n".join(f"@pytest.mark.{name}({text})" for name, text in stacked.items() if text is not None)
        source = (
            f'"""{title}\n\n{prose}\n"""\n\nimport pytest\n\n{dedent(above)}\n\n'
            f"{decorators}\n{function}({arguments}):\n{indent(dedent(body), '    ')}\n"
        )
        path = pytester.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
        return path

    return write


@pytest.fixture
def refused(pytester: pytest.Pytester) -> Refused:
    """Return a function that collects, expects collection errors and nothing else, and returns their text."""

    def collect(*arguments: str) -> str:
        result = pytester.runpytest_inprocess("--collect-only", "-p", "no:randomly", "-W", "default", *arguments)
        shown = result.stdout.str()
        assert result.ret == pytest.ExitCode.INTERRUPTED, shown
        assert "INTERNALERROR" not in shown + result.stderr.str()
        section = re.search(r"^=+ ERRORS =+$\n(.*?)\n=+ ", shown, re.MULTILINE | re.DOTALL)
        assert section, shown
        return section[1]

    return collect


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a session in this process, and returns all that was printed.

    Its exit code must be the expected one, or what that makes of the output. No other plugin than this one, and xdist
    for those that ask for it: sessions are quick, and say the same everywhere.
    """
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def session(*arguments: str, expect: Expected = pytest.ExitCode.OK) -> str:
        plugins = (
            "-p",
            "pytest_bets.plugin",
            "-p",
            "no:cacheprovider",
            *(("-p", "xdist") if "-n" in arguments else ()),
        )
        result = pytester.runpytest_inprocess(*plugins, *arguments)
        shown = result.stdout.str() + result.stderr.str()
        assert "INTERNALERROR" not in shown
        assert result.ret == (expect(shown) if callable(expect) else expect), shown
        return shown

    return session


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the repository that every history begins with."""
    with pytest.MonkeyPatch.context() as patch:
        isolate(patch)
        return template(tmp_path_factory.mktemp("history"))


@pytest.fixture
def history(made: Path, pytester: pytest.Pytester, run: Run, monkeypatch: pytest.MonkeyPatch) -> History:
    """Return a history of its own, in which the test stands, with a bet that was declared, run and lost."""
    isolate(monkeypatch)
    return History(made, pytester.path, run, monkeypatch)
