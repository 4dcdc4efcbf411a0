"""The entry point of the plugin: it adds the options, and registers what waits for the first bet file."""

import pytest

from pytest_bets.hooks import options, xdist
from pytest_bets.hooks.activation import Activation


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of bets."""
    options.add(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers, the activation and, where other processes run the tests, the controller."""
    for line in options.MARKER_HELP:
        config.addinivalue_line("markers", line)
    settings = options.read(config)
    activation = Activation(config, settings)
    config.pluginmanager.register(activation, "bets-activation")
    if xdist.is_controller(config):
        if settings.engine.name:
            raise pytest.UsageError(
                f"{settings.engine.given} does not go with -n: choose one of them. -n N runs many short cells on this "
                "machine; --bets-on runs each cell where there is room, the longest first."
            )
        config.pluginmanager.register(xdist.Controller(config, settings, activation.session), "bets-controller")
