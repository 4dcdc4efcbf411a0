"""pytest-cov: the children of an engine on this machine measure coverage as workers of that plugin do."""

import socket
from typing import Any, Final

import pytest

_PLUGIN: Final = "_cov"


def plugin_of(config: pytest.Config) -> object | None:
    """Return the object of pytest-cov that measures in this session, None where none does."""
    return None if config.getoption("no_cov", False) else config.pluginmanager.get_plugin(_PLUGIN)


def options_of(config: pytest.Config) -> dict[str, Any]:
    """Return the options with which a child measures, or does not."""
    if plugin_of(config) is None:
        return {"no_cov": True}
    source = config.getoption("cov_source", None)
    return {"no_cov": False, "cov_source": source or [True], "cov_append": True}  # a child must erase nothing


def sent_by(config: pytest.Config) -> dict[str, Any]:
    """Return what the controller of pytest-cov sends to its workers."""
    here = {"cov_master_host": socket.gethostname(), "cov_master_topdir": str(config.invocation_params.dir)}
    return {**here, "cov_master_rsync_roots": []} if plugin_of(config) is not None else {}
