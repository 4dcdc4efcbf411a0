"""Make the picture of a terminal in the README: its first bet, followed in a new repository.

python docs/terminal.py
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.helpers import first_bet  # noqa: E402  # the helpers of the tests lie in the root

PICTURE: Final = ROOT / "docs" / "pictures" / "first-bet.svg"
_SHOWN: Final = ("git", "perl", "pytest bets/", "pytest-bets audit")
"""How the commands begin that are shown."""
_SESSION: Final = re.compile(r"^(?:\x1b\[[\d;]*m)*bet  .*?(?=^\s*$)", re.MULTILINE | re.DOTALL)
"""The table that closes a session."""
_FONT: Final = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)
"""Rich names a font that a reader's machine would fetch; without it, the picture needs no network."""
_AUDIT: Final = re.compile(r"^01_ridge.*", re.MULTILINE | re.DOTALL)


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as name:
        programs, repository = Path(name) / "programs", Path(name) / "ridge"
        programs.mkdir()
        subprocess.run(["git", "init", "-q", str(repository)], check=True)  # noqa: S603, S607  # a new repository
        environment = {
            **os.environ,
            **{f"GIT_{role}_{part}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")},
            "PATH": first_bet.install(programs),
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "FORCE_COLOR": "1",
        }
        shown = [
            f"\x1b[1m$ {done.step.command}\x1b[0m\n{_kept(done)}"
            for done in first_bet.follow(repository, environment)
            if done.step.command.startswith(_SHOWN) and "--bets-pilot" not in done.step.command
        ]
    console = Console(record=True, width=84, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi("".join(shown).rstrip()))
    picture = console.export_svg(title="a first bet", unique_id="first-bet")
    PICTURE.write_text(_FONT.sub("", picture).replace("Fira Code, monospace", "monospace"), encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


def _kept(done: first_bet.Done) -> str:
    """Return what is shown of the output of a command."""
    form = {"pytest": _SESSION, "pytest-bets": _AUDIT}.get(done.step.command.split()[0])
    found = form.search(done.output) if form else None
    return f"{found[0].rstrip()}\n\n" if found else ""


if __name__ == "__main__":
    main()
