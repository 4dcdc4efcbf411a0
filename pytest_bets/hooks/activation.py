"""Activate the plugin when the first bet file is collected, so that a session without bets pays almost nothing."""

from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_bets.hooks import xdist
from pytest_bets.hooks.options import FILES, Settings

if TYPE_CHECKING:
    from pytest_bets.hooks.collector import Collector
    from pytest_bets.hooks.session import Session


class Activation:
    """Makes pytest collect bet files, and registers the rest of the plugin at the first one."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        self.patterns = tuple(config.getini("python_files"))
        self._collector: Collector | None = None
        self._session: Session | None = None
        # pytest rewrites the assertions of files that this setting names, and of no others
        config.addinivalue_line("python_files", FILES)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Activate at once where the header shows it, or where bet modules must be imported with other constants."""
        if self.settings.resume or self.settings.rehearsal:
            self.collector()

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        """Collect a bet file."""
        return self.collector().module(module_path, parent) if fnmatch(module_path.name, FILES) else None

    def collector(self) -> "Collector":
        """Return the collector; the first call registers the plugin's objects."""
        if self._collector is None:
            if xdist.is_worker(self.config):
                from pytest_bets.hooks.register import register_worker

                self._collector = register_worker(self.config, self.settings, self.patterns)
            else:
                self._collector = self.session().collector
        return self._collector

    def session(self) -> "Session":
        """Return the session that judges, which a worker has none of; the first call registers the plugin's objects."""
        if self._session is None:
            from pytest_bets.hooks.register import register_session

            self._session = register_session(self.config, self.settings, self.patterns)
        return self._session
