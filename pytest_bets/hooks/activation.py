"""Activate the plugin when the first bet file is collected, so that a session without bets pays almost nothing."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pytest_bets.hooks import options

if TYPE_CHECKING:
    from pytest_bets.bet.catalogue import Catalogue
    from pytest_bets.hooks.collector import Collector
    from pytest_bets.hooks.session import Session
    from pytest_bets.hooks.settings import Settings

_PREFIX: Final = "bet_"
_HOME: Final = "bets"


class Activation:
    """Makes pytest collect bet files, and registers the rest of the plugin at the first one.

    A file that is no bet is left to pytest and to other plugins: this one changes none of their settings.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._files: dict[str, bool] = {}
        self._folders: dict[str, bool] = {}
        self._settings: Settings | None = None
        self._catalogue: Catalogue | None = None
        self._collector: Collector | None = None
        self._session: Session | None = None
        self._used = options.is_used(config)
        if self._used:
            self._check()
        if self._used or config.getoption("markers", False) or self._has_bets(str(config.rootpath / _HOME)):
            options.register_markers(config)

    def _check(self) -> None:
        """Report an error in the settings, whatever is collected."""
        if self.settings().exports:
            from pytest_bets.hooks import xdist
            from pytest_bets.hooks.exporting import check

            if not xdist.is_worker(self.config):  # only the process that judges exports, and needs the libraries
                check(self.settings().exports)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Activate at once where the header shows it, or where bets are imported with other constants or seeds."""
        if self._used and (self.settings().resume or self.settings().rehearsal):
            self.collector()
        if self._used and self.settings().replication:
            _ = self.collector().context.replications  # of the journal: here, an error in it is one and no bet's

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        """Collect a bet file, which no pattern of `python_files` needs to match."""
        collectors = yield
        if self.is_bet(file_path):
            from pytest_bets.hooks.bet_file import BetFile

            if not any(isinstance(collector, BetFile) for collector in collectors):
                return [self.collector().module(file_path, parent), *collectors]
        elif _is_suspicious(file_path):
            from pytest_bets.hooks.misnamed_file import misnamed_file

            return misnamed_file(file_path, parent, collectors)
        return collectors

    @pytest.hookimpl(tryfirst=True)
    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        """Collect a bet file that is named on the command line or in `python_files`."""
        return self.collector().module(module_path, parent) if self.is_bet(module_path) else None

    def is_bet(self, path: Path) -> bool:
        """Return whether a file is meant as a bet. Nearly every file is not, and costs nothing."""
        if not _is_named(path.name):
            return False
        if self._is_meant(str(path)):
            return True
        are_there = bool(self.config.getini("bets_paths")) or self._has_bets(str(path.parent))
        return are_there and self.catalogue().is_bet(path)

    def _has_bets(self, folder: str) -> bool:
        """Return whether a file in a folder is meant as a bet."""
        if folder not in self._folders:
            try:
                names = list(filter(_is_named, os.listdir(folder)))  # noqa: PTH208  # names are enough
            except OSError:  # it is not there, or cannot be read
                names = []
            self._folders[folder] = any(self._is_meant(f"{folder}{os.sep}{name}") for name in names)
        return self._folders[folder]

    def _is_meant(self, path: str) -> bool:
        """Return whether a file is meant as a bet by what is in it."""
        if path not in self._files:
            self._files[path] = _is_meant(path)
        return self._files[path]

    # methods and not properties: pytest 8.2 reads every attribute of a plugin
    def settings(self) -> "Settings":
        """Return the settings of this session, read when they are first needed."""
        if self._settings is None:
            from pytest_bets.hooks.settings import read

            self._settings = read(self.config)
        return self._settings

    def catalogue(self) -> "Catalogue":
        """Return the bets of the project."""
        if self._catalogue is None:
            from pytest_bets.bet.catalogue import Catalogue

            settings = self.settings()
            self._catalogue = Catalogue(settings.root, settings.searched, settings.homes, whole=False)
        return self._catalogue

    def collector(self) -> "Collector":
        """Return the collector; the first call registers the plugin's objects."""
        if self._collector is None:
            from pytest_bets.hooks import xdist

            if xdist.is_worker(self.config):
                from pytest_bets.hooks.register import register_worker

                options.register_markers(self.config)
                self._collector = register_worker(self.config, self.settings(), self.catalogue())
            else:
                self._collector = self.session().collector
        return self._collector

    def session(self) -> "Session":
        """Return the session that judges, which a worker has none of; the first call registers the plugin's objects."""
        if self._session is None:
            from pytest_bets.hooks.register import register_session

            options.register_markers(self.config)
            self._session = register_session(self.config, self.settings(), self.catalogue())
        return self._session


def _is_named(name: str) -> bool:
    return name.startswith(_PREFIX) and name.endswith(".py")


def _is_suspicious(path: Path) -> bool:
    """Return whether a file may be a bet under another name, which its content shows: nearly none is looked into."""
    name = path.name
    if not name.endswith(".py") or name.startswith(_PREFIX):
        return False
    return "bet" in name.lower() or path.parent.name == _HOME


def _is_meant(path: str) -> bool:
    from pytest_bets.bet.intent import meant

    try:
        with open(path, "rb") as file:  # noqa: PTH123
            text = file.read().decode(errors="replace")
    except OSError:  # it is not there, or cannot be read
        return False
    return meant(text, numbered=os.path.basename(path)[len(_PREFIX)].isdecimal())  # noqa: PTH119
