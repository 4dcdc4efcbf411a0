"""A terminal to run sessions on, and the screen that it shows: as much of a VT100 as pytest and its plugins use."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

PATIENCE: Final = 60.0
_PARTS: Final = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\x1b([78DM=>])|([\r\n\b])|([^\x1b\r\n\b]+)|(\x1b)")


class Screen:
    """The characters of a terminal; lines that scrolled off the top stay in `lines`."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.grid: list[list[str]] = [[]]
        self.top = 0
        self.row = self.column = 0
        self.saved = (0, 0)

    def feed(self, text: str) -> None:
        for parameters, command, escape, control, plain, _ in _PARTS.findall(text):
            if plain:
                self._print(plain)
            elif control == "\n" or escape == "D":
                self._down()
            elif control == "\r":
                self.column = 0
            elif escape == "7":
                self.saved = (self.row - self.top, self.column)
            elif escape == "8":
                self.row, self.column = self.saved[0] + self.top, self.saved[1]
            elif command:
                self._command(parameters, command)

    def _print(self, text: str) -> None:
        for char in text:
            if self.column == self.columns:
                self._down()
                self.column = 0
            line = self._line(self.row)
            line += " " * (self.column + 1 - len(line))
            line[self.column] = char
            self.column += 1

    def _line(self, row: int) -> list[str]:
        self.grid += [[] for _ in range(row + 1 - len(self.grid))]
        return self.grid[row]

    def _down(self) -> None:
        self.row += 1
        self._line(self.row)
        self.top = max(self.top, self.row + 1 - self.rows)

    def _command(self, parameters: str, command: str) -> None:
        count = int(parameters) if parameters.isdigit() else 1
        if command == "A":
            self.row = max(self.top, self.row - count)
        elif command == "B":
            self.row = min(self.top + self.rows - 1, self.row + count)
        elif command == "J" and parameters in ("", "0"):
            del self._line(self.row)[self.column :]
            del self.grid[self.row + 1 :]
        elif command == "K":
            if parameters == "2":
                self._line(self.row).clear()
            else:
                del self._line(self.row)[self.column :]

    def lines(self) -> list[str]:
        return ["".join(line).rstrip() for line in self.grid]

    def text(self) -> str:
        return "\n".join(self.lines()).rstrip()


class Terminal:
    """A session of pytest on a terminal of its own."""

    def __init__(self, folder: Path, *arguments: str, columns: int = 80, rows: int = 24) -> None:
        self.screen = Screen(columns, rows)
        self.raw = ""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "COLUMNS"))
        }
        xdist = ("-p", "xdist") if "-n" in arguments else ()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "pytest_bets.plugin", "-p", "no:cacheprovider", *xdist, *arguments],
            cwd=folder,
            env={**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TERM": "xterm", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # it may be ignored here
        )
        os.close(slave)

    def read(self, seconds: float) -> bool:
        """Take what was printed, after at most so many seconds; return whether more may come."""
        if not select.select([self._master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._master, 1 << 16).decode()
        except OSError:  # the other end is closed
            return False
        self.raw += data
        self.screen.feed(data)
        return bool(data)

    def until(self, true: Callable[[str], object]) -> str:
        """Wait until something is true of what the screen shows, and return that."""
        deadline = time.monotonic() + PATIENCE
        while not true(shown := self.screen.text()):
            assert time.monotonic() < deadline, shown
            assert self.read(0.05) or true(self.screen.text()), self.screen.text()
        return shown

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def end(self) -> str:
        """Wait for the end, and return all that the screen has shown."""
        deadline = time.monotonic() + PATIENCE
        while self.read(0.2):
            assert time.monotonic() < deadline, self.screen.text()
        self.process.wait(timeout=PATIENCE)
        os.close(self._master)
        return self.screen.text()
