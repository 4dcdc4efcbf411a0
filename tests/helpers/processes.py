"""Sessions in processes of their own, for tests that kill them, crowd them or starve them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0


def start(folder: Path, *arguments: str, before: Callable[[], None] = lambda: None) -> "subprocess.Popen[str]":
    """Start a session that leads a process group of its own, so that its workers can be killed with it.

    `before` is called in the new process, before pytest.
    """
    plugins = ["-p", "pytest_bets.plugin", *(["-p", "xdist"] if "-n" in arguments else [])]

    def first() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's tests would ignore Ctrl-C
        before()

    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=first,
    )


def until(true: Callable[[], bool], session: "subprocess.Popen[str]") -> None:
    """Wait until something is true while a session runs, or until the session has ended."""
    end = time.monotonic() + PATIENCE
    while not true() and session.poll() is None:
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


def kill(session: "subprocess.Popen[str]", sign: int) -> str:
    """Send a signal to every process of a session that still runs, wait for its end, and return what it printed."""
    if session.poll() is None:
        os.killpg(session.pid, sign)
    return session.communicate(timeout=PATIENCE)[0]
