"""Git repositories for the tests, in which no setting of this machine plays a part."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def isolate(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of this machine's git, and no repository around the tests, play a part."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "a@example.org")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def git(*arguments: str, folder: Path | None = None) -> str:
    """Run git and return what it printed."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(*paths: str) -> str:
    """Commit everything, or these paths, and return the commit's name."""
    git("add", "-A", *paths)
    git("commit", "-q", "-m", "Declare")
    return git("rev-parse", "HEAD")


def count_calls(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a git on the path that notes its calls, a line each; return the file of the notes."""
    wrapper = folder / "git"
    wrapper.write_text(f'#!/bin/sh\necho "$*" >> {folder}/calls\nexec {shutil.which("git")} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "calls"
