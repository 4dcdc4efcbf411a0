"""Falsifiable bets as pytest test cases.

`load` reads the results of a project. The other names are the types of what it returns, and of what the hooks of the
plugin are called with. Everything else is for pytest, or for the command `pytest-bets`.

PYTEST_DONT_REWRITE: a child of an engine imports this before pytest starts in it, of which pytest would warn.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pytest_bets.bet.declaration import Declaration as Declaration
    from pytest_bets.export.event import CellReport as CellReport
    from pytest_bets.export.event import RunInfo as RunInfo
    from pytest_bets.export.load import load as load
    from pytest_bets.export.results import Bet as Bet
    from pytest_bets.export.results import Results as Results
    from pytest_bets.record.record import Record as Record
    from pytest_bets.record.summary_model import Summary as Summary
    from pytest_bets.record.verdict import Cell as Cell

    __version__: str

__all__ = (
    *("Bet", "Cell", "CellReport", "Declaration", "Record", "Results", "RunInfo", "Summary"),
    *("__version__", "load"),
)
_HOMES: Final = {
    "Bet": "export.results",
    "Cell": "record.verdict",
    "CellReport": "export.event",
    "Declaration": "bet.declaration",
    "Record": "record.record",
    "Results": "export.results",
    "RunInfo": "export.event",
    "Summary": "record.summary_model",
    "load": "export.load",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: the plugin is imported in every session of pytest."""
    if name == "__version__":
        from importlib.metadata import version

        return version("pytest-bets")
    if name in _HOMES:
        return getattr(import_module(f"pytest_bets.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
