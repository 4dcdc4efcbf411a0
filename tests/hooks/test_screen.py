"""The status line on a real terminal: it is there while a cell runs, and leaves what pytest prints as it is."""

import os
import re
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from pytest_bets.hooks.screen import mode_of
from tests.helpers.fixtures import WriteBet
from tests.helpers.screens import Terminal

ABOVE: Final = """
import os, pathlib, threading, time

def train(progress):
    for step in progress(range(100), "train"):
        progress.update(loss=2.5)
        if step == 59:
            yield

def wait(name):
    while not pathlib.Path(name).exists():
        time.sleep(0.01)
"""
BODY: Final = """
if part == 3:
    for _ in train(progress):
        wait("go")
return {"gain": part}
"""
CLASSIC: Final = ("-o", "console_output_style=classic")
"""With it, pytest does not fill its lines, which would hide what is left of another one."""
LINE: Final = re.compile(
    r"^bets 0/1, cells 2/4, (?:over )?\d+ s left \| 1\[3\] train 59/100 loss 2.5( 0:\d\d)?$", re.MULTILINE
)


def waiting(bet: WriteBet, file: str = "bet_1_first.py") -> None:
    bet(file, body=BODY, above=ABOVE, arguments="part, progress")


def untimed(text: str) -> str:
    """Return what a session has shown without what differs from run to run."""
    text = re.sub(r" in \d+\.\d+s", "", text)
    text = re.sub(r"=+", "=", text)
    return re.sub(r"\d records? written, \d unchanged", "", text)


@pytest.mark.parametrize(
    "arguments", [(), ("-v", *CLASSIC), ("-n", "2", "-v"), ("--bets-on", "local=1", "-q")], ids=" ".join
)
def test_the_line_is_there_while_a_cell_runs_and_leaves_no_trace(
    bet: WriteBet, pytester: pytest.Pytester, arguments: tuple[str, ...]
) -> None:
    """What the terminal shows in the end is what it shows without the line; also where the screen scrolls."""
    waiting(bet)
    session = Terminal(pytester.path, *arguments, rows=9)  # the header alone has more
    shown = session.until(re.compile(r"1\[3\] train 59/100").search)
    assert shown.count("cells ") == 1
    assert LINE.search(shown.splitlines()[-1]) or "-n" in arguments
    Path("go").touch()
    shown = session.end()
    assert session.process.returncode == 0
    assert "cells 2/4" not in shown
    assert "train" not in shown
    if arguments in ((), ("-v", *CLASSIC)):  # elsewhere, the order of the lines is not always the same
        plain = Terminal(pytester.path, *arguments, "--bets-progress", "off", rows=9).end()
        assert untimed(shown) == untimed(plain)


@pytest.mark.parametrize("how", ["breakpoint", "--pdb"])
def test_a_debugger_has_the_terminal_for_itself(bet: WriteBet, pytester: pytest.Pytester, how: str) -> None:
    """Nothing is drawn between its prompt and the answer; afterwards the line is there again."""
    stop = "breakpoint()" if how == "breakpoint" else "assert pathlib.Path('none').exists()"
    body = f"if part == 3:\n    time.sleep(1.2)\n    {stop}\nif part == 4:\n    wait('go')\nreturn {{'gain': part}}"
    bet(body=body, above=ABOVE)
    session = Terminal(pytester.path, *(["--pdb"] if how == "--pdb" else []))
    session.until(lambda shown: "bets 0/1, cells 2/4" in shown)
    session.until(lambda shown: "(Pdb)" in shown)
    before = len(session.raw)
    for _ in range(12):
        session.read(0.1)
    assert session.raw[before:].strip() == ""
    session.type("p 6 * 7\n")
    shown = session.until(lambda shown: "\n42\n" in shown)
    assert "cells 2/4" not in shown
    session.type("c\n")
    session.until(lambda shown: "bets 0/1, cells 3/4" in shown)
    Path("go").touch()
    assert "cells 3/4" not in session.end()


