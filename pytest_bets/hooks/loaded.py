"""Modules of the project that a process has loaded: code that no import in a bet names can still take part in its run.

A plugin of `-p`, a folder that is put on the path, or a module that is named at run time is in no closure of a bet.
"""

import os
import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

import pytest

from pytest_bets.hooks.pytest_private import plugin_packages

TEST: Final = "test:"
"""What stands before the file of a test."""


class Loaded:
    """Returns, for each bet, the files of the project that this process has loaded since its last cell."""

    def __init__(self, root: Path, config: pytest.Config) -> None:
        self.root = root.resolve()
        self._installed = tuple(
            {f"{Path(sysconfig.get_path(name)).resolve().as_posix()}/" for name in ("stdlib", "purelib", "platlib")}
        )
        self._packages = {"pytest_bets", *plugin_packages(config)}
        self._modules = 0
        self._files: frozenset[str] = frozenset()
        self._reported: dict[object, frozenset[str]] = {}
        self.tests: frozenset[str] = frozenset()
        """The files that this process has collected, whether anything in them runs: what they import is theirs."""

    def new(self, bet: object) -> Collection[str]:
        """Return the files for this bet, relative to the root; a look at every module only where there are new ones."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            tests = (self._under(test) for test in self.tests)
            self._files = frozenset({*self._loaded(), *(f"{TEST}{test}" for test in tests if test)})
        reported = self._reported.get(bet)
        if reported == self._files:
            return ()
        self._reported[bet] = self._files
        return sorted(self._files - (reported or frozenset()))

    def _under(self, file: str) -> str | None:
        """Return a path relative to the root, None if it is not under it."""
        inside = f"{self.root.as_posix()}/"
        if not file.startswith(inside):
            file = Path(file).resolve().as_posix() if self.root.name in file else file
        return file.removeprefix(inside) if file.startswith(inside) else None

    def _loaded(self) -> Iterator[str]:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or not file.endswith(".py") or name.partition(".")[0] in self._packages:
                continue
            if os.sep != "/":
                file = file.replace(os.sep, "/")
            under = self._under(file)
            if under and not file.startswith(self._installed) and "/site-packages/" not in file:
                yield under
