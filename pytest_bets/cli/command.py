"""What a command is, and what it gives back: its text and its exit status."""

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from pytest_bets.project import Project

OK: Final = 0
FINDINGS: Final = 1
USAGE: Final = 2
UNDETERMINED: Final = 3
INTERRUPTED: Final = 130  # as a shell reports a program that Ctrl-C has ended
WIDEST: Final = 100
"""The maximum number of columns of running text."""


class Answer(NamedTuple):
    """What a command prints, and its exit status."""

    text: str
    status: int = OK


class Command(NamedTuple):
    """One command. Its one-line help is in `main`, so that `pytest-bets --help` imports no command."""

    run: Callable[[Project, argparse.Namespace], Answer]
    example: str
    configure: Callable[[argparse.ArgumentParser], None] = lambda _: None
    """Add the arguments of the command, beside those of all commands."""
    description: str = ""
    """The long help text; empty where one line says it all."""


def columns() -> int:
    """Return the width of the terminal."""
    return shutil.get_terminal_size().columns


def text_width() -> int:
    """Return the width of running text: that of the terminal, but no wider than can be read."""
    return min(columns(), WIDEST)


def no_results(folder: Path) -> str:
    """Return what to say where there is no folder of results."""
    return f"there is no folder {folder}: no bet was run, or --results names another"
