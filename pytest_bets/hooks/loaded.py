"""Modules of the project that a process has loaded: code that no import in a bet names can still take part in its run.

A plugin of `-p`, a folder that is put on the path, or a module that is named at run time is in no closure of a bet.
"""

import os
import site
import sys
import sysconfig
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest

TEST: Final = "test:"
"""What stands before the file of a test."""


class Loaded:
    """Returns, for each bet, the files of the project that this process has loaded since its last cell."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        folders = (*map(Path, _installed()), Path(__file__).parent.parent)
        self._installed = tuple({f"{path.as_posix()}/" for folder in folders for path in (folder, folder.resolve())})
        self._modules = 0
        self._files: frozenset[str] = frozenset()
        self._reported: dict[object, frozenset[str]] = {}
        self._tests: frozenset[str] = frozenset()
        self._plugins: Sequence[object] = ()

    def collected(self, items: Sequence[pytest.Item], config: pytest.Config) -> None:
        """Note the files that were collected, whether anything in them runs: what they import is theirs."""
        self._tests = frozenset(item.path.as_posix() for item in items)
        self._plugins = tuple(config.pluginmanager.get_plugins())  # of conftest.py files, one alone is in sys.modules

    def new(self, bet: object) -> Collection[str]:
        """Return the files for this bet, relative to the root; a look at every module only where there are new ones."""
        if len(sys.modules) != self._modules:
            self._modules = len(sys.modules)
            tests = (self._under(test) for test in self._tests)
            self._files = frozenset(
                {*(file for _, file in self.modules()), *(f"{TEST}{test}" for test in tests if test)}
            )
        reported = self._reported.get(bet)
        if reported == self._files:
            return ()
        self._reported[bet] = self._files
        return sorted(self._files - (reported or frozenset()))

    def _under(self, file: str) -> str | None:
        """Return a path relative to the root, None if it is not under it."""
        inside = f"{self.root.as_posix()}/"
        if not file.startswith(inside) and (self.root.name in file or not Path(file).is_absolute()):
            file = Path(file).resolve().as_posix()
        return file.removeprefix(inside) if file.startswith(inside) else None

    def modules(self) -> Iterator[tuple[object, str]]:
        """Yield every module of the project, as far as it is loaded, with its file relative to the root."""
        for module in (*sys.modules.values(), *self._plugins):
            file = getattr(module, "__file__", None)
            if not isinstance(file, str):
                continue
            if os.sep != "/":
                file = file.replace(os.sep, "/")
            if file.startswith(self._installed) or not self._under(file):
                continue
            archive = getattr(getattr(module, "__loader__", None), "archive", None)  # a module in a zip file
            under = self._under(Path(archive).as_posix() if isinstance(archive, str) else file)
            if under and not Path(file).resolve().as_posix().startswith(self._installed):
                yield module, under

    def elsewhere(self) -> Iterator[tuple[str, str]]:
        """Yield the name and the file of every module that is loaded from source outside of the project."""
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and file.endswith(".py"):
                shown = file.replace(os.sep, "/")
                if shown.startswith(self._installed) or not self._under(shown):
                    yield name, file


def _installed() -> Iterator[str]:
    """Yield the folders of this interpreter: its library, what is installed for it, and the programs that start it."""
    yield from map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib", "scripts"))
    yield from site.getsitepackages()
    yield site.getusersitepackages()
