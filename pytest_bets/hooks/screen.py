"""The status line under pytest's own output; where there is no terminal, one line a minute.

On a terminal, the line is drawn below the place where pytest writes next, and erased before pytest writes: a wrapper of
the terminal writer's `write` does that. Nothing else of pytest knows of it, and a killed session leaves no mode set.
While a cell runs, file descriptor 1 is captured, so the line is written to a copy of it.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Literal

import pytest

Mode = Literal["bar", "line", "off"]
MINUTE: Final = 60.0
"""Seconds between two lines where there is no terminal."""
_LONGEST: Final = 200
"""Columns of a line where there is no terminal."""
_QUIET: Final = 0.05
"""Seconds without output after which the line is drawn: pytest and its plugins write a line in several parts."""
_SILENT: Final = -2
"""The verbosity of -qq, at which pytest itself prints no summary."""
_ERASE: Final = "\x1b[J"
"""Erase from the cursor to the end of the screen: nothing of pytest stands there."""
_DRAW: Final = f"{_ERASE}\x1bD\x1b[A\x1b7\x1b[B\r{{}}\x1b8"
"""Make room below the cursor, go there and come back: at the bottom of the screen, `ESC D` scrolls."""


def mode_of(asked: str, config: pytest.Config) -> Mode:
    """Return what is shown: a bar needs a terminal on which nothing but pytest writes."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if asked == "off" or reporter is None or (asked == "auto" and config.get_verbosity() <= _SILENT):
        return "off"
    captured = config.getoption("capture", "no") not in ("no", "tee-sys")
    drawn = asked != "line" and captured and os.environ.get("TERM", "dumb") != "dumb"
    is_terminal = getattr(sys.stdout, "isatty", bool)()
    return "bar" if drawn and is_terminal and hasattr(reporter, "ensure_newline") else "line"


class Screen:
    """Shows one line. Any thread may call it."""

    def __init__(self, config: pytest.Config, mode: Mode) -> None:
        self.config = config
        self.mode = mode
        self._file = -1
        self._lock = threading.RLock()
        self._encoding = "utf-8"
        self._text = ""
        """What is shown."""
        self._is_drawn = False
        self._paused = False
        self._written = 0.0
        """When pytest wrote last."""
        self._is_within = False
        """Whether it has left the line unfinished, as after a dot for a cell."""
        self._at = time.monotonic()
        """When a line was printed last where there is no terminal, or pytest began."""
        self._restore: Callable[[], None] = lambda: None

    def open(self) -> None:
        """Begin; nothing is captured now."""
        try:
            self._file = os.dup(sys.stdout.fileno()) if self.mode != "off" else -1
            self._encoding = sys.stdout.encoding or "utf-8"
        except (OSError, ValueError, AttributeError):  # it is no file: a test of pytest itself, an editor
            self.mode = "off"
        if self.mode != "off":
            self._wrap()

    def _wrap(self) -> None:
        """Erase the line whenever pytest, or a plugin through it, writes; note when that was."""
        writer: Any = self.config.get_terminal_writer()
        own, write = "write" in vars(writer), writer.write

        def erasing(msg: str, **markup: Any) -> None:
            with self._lock:
                self._erase()
                write(msg, **markup)
                self._written = time.monotonic()
                if msg:
                    self._is_within = not msg.endswith("\n")

        def restore() -> None:
            if own:
                writer.write = write
            elif vars(writer).get("write") is erasing:
                del writer.write

        writer.write, self._restore = erasing, restore

    def show(self, line: Callable[[int], str]) -> None:
        """Show a line, which `line` makes for a number of columns."""
        if self.mode == "bar":
            self._text = line(self._columns() - 1)
            self.draw()
        elif self.mode == "line" and time.monotonic() - self._at >= MINUTE and not self._paused:
            reporter: Any = self.config.pluginmanager.get_plugin("terminalreporter")
            is_within, self._is_within = self._is_within, False
            self._at = time.monotonic()
            self._put(f"{chr(10) * is_within}{line(_LONGEST)}\n")
            if is_within and self.config.get_verbosity() > 0:  # with -v, pytest writes the name of the cell again
                reporter.currentfspath = None

    @property
    def waits(self) -> bool:
        """Whether the line was erased, and is to be drawn again when pytest is quiet."""
        return self.mode == "bar" and not self._is_drawn and not self._paused

    def draw(self) -> None:
        """Draw the line, if pytest is quiet."""
        with self._lock:
            is_quiet = time.monotonic() - self._written >= _QUIET
            if self.mode == "bar" and self._text and is_quiet and not self._paused:
                self._is_drawn = True
                is_coloured = self.config.get_terminal_writer().hasmarkup
                self._put(_DRAW.format(f"\x1b[36m{self._text}\x1b[0m" if is_coloured else self._text))

    def pause(self) -> None:
        """Show nothing until `resume`: a debugger has the terminal."""
        with self._lock:
            self._erase()
            self._paused = True

    def resume(self) -> None:
        """Show the line again."""
        self._paused = False

    def close(self) -> None:
        """Erase the line, and end."""
        with self._lock:
            self._erase()
            self._restore()
            self.mode = "off"
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _erase(self) -> None:
        if self._is_drawn:
            self._is_drawn = False
            self._put(_ERASE)

    def _columns(self) -> int:
        try:
            return os.get_terminal_size(self._file).columns or 80
        except OSError:
            return 80

    def _put(self, text: str) -> None:
        """Write in one call, so that what others write stands before or after it."""
        with suppress(OSError):  # the terminal is gone, which pytest finds out, too
            os.write(self._file, text.encode(self._encoding, "backslashreplace"))