def test_a_session_that_is_interrupted_leaves_no_line(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Ctrl-C while a cell runs; on a narrow terminal, where the line is cut and does not wrap."""
    waiting(bet)
    session = Terminal(pytester.path, "-q", columns=44)
    shown = session.until(re.compile(r"^bets 0/1, cells 2/4.* running$", re.MULTILINE).search)
    assert len(shown.splitlines()) == 2
    os.killpg(session.process.pid, signal.SIGINT)
    shown = session.end()
    assert "KeyboardInterrupt" in shown
    assert "cells 2/4" not in shown


def test_there_is_no_bar_where_cells_print(bet: WriteBet, pytester: pytest.Pytester) -> None:
    """Not one escape sequence."""
    bet(body="if part == 3:\n    time.sleep(1.2)\nprint('by a cell')\nreturn {'gain': part}", above=ABOVE)
    session = Terminal(pytester.path, "-s", "--color=no")
    session.end()
    assert "\x1b" not in session.raw
    assert "cells 2/4" not in session.raw


class Config:
    """As much of pytest's as the choice needs."""

    def __init__(self, capture: str = "fd", verbosity: int = 0, reporter: object = None) -> None:
        self.given = {"capture": capture}
        self.verbosity = verbosity
        self.pluginmanager = SimpleNamespace(get_plugin=lambda _: reporter)

    def getoption(self, name: str, default: object) -> object:
        return self.given.get(name, default)

    def get_verbosity(self) -> int:
        return self.verbosity


REPORTER: Final = SimpleNamespace(ensure_newline=None)


@pytest.mark.parametrize(
    ("asked", "config", "terminal", "mode"),
    [
        ("auto", Config(reporter=REPORTER), "xterm", "bar"),
        ("bar", Config(reporter=REPORTER), "xterm", "bar"),
        ("bar", Config(reporter=REPORTER, verbosity=-2), "xterm", "bar"),
        ("auto", Config(reporter=REPORTER, verbosity=-1), "xterm", "bar"),
        ("auto", Config(reporter=REPORTER, verbosity=-2), "xterm", "off"),
        ("line", Config(reporter=REPORTER), "xterm", "line"),
        ("off", Config(reporter=REPORTER), "xterm", "off"),
        ("auto", Config(reporter=None), "xterm", "off"),  # -p no:terminal
        ("auto", Config(reporter=object()), "xterm", "line"),  # a reporter that is not pytest's
        ("auto", Config("no", reporter=REPORTER), "xterm", "line"),
        ("bar", Config("no", reporter=REPORTER), "xterm", "line"),
        ("auto", Config("tee-sys", reporter=REPORTER), "xterm", "line"),
        ("auto", Config("sys", reporter=REPORTER), "xterm", "bar"),
        ("auto", Config(reporter=REPORTER), "dumb", "line"),
        ("auto", Config(reporter=REPORTER), None, "line"),
        ("auto", Config(reporter=REPORTER), "", "line"),
        ("bar", Config(reporter=REPORTER), "", "line"),
    ],
)
def test_a_bar_needs_a_terminal_on_which_pytest_alone_writes(
    monkeypatch: pytest.MonkeyPatch, asked: str, config: Any, terminal: str | None, mode: str
) -> None:
    """Whatever is asked for; an empty name of the terminal stands for a file here."""
    monkeypatch.setattr("sys.stdout", SimpleNamespace(isatty=lambda: terminal != "") if terminal is not None else None)
    monkeypatch.setenv("TERM", terminal or "xterm")
    assert mode_of(asked, config) == mode


def test_a_line_a_minute_is_printed_where_there_is_no_terminal(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a line of its own; pytest begins another one. Here a minute has half a second."""
    bet(body="if part == 3:\n    time.sleep(1.4)\nreturn {'gain': part}", above=ABOVE)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest("import pytest_bets.hooks.screen\npytest_bets.hooks.screen.MINUTE = 0.4")
    for options, before, after in (
        ((), "bet_1_first.py ..", "....."),
        (("-v",), "bet_1_first.py::experiment[3] ", "bet_1_first.py::experiment[3] PASSED"),
    ):
        result = pytester.runpytest_subprocess("-p", "pytest_bets.plugin", *options)
        lines = [line.rstrip() for line in result.outlines]
        marked = [index for index, line in enumerate(lines) if line.startswith("bets 0/1, cells 2/4")]
        assert len(marked) >= 2, lines
        assert lines[marked[0] - 1] == before.rstrip()
        rest = [line for line in lines[marked[-1] + 1 :] if not re.match(r"bets \d/1, cells ", line)]
        assert "".join(rest).startswith(after)
        assert marked == [*range(marked[0], marked[-1] + 1)]
        assert "\x1b" not in result.stdout.str()


def test_a_line_a_minute_stands_alone_among_the_dots_of_workers(
    bet: WriteBet, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They belong to no file, so pytest does not say that a line is unfinished."""
    bet(body="if part == 3:\n    time.sleep(1.4)\nreturn {'gain': part}", above=ABOVE)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeconftest("import pytest_bets.hooks.screen\npytest_bets.hooks.screen.MINUTE = 0.4")
    lines = pytester.runpytest_subprocess("-p", "pytest_bets.plugin", "-p", "xdist", "-n", "2").outlines
    shown = [line for line in lines if "bets 0/1, cells" in line]
    assert len(shown) >= 2
    assert all(line.startswith("bets 0/1, cells") for line in shown)
