"""The README's first bet: its file, and the commands with what they print, to be followed to the letter."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Final, NamedTuple

README: Final = Path(__file__).parents[2] / "README.md"
FILE: Final = Path("bets/bet_01_ridge.py")
"""Where `pytest-bets new --slug ridge` writes the template, in an empty repository."""
_CONSOLE: Final = re.compile(r"^ *```console\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LAST_OF_THE_TOY: Final = "--bets-pilot"


class Step(NamedTuple):
    """A command of the README, and the lines below it: a part of what it prints."""

    command: str
    printed: str


class Done(NamedTuple):
    """A command that was run: its exit status and everything that it printed."""

    step: Step
    status: int
    output: str


def bet() -> str:
    """Return the source of the bet."""
    found = re.search(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def steps() -> list[Step]:
    """Return the commands in order."""
    found: list[Step] = []
    for block in _CONSOLE.findall(README.read_text(encoding="utf-8")):
        for line in dedent(block).splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], ""))
            else:
                found[-1] = found[-1]._replace(printed=f"{found[-1].printed}{line}\n")
    return found


def follow(repository: Path, environment: Mapping[str, str]) -> Iterator[Done]:
    """Run every command in a repository; the bet replaces the toy of the template once that was rehearsed."""
    for step in steps():
        done = subprocess.run(
            ["bash", "-ec", step.command],
            cwd=repository,
            env={**environment, "COLUMNS": "80"},
            capture_output=True,
            text=True,
            check=False,
        )
        yield Done(step, done.returncode, done.stdout + done.stderr)
        if _LAST_OF_THE_TOY in step.command:
            (repository / FILE).write_text(bet(), encoding="utf-8")


def install(folder: Path) -> str:
    """Write commands `pytest` and `pytest-bets` that run this checkout; return a search path that begins with them."""
    for name, module in (("pytest", "pytest -p pytest_bets.plugin"), ("pytest-bets", "pytest_bets")):
        path = folder / name
        path.write_text(f'#!/bin/sh\nexec {sys.executable} -m {module} "$@"\n')
        path.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
