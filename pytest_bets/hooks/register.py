"""Which objects of the plugin live in which process: at most five, an exporter and a fixture, each named `bets-...`."""

import time

import pytest

from pytest_bets.bet.catalogue import Catalogue
from pytest_bets.hooks import progress, xdist
from pytest_bets.hooks.collector import Collector
from pytest_bets.hooks.context import Context
from pytest_bets.hooks.loaded import Loaded
from pytest_bets.hooks.measuring import Measuring
from pytest_bets.hooks.overrides import Finder
from pytest_bets.hooks.pytest_private import is_fixture
from pytest_bets.hooks.sampler import Sampler
from pytest_bets.hooks.session import Session
from pytest_bets.hooks.settings import Settings
from pytest_bets.hooks.terminal import Terminal
from pytest_bets.hooks.tiers import UnreportedTiers
from pytest_bets.hooks.worker import WorkerContext
from pytest_bets.live.progress import Progress


def register_worker(config: pytest.Config, settings: Settings, catalogue: Catalogue) -> Collector:
    """Register what a worker needs: it collects and measures, and judges nothing."""
    context = WorkerContext(config, settings, catalogue)
    collector = Collector(context, UnreportedTiers())
    shown = _progress(config)
    config.pluginmanager.register(collector, "bets-collector")
    measuring = Measuring(Loaded(settings.root), shown, worker=True)
    config.pluginmanager.register(measuring, "bets-measuring")
    link = xdist.link(config)
    if link is not None:
        sampler = Sampler(shown, link)
        config.add_cleanup(sampler.stop)
        sampler.start()
    _override(context)
    return collector


def register_session(config: pytest.Config, settings: Settings, catalogue: Catalogue) -> Session:
    """Register what judges, and what collects and measures where this process runs the cells itself."""
    context = Context(config, settings, catalogue)
    session = Session(context)
    config.pluginmanager.register(session, "bets-session")
    if settings.exports:
        config.pluginmanager.register(session.exporting, "bets-exporting")
    config.pluginmanager.register(Terminal(session), "bets-terminal")
    config.pluginmanager.register(session.collector, "bets-collector")
    if settings.engine.name:
        from pytest_bets.hooks.engine import Distribution

        config.pluginmanager.register(Distribution(session, _progress(config)), "bets-measuring")
    elif not xdist.is_controller(config):
        session.live.progress = shown = _progress(config)
        config.pluginmanager.register(Measuring(Loaded(settings.root), shown), "bets-measuring")
    _override(context)
    return session


def _progress(config: pytest.Config) -> Progress:
    """Provide the fixture `progress`, and return what it gives."""
    found = config.stash[progress.PROGRESS] = Progress(time.monotonic)
    if not is_fixture(config.pluginmanager.get_plugin("session"), progress.progress.__name__):
        config.pluginmanager.register(progress, progress.NAME)  # it would come before one of a conftest.py
    return found


def _override(context: Context) -> None:
    """Import bet files with the constants of a rehearsal."""
    if context.settings.rehearsal:
        finder = Finder(context.settings, context.catalogue)
        finder.install()
        context.config.add_cleanup(finder.remove)
