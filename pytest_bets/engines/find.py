"""Find an engine by its name: one of ours, or one that an installed package brings."""

from importlib.metadata import entry_points
from typing import Final, Protocol

from pytest_bets.diagnostics import EngineError, nearest
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
    if name == "local":
        from pytest_bets.engines.local import open_engine
    else:
        found = {entry.name: entry for entry in entry_points(group=GROUP)}
        if name not in found:
            known = sorted({*OURS, *found})
            near = nearest(name, known)
            raise EngineError(
                f"there is no such engine; expected one of {', '.join(known)}"
                + (f"; did you mean {near}?" if near else "")
            )
        opener: Opener = found[name].load()
        return opener
    return open_engine
