"""Modules of the project that a process has loaded: code that no import in a bet names can still take part in its run.

A plugin of `-p`, a folder that is put on the path, or a module that is named at run time is in no closure of a bet.
"""

import sys
import sysconfig
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from pytest_bets.hooks.pytest_private import plugin_packages


class Loaded:
    """Tells, for each bet, the files of the project that this process has loaded and that it was not told of yet."""

    def __init__(self, root: Path, config: pytest.Config) -> None:
        self.root = root.resolve()
        self._installed = tuple(
            {f"{Path(sysconfig.get_path(name)).resolve()}/" for name in ("stdlib", "purelib", "platlib")}
        )
        self._packages = {"pytest_bets", *plugin_packages(config)}
        self._modules = 0
        self._files: frozenset[str] = frozenset()
        self._told: dict[object, frozenset[str]] = {}

    def new(self, bet: object) -> Collection[str]:
        """Return the files for this bet, relative to the root; a look at every module only where there are new ones."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            self._files = frozenset(self._loaded())
        told = self._told.get(bet)
        if told == self._files:
            return ()
        self._told[bet] = self._files
        return sorted(self._files - (told or frozenset()))

    def _loaded(self) -> Iterator[str]:
        inside = f"{self.root}/"
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str) or not file.endswith(".py") or name.partition(".")[0] in self._packages:
                continue
            if not file.startswith(inside):
                file = str(Path(file).resolve()) if self.root.name in file else file
            if file.startswith(inside) and not file.startswith(self._installed) and "/site-packages/" not in file:
                yield file.removeprefix(inside)
