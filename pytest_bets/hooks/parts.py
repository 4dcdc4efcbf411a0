"""The parts of the plugin that others ask for."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from pytest_bets.hooks.collection import BetCollection
from pytest_bets.hooks.judging import Judge


@dataclass(frozen=True)
class Parts:
    """The collection, the finished cells, which bets are registered, and the judge where reports arrive here."""

    collection: BetCollection
    finished: Mapping[str, str]
    registered: Callable[[], Collection[str]]
    judge: Judge | None
