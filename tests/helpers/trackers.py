"""Sessions with the libraries of trackers, in the environment that has them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]


def needs(library: str) -> pytest.MarkDecorator:
    """Return the mark that skips tests where a library is missing, with the command that installs it."""
    reason = f"no {library}: pip install 'pytest-bets[{library}]', or run .ci/exporters"
    return pytest.mark.skipif(not interpreter(library), reason=reason)


@cache
def interpreter(library: str) -> str:
    """Return a Python that has a library: that of the tests, or the one that `.ci/exporters` makes; empty for none."""
    for python in (Path(sys.executable), ROOT / "build" / "exporters" / "bin" / "python"):
        folder = next((python.parent.parent / "lib").glob("python*/site-packages"), None)
        if python.exists() and folder and (folder / library / "__init__.py").is_file():
            return str(python)
    return ""


def run(library: str, *arguments: str, variables: Mapping[str, str], status: int = 0) -> str:
    """Run Python in the working folder, expect an exit status, and return what was printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **variables}
    environment.pop("PYTEST_ADDOPTS", None)
    done = subprocess.run(
        [interpreter(library), *arguments],
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=200,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def session(library: str, *arguments: str, variables: Mapping[str, str]) -> str:
    """Run a session of pytest that exports, expect that it passes, and return what was printed on one line."""
    plugins = ("-p", "pytest_bets.plugin", "-p", "no:cacheprovider", *(("-p", "xdist") if "-n" in arguments else ()))
    shown = run(library, "-m", "pytest", *plugins, "--bets-export", library, *arguments, variables=variables)
    return " ".join(shown.split())
