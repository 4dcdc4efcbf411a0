"""Falsifiable bets as pytest test cases.

`load` reads the results of a project. Everything else is for pytest, or for the command `pytest-bets`.

PYTEST_DONT_REWRITE: a child of an engine imports this before pytest starts in it, of which pytest would warn.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_bets.export.load import load as load
    from pytest_bets.export.results import Bet as Bet
    from pytest_bets.export.results import Results as Results

    __version__: str

__all__ = ("Bet", "Results", "__version__", "load")


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the plugin is imported in every session of pytest."""
    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-bets")
    if name == "load":
        from pytest_bets.export.load import load

        return load
    if name in ("Bet", "Results"):
        from pytest_bets.export import results

        return getattr(results, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
