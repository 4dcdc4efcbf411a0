"""The entry point of the plugin: it adds the options, and registers what waits for the first bet file."""

import pytest

from pytest_bets.hooks import options, specs
from pytest_bets.hooks.activation import Activation


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of bets."""
    options.add(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Make the hooks of bets known: a conftest.py may implement them, whether or not there are bets."""
    pluginmanager.add_hookspecs(specs)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the activation and, where other processes run the tests, the controller."""
    if not config.pluginmanager.has_plugin("python"):  # with `-p no:python`, pytest collects no Python file
        return
    activation = Activation(config)
    config.pluginmanager.register(activation, "bets-activation")
    if config.getoption("dist", "no") != "no":
        from pytest_bets.hooks import xdist

        if xdist.is_controller(config):
            config.pluginmanager.register(xdist.Controller(config, activation), "bets-controller")
