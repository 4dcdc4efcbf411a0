"""Find an engine by its name: one of ours, or one that an installed package brings."""

import os
from importlib.metadata import entry_points
from typing import Final, Protocol

from pytest_bets.diagnostics import EngineError, did_you_mean
from pytest_bets.engines.event import Engine
from pytest_bets.engines.plan import Plan
from pytest_bets.engines.site import Site

GROUP: Final = "pytest_bets.engines"
OURS: Final = ("local", "ray", "slurm", "dask")


class Opener(Protocol):
    """Returns an engine: what an entry point of the group `pytest_bets.engines` names."""

    def __call__(self, argument: str, plan: Plan, site: Site, /) -> Engine:
        """Open an engine; `argument` is what follows its name and `=` in --bets-on."""


def find(name: str) -> Opener:
    """Return the function that opens an engine.

    Raises:
        EngineError: if no engine has that name, or its package is not installed.

    """
    open_engine: Opener
    if name in OURS and not hasattr(os, "fork"):
        raise EngineError(
            "this system cannot fork, and so cannot guard the processes that run cells (Windows). "
            "Run the cells in parallel with -n 2 instead"
        )
    try:
        if name == "local":
            from pytest_bets.engines.local import open_engine
        elif name == "dask":
            from pytest_bets.engines.dask import open_engine
        elif name == "ray":
            from pytest_bets.engines.ray import open_engine
        elif name == "slurm":
            from pytest_bets.engines.slurm import open_engine
        else:
            open_engine = _installed(name)
    except ImportError as error:
        raise EngineError(f"{error}: install it with `pip install 'pytest-bets[{name}]'`") from None
    return open_engine


def _installed(name: str) -> Opener:
    """Return the function of an engine that another package brings."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        known = sorted({*OURS, *found})
        raise EngineError(f"there is no such engine; expected one of {', '.join(known)}{did_you_mean(name, known)}")
    opener: Opener = found[name].load()
    return opener
