"""Make the moving picture of a terminal in the README: its first bet, followed in a new repository.

python docs/terminal.py
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
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
_LINE: Final = re.compile(r'class="(?=[^>]*clip-path="url\(#first-bet-line-(\d+)\))')
"""Begins the class of a text in rich's picture, and has the number of its line."""
_WAIT, _PER_LINE, _END = 0.8, 0.35, 6.0
"""Seconds from a command to its output, for reading a line, and for the whole at the end."""


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
    picture = _FONT.sub("", console.export_svg(title="a first bet", unique_id="first-bet"))
    moving = _moving(picture.replace("Fira Code, monospace", "monospace"), _seconds(console, shown))
    PICTURE.write_text(moving, encoding="utf-8")
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size:,} bytes")


def _kept(done: first_bet.Done) -> str:
    """Return what is shown of the output of a command."""
    form = {"pytest": _SESSION, "pytest-bets": _AUDIT}.get(done.step.command.split()[0])
    found = form.search(done.output) if form else None
    return f"{found[0].rstrip()}\n\n" if found else ""


def _seconds(console: Console, shown: Sequence[str]) -> list[float]:
    """Return when each line appears: a command, a moment later its output, and the next when that can be read."""
    found: list[float] = []
    now = 0.0
    for text in shown:
        lines = len(console.render_lines(Text.from_ansi(text.rstrip("\n"))))
        blank = text.endswith("\n\n")
        found += [now, *[now + _WAIT] * (lines - 1 + blank)]
        now += _WAIT + _PER_LINE * lines
    return found


def _moving(picture: str, seconds: Sequence[float]) -> str:
    """Show each line of a picture from its second on, over and over; all at once to readers who want no motion."""
    whole = max(seconds) + _END
    rules = []
    for second in sorted(set(seconds) - {0.0}):
        name = f"first-bet-{second * 100:.0f}"
        rules.append(f"@keyframes {name} {{ 0% {{ opacity: 0 }} {100 * second / whole:.2f}% {{ opacity: 1 }} }}")
        rules.append(f".{name} {{ animation: {name} {whole:.2f}s step-end infinite }}")
    rules.append("@media (prefers-reduced-motion: reduce) { text { animation: none !important } }")
    moved = _LINE.sub(lambda found: f'class="first-bet-{seconds[int(found[1])] * 100:.0f} ', picture)
    return moved.replace("</style>", "\n".join([*rules, "</style>"]), 1)


if __name__ == "__main__":
    main()
