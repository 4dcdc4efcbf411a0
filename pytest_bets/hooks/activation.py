"""Waiting for the first bet of a session, so that a session without bets pays for none of this."""

from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_bets.hooks import xdist
from pytest_bets.hooks.options import FILES, Settings

if TYPE_CHECKING:
    from pytest_bets.hooks.parts import Parts


class Arrival:
    """Makes pytest look into bet files, and registers the plugin's parts when it meets the first."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        patterns = config.getini("python_files")
        self.theirs = tuple(patterns)
        # a call and no property: pytest 8.2 reads every attribute of a plugin when it looks for fixtures
        self.parts = cache(self._register)
        # pytest keeps this list: what it names has its assertions rewritten, which a collector of ours would lose
        patterns.append(FILES)
        if not xdist.is_worker(config):
            config.pluginmanager.register(xdist.Controller(config, settings, self.parts), "bets-xdist")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Register at once where the header tells of it, or modules are to be imported otherwise."""
        if self.settings.resume or self.settings.rehearsal:
            self.parts()

    def pytest_pycollect_makemodule(self, module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
        """Collect a bet file."""
        return self.parts().collection.module(module_path, parent) if fnmatch(module_path.name, FILES) else None

    def _register(self) -> "Parts":
        from pytest_bets.hooks.register import register

        return register(self.config, self.settings, self.theirs)
