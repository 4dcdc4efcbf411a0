"""Runs `pytest-bets` in a process of its own."""

import subprocess
import sys


def run(*arguments: str) -> tuple[int, str]:
    """Return the exit code of a command and everything that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_bets", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr
