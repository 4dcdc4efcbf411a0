"""The entry point of the plugin: it adds the options and registers what waits for bets."""

import pytest

from pytest_bets.hooks import options
from pytest_bets.hooks.activation import Arrival


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of bets."""
    options.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and wait for the first bet."""
    for line in options.MARKER_HELP:
        config.addinivalue_line("markers", line)
    config.pluginmanager.register(Arrival(config, options.read(config)), "bets-arrival")
